/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

static void begin(struct world *world)
{
        world_one_run(world, "pass");
}

const struct workload workload_pass[] = {
        {
                .name = "pass",
                .what = "one run that passes",
                .begin = begin,
                .ends = "pass=Succeeded",
                .passes_max = 22,
        },
        {0},
};
