/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "world.h"

static void begin(struct world *world)
{
        world_one_run(world, "cancelled");
}

static void begin_behind_another(struct world *world)
{
        world_one_run(world, "ahead");
        world_run_new(world, "cancelled", "web", "");
}

/* As soon as it is seen in the phase; a fault may hide the phase from everybody. */
static void act(struct world *world)
{
        unsigned *done = world_step_of(world);

        if (*done || !text_equal(world_phase(world, "cancelled"), world_argument(world)))
                return;
        world_run_change(world, "cancelled", "PATCH", "{\"spec\":{\"cancel\":true}}");
        *done = 1;
}

#define CANCELLED_IN(phase, word) \
        {.name = "cancel_" word, .what = "cancelled when " phase, .argument = phase, .begin = begin, .act = act, .ends_vary = true, \
         .ends = "cancelled=Cancelled|Succeeded"}

const struct workload workload_cancel[] = {
        {
                .name = "cancel_queued",
                .what = "cancelled when Queued",
                .argument = "Queued",
                .begin = begin_behind_another,
                .act = act,
                .ends_vary = true,
                .ends = "ahead=Succeeded cancelled=Cancelled|Succeeded",
        },
        CANCELLED_IN("Preparing", "preparing"),
        CANCELLED_IN("Warming", "warming"),
        CANCELLED_IN("Running", "running"),
        CANCELLED_IN("Collecting", "collecting"),
        {0},
};
