/* SPDX-License-Identifier: Apache-2.0 */
#include "api/job.h"

#include <string.h>

#include "api/job_parts.h"
#include "api/names.h"
#include "api/plan.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

#define NODES_MAX 16

/* Fixed parts as text: easier to compare with what kubectl shows than a page of builder calls. */
static const char pod_security[] =
        "{\"runAsNonRoot\":true,\"runAsUser\":65532,\"runAsGroup\":65532,\"fsGroup\":65532,\"seccompProfile\":{\"type\":\"RuntimeDefault\"}}";
static const char container_security[] =
        "{\"allowPrivilegeEscalation\":false,\"readOnlyRootFilesystem\":true,\"capabilities\":{\"drop\":[\"ALL\"]}}";
static const char default_resources[] = "{\"requests\":{\"cpu\":\"500m\",\"memory\":\"64Mi\"},\"limits\":{\"memory\":\"256Mi\"}}";
static const char failure_policy[] =
        "{\"rules\":[{\"action\":\"FailJob\",\"onPodConditions\":[{\"type\":\"DisruptionTarget\",\"status\":\"True\"}]}]}";
static const char own_names[] =
        "[{\"name\":\"POD_NAME\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"metadata.name\"}}},"
        "{\"name\":\"POD_UID\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"metadata.uid\"}}}]";

struct json_object *job_literal(const char *text)
{
        struct json_object *doc = NULL;
        doc_parse(text, strlen(text), &doc, NULL);
        return doc;
}

struct json_object *job_pod_security(void)
{
        return job_literal(pod_security);
}

struct json_object *job_container_security(void)
{
        return job_literal(container_security);
}

/* What the Job of one trial is made from. */
struct making {
        const struct run *run;
        const struct profile *profile; /* of the trial's arm */
        const char *image, *variant;   /* variant NULL: there are none */
        uint32_t arm;
};

static struct json_object *labels_of(const struct making *of)
{
        struct json_object *labels = doc_object();

        doc_set_text(labels, LABEL_MANAGED, LABEL_MANAGED_VALUE);
        doc_set_text(labels, LABEL_RUN_UID, of->run->uid);
        doc_set_text(doc_set_text(labels, LABEL_PART, "worker"), LABEL_VARIANT, of->variant);
        return doc_set_text(labels, LABEL_PROFILE, of->run->profile);
}

static struct json_object *encode_container(const struct profile *profile, const char *image, struct json_object *mounts)
{
        static const char *const command[] = {"/usr/bin/loadstone-load", "--plan", "/etc/loadstone/plan/worker.json",
                                              "--start-file", "/etc/loadstone/pod/start-at", "--message",
                                              "/dev/termination-log"};
        struct json_object *container = doc_object(), *words = doc_array();
        struct json_object *resources = doc_at(profile->spec, "placement.resources");

        for (size_t i = 0; i < ARRAY_LEN(command); i++)
                doc_push_text(words, command[i]);
        doc_set_text(doc_set_text(container, "name", "load"), "image", image);
        doc_set(doc_set_text(container, "imagePullPolicy", "IfNotPresent"), "command", words);
        doc_set(container, "env", job_literal(own_names));
        doc_set(container, "resources", resources ? doc_copy(resources) : job_literal(default_resources));
        doc_set(container, "securityContext", job_container_security());
        doc_set_text(container, "terminationMessagePath", "/dev/termination-log");
        return doc_set(container, "volumeMounts", mounts);
}

static struct json_object *encode_pod(const struct making *of)
{
        static const char *const passed[] = {"nodeSelector", "tolerations", "affinity", "priorityClassName"};
        struct json_object *pod = doc_object(), *volumes = doc_array(), *mounts = doc_array();
        struct json_object *placement = doc_at(of->profile->spec, "placement");
        const char *own_image = doc_text(placement, "image");
        char key[PLAN_KEY_MAX];

        job_add_volumes(of->run, of->profile, plan_worker_key(of->arm, key), volumes, mounts);
        doc_set_text(pod, "restartPolicy", "Never");
        doc_set_int(pod, "terminationGracePeriodSeconds", 5);
        doc_set_bool(doc_set_bool(pod, "automountServiceAccountToken", false), "enableServiceLinks", false);
        doc_set(pod, "securityContext", job_pod_security());
        doc_set(pod, "containers", doc_push(doc_array(), encode_container(of->profile, own_image ? own_image : of->image, mounts)));
        doc_set(pod, "volumes", volumes);
        for (size_t i = 0; i < ARRAY_LEN(passed); i++)
                doc_set(pod, passed[i], doc_copy(doc_at(placement, passed[i])));
        return pod;
}

static struct json_object *encode_owner(const struct run *run)
{
        struct json_object *owner = doc_object();

        doc_set_text(doc_set_text(owner, "apiVersion", "loadstone.dev/v1alpha1"), "kind", "BenchmarkRun");
        doc_set_text(doc_set_text(owner, "name", run->name), "uid", run->uid);
        return doc_set_bool(doc_set_bool(owner, "controller", true), "blockOwnerDeletion", false);
}

static struct json_object *encode_spec(const struct making *of)
{
        const struct profile *profile = of->profile;
        struct json_object *spec = doc_object(), *template = doc_object();
        struct json_object *annotations = doc_set_text(doc_object(), ANNOTATION_RUN, of->run->name);

        doc_set_text(doc_set_bool(spec, "suspend", true), "completionMode", "Indexed");
        doc_set_int(doc_set_int(spec, "completions", profile->workers), "parallelism", profile->workers);
        doc_set_text(doc_set_int(spec, "backoffLimit", 0), "podReplacementPolicy", "Failed");
        doc_set(spec, "podFailurePolicy", job_literal(failure_policy));
        doc_set_int(spec, "activeDeadlineSeconds", profile->deadline_ms / 1000 + 60);
        doc_set(template, "metadata", doc_set(doc_set(doc_object(), "labels", labels_of(of)), "annotations", annotations));
        doc_set(template, "spec", encode_pod(of));
        return doc_set(spec, "template", template);
}

struct json_object *job_encode(const struct run *run, const struct profile *profile, const char *image, int trial, uint32_t arm)
{
        const struct making of = {
                .run = run, .profile = profile_arm(profile, arm), .image = image, .variant = profile_arm_name(profile, arm), .arm = arm};
        char name[NAME_MAX_LEN];
        struct json_object *job = doc_object(), *metadata = doc_object();

        name_job(run->name, run->uid, trial, name);
        doc_set_text(doc_set_text(metadata, "name", name), "namespace", run->namespace);
        doc_set(metadata, "labels", labels_of(&of));
        doc_set(metadata, "annotations", doc_set_text(doc_object(), ANNOTATION_RUN, run->name));
        doc_set(metadata, "ownerReferences", doc_push(doc_array(), encode_owner(run)));
        doc_set_text(doc_set_text(job, "apiVersion", "batch/v1"), "kind", "Job");
        return doc_set(doc_set(job, "metadata", metadata), "spec", encode_spec(&of));
}

void job_prefer_nodes(struct json_object *job, struct json_object *nodes)
{
        struct json_object *list = NULL;

        if (doc_len(nodes, "") == 0)
                return;
        struct json_object *affinity = doc_object_at(doc_object_at(doc_at(job, "spec.template.spec"), "affinity"), "nodeAffinity");
        if (!json_object_object_get_ex(affinity, "preferredDuringSchedulingIgnoredDuringExecution", &list) || !list)
                doc_set(affinity, "preferredDuringSchedulingIgnoredDuringExecution", list = doc_array());
        for (size_t i = 0; i < doc_len(nodes, "") && i < NODES_MAX; i++) {
                struct json_object *field = doc_set_text(doc_set_text(doc_object(), "key", "metadata.name"), "operator", "In");
                doc_set(field, "values", doc_push_text(doc_array(), json_object_get_string(doc_item(nodes, i))));
                struct json_object *term = doc_set_int(doc_object(), "weight", 100);
                doc_push(list, doc_set(term, "preference", doc_set(doc_object(), "matchFields", doc_push(doc_array(), field))));
        }
}

void job_set_warmup(struct json_object *job, int64_t warmup_ms)
{
        auto_free char *text = xasprintf("%lld", (long long)warmup_ms);
        struct json_object *words = doc_at(job, "spec.template.spec.containers[0].command");

        doc_push_text(doc_push_text(words, "--warmup-ms"), text);
}

void job_set_hold(struct json_object *job, double rate_rps, int64_t for_ms)
{
        auto_free char *text = xasprintf("%.10g:%lld", rate_rps, (long long)for_ms);
        struct json_object *words = doc_at(job, "spec.template.spec.containers[0].command");

        doc_push_text(doc_push_text(words, "--hold"), text);
}

static void add_missing(struct json_object *into, struct json_object *from)
{
        if (!json_object_is_type(from, json_type_object))
                return;
        json_object_object_foreach(from, key, value)
                if (!json_object_object_get_ex(into, key, NULL))
                        doc_set(into, key, json_object_get(value));
}

/* The items of the volume "pod", NULL when the Job has none. */
static struct json_object *pod_files(struct json_object *job)
{
        return doc_at(doc_find(doc_at(job, "spec.template.spec.volumes"), "name", "pod"), "downwardAPI.items");
}

void job_add_pod(struct json_object *job, struct json_object *pod)
{
        struct json_object *files = doc_at(pod, "files"), *items = pod_files(job);

        add_missing(doc_at(job, "spec.template.metadata.labels"), doc_at(pod, "labels"));
        add_missing(doc_at(job, "spec.template.metadata.annotations"), doc_at(pod, "annotations"));
        if (!json_object_is_type(files, json_type_object) || !items)
                return;
        json_object_object_foreach(files, name, annotation) {
                auto_free char *field = xasprintf("metadata.annotations['%s']", json_object_get_string(annotation));
                struct json_object *item = doc_set_text(doc_object(), "path", name);
                doc_push(items, doc_set(item, "fieldRef", doc_set_text(doc_object(), "fieldPath", field)));
        }
}

void job_decode(struct json_object *object, struct job *ret_job)
{
        struct json_object *conditions = doc_at(object, "status.conditions");
        const char *start = doc_text(object, "status.startTime"), *completion = doc_text(object, "status.completionTime");

        *ret_job = (struct job){
                .uid = doc_text(object, "metadata.uid"),
                .name = doc_text(object, "metadata.name"),
                .version = doc_text(object, "metadata.resourceVersion"),
                .owner_uid = doc_text(object, "metadata.ownerReferences[0].uid"),
                .suspended = doc_bool(object, "spec.suspend", false),
                .deleting = doc_at(object, "metadata.deletionTimestamp") != NULL,
                .started_wall_ms = start ? clock_parse(start) : -1,
                .completed_wall_ms = completion ? clock_parse(completion) : -1,
                .active = doc_int(object, "status.active", 0),
                .terminating = doc_int(object, "status.terminating", 0),
                .generation = doc_int(object, "metadata.generation", 1),
        };
        for (size_t i = 0; i < doc_len(conditions, ""); i++) {
                struct json_object *condition = doc_item(conditions, i);
                const char *type = doc_text(condition, "type");
                if (!text_equal(doc_text(condition, "status"), "True"))
                        continue;
                ret_job->complete = ret_job->complete || text_equal(type, "Complete");
                if (!text_equal(type, "Failed") && !text_equal(type, "FailureTarget"))
                        continue;
                ret_job->failed = ret_job->failed || text_equal(type, "Failed");
                ret_job->reason = doc_text(condition, "reason");
                ret_job->message = doc_text(condition, "message");
        }
}

bool job_had_pods(const struct job *job)
{
        return job->started_wall_ms >= 0 || job->active > 0 || job->terminating > 0;
}

bool job_is_news(const struct job *before, const struct job *now)
{
        return !text_equal(before->uid, now->uid) || !text_equal(before->owner_uid, now->owner_uid) || before->generation != now->generation ||
               before->suspended != now->suspended || before->deleting != now->deleting || before->complete != now->complete ||
               before->failed != now->failed || before->completed_wall_ms != now->completed_wall_ms || !text_equal(before->reason, now->reason) ||
               !text_equal(before->message, now->message) || (now->suspended && job_had_pods(before) != job_had_pods(now));
}
