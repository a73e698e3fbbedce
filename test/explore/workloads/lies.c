/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

static void begin(struct world *world)
{
        world_one_run(world, "lied");
}

static void script(void *owner, struct json_object *pod, struct pod_script *script)
{
        static const struct worker_script worker = {.ready_ms = 20, .notice_ms = 300, .latency_ns = 2 * NS_PER_MS, .lies = true};

        (void)owner;
        (void)pod;
        *script = world_pod(&worker);
}

const struct workload workload_lies[] = {
        {
                .name = "lies",
                .what = "a log that is not what its digest says: never a valid result",
                .begin = begin,
                .script = script,
                .ends = "lied=Succeeded/Invalid",
        },
        {0},
};
