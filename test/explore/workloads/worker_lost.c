/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "data/doc.h"
#include "world.h"

static void begin(struct world *world)
{
        world_server(world, "web");
        world_profile(world, "web", "web", WORLD_LOAD_BY(2));
        world_run_new(world, "lost", "web", "");
}

/* The second of two workers is killed in the middle, with its node. */
static void script(void *owner, struct json_object *pod, struct pod_script *script)
{
        static const struct worker_script worker = {.ready_ms = 20, .notice_ms = 300, .latency_ns = 2 * NS_PER_MS};
        bool second = text_equal(doc_text(pod, "metadata.annotations[\"batch.kubernetes.io/job-completion-index\"]"), "1");

        (void)owner;
        *script = world_pod(&worker);
        if (second) {
                script->kill_ms = 5000;
                script->kill_reason = "TerminationByKubelet";
                script->ignores_stop = true;
        }
}

const struct workload workload_worker_lost[] = {
        {
                .name = "worker_lost",
                .what = "one of two workers is lost in the middle of the load",
                .begin = begin,
                .script = script,
                .ends_vary = true,
                .ends = "lost=Succeeded|Failed",
        },
        {0},
};
