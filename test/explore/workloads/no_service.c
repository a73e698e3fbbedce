/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#define MADE_MS 9000

static void begin_without(struct world *world)
{
        world_profile(world, "web", "web", WORLD_LOAD);
        world_run_new(world, "early", "web", "");
        world_again_at(world, MADE_MS);
}

static void make(struct world *world)
{
        unsigned *step = world_step_of(world);

        if (*step > 0)
                return;
        if (world_ms(world) < MADE_MS) {
                world_again_at(world, MADE_MS);
                return;
        }
        world_server(world, "web");
        *step = 1;
}

const struct workload workload_no_service[] = {
        {
                .name = "no_service",
                .what = "there is no Service of the target's name",
                .begin = begin_without,
                .ends = "early=Failed",
        },
        {
                .name = "no_service_yet",
                .what = "the target's Service is made nine seconds after its run",
                .begin = begin_without,
                .act = make,
                .ends_vary = true,
                .ends = "early=Succeeded|Failed",
        },
        {0},
};
