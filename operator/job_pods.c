/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/job_pods.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/pod.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "operator/session.h"

/* Is what became of a pod worth a pass? It is when its container runs or has ended, it is told the start, is being deleted, or something
 * keeps it from starting. That it is there, or has a node, is not: who waits for workers looks each second by himself. */
static bool is_news(struct map *pods_seen, struct json_object *object)
{
        struct diagnosis diagnosis = pod_diagnose(object);
        struct pod pod;

        pod_decode(object, &pod);
        bool told = pod.start_at && *pod.start_at, moved = pod.running || pod.ended || pod.deleting || told || diagnosis.reason;
        auto_free char *text = xasprintf("%d %d %d %s %s %s %s", pod.running, pod.ended, pod.deleting, pod.uid, told ? pod.start_at : "",
                                         diagnosis.reason ? diagnosis.reason : "", pod.message ? pod.message : "");
        uint64_t *seen = map_find(pods_seen, pod.name), hash = text_hash(text, strlen(text));
        if (seen ? *seen == hash : !moved)
                return false;
        if (!seen)
                map_set(pods_seen, pod.name, seen = xnew(uint64_t));
        *seen = hash;
        return true;
}

void job_pods_changed(struct manager *manager, struct json_object *object, bool gone)
{
        struct pod pod;
        const char *namespace = doc_text(object, "metadata.namespace");

        pod_decode(object, &pod);
        if (!namespace || !pod.job || !pod.name)
                return;
        auto_free char *key = xasprintf("%s/%s", namespace, pod.job);
        struct map *pods = map_find(&manager->job_pods, key);
        if (!pods && !gone) {
                pods = xnew(struct map);
                map_set(&manager->job_pods, key, pods);
        }
        if (pods && gone) {
                map_remove(pods, pod.name);
                if (pods->len == 0) {
                        map_remove(&manager->job_pods, key);
                        map_done(pods);
                        free(pods);
                }
        } else if (pods) {
                map_set(pods, pod.name, manager);
        }
        if (!pod.run)
                return;
        struct session *session = manager_session(manager, namespace, pod.run);
        const char *run_uid = doc_text(object, "metadata.labels[\"loadstone.dev/run-uid\"]");
        if (gone && session && text_equal(session->uid, run_uid))
                session_see_pod(session, object, true);
        if (gone && session)
                free(map_remove(&session->pods_seen, pod.name));
        /* What was told is not all of it. */
        struct json_object *now = gone || !session ? NULL : kube_cache_find(manager->pods, namespace, pod.name);
        if (now && !is_news(&session->pods_seen, now))
                return;
        manager_enqueue_run(manager, namespace, pod.run, loop_now_ns(manager->loop));
}

void job_pods_done(struct manager *manager)
{
        size_t at = 0;
        const char *key;
        void *pods;

        while (map_next(&manager->job_pods, &at, &key, &pods)) {
                map_done(pods);
                free(pods);
        }
        map_done(&manager->job_pods);
}

void job_pods_each(struct manager *manager, const char *namespace, const char *job,
                  void (*each)(void *owner, struct json_object *pod), void *owner)
{
        auto_free char *key = xasprintf("%s/%s", namespace, job);
        const struct map *pods = map_find(&manager->job_pods, key);
        size_t at = 0;
        const char *name;
        void *unused;

        while (pods && map_next(pods, &at, &name, &unused)) {
                struct json_object *pod = kube_cache_find(manager->pods, namespace, name);
                if (pod)
                        each(owner, pod);
        }
}
