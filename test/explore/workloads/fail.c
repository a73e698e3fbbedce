/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

static void begin(struct world *world)
{
        world_one_run(world, "fail");
}

/* Every answer is a 503. */
static void script(void *owner, struct json_object *pod, struct pod_script *script)
{
        static const struct worker_script worker = {.ready_ms = 20, .notice_ms = 300, .latency_ns = 2 * NS_PER_MS, .miss_every = 1};

        (void)owner;
        (void)pod;
        *script = world_pod(&worker);
}

const struct workload workload_fail[] = {
        {
                .name = "fail",
                .what = "every answer is an error: no success, whatever else happens",
                .begin = begin,
                .script = script,
                .ends = "fail=Succeeded",
        },
        {0},
};
