/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "world.h"

static void begin(struct world *world)
{
        world_one_run(world, "handed");
}

/* The leader loses its way to the server in the middle of the run, for longer than its Lease lasts, and comes back. */
static void act(struct world *world)
{
        unsigned *step = world_step_of(world);

        if (*step == 0 && text_equal(world_phase(world, "handed"), "Running")) {
                world_cut(world, 0, true);
                world_again_at(world, world_ms(world) + 25000);
                *step = 1;
        } else if (*step == 1 && world_ms(world) > 25000) {
                world_cut(world, 0, false);
                *step = 2;
        }
}

const struct workload workload_two_operators[] = {
        {
                .name = "two_operators",
                .what = "a leader that is cut off, and a standby that takes over",
                .begin = begin,
                .act = act,
                .operators = 2,
                .ends = "handed=Succeeded",
        },
        {0},
};
