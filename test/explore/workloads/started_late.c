/* SPDX-License-Identifier: Apache-2.0
 *
 * A node that is so busy that the start reaches the worker when its load should have been over for two seconds. */
#include "world.h"

static void begin(struct world *world)
{
        world_server(world, "web");
        world_profile(world, "web", "web", WORLD_LOAD ",\"validity\":{\"minWindow\":\"1s\"}");
        world_run_new(world, "late", "web", "");
}

static void script(void *owner, struct json_object *pod, struct pod_script *script)
{
        static const struct worker_script worker = {.ready_ms = 20, .notice_ms = 10000, .latency_ns = 2 * NS_PER_MS, .spread_ns = NS_PER_MS};

        (void)owner;
        (void)pod;
        *script = world_pod(&worker);
}

const struct workload workload_started_late[] = {
        {
                .name = "started_late",
                .what = "a worker that learns of the start when its load should be over: it measures all of it, and the run says that it was late",
                .begin = begin,
                .script = script,
                .ends = "late=Succeeded/Limited",
        },
        {0},
};
