/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/sha.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

#define LIST_MAX 64 /* containers, taints, conditions of one object */
#define ENDPOINTS_MAX 1024

const char *const facts_kind_names[CONTEXT_KINDS] = {
        [CONTEXT_SERVICE] = "Service",         [CONTEXT_ENDPOINT_SLICE] = "EndpointSlice",
        [CONTEXT_POD] = "Pod",                 [CONTEXT_NODE] = "Node",
        [CONTEXT_DEPLOYMENT] = "Deployment",   [CONTEXT_REPLICA_SET] = "ReplicaSet",
        [CONTEXT_STATEFUL_SET] = "StatefulSet", [CONTEXT_AUTOSCALER] = "HorizontalPodAutoscaler",
};

static size_t bounded_len(struct json_object *list)
{
        size_t len = doc_len(list, "");

        return len < LIST_MAX ? len : LIST_MAX;
}

static struct json_object *condition(struct json_object *object, const char *type)
{
        return doc_find(doc_at(object, "status.conditions"), "type", type);
}

static bool condition_true(struct json_object *object, const char *type)
{
        return text_equal(doc_text(condition(object, type), "status"), "True");
}

static void copy_text(struct json_object *facts, const char *name, struct json_object *object, const char *path)
{
        doc_set_text(facts, name, doc_text(object, path));
}

static void copy_int(struct json_object *facts, const char *name, struct json_object *object, const char *path)
{
        if (json_object_is_type(doc_at(object, path), json_type_int))
                doc_set_int(facts, name, doc_int(object, path, 0));
}

static void set_canonical(struct json_object *facts, const char *name, struct json_object *value)
{
        if (!value)
                return;
        auto_free char *text = doc_canonical(value);
        doc_set_text(facts, name, text);
}

static void service_facts(struct json_object *facts, struct json_object *object)
{
        copy_text(facts, "type", object, "spec.type");
        set_canonical(facts, "selector", doc_at(object, "spec.selector"));
        set_canonical(facts, "ports", doc_at(object, "spec.ports"));
}

static void slice_facts(struct json_object *facts, struct json_object *object)
{
        struct json_object *list = doc_at(object, "endpoints"), *endpoints = doc_object();
        size_t len = doc_len(list, "");

        for (size_t i = 0; i < len && i < ENDPOINTS_MAX; i++) {
                struct json_object *endpoint = doc_item(list, i);
                const char *address = doc_text(endpoint, "addresses[0]");
                if (!address)
                        continue;
                struct json_object *fact = doc_object();
                /* "ready": null means ready, says the API. */
                doc_set_bool(fact, "ready", doc_bool(endpoint, "conditions.ready", true));
                copy_text(fact, "pod", endpoint, "targetRef.name");
                doc_set(endpoints, address, fact);
        }
        doc_set(facts, "endpoints", endpoints);
}

/* Why a container ended last: "OOMKilled, exit code 137". */
static void set_cause(struct json_object *container, struct json_object *status)
{
        struct json_object *ended = doc_at(status, "lastState.terminated");
        char text[128];

        if (!ended)
                return;
        const char *reason = doc_text(ended, "reason");
        snprintf(text, sizeof text, "%.64s, exit code %d", reason ? reason : "ended", (int)doc_int(ended, "exitCode", 0));
        doc_set_text(container, "cause", text);
}

/* What it may use, as the kubelet has set it (from 1.33 on, when it may change under way): "cpu=500m memory=64Mi". */
static void set_limits(struct json_object *container, struct json_object *status)
{
        struct json_object *limits = doc_at(status, "resources.limits");
        char text[96];

        if (!doc_at(status, "resources"))
                return;
        const char *cpu = doc_text(limits, "cpu"), *memory = doc_text(limits, "memory");
        snprintf(text, sizeof text, "cpu=%.32s memory=%.32s", cpu ? cpu : "none", memory ? memory : "none");
        doc_set_text(container, "limits", text);
}

static bool is_known(struct json_object *containers, const char *name)
{
        for (size_t i = 0; i < doc_len(containers, ""); i++)
                if (text_equal(doc_text(doc_item(containers, i), "name"), name))
                        return true;
        return false;
}

/* The API's own type is an int32. */
static int64_t restarts_of(struct json_object *status)
{
        int64_t restarts = doc_int(status, "restartCount", 0);

        return restarts < 0 ? 0 : restarts > INT32_MAX ? INT32_MAX : restarts;
}

/* Containers are told apart by name: those without one, or with one that another has, cannot be compared. */
static void add_containers(struct json_object *containers, struct json_object *statuses, int64_t *restarts)
{
        for (size_t i = 0; i < bounded_len(statuses); i++) {
                struct json_object *status = doc_item(statuses, i);
                if (!doc_text(status, "name") || is_known(containers, doc_text(status, "name")))
                        continue;
                struct json_object *container = doc_object();
                copy_text(container, "name", status, "name");
                copy_text(container, "image", status, "image");
                copy_text(container, "imageID", status, "imageID");
                doc_set_int(container, "restarts", restarts_of(status));
                set_cause(container, status);
                set_limits(container, status);
                *restarts += restarts_of(status);
                doc_push(containers, container);
        }
}

static void pod_facts(struct json_object *facts, struct json_object *object)
{
        struct json_object *containers = doc_array();
        int64_t restarts = 0;

        copy_text(facts, "node", object, "spec.nodeName");
        /* A pod that is being deleted gets no new requests, whatever its condition still says. */
        bool leaving = doc_text(object, "metadata.deletionTimestamp");
        doc_set_bool(facts, "ready", condition_true(object, "Ready") && !leaving);
        doc_set_bool(facts, "leaving", leaving);
        if (condition_true(object, "DisruptionTarget"))
                copy_text(facts, "evicted", condition(object, "DisruptionTarget"), "reason");
        else if (text_equal(doc_text(object, "status.phase"), "Failed"))
                copy_text(facts, "evicted", object, "status.reason");
        add_containers(containers, doc_at(object, "status.initContainerStatuses"), &restarts);
        add_containers(containers, doc_at(object, "status.containerStatuses"), &restarts);
        doc_set_int(facts, "restarts", restarts);
        doc_set(facts, "containers", containers);
}

static int compare_texts(const void *a, const void *b)
{
        return strcmp(json_object_get_string(*(struct json_object *const *)a),
                      json_object_get_string(*(struct json_object *const *)b));
}

static struct json_object *taints_of(struct json_object *object)
{
        struct json_object *list = doc_at(object, "spec.taints"), *taints = doc_array();

        for (size_t i = 0; i < bounded_len(list); i++) {
                struct json_object *taint = doc_item(list, i);
                const char *key = doc_text(taint, "key"), *value = doc_text(taint, "value");
                const char *effect = doc_text(taint, "effect");
                auto_free char *text = xasprintf("%s%s%s:%s", key ? key : "", value && *value ? "=" : "", value ? value : "",
                                                 effect ? effect : "");
                doc_push_text(taints, text);
        }
        json_object_array_sort(taints, compare_texts);
        return taints;
}

static void node_facts(struct json_object *facts, struct json_object *object)
{
        struct json_object *list = doc_at(object, "status.conditions"), *conditions = doc_object();

        copy_text(facts, "kernel", object, "status.nodeInfo.kernelVersion");
        copy_text(facts, "kubelet", object, "status.nodeInfo.kubeletVersion");
        copy_text(facts, "instanceType", object, "metadata.labels[\"node.kubernetes.io/instance-type\"]");
        doc_set_bool(facts, "unschedulable", doc_bool(object, "spec.unschedulable", false));
        for (size_t i = 0; i < bounded_len(list); i++)
                if (doc_text(doc_item(list, i), "type"))
                        copy_text(conditions, doc_text(doc_item(list, i), "type"), doc_item(list, i), "status");
        doc_set(facts, "conditions", conditions);
        doc_set(facts, "taints", taints_of(object));
}

static void workload_facts(struct json_object *facts, struct json_object *object)
{
        struct json_object *template = doc_at(object, "spec.template"), *images = doc_object();
        struct json_object *containers = doc_at(template, "spec.containers");
        int64_t replicas = doc_int(object, "spec.replicas", 1), updated = doc_int(object, "status.updatedReplicas", 0);
        bool observed = doc_int(object, "status.observedGeneration", 0) >= doc_int(object, "metadata.generation", 0);

        doc_set_int(facts, "replicas", replicas);
        if (template) {
                auto_free char *text = doc_canonical(template);
                char hex[SHA_HEX_MAX];
                sha256_hex(text, strlen(text), hex);
                hex[16] = '\0';
                doc_set_text(facts, "template", hex);
        }
        for (size_t i = 0; i < bounded_len(containers); i++)
                if (doc_text(doc_item(containers, i), "name"))
                        copy_text(images, doc_text(doc_item(containers, i), "name"), doc_item(containers, i), "image");
        doc_set(facts, "images", images);
        doc_set_bool(facts, "rolled", observed && updated >= replicas && doc_int(object, "status.replicas", 0) == updated);
        if (text_equal(doc_text(condition(object, "Progressing"), "reason"), "ProgressDeadlineExceeded"))
                copy_text(facts, "stalled", condition(object, "Progressing"), "message");
        copy_text(facts, "owner", object, "metadata.ownerReferences[0].kind");
}

static void autoscaler_facts(struct json_object *facts, struct json_object *object)
{
        doc_set_int(facts, "min", doc_int(object, "spec.minReplicas", 1));
        copy_int(facts, "max", object, "spec.maxReplicas");
        copy_int(facts, "desired", object, "status.desiredReplicas");
        copy_text(facts, "target", object, "spec.scaleTargetRef.name");
}

struct json_object *facts_of(enum context_kind kind, struct json_object *object)
{
        static void (*const readers[CONTEXT_KINDS])(struct json_object *facts, struct json_object *object) = {
                [CONTEXT_SERVICE] = service_facts,       [CONTEXT_ENDPOINT_SLICE] = slice_facts,
                [CONTEXT_POD] = pod_facts,               [CONTEXT_NODE] = node_facts,
                [CONTEXT_DEPLOYMENT] = workload_facts,   [CONTEXT_REPLICA_SET] = workload_facts,
                [CONTEXT_STATEFUL_SET] = workload_facts, [CONTEXT_AUTOSCALER] = autoscaler_facts,
        };
        const char *name = doc_text(object, "metadata.name"), *uid = doc_text(object, "metadata.uid");

        if (!name || !uid)
                return NULL;
        struct json_object *facts = doc_object();
        doc_set_text(facts, "kind", facts_kind_names[kind]);
        doc_set_text(facts, "name", name);
        doc_set_text(facts, "uid", uid);
        readers[kind](facts, object);
        return facts;
}
