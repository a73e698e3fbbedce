/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

static void begin(struct world *world)
{
        world_one_run(world, "drained");
}

static void script(void *owner, struct json_object *pod, struct pod_script *script)
{
        static const struct worker_script worker = {.ready_ms = 20, .notice_ms = 300, .latency_ns = 2 * NS_PER_MS};

        (void)owner;
        (void)pod;
        *script = world_pod(&worker);
        script->kill_ms = 5000;
        script->kill_reason = "EvictionByEvictionAPI";
}

const struct workload workload_drain[] = {
        {
                .name = "drain",
                .what = "the worker's node is drained in the middle of the load",
                .begin = begin,
                .script = script,
                .ends_vary = true, /* Failed: the pod went with its log while no operator was alive */
                .ends = "drained=Succeeded|Failed",
        },
        {0},
};
