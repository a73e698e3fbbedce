/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

static void begin(struct world *world)
{
        world_server(world, "web");
        world_profile(world, "web", "web", WORLD_LOAD);
        world_run_new(world, "pass", "web", "");
}

const struct workload workload_pass = {
        .name = "pass",
        .what = "one run that passes",
        .begin = begin,
        .ends = "pass=Succeeded",
};
