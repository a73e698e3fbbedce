/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "world.h"

static void begin(struct world *world)
{
        world_one_run(world, "again");
}

/* Deleted and made anew in the same instant, while its load is running and after its end. */
static void act(struct world *world)
{
        unsigned *step = world_step_of(world);
        const char *phase = world_phase(world, "again");

        if ((*step == 0 && (text_equal(phase, "Running") || text_equal(phase, "Succeeded"))) ||
            (*step == 1 && text_equal(phase, "Succeeded"))) {
                world_run_change(world, "again", "DELETE", NULL);
                world_run_new(world, "again", "web", "");
                ++*step;
        }
}

const struct workload workload_namesake[] = {
        {
                .name = "namesake",
                .what = "the same name three times, each time a new UID",
                .begin = begin,
                .act = act,
                .horizon_ms = 300000,
                .ends = "again=Succeeded",
        },
        {0},
};
