/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

static void begin(struct world *world)
{
        world_server(world, "web");
        world_profile(world, "web", "web", WORLD_LOAD);
        world_run_new(world, "hung", "web", ",\"overrides\":{\"limits\":{\"deadline\":\"45s\"}}");
}

static void script(void *owner, struct json_object *pod, struct pod_script *script)
{
        static const struct worker_script worker = {.ready_ms = 20, .notice_ms = 300, .latency_ns = 2 * NS_PER_MS, .hangs = true};

        (void)owner;
        (void)pod;
        *script = world_pod(&worker);
        script->ignores_stop = true;
}

const struct workload workload_hangs[] = {
        {
                .name = "hangs",
                .what = "a worker that never says anything after its start: the deadline ends the run",
                .begin = begin,
                .script = script,
                .ends = "hung=Failed",
        },
        {0},
};
