/* SPDX-License-Identifier: Apache-2.0
 *
 * Defaults and checks of built-in kinds, where Loadstone looks (pkg/apis of Kubernetes: SetDefaults_*, Validate*). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rules.h"

/* ---- Defaults ---- */

/* Sets members of 'object' that are absent, from JSON text. */
static void fill(struct json_object *object, const char *text)
{
        auto_json struct json_object *standard = NULL;

        if (!json_object_is_type(object, json_type_object) || doc_parse(text, strlen(text), &standard, NULL))
                return;
        json_object_object_foreach(standard, key, value)
                if (!json_object_object_get_ex(object, key, NULL))
                        json_object_object_add(object, key, json_object_get(value));
}

static struct json_object *ensure(struct json_object *object, const char *key)
{
        struct json_object *child = NULL;

        if (!json_object_object_get_ex(object, key, &child) || !child)
                doc_set(object, key, child = doc_object());
        return child;
}

static void default_container(struct json_object *container)
{
        const char *image = doc_text(container, "image");
        const char *tag = image ? strrchr(image, ':') : NULL;
        bool latest = !tag || strchr(tag, '/') || strcmp(tag, ":latest") == 0;
        struct json_object *env = doc_at(container, "env"), *ports = doc_at(container, "ports");

        for (size_t i = 0; i < doc_len(env, ""); i++)
                fill(doc_at(doc_item(env, i), "valueFrom.fieldRef"), "{\"apiVersion\":\"v1\"}");
        for (size_t i = 0; i < doc_len(ports, ""); i++)
                fill(doc_item(ports, i), "{\"protocol\":\"TCP\"}");
        fill(container, "{\"resources\":{},\"terminationMessagePath\":\"/dev/termination-log\",\"terminationMessagePolicy\":\"File\"}");
        fill(container, latest ? "{\"imagePullPolicy\":\"Always\"}" : "{\"imagePullPolicy\":\"IfNotPresent\"}");
}

static void default_pod_spec(struct json_object *spec)
{
        struct json_object *containers = doc_at(spec, "containers"), *volumes = doc_at(spec, "volumes");

        for (size_t i = 0; i < doc_len(containers, ""); i++)
                default_container(doc_item(containers, i));
        for (size_t i = 0; i < doc_len(volumes, ""); i++) {
                struct json_object *volume = doc_item(volumes, i), *files = doc_at(volume, "downwardAPI.items");
                fill(doc_at(volume, "configMap"), "{\"defaultMode\":420}");
                fill(doc_at(volume, "downwardAPI"), "{\"defaultMode\":420}");
                for (size_t j = 0; j < doc_len(files, ""); j++)
                        fill(doc_at(doc_item(files, j), "fieldRef"), "{\"apiVersion\":\"v1\"}");
        }
        fill(spec, "{\"restartPolicy\":\"Always\",\"terminationGracePeriodSeconds\":30,\"dnsPolicy\":\"ClusterFirst\",\"securityContext\":{},"
                   "\"schedulerName\":\"default-scheduler\"}");
}

static void default_pod(struct apisim *sim, struct json_object *pod)
{
        (void)sim;
        default_pod_spec(ensure(pod, "spec"));
        fill(doc_at(pod, "spec"), "{\"enableServiceLinks\":true,\"preemptionPolicy\":\"PreemptLowerPriority\",\"priority\":0}");
}

static void default_workload(struct apisim *sim, struct json_object *object)
{
        (void)sim;
        fill(ensure(object, "spec"), "{\"replicas\":1,\"revisionHistoryLimit\":10}");
        default_pod_spec(ensure(ensure(doc_at(object, "spec"), "template"), "spec"));
}

static void default_deployment(struct apisim *sim, struct json_object *object)
{
        default_workload(sim, object);
        fill(doc_at(object, "spec"), "{\"strategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"maxUnavailable\":\"25%\",\"maxSurge\":\"25%\"}},"
                                     "\"progressDeadlineSeconds\":600}");
}

static void default_job(struct apisim *sim, struct json_object *job)
{
        static const char *const names[] = {"batch.kubernetes.io/job-name", "job-name"};
        static const char *const uids[] = {"batch.kubernetes.io/controller-uid", "controller-uid"};
        struct json_object *spec = ensure(job, "spec"), *template = ensure(spec, "template");
        struct json_object *labels = ensure(ensure(template, "metadata"), "labels");
        const char *uid = doc_text(job, "metadata.uid");

        (void)sim;
        default_pod_spec(ensure(template, "spec"));
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
                doc_set_text(labels, names[i], doc_text(job, "metadata.name"));
                doc_set_text(labels, uids[i], uid);
        }
        if (!doc_at(job, "metadata.labels"))
                doc_set(doc_at(job, "metadata"), "labels", doc_copy(labels));
        auto_free char *selector = xasprintf("{\"selector\":{\"matchLabels\":{\"%s\":\"%s\"}}}", uids[0], uid);
        fill(spec, selector);
        /* How many are needed, when it is not said, is one; unless a work queue decides. */
        if (!doc_at(spec, "parallelism"))
                fill(spec, "{\"completions\":1}");
        fill(spec, "{\"parallelism\":1,\"backoffLimit\":6,\"manualSelector\":false,\"completionMode\":\"NonIndexed\",\"suspend\":false}");
        fill(spec, doc_at(spec, "podFailurePolicy") ? "{\"podReplacementPolicy\":\"Failed\"}" : "{\"podReplacementPolicy\":\"TerminatingOrFailed\"}");
}

static void default_service(struct apisim *sim, struct json_object *service)
{
        struct json_object *spec = ensure(service, "spec"), *ports = doc_at(spec, "ports");
        uint64_t random = sim_random(sim);

        for (size_t i = 0; i < doc_len(ports, ""); i++) {
                struct json_object *port = doc_item(ports, i);
                auto_free char *target = xasprintf("{\"protocol\":\"TCP\",\"targetPort\":%" PRId64 "}", doc_int(port, "port", 0));
                fill(port, target);
        }
        fill(spec, "{\"type\":\"ClusterIP\",\"sessionAffinity\":\"None\"}");
        if (text_equal(doc_text(spec, "type"), "ExternalName"))
                return;
        auto_free char *ip = xasprintf("{\"clusterIP\":\"10.96.%u.%u\"}", (unsigned)(random >> 8 & 0xff), (unsigned)(random & 0xff) | 1);
        fill(spec, ip);
        auto_free char *ips = xasprintf("{\"clusterIPs\":[\"%s\"]}", doc_text(spec, "clusterIP"));
        fill(spec, ips);
        fill(spec, "{\"ipFamilies\":[\"IPv4\"],\"ipFamilyPolicy\":\"SingleStack\",\"internalTrafficPolicy\":\"Cluster\"}");
}

static void default_namespace(struct apisim *sim, struct json_object *space)
{
        (void)sim;
        fill(ensure(space, "spec"), "{\"finalizers\":[\"kubernetes\"]}");
        doc_set_text(ensure(doc_at(space, "metadata"), "labels"), "kubernetes.io/metadata.name", doc_text(space, "metadata.name"));
}

static void default_hpa(struct apisim *sim, struct json_object *hpa)
{
        (void)sim;
        fill(ensure(hpa, "spec"), "{\"minReplicas\":1}");
}

/* ---- Checks ---- */

static void check_configmap(struct json_object *old, struct json_object *json, struct json_object *causes)
{
        static const char *const frozen[] = {"data", "binaryData"};

        if (!doc_bool(old, "immutable", false))
                return;
        if (!doc_bool(json, "immutable", false))
                cause_add(causes, CAUSE_FORBIDDEN, "immutable", "field is immutable when `immutable` is set");
        for (size_t i = 0; i < ARRAY_LEN(frozen); i++)
                if (!doc_equal(doc_at(old, frozen[i]), doc_at(json, frozen[i])))
                        cause_add(causes, CAUSE_FORBIDDEN, frozen[i], "field is immutable when `immutable` is set");
}

static void check_job(struct json_object *old, struct json_object *json, struct json_object *causes)
{
        static const char *const frozen[] = {"spec.completions", "spec.selector",       "spec.template",         "spec.completionMode",
                                             "spec.podFailurePolicy", "spec.backoffLimitPerIndex", "spec.managedBy", "spec.successPolicy"};
        const char *restart = doc_text(json, "spec.template.spec.restartPolicy");

        if (!text_equal(restart, "Never") && !text_equal(restart, "OnFailure"))
                cause_add(causes, CAUSE_REQUIRED, "spec.template.spec.restartPolicy", ": valid values: \"OnFailure\", \"Never\"");
        if (!doc_len(json, "spec.template.spec.containers"))
                cause_add(causes, CAUSE_REQUIRED, "spec.template.spec.containers", "%s", "");
        if (!old && text_equal(doc_text(json, "spec.completionMode"), "Indexed") && !doc_at(json, "spec.completions"))
                cause_add(causes, CAUSE_REQUIRED, "spec.completions", ": when completion mode is Indexed");
        for (size_t i = 0; old && i < ARRAY_LEN(frozen); i++)
                if (!doc_equal(doc_at(old, frozen[i]), doc_at(json, frozen[i])))
                        cause_add(causes, CAUSE_INVALID, frozen[i], "%s: field is immutable",
                                  doc_at(json, frozen[i]) ? doc_print(doc_at(json, frozen[i])) : "null");
}

/* Of a pod's spec only images, the deadline and tolerations may change. */
static void check_pod(struct json_object *old, struct json_object *json, struct json_object *causes)
{
        static const char *const free_members[] = {"activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"};
        auto_json struct json_object *before = doc_copy(doc_at(old, "spec")), *after = doc_copy(doc_at(json, "spec"));
        struct json_object *both[] = {before, after};

        if (!doc_len(json, "spec.containers"))
                cause_add(causes, CAUSE_REQUIRED, "spec.containers", "%s", "");
        for (size_t i = 0; old && i < ARRAY_LEN(both); i++) {
                for (size_t j = 0; j < ARRAY_LEN(free_members); j++)
                        json_object_object_del(both[i], free_members[j]);
                for (size_t j = 0; j < doc_len(both[i], "containers"); j++)
                        json_object_object_del(doc_item(doc_at(both[i], "containers"), j), "image");
        }
        if (old && !doc_equal(before, after))
                cause_add(causes, CAUSE_FORBIDDEN, "spec",
                          "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
                          "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
                          "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)");
}

static void check_lease(struct json_object *old, struct json_object *json, struct json_object *causes)
{
        (void)old;
        if (doc_at(json, "spec.leaseDurationSeconds") && doc_int(json, "spec.leaseDurationSeconds", 0) <= 0)
                cause_add(causes, CAUSE_INVALID, "spec.leaseDurationSeconds", "%" PRId64 ": must be greater than 0",
                          doc_int(json, "spec.leaseDurationSeconds", 0));
}

/* Events of the new group: named by their old members, as the real server names them. */
static void check_event(struct json_object *old, struct json_object *json, struct json_object *causes)
{
        static const struct {
                const char *core, *shown;
        } needed[] = {{"reportingComponent", "reportingController"}, {"reportingInstance", "reportingInstance"}, {"action", "action"}, {"reason", "reason"}};
        static const char *const frozen[] = {"involvedObject", "reason", "message", "type", "eventTime", "action", "reportingComponent"};
        const char *type = doc_text(json, "type"), *note = doc_text(json, "message");

        if (!doc_at(json, "eventTime"))
                return;
        for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
                const char *text = doc_text(json, needed[i].core);
                if (!text || !text[0])
                        cause_add(causes, CAUSE_REQUIRED, needed[i].shown, "%s", "");
        }
        if (!text_equal(type, "Normal") && !text_equal(type, "Warning"))
                cause_add(causes, CAUSE_INVALID, "type", "\"\": has invalid value: %s", type ? type : "");
        if (note && strlen(note) > 1024)
                cause_add(causes, CAUSE_INVALID, "message", "\"\": can have at most 1024 characters");
        for (size_t i = 0; old && i < ARRAY_LEN(frozen); i++)
                if (!doc_equal(doc_at(old, frozen[i]), doc_at(json, frozen[i])))
                        cause_add(causes, CAUSE_INVALID, frozen[i], "%s: field is immutable", doc_print(doc_at(json, frozen[i])));
}

/* ---- The table ---- */

static const struct {
        const char *group, *plural;
        void (*fill)(struct apisim *sim, struct json_object *json);
        void (*check)(struct json_object *old, struct json_object *json, struct json_object *causes);
        const char *status; /* of a new object */
} kinds[] = {
        {"", "namespaces", default_namespace, NULL, "{\"phase\":\"Active\"}"},
        {"", "pods", default_pod, check_pod, "{\"phase\":\"Pending\",\"qosClass\":\"Burstable\"}"},
        {"", "configmaps", NULL, check_configmap, NULL},
        {"", "secrets", NULL, check_configmap, NULL},
        {"", "services", default_service, NULL, "{\"loadBalancer\":{}}"},
        {"", "events", NULL, check_event, NULL},
        {"apps", "deployments", default_deployment, NULL, "{}"},
        {"apps", "replicasets", default_workload, NULL, "{\"replicas\":0}"},
        {"apps", "statefulsets", default_workload, NULL, "{\"replicas\":0}"},
        {"autoscaling", "horizontalpodautoscalers", default_hpa, NULL, "{\"desiredReplicas\":0,\"currentMetrics\":null}"},
        {"batch", "jobs", default_job, check_job, "{}"},
        {"coordination.k8s.io", "leases", NULL, check_lease, NULL},
};

void builtin_default(struct apisim *sim, const struct kind *kind, struct json_object *json)
{
        for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
                if (kind_is(kind, kinds[i].group, kinds[i].plural) && kinds[i].fill)
                        kinds[i].fill(sim, json);
}

void builtin_check(const struct kind *kind, struct json_object *old, struct json_object *json, struct json_object *causes)
{
        for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
                if (kind_is(kind, kinds[i].group, kinds[i].plural) && kinds[i].check)
                        kinds[i].check(old, json, causes);
}

void builtin_status(const struct kind *kind, struct json_object *json)
{
        struct json_object *status = NULL;

        for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
                if (kind_is(kind, kinds[i].group, kinds[i].plural) && kinds[i].status &&
                    !doc_parse(kinds[i].status, strlen(kinds[i].status), &status, NULL))
                        doc_set(json, "status", status);
}

const char *builtin_unmodelled(const struct kind *kind, struct json_object *json)
{
        static const char *const members[] = {"spec.backoffLimitPerIndex", "spec.maxFailedIndexes", "spec.successPolicy", "spec.managedBy",
                                              "spec.ttlSecondsAfterFinished"};

        if (!kind_is(kind, "batch", "jobs"))
                return NULL;
        if (doc_bool(json, "spec.manualSelector", false))
                return "spec.manualSelector";
        for (size_t i = 0; i < ARRAY_LEN(members); i++)
                if (doc_at(json, members[i]))
                        return members[i];
        return NULL;
}
