/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "world.h"

static void begin(struct world *world)
{
        world_one_run(world, "handed");
}

/* Everything but the Lease stays in reach of the leader, for longer than the Lease lasts. */
static void act(struct world *world)
{
        unsigned *step = world_step_of(world);

        if (*step == 0 && text_equal(world_phase(world, "handed"), "Preparing")) {
                world_cut_lease(world, 0, true);
                world_again_at(world, world_ms(world) + 25000);
                *step = 1;
        } else if (*step == 1 && world_ms(world) > 25000) {
                world_cut_lease(world, 0, false);
                *step = 2;
        }
}

const struct workload workload_lease_unreachable[] = {
        {
                .name = "lease_unreachable",
                .what = "a leader that can do everything but renew its Lease, and a standby",
                .begin = begin,
                .act = act,
                .operators = 2,
                .ends = "handed=Succeeded",
        },
        {0},
};
