/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "base/text.h"
#include "world.h"

static const char *const phases[] = {"Queued", "Preparing", "Warming", "Running", "Succeeded"};
static const char *const names[] = {"queued", "preparing", "warming", "running", "succeeded"};

static void begin(struct world *world)
{
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
                world_server(world, names[i]);
                world_profile(world, names[i], names[i], WORLD_LOAD);
                if (i == 0)
                        world_run_new(world, "ahead", names[i], "");
                world_run_new(world, names[i], names[i], "");
        }
}

/* A phase that a fault hides from us is made up for at the end: all are deleted by then. */
static void act(struct world *world)
{
        unsigned *done = world_step_of(world);

        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
                const char *phase = world_phase(world, names[i]);
                if ((*done >> i & 1) || (!text_equal(phase, phases[i]) && !text_equal(phase, "Succeeded")))
                        continue;
                world_run_change(world, names[i], "DELETE", NULL);
                *done |= 1u << i;
        }
}

const struct workload workload_delete = {
        .name = "delete",
        .what = "deleted in each phase: nothing is left of them",
        .begin = begin,
        .act = act,
        .ends = "ahead=Succeeded queued=- preparing=- warming=- running=- succeeded=-",
};
