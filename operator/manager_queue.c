/* SPDX-License-Identifier: Apache-2.0
 *
 * The names that need a pass, and the passes: one at a time each, as long as the Lease is held. */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "operator/manager_internal.h"
#include "operator/profile_pass.h"
#include "operator/run_pass.h"

#define PASSES_PER_STEP 32
#define STEP_NS (20 * NS_PER_MS) /* no pass begins later: the Lease and the probes are waiting too */

void manager_enqueue(struct manager *manager, const char *key, int64_t due_ns)
{
        queue_add(manager->queue, key, due_ns);
        int64_t next_ns = queue_next_ns(manager->queue);
        if (next_ns != INT64_MAX && (!manager->work.armed || next_ns < manager->work.at_ns))
                loop_arm(manager->loop, &manager->work, next_ns);
}

void manager_enqueue_run(struct manager *manager, const char *namespace, const char *name, int64_t due_ns)
{
        auto_free char *key = xasprintf("r:%s/%s", namespace, name);
        manager_enqueue(manager, key, due_ns);
}

struct session *manager_session(const struct manager *manager, const char *namespace, const char *name)
{
        auto_free char *key = xasprintf("r:%s/%s", namespace, name);
        return map_find(&manager->sessions, key);
}

void manager_enqueue_profile(struct manager *manager, const char *namespace, const char *name)
{
        auto_free char *key = xasprintf("p:%s/%s", namespace, name);
        manager_enqueue(manager, key, loop_now_ns(manager->loop));
}

void manager_wake_all_of(struct manager *manager, const struct map *keys)
{
        size_t at = 0;
        const char *key;
        void *unused;

        while (map_next(keys, &at, &key, &unused))
                manager_enqueue(manager, key, loop_now_ns(manager->loop));
}

static void end_pass(struct manager *manager, const char *key, enum pass_result result)
{
        int64_t now_ns = loop_now_ns(manager->loop), taken_ns = queue_taken_ns(manager->queue, key);

        metrics_pass(&manager->metrics, key, result, taken_ns == INT64_MAX ? 0 : now_ns - taken_ns);
}

void manager_pass_done(struct manager *manager, const char *key, int64_t due_ns)
{
        auto_free char *name = xstrdup(key); /* the queue may drop its own copy */

        end_pass(manager, name, due_ns == INT64_MAX ? PASS_SUCCESS : due_ns > loop_now_ns(manager->loop) ? PASS_REQUEUE_AFTER : PASS_REQUEUE);
        queue_succeeded(manager->queue, name);
        queue_finish(manager->queue, name, loop_now_ns(manager->loop));
        if (due_ns != INT64_MAX)
                manager_enqueue(manager, name, due_ns);
        else if (queue_next_ns(manager->queue) != INT64_MAX)
                loop_arm(manager->loop, &manager->work, queue_next_ns(manager->queue));
}

void manager_pass_failed(struct manager *manager, const char *key, const struct fail *fail)
{
        auto_free char *name = xstrdup(key);

        end_pass(manager, name, PASS_ERROR);
        log_line("pass failed", "key", name, "kind", fail_kind_name(fail->kind), "error", fail->text, NULL);
        queue_retry(manager->queue, name, loop_now_ns(manager->loop), manager_random(manager));
        queue_finish(manager->queue, name, loop_now_ns(manager->loop));
        manager_enqueue(manager, name, queue_next_ns(manager->queue));
}

static bool all_synced(const struct manager *manager)
{
        return kube_cache_synced(manager->runs) && kube_cache_synced(manager->profiles) &&
               kube_cache_synced(manager->jobs) && kube_cache_synced(manager->pods) &&
               kube_cache_synced(manager->configmaps) && settings_synced(manager->settings);
}

void manager_work(void *owner)
{
        struct manager *manager = owner;
        const char *key;

        if (!manager_may_act(manager) || !all_synced(manager))
                return; /* the tick looks again */
        int64_t begin_ns = loop_now_ns(manager->loop);
        for (int passes = 0; passes < PASSES_PER_STEP && loop_now_ns(manager->loop) - begin_ns < STEP_NS; passes++) {
                key = queue_take(manager->queue, loop_now_ns(manager->loop));
                if (!key)
                        break;
                if (text_starts(key, "r:"))
                        run_pass(manager, key);
                else
                        profile_pass(manager, key);
        }
        if (queue_next_ns(manager->queue) != INT64_MAX)
                loop_arm(manager->loop, &manager->work, queue_next_ns(manager->queue));
}
