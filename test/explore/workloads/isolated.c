/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/mem.h"
#include "world.h"

#define FLOOD 30
#define LIFTED_MS 20000

/* One run whose status the server cannot write, and many of which nothing can become; then the one that has nothing to do with them. */
static void begin(struct world *world)
{
        char name[32];

        world_server(world, "bad");
        world_profile(world, "bad", "bad", WORLD_LOAD);
        world_run_new(world, "bad", "bad", "");
        for (int i = 0; i < FLOOD; i++) {
                snprintf(name, sizeof name, "lost-%d", i);
                world_run_new(world, name, "nowhere", "");
        }
        world_refuse(world, "PATCH /benchmarkruns/bad/status", 500);
        world_one_run(world, "pass");
        world_again_at(world, LIFTED_MS);
}

static void act(struct world *world)
{
        unsigned *step = world_step_of(world);
        char name[32];

        if (*step || world_ms(world) < LIFTED_MS)
                return;
        *step = 1;
        world_refuse(world, NULL, 0);
        for (int i = 0; i < FLOOD; i++) {
                snprintf(name, sizeof name, "lost-%d", i);
                world_run_change(world, name, "DELETE", NULL);
        }
}

const struct workload workload_isolated[] = {
        {
                .name = "isolated",
                .what = "neighbours that fail again and again do not slow a run down",
                .begin = begin,
                .act = act,
                .undisturbed = "pass",
                .ends = "pass=Succeeded bad=Succeeded",
        },
        {0},
};
