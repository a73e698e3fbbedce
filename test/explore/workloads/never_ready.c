/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "data/doc.h"
#include "world.h"

static void begin(struct world *world)
{
        world_server(world, "web");
        world_profile(world, "web", "web", WORLD_LOAD_BY(2));
        world_run_new(world, "halved", "web", "");
}

static void script(void *owner, struct json_object *pod, struct pod_script *script)
{
        static const struct worker_script works = {.ready_ms = 20, .notice_ms = 300, .latency_ns = 2 * NS_PER_MS},
                                          waits = {.ready_ms = -1, .latency_ns = 2 * NS_PER_MS};
        bool second = text_equal(doc_text(pod, "metadata.annotations[\"batch.kubernetes.io/job-completion-index\"]"), "1");

        (void)owner;
        *script = world_pod(second ? &waits : &works);
}

const struct workload workload_never_ready[] = {
        {
                .name = "never_ready",
                .what = "one of two workers is never ready: the run ends with the other, and does not wait for its deadline",
                .begin = begin,
                .script = script,
                .ends = "halved=Succeeded/Limited",
        },
        {0},
};
