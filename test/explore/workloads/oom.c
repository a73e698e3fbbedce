/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

static void begin(struct world *world)
{
        world_server(world, "web");
        world_profile(world, "web", "web", WORLD_LOAD);
        world_run_new(world, "oom", "web", "");
}

static void script(void *owner, struct json_object *pod, struct pod_script *script)
{
        static const struct worker_script worker = {.ready_ms = 20, .notice_ms = 300, .latency_ns = 2 * NS_PER_MS};

        (void)owner;
        (void)pod;
        *script = (struct pod_script){.node = "node-1", .schedule_ms = 10, .pull_ms = 30, .start_ms = 200, .run_ms = -1,
                                      .stop_ms = 50, .worker = &worker, .kill_ms = 5000, .kill_reason = "OOMKilled"};
}

const struct workload workload_oom = {
        .name = "oom",
        .what = "the worker is killed for its memory in the middle of the load",
        .begin = begin,
        .script = script,
        .ends_vary = true, /* Failed: it died before its load began, because a fault held that up */
        .ends = "oom=Succeeded|Failed",
};
