/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "world.h"

/* What somebody does to the run, as soon as it is seen in the phase that is the argument. */
static void begin(struct world *world)
{
        world_one_run(world, "ours");
}

static void begin_behind_another(struct world *world)
{
        world_one_run(world, "ahead");
        world_run_new(world, "ours", "web", "");
}

/* A fault may hide the phase from everybody: then nobody cancels. */
static void cancel(struct world *world)
{
        unsigned *done = world_step_of(world);

        if (*done || !text_equal(world_phase(world, "ours"), world_argument(world)))
                return;
        world_run_change(world, "ours", "PATCH", "{\"spec\":{\"cancel\":true}}");
        *done = 1;
}

/* ... but it is deleted at last. */
static void delete(struct world *world)
{
        unsigned *done = world_step_of(world);
        const char *phase = world_phase(world, "ours");

        if (*done || (!text_equal(phase, world_argument(world)) && !text_equal(phase, "Succeeded")))
                return;
        world_run_change(world, "ours", "DELETE", NULL);
        *done = 1;
}

#define CANCELLED(word, phase, begins, other) \
        {.name = "cancel_" word, .what = "cancelled when " phase, .argument = phase, .begin = begins, .act = cancel, .ends_vary = true, \
         .ends = other "ours=Cancelled|Succeeded"}
#define DELETED(word, phase, begins, other) \
        {.name = "delete_" word, .what = "deleted when " phase ": nothing is left of it", .argument = phase, .begin = begins, .act = delete, \
         .ends = other "ours=-"}

const struct workload workload_interrupt[] = {
        CANCELLED("queued", "Queued", begin_behind_another, "ahead=Succeeded "),
        CANCELLED("preparing", "Preparing", begin, ""),
        CANCELLED("warming", "Warming", begin, ""),
        CANCELLED("running", "Running", begin, ""),
        CANCELLED("collecting", "Collecting", begin, ""),
        DELETED("queued", "Queued", begin_behind_another, "ahead=Succeeded "),
        DELETED("preparing", "Preparing", begin, ""),
        DELETED("warming", "Warming", begin, ""),
        DELETED("running", "Running", begin, ""),
        DELETED("collecting", "Collecting", begin, ""),
        DELETED("succeeded", "Succeeded", begin, ""),
        {0},
};
