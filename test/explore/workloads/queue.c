/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

static void begin(struct world *world)
{
        world_server(world, "web");
        world_profile(world, "web", "web", WORLD_LOAD);
        world_run_new(world, "first", "web", "");
        world_run_new(world, "second", "web", "");
        world_run_new(world, "third", "web", "");
}

const struct workload workload_queue[] = {
        {
                .name = "queue",
                .what = "three runs at one target, one after the other",
                .begin = begin,
                .horizon_ms = 300000,
                .passes_max = 69,
                .ends = "first=Succeeded second=Succeeded third=Succeeded",
        },
        {0},
};
