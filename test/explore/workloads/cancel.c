/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "base/text.h"
#include "world.h"

/* One run per phase, each at a target of its own, each cancelled as soon as it is seen in that phase. */
static const char *const phases[] = {"Queued", "Preparing", "Warming", "Running", "Collecting"};
static const char *const names[] = {"queued", "preparing", "warming", "running", "collecting"};

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

static void act(struct world *world)
{
        unsigned *done = world_step_of(world);

        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
                if ((*done >> i & 1) || !text_equal(world_phase(world, names[i]), phases[i]))
                        continue;
                world_run_change(world, names[i], "PATCH", "{\"spec\":{\"cancel\":true}}");
                *done |= 1u << i;
        }
}

const struct workload workload_cancel = {
        .name = "cancel",
        .what = "cancelled in each phase",
        .begin = begin,
        .act = act,
        .ends_vary = true,
        .ends = "ahead=Succeeded queued=Cancelled|Succeeded preparing=Cancelled|Succeeded warming=Cancelled|Succeeded "
                "running=Cancelled|Succeeded collecting=Cancelled|Succeeded",
};
