/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "world.h"

static void begin(struct world *world)
{
        world_one_run(world, "doomed");
}

static void act(struct world *world)
{
        unsigned *step = world_step_of(world);

        const char *phase = world_phase(world, "doomed");

        if (*step == 0 && (text_equal(phase, "Running") || text_equal(phase, "Succeeded"))) {
                world_ask(world, "DELETE", "/api/v1/namespaces/shop", NULL);
                *step = 1;
        }
}

const struct workload workload_namespace_deleted[] = {
        {
                .name = "namespace_deleted",
                .what = "the namespace is deleted under a running run",
                .begin = begin,
                .act = act,
                .ends = "doomed=-",
        },
        {0},
};
