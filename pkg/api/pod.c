/* SPDX-License-Identifier: Apache-2.0 */
#include "api/pod.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/names.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

static struct json_object *load_status(struct json_object *object)
{
        struct json_object *statuses = doc_at(object, "status.containerStatuses");

        for (size_t i = 0; i < doc_len(statuses, ""); i++)
                if (text_equal(doc_text(doc_item(statuses, i), "name"), "load"))
                        return doc_item(statuses, i);
        return NULL;
}

static int completion_index(struct json_object *object)
{
        const char *text = doc_text(object, "metadata.annotations[\"batch.kubernetes.io/job-completion-index\"]");
        char *end;
        long index = text ? strtol(text, &end, 10) : -1;

        return text && *end == '\0' && index >= 0 && index < 100000 ? (int)index : -1;
}

void pod_decode(struct json_object *object, struct pod *ret_pod)
{
        struct json_object *status = load_status(object), *ended = doc_at(status, "state.terminated");
        const char *phase = doc_text(object, "status.phase");

        *ret_pod = (struct pod){
                .uid = doc_text(object, "metadata.uid"),
                .name = doc_text(object, "metadata.name"),
                .node = doc_text(object, "spec.nodeName"),
                .job = doc_text(object, "metadata.ownerReferences[0].name"),
                .index = completion_index(object),
                .run = doc_text(object, "metadata.annotations[\"" ANNOTATION_RUN "\"]"),
                .running = doc_at(status, "state.running") != NULL,
                .ended = ended || text_equal(phase, "Succeeded") || text_equal(phase, "Failed"),
                .deleting = doc_at(object, "metadata.deletionTimestamp") != NULL,
                .exit_code = (int)doc_int(ended, "exitCode", -1),
                .end_reason = doc_text(ended, "reason"),
                .message = doc_text(ended, "message"),
                .start_at = doc_text(object, "metadata.annotations[\"" ANNOTATION_START "\"]"),
        };
}

static struct diagnosis say(const char *reason, const char *what, const char *detail)
{
        struct diagnosis diagnosis = {.reason = reason};

        snprintf(diagnosis.text, sizeof diagnosis.text, "%s%s%s", what, detail ? ": " : "", detail ? detail : "");
        text_scrub(diagnosis.text);
        return diagnosis;
}

static struct json_object *condition_of(struct json_object *pod, const char *type, const char *status)
{
        struct json_object *condition = doc_find(doc_at(pod, "status.conditions"), "type", type);

        return text_equal(doc_text(condition, "status"), status) ? condition : NULL;
}

struct word_row {
        const char *word, *reason, *what;
};

static struct diagnosis say_by_word(const struct word_row *rows, size_t len, const char *word, const char *detail)
{
        for (size_t i = 0; i < len; i++)
                if (text_equal(word, rows[i].word))
                        return say(rows[i].reason, rows[i].what, detail);
        return (struct diagnosis){0};
}

/* state.waiting.reason of the kubelet */
static const struct word_row waiting_words[] = {
        {"ErrImagePull", "ImagePull", "the generator image cannot be pulled"},
        {"ImagePullBackOff", "ImagePull", "the generator image cannot be pulled"},
        {"ErrImageNeverPull", "ImagePull", "the generator image is not on the node and may not be pulled"},
        {"RegistryUnavailable", "ImagePull", "the registry of the generator image does not answer"},
        {"ImageInspectError", "ImagePull", "the generator image cannot be read"},
        {"InvalidImageName", "ImagePull", "the generator image has no valid name"},
        {"CreateContainerConfigError", "ConfigError", "the generator container cannot be configured"},
        {"CreateContainerError", "ConfigError", "the generator container cannot be created"},
        {"RunContainerError", "ConfigError", "the generator container cannot be started"},
        {"StartError", "ConfigError", "the generator container cannot be started"},
};

/* reason of the condition DisruptionTarget (Kubernetes 1.26 and later) */
static const struct word_row disruption_words[] = {
        {"PreemptionByScheduler", "Disrupted", "the generator pod was preempted by one of higher priority"},
        {"DeletionByTaintManager", "NodeLost", "the generator's node was tainted: it is lost or being emptied"},
        {"DeletionByPodGC", "NodeLost", "the generator's node is gone"},
        {"EvictionByEvictionAPI", "Evicted", "the generator pod was evicted, as when its node is drained"},
        {"TerminationByKubelet", "Evicted", "the generator pod was ended by its node for want of resources or for shutdown"},
};

/* status.reason of a pod that failed as a whole */
static const struct word_row failed_words[] = {
        {"Evicted", "Evicted", "the generator pod was evicted"},
        {"NodeLost", "NodeLost", "the generator's node was lost"},
        {"NodeShutdown", "NodeLost", "the generator's node was shut down"},
        {"Terminated", "NodeLost", "the generator's node was shut down"},
        {"OutOfcpu", "Unschedulable", "the generator's node had no CPU left for it"},
        {"OutOfmemory", "Unschedulable", "the generator's node had no memory left for it"},
        {"OutOfpods", "Unschedulable", "the generator's node had no room for one more pod"},
        {"NodeAffinity", "Unschedulable", "the generator's node no longer fits placement"},
        {"UnexpectedAdmissionError", "ConfigError", "the generator's node refused the pod"},
        {"DeadlineExceeded", "DeadlineExceeded", "the generator pod was ended by its deadline"},
};

/* The exit of a container after SIGTERM that did its flushing is 0; 143 is one that SIGTERM killed before it was ready to flush. */
#define EXIT_BY_SIGTERM 143

static struct diagnosis diagnose_end(struct json_object *pod, struct json_object *ended)
{
        struct diagnosis whole = say_by_word(failed_words, ARRAY_LEN(failed_words), doc_text(pod, "status.reason"),
                                             doc_text(pod, "status.message"));
        int64_t exit_code = doc_int(ended, "exitCode", 0);

        if (text_equal(doc_text(ended, "reason"), "OOMKilled"))
                return say("OOMKilled", "the generator ran out of memory; raise placement.resources.limits.memory", NULL);
        struct diagnosis start = say_by_word(waiting_words, ARRAY_LEN(waiting_words), doc_text(ended, "reason"), doc_text(ended, "message"));
        if (start.reason)
                return start;
        if (whole.reason || exit_code == 0 || exit_code == EXIT_BY_SIGTERM)
                return whole;
        char text[64];
        snprintf(text, sizeof text, "the generator ended with exit code %d", (int)exit_code);
        return say("Crashed", text, NULL);
}

static struct diagnosis diagnose_disruption(struct json_object *disrupted)
{
        const char *message = doc_text(disrupted, "message");
        struct diagnosis known = say_by_word(disruption_words, ARRAY_LEN(disruption_words), doc_text(disrupted, "reason"), message);

        return known.reason ? known : say("Disrupted", "the generator pod was disrupted", message);
}

struct diagnosis pod_diagnose(struct json_object *pod)
{
        struct json_object *status = load_status(pod), *unscheduled = condition_of(pod, "PodScheduled", "False");
        struct json_object *disrupted = condition_of(pod, "DisruptionTarget", "True");

        if (disrupted)
                return diagnose_disruption(disrupted);
        if (text_equal(doc_text(unscheduled, "reason"), "SchedulingGated"))
                return say("Unschedulable", "the generator pod is held back by a scheduling gate", doc_text(unscheduled, "message"));
        if (unscheduled)
                return say("Unschedulable", "no node takes the generator pod", doc_text(unscheduled, "message"));
        struct diagnosis waiting = say_by_word(waiting_words, ARRAY_LEN(waiting_words), doc_text(status, "state.waiting.reason"),
                                               doc_text(status, "state.waiting.message"));
        return waiting.reason ? waiting : diagnose_end(pod, doc_at(status, "state.terminated"));
}

/* A mesh's init container sets the pod's traffic rules and needs NET_ADMIN for it. */
static struct diagnosis diagnose_mesh_init(const char *note)
{
        static const struct { const char *container, *advice; } rows[] = {
                {"\"istio-init\"", "install Istio's CNI plugin, or set context.mesh.client to excluded"},
                {"\"linkerd-init\"", "install Linkerd's CNI plugin, or set context.mesh.client to excluded"},
                {"\"consul-connect-inject-init\"", "install Consul's CNI plugin, or set context.mesh.client to excluded"},
                {"\"kuma-init\"", "install Kuma's CNI plugin, or set context.mesh.client to excluded"},
        };

        for (size_t i = 0; i < ARRAY_LEN(rows) && strstr(note, "violates PodSecurity"); i++) {
                if (!strstr(note, rows[i].container))
                        continue;
                auto_free char *what = xasprintf("the namespace's Pod Security refuses the mesh's container %s; %s", rows[i].container, rows[i].advice);
                return say("MeshInitForbidden", what, NULL);
        }
        return (struct diagnosis){0};
}

struct diagnosis pod_diagnose_create(const char *note)
{
        static const char *const refusals[] = {"violates PodSecurity", "denied the request", "denied request",
                                               "ValidatingAdmissionPolicy", "is forbidden"};

        if (!note)
                return (struct diagnosis){0};
        if (strstr(note, "exceeded quota") || strstr(note, "failed quota"))
                return say("QuotaExceeded", "the namespace's quota leaves no room for the generator pod", note);
        struct diagnosis mesh = diagnose_mesh_init(note);
        if (mesh.reason)
                return mesh;
        for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
                if (strstr(note, refusals[i]))
                        return say("AdmissionDenied", "the generator pod is refused at admission", note);
        return say("CreateFailed", "the generator pod cannot be created", note);
}

/* The kubelet's watch of a new ConfigMap or Secret may lag behind the pod: it says so for every volume, of healthy ones too. */
static bool mount_lags(const char *note)
{
        return note && strstr(note, "failed to sync") && strstr(note, "cache: timed out");
}

static struct diagnosis diagnose_mount(const char *note, const char *named)
{
        auto_free char *what = xasprintf("%s cannot be mounted", named ? named : "what the profile names");
        struct diagnosis diagnosis = say("ConfigError", what, note);

        diagnosis.passing = mount_lags(note);
        return diagnosis;
}

void diagnosis_take(struct diagnosis *diagnosis, const struct diagnosis *newer)
{
        if (newer->reason && !(newer->passing && diagnosis->reason))
                *diagnosis = *newer;
}

struct diagnosis pod_diagnose_event(const char *reason, const char *note, const char *named)
{
        if (text_equal(reason, "FailedCreate"))
                return pod_diagnose_create(note);
        if (text_equal(reason, "FailedMount") || text_equal(reason, "FailedAttachVolume"))
                return diagnose_mount(note, named);
        if (text_equal(reason, "FailedCreatePodSandBox"))
                return say("ConfigError", "the generator pod gets no network or sandbox", note);
        return (struct diagnosis){0};
}
