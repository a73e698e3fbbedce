/* SPDX-License-Identifier: Apache-2.0
 *
 * One row per kind: how its state is remembered, and how two states differ. */
#include "probe/context_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

#define TEXT_MAX 256

/* ---- states ---- */

static struct json_object *condition_of(struct json_object *object, const char *type)
{
        struct json_object *conditions = doc_at(object, "status.conditions");

        for (size_t i = 0; i < doc_len(conditions, ""); i++)
                if (text_equal(doc_text(doc_item(conditions, i), "type"), type))
                        return doc_item(conditions, i);
        return NULL;
}

static bool condition_true(struct json_object *object, const char *type)
{
        return text_equal(doc_text(condition_of(object, type), "status"), "True");
}

static struct json_object *begin(struct json_object *object)
{
        struct json_object *state = doc_object();
        return doc_set_text(doc_set_text(state, "name", doc_text(object, "metadata.name")), "uid", doc_text(object, "metadata.uid"));
}

static struct json_object *encode_container(struct json_object *status)
{
        struct json_object *container = doc_object();
        const char *reason = doc_text(status, "lastState.terminated.reason");

        doc_set_text(doc_set_text(container, "name", doc_text(status, "name")), "image", doc_text(status, "image"));
        doc_set_text(container, "imageID", doc_text(status, "imageID"));
        doc_set_int(container, "restarts", doc_int(status, "restartCount", 0));
        return doc_set_text(container, "lastReason", reason);
}

static struct json_object *encode_pod(struct json_object *object)
{
        struct json_object *state = begin(object), *containers = doc_array();
        struct json_object *statuses = doc_at(object, "status.containerStatuses");
        int64_t restarts = 0;

        for (size_t i = 0; i < doc_len(statuses, ""); i++) {
                restarts += doc_int(doc_item(statuses, i), "restartCount", 0);
                doc_push(containers, encode_container(doc_item(statuses, i)));
        }
        bool leaving = doc_at(object, "metadata.deletionTimestamp") != NULL;
        doc_set_text(state, "node", doc_text(object, "spec.nodeName"));
        doc_set_bool(state, "ready", condition_true(object, "Ready") && !leaving);
        doc_set_int(state, "restarts", restarts);
        if (condition_true(object, "DisruptionTarget"))
                doc_set_text(state, "disruption", doc_text(condition_of(object, "DisruptionTarget"), "reason"));
        return doc_set(state, "containers", containers);
}

static struct json_object *encode_node(struct json_object *object)
{
        static const char *const types[] = {"Ready", "MemoryPressure", "DiskPressure", "PIDPressure"};
        struct json_object *state = begin(object), *conditions = doc_object();

        doc_set_text(state, "kernel", doc_text(object, "status.nodeInfo.kernelVersion"));
        doc_set_text(state, "kubelet", doc_text(object, "status.nodeInfo.kubeletVersion"));
        doc_set_text(state, "instanceType", doc_text(object, "metadata.labels[\"node.kubernetes.io/instance-type\"]"));
        for (size_t i = 0; i < ARRAY_LEN(types); i++)
                doc_set_text(conditions, types[i], doc_text(condition_of(object, types[i]), "status"));
        doc_set_bool(state, "unschedulable", doc_bool(object, "spec.unschedulable", false));
        return doc_set(state, "conditions", conditions);
}

static struct json_object *encode_workload(struct json_object *object)
{
        struct json_object *state = begin(object);
        char hash[20];
        auto_free char *template = doc_canonical(doc_at(object, "spec.template"));

        snprintf(hash, sizeof hash, "%016llx", (unsigned long long)text_hash(template, strlen(template)));
        doc_set_int(state, "replicas", doc_int(object, "spec.replicas", 1));
        doc_set_int(state, "ready", doc_int(object, "status.readyReplicas", 0));
        doc_set_int(state, "updated", doc_int(object, "status.updatedReplicas", 0));
        return doc_set_text(state, "template", hash);
}

static struct json_object *encode_autoscaler(struct json_object *object)
{
        struct json_object *state = begin(object);

        doc_set_int(state, "min", doc_int(object, "spec.minReplicas", 1));
        doc_set_int(state, "max", doc_int(object, "spec.maxReplicas", 0));
        return doc_set_int(state, "desired", doc_int(object, "status.desiredReplicas", 0));
}

static struct json_object *encode_slice(struct json_object *object)
{
        struct json_object *state = begin(object), *endpoints = doc_object(), *list = doc_at(object, "endpoints");

        for (size_t i = 0; i < doc_len(list, ""); i++) {
                const char *address = doc_text(doc_item(list, i), "addresses[0]");
                if (address && doc_bool(doc_item(list, i), "conditions.ready", true))
                        doc_set_text(endpoints, address, doc_text(doc_item(list, i), "targetRef.name") ? doc_text(doc_item(list, i), "targetRef.name") : "");
        }
        return doc_set(state, "endpoints", endpoints);
}

static struct json_object *encode_service(struct json_object *object)
{
        struct json_object *state = begin(object);

        doc_set_text(state, "type", doc_text(object, "spec.type"));
        doc_set(state, "ports", doc_copy(doc_at(object, "spec.ports")));
        return doc_set(state, "selector", doc_copy(doc_at(object, "spec.selector")));
}

/* ---- differences ---- */

struct pair {
        struct context *context;
        struct json_object *old, *new;
        const char *object; /* "Pod web-1" */
        int64_t wall_ms;
};

static void say(const struct pair *pair, enum context_change_kind kind, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static void say(const struct pair *pair, enum context_change_kind kind, const char *format, ...)
{
        char text[TEXT_MAX];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof text, format, args);
        va_end(args);
        context_change_add(pair->context, kind, pair->object, text, pair->wall_ms);
}

static struct json_object *container_named(struct json_object *state, const char *name)
{
        for (size_t i = 0; i < doc_len(state, "containers"); i++) {
                struct json_object *container = doc_item(doc_at(state, "containers"), i);
                if (text_equal(doc_text(container, "name"), name))
                        return container;
        }
        return NULL;
}

static void compare_containers(const struct pair *pair)
{
        for (size_t i = 0; i < doc_len(pair->new, "containers"); i++) {
                struct json_object *now = doc_item(doc_at(pair->new, "containers"), i);
                const char *name = doc_text(now, "name"), *reason = doc_text(now, "lastReason");
                struct json_object *before = container_named(pair->old, name);
                if (!before)
                        continue;
                if (doc_int(now, "restarts", 0) > doc_int(before, "restarts", 0))
                        say(pair, CONTEXT_RESTART, "container %s restarted (%s), %d restarts now", name ? name : "?",
                            reason ? reason : "unknown", (int)doc_int(now, "restarts", 0));
                const char *image = doc_text(now, "imageID"), *was = doc_text(before, "imageID");
                if (image && *image && was && *was && !text_equal(image, was))
                        say(pair, CONTEXT_IMAGE, "container %s runs %s", name ? name : "?", image);
        }
}

static void compare_pods(const struct pair *pair)
{
        bool was = doc_bool(pair->old, "ready", false), is = doc_bool(pair->new, "ready", false);
        const char *disruption = doc_text(pair->new, "disruption");

        if (disruption && !doc_text(pair->old, "disruption"))
                say(pair, CONTEXT_EVICTION, "is being evicted (%s)", disruption);
        if (pair->old && pair->new)
                compare_containers(pair);
        if (!was && is)
                say(pair, CONTEXT_POD_JOIN, "is ready");
        if (was && !is)
                say(pair, CONTEXT_POD_LEAVE, pair->new ? "is not ready any more" : "is gone");
}

static void compare_nodes(const struct pair *pair)
{
        struct json_object *now = doc_at(pair->new, "conditions");

        if (!pair->old || !now)
                return;
        json_object_object_foreach(now, type, value) {
                const char *before = doc_text(doc_at(pair->old, "conditions"), type);
                if (before && !text_equal(before, json_object_get_string(value)))
                        say(pair, CONTEXT_NODE_STATE, "%s is %s", type, json_object_get_string(value));
        }
        bool closed = doc_bool(pair->new, "unschedulable", false);
        if (closed != doc_bool(pair->old, "unschedulable", false))
                say(pair, CONTEXT_NODE_STATE, closed ? "is cordoned" : "takes pods again");
}

static void compare_workloads(const struct pair *pair)
{
        int64_t was = doc_int(pair->old, "replicas", 0), is = doc_int(pair->new, "replicas", 0);

        if (!pair->old || !pair->new)
                return;
        if (was != is)
                say(pair, CONTEXT_SCALE, "wants %d replicas, before %d", (int)is, (int)was);
        if (!text_equal(doc_text(pair->old, "template"), doc_text(pair->new, "template")))
                say(pair, CONTEXT_ROLLOUT, "its pod template changed, a rollout begins");
        int64_t updated = doc_int(pair->new, "updated", 0);
        if (updated == is && updated != doc_int(pair->old, "updated", 0) && was == is)
                say(pair, CONTEXT_ROLLOUT, "all %d replicas are of the new template", (int)is);
}

static void compare_autoscalers(const struct pair *pair)
{
        int64_t was = doc_int(pair->old, "desired", 0), is = doc_int(pair->new, "desired", 0);

        if (pair->old && pair->new && was != is)
                say(pair, CONTEXT_SCALE, "decided on %d replicas, before %d", (int)is, (int)was);
}

static void compare_slices(const struct pair *pair)
{
        auto_json struct json_object *none = doc_object();
        struct json_object *was = doc_at(pair->old, "endpoints"), *is = doc_at(pair->new, "endpoints");

        was = was ? was : none;
        is = is ? is : none;
        json_object_object_foreach(is, joined, pod) {
                if (!json_object_object_get_ex(was, joined, NULL))
                        say(pair, CONTEXT_ENDPOINT, "%s (%s) joined", joined, json_object_get_string(pod));
        }
        json_object_object_foreach(was, left, old_pod) {
                if (!json_object_object_get_ex(is, left, NULL))
                        say(pair, CONTEXT_ENDPOINT, "%s (%s) left", left, json_object_get_string(old_pod));
        }
}

static void compare_services(const struct pair *pair)
{
        if (pair->old && !pair->new)
                say(pair, CONTEXT_SERVICE_EDIT, "is gone");
        if (!pair->old || !pair->new)
                return;
        if (!doc_equal(doc_at(pair->old, "ports"), doc_at(pair->new, "ports")))
                say(pair, CONTEXT_SERVICE_EDIT, "its ports changed");
        if (!doc_equal(doc_at(pair->old, "selector"), doc_at(pair->new, "selector")))
                say(pair, CONTEXT_SERVICE_EDIT, "its selector changed");
}

static const struct kind_row {
        const char *name;
        struct json_object *(*encode)(struct json_object *object);
        void (*compare)(const struct pair *pair);
} rows[CONTEXT_KINDS] = {
        [CONTEXT_SERVICE] = {"Service", encode_service, compare_services},
        [CONTEXT_ENDPOINT_SLICE] = {"EndpointSlice", encode_slice, compare_slices},
        [CONTEXT_POD] = {"Pod", encode_pod, compare_pods},
        [CONTEXT_NODE] = {"Node", encode_node, compare_nodes},
        [CONTEXT_DEPLOYMENT] = {"Deployment", encode_workload, compare_workloads},
        [CONTEXT_REPLICA_SET] = {"ReplicaSet", encode_workload, compare_workloads},
        [CONTEXT_STATEFUL_SET] = {"StatefulSet", encode_workload, compare_workloads},
        [CONTEXT_AUTOSCALER] = {"HorizontalPodAutoscaler", encode_autoscaler, compare_autoscalers},
};

const char *context_kind_name(enum context_kind kind)
{
        return rows[kind].name;
}

enum context_kind context_kind_of(const char *kind)
{
        for (size_t i = 0; i < CONTEXT_KINDS; i++)
                if (text_equal(kind, rows[i].name))
                        return (enum context_kind)i;
        return CONTEXT_KINDS;
}

struct json_object *context_state_encode(enum context_kind kind, struct json_object *object)
{
        return rows[kind].encode(object);
}

void context_state_compare(struct context *context, enum context_kind kind, struct json_object *old,
                           struct json_object *new, int64_t wall_ms)
{
        const char *name = doc_text(new ? new : old, "name");
        auto_free char *object = xasprintf("%s %s", rows[kind].name, name ? name : "?");
        const struct pair pair = {context, old, new, object, wall_ms};

        rows[kind].compare(&pair);
}
