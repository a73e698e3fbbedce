/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "world.h"

static void begin(struct world *world)
{
        world_one_run(world, "deleted");
}

static void begin_behind_another(struct world *world)
{
        world_one_run(world, "ahead");
        world_run_new(world, "deleted", "web", "");
}

/* A phase that a fault hides from us is made up for at the end: it is deleted by then. */
static void act(struct world *world)
{
        unsigned *done = world_step_of(world);
        const char *phase = world_phase(world, "deleted");

        if (*done || (!text_equal(phase, world_argument(world)) && !text_equal(phase, "Succeeded")))
                return;
        world_run_change(world, "deleted", "DELETE", NULL);
        *done = 1;
}

#define DELETED_IN(phase, word) \
        {.name = "delete_" word, .what = "deleted when " phase ": nothing is left of it", .argument = phase, .begin = begin, .act = act, \
         .ends = "deleted=-"}

const struct workload workload_delete[] = {
        {
                .name = "delete_queued",
                .what = "deleted when Queued: nothing is left of it, and the one ahead is not disturbed",
                .argument = "Queued",
                .begin = begin_behind_another,
                .act = act,
                .ends = "ahead=Succeeded deleted=-",
        },
        DELETED_IN("Preparing", "preparing"),
        DELETED_IN("Warming", "warming"),
        DELETED_IN("Running", "running"),
        DELETED_IN("Collecting", "collecting"),
        DELETED_IN("Succeeded", "succeeded"),
        {0},
};
