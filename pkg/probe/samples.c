/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/samples.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "probe/samples_internal.h"

/* ---- what is sampled ---- */

struct samples *samples_new(void)
{
        return xnew(struct samples);
}

const char *samples_source_name(enum samples_source source)
{
        static const char *const names[] = {[SAMPLES_PROBE] = "node probe", [SAMPLES_CADVISOR] = "kubelet cadvisor", [SAMPLES_RESOURCE] = "kubelet resource"};

        return names[source];
}

static void subject_done(struct subject *subject)
{
        free(subject->name);
        for (size_t i = 0; i < SAMPLES_SOURCES; i++)
                rows_free(subject->tracks[i].rows);
}

struct samples *samples_free(struct samples *samples)
{
        if (!samples)
                return NULL;
        for (size_t i = 0; i < samples->pods_len; i++) {
                struct samples_pod *pod = samples->pods[i];
                subject_done(&pod->whole);
                for (size_t k = 0; k < pod->containers_len; k++)
                        subject_done(&pod->containers[k]);
                free(pod->namespace);
                free(pod->node);
                free(pod);
        }
        for (size_t i = 0; i < samples->nodes_len; i++) {
                subject_done(&samples->nodes[i]->whole);
                free(samples->nodes[i]);
        }
        map_done_values(&samples->by_cgroup);
        map_done(&samples->by_name);
        map_done(&samples->pods_cut);
        map_done(&samples->nodes_cut);
        free(samples);
        return NULL;
}

/* ---- cgroups ---- */

struct subject *samples_container(struct samples_pod *pod, const char *name, size_t len)
{
        for (size_t i = 0; i < pod->containers_len; i++)
                if (strlen(pod->containers[i].name) == len && memcmp(pod->containers[i].name, name, len) == 0)
                        return &pod->containers[i];
        if (pod->containers_len == SAMPLES_CONTAINERS_MAX)
                return NULL;
        struct subject *subject = &pod->containers[pod->containers_len++];
        *subject = (struct subject){.kind = SUBJECT_CONTAINER, .name = xstrndup(name, len)};
        return subject;
}

static void add_cgroup(struct samples *samples, const char *name, struct samples_pod *pod, struct subject *subject)
{
        if (map_find(&samples->by_cgroup, name))
                return;
        struct cgroup *cgroup = xnew(struct cgroup);
        *cgroup = (struct cgroup){pod, subject};
        map_set(&samples->by_cgroup, name, cgroup);
}

/* "containerd://<id>" */
static void add_containers(struct samples *samples, struct samples_pod *pod, struct json_object *statuses)
{
        for (size_t i = 0; i < doc_len(statuses, ""); i++) {
                const char *name = doc_text(doc_item(statuses, i), "name"), *id = doc_text(doc_item(statuses, i), "containerID");
                const char *slashes = id ? strstr(id, "://") : NULL;
                struct subject *subject = name && slashes ? samples_container(pod, name, strlen(name)) : NULL;
                if (subject)
                        add_cgroup(samples, slashes + strlen("://"), pod, subject);
        }
}

/* With systemd as driver a pod's UID has "_" for "-", and parts have heads and ends: "kubepods-burstable-pod<uid>.slice",
 * "cri-containerd-<id>.scope". */
const struct cgroup *samples_cgroup(const struct samples *samples, const char *name, size_t len)
{
        static const char *const ends[] = {".scope", ".slice"};
        const char *slash = memrchr(name, '/', len);
        char part[256];

        if (!slash || len - (size_t)(slash + 1 - name) >= sizeof part)
                return NULL;
        size_t size = len - (size_t)(slash + 1 - name);
        memcpy(part, slash + 1, size);
        part[size] = '\0';
        bool systemd = false;
        for (size_t i = 0; i < ARRAY_LEN(ends); i++)
                if (size > strlen(ends[i]) && text_equal(part + size - strlen(ends[i]), ends[i])) {
                        part[size - strlen(ends[i])] = '\0';
                        systemd = true;
                }
        const char *last = systemd && strrchr(part, '-') ? strrchr(part, '-') + 1 : part;
        for (char *at = part; *at; at++)
                *at = text_starts(last, "pod") && *at == '_' ? '-' : *at;
        return map_find(&samples->by_cgroup, last);
}

/* ---- pods and nodes ---- */

static struct samples_pod *new_pod(struct samples *samples, enum samples_role role, const char *key, struct json_object *object)
{
        struct samples_pod *pod = samples->pods[samples->pods_len++] = xnew(struct samples_pod);

        *pod = (struct samples_pod){
                .role = role,
                .namespace = xstrdup(doc_text(object, "metadata.namespace")),
                .node = xstrdup(doc_text(object, "spec.nodeName")),
                .whole = {.kind = SUBJECT_POD, .name = xstrdup(doc_text(object, "metadata.name"))},
        };
        map_set(&samples->by_name, key, pod);
        if (doc_text(object, "metadata.uid")) {
                auto_free char *cgroup = xasprintf("pod%s", doc_text(object, "metadata.uid"));
                add_cgroup(samples, cgroup, pod, &pod->whole);
        }
        return pod;
}

void samples_add_pod(struct samples *samples, enum samples_role role, struct json_object *object)
{
        const char *namespace = doc_text(object, "metadata.namespace"), *name = doc_text(object, "metadata.name");

        if (!namespace || !name || !doc_text(object, "spec.nodeName"))
                return;
        auto_free char *key = xasprintf("%s/%s", namespace, name);
        struct samples_pod *pod = map_find(&samples->by_name, key);
        if (!pod && doc_text(object, "metadata.deletionTimestamp"))
                return; /* on its way out already */
        if (!pod && samples->pods_len == SAMPLES_PODS_MAX) {
                map_set(&samples->pods_cut, key, samples);
                return;
        }
        if (!pod)
                pod = new_pod(samples, role, key, object);
        add_containers(samples, pod, doc_at(object, "status.initContainerStatuses"));
        add_containers(samples, pod, doc_at(object, "status.containerStatuses"));
}

struct samples_node *samples_add_node(struct samples *samples, enum samples_role role, const char *name)
{
        for (size_t i = 0; i < samples->nodes_len; i++)
                if (text_equal(samples->nodes[i]->whole.name, name)) {
                        samples->nodes[i]->roles |= (int)role;
                        return samples->nodes[i];
                }
        if (samples->nodes_len == SAMPLES_NODES_MAX) {
                map_set(&samples->nodes_cut, name, samples);
                return NULL;
        }
        struct samples_node *node = samples->nodes[samples->nodes_len++] = xnew(struct samples_node);
        *node = (struct samples_node){.samples = samples, .roles = (int)role};
        node->whole = (struct subject){.kind = SUBJECT_NODE, .name = xstrdup(name)};
        for (size_t i = 0; i < SAMPLES_SOURCES; i++)
                node->pages[i] = (struct samples_page){.node = node, .source = (enum samples_source)i};
        return node;
}

static void forget(struct subject *subject)
{
        for (size_t i = 0; i < SAMPLES_SOURCES; i++)
                subject->tracks[i].rows = rows_free(subject->tracks[i].rows);
}

void samples_forget(struct samples *samples)
{
        for (size_t i = 0; i < samples->pods_len; i++) {
                forget(&samples->pods[i]->whole);
                for (size_t k = 0; k < samples->pods[i]->containers_len; k++)
                        forget(&samples->pods[i]->containers[k]);
        }
        for (size_t i = 0; i < samples->nodes_len; i++) {
                struct samples_node *node = samples->nodes[i];
                forget(&node->whole);
                node->missed = 0;
                for (size_t k = 0; k < SAMPLES_SOURCES; k++) {
                        node->pages[k].count = 0;
                        node->pages[k].problem[0] = '\0';
                }
        }
}
