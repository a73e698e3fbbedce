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
        return diagnosis;
}

static struct json_object *condition_of(struct json_object *pod, const char *type, const char *status)
{
        struct json_object *conditions = doc_at(pod, "status.conditions");

        for (size_t i = 0; i < doc_len(conditions, ""); i++) {
                struct json_object *condition = doc_item(conditions, i);
                if (text_equal(doc_text(condition, "type"), type) && text_equal(doc_text(condition, "status"), status))
                        return condition;
        }
        return NULL;
}

static struct diagnosis diagnose_waiting(const char *waiting, const char *message)
{
        static const struct { const char *waiting, *reason, *what; } rows[] = {
                {"ErrImagePull", "ImagePull", "the generator image cannot be pulled"},
                {"ImagePullBackOff", "ImagePull", "the generator image cannot be pulled"},
                {"ErrImageNeverPull", "ImagePull", "the generator image is not on the node and may not be pulled"},
                {"InvalidImageName", "ImagePull", "the generator image has no valid name"},
                {"CreateContainerConfigError", "ConfigError", "the generator container cannot be configured"},
                {"CreateContainerError", "ConfigError", "the generator container cannot be created"},
                {"RunContainerError", "ConfigError", "the generator container cannot be started"},
        };

        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
                if (text_equal(waiting, rows[i].waiting))
                        return say(rows[i].reason, rows[i].what, message);
        return (struct diagnosis){0};
}

static struct diagnosis diagnose_end(struct json_object *pod, struct json_object *ended)
{
        const char *reason = doc_text(ended, "reason");
        char text[64];

        if (text_equal(reason, "OOMKilled"))
                return say("OOMKilled", "the generator ran out of memory; raise placement.resources.limits.memory", NULL);
        if (text_equal(doc_text(pod, "status.reason"), "Evicted"))
                return say("Evicted", "the generator pod was evicted", doc_text(pod, "status.message"));
        if (text_equal(doc_text(pod, "status.reason"), "NodeLost"))
                return say("NodeLost", "the generator's node was lost", NULL);
        if (ended && doc_int(ended, "exitCode", 0) != 0 && doc_int(ended, "exitCode", 0) != 143) {
                snprintf(text, sizeof text, "the generator ended with exit code %d", (int)doc_int(ended, "exitCode", 0));
                return say("Crashed", text, NULL);
        }
        return (struct diagnosis){0};
}

struct diagnosis pod_diagnose(struct json_object *pod)
{
        struct json_object *status = load_status(pod), *unscheduled = condition_of(pod, "PodScheduled", "False");
        struct json_object *disrupted = condition_of(pod, "DisruptionTarget", "True");

        if (disrupted)
                return say("Disrupted", "the generator pod was disrupted", doc_text(disrupted, "message"));
        if (unscheduled)
                return say("Unschedulable", "no node takes the generator pod", doc_text(unscheduled, "message"));
        struct diagnosis waiting = diagnose_waiting(doc_text(status, "state.waiting.reason"), doc_text(status, "state.waiting.message"));
        if (waiting.reason)
                return waiting;
        return diagnose_end(pod, doc_at(status, "state.terminated"));
}

struct diagnosis pod_diagnose_create(const char *note)
{
        if (!note)
                return (struct diagnosis){0};
        if (strstr(note, "exceeded quota") || strstr(note, "failed quota"))
                return say("QuotaExceeded", "the namespace's quota leaves no room for the generator pod", note);
        if (strstr(note, "violates PodSecurity") || strstr(note, "denied the request") || strstr(note, "ValidatingAdmissionPolicy"))
                return say("AdmissionDenied", "the generator pod is refused at admission", note);
        return say("CreateFailed", "the generator pod cannot be created", note);
}
