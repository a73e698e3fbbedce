/* SPDX-License-Identifier: Apache-2.0 */
#include "job_pods.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controllers.h"

static int64_t index_of(struct json_object *pod)
{
        const char *text = doc_text(pod, "metadata.annotations[\"" JOB_INDEX "\"]");

        return text ? strtoll(text, NULL, 10) : -1;
}

static bool phase_is(struct json_object *pod, const char *phase)
{
        return text_equal(doc_text(pod, "status.phase"), phase);
}

static void keep_uid(char ***list, size_t *len, struct json_object *pod)
{
        *list = xrealloc(*list, (*len + 1) * sizeof **list);
        (*list)[(*len)++] = xstrdup(doc_text(pod, "metadata.uid"));
}

static void take_index(struct job_pods *pods, int64_t index)
{
        pods->taken = xrealloc(pods->taken, (pods->taken_len + 1) * sizeof *pods->taken);
        pods->taken[pods->taken_len++] = index;
}

bool sim_job_pods_taken(const struct job_pods *pods, int64_t index)
{
        for (size_t i = 0; i < pods->taken_len; i++)
                if (pods->taken[i] == index)
                        return true;
        return false;
}

/* ---- podFailurePolicy ---- */

static bool exit_codes_match(struct json_object *rule, struct json_object *pod, int64_t *ret_code)
{
        struct json_object *statuses = doc_at(pod, "status.containerStatuses"), *values = doc_at(rule, "onExitCodes.values");
        bool in = text_equal(doc_text(rule, "onExitCodes.operator"), "In");

        for (size_t i = 0; i < doc_len(statuses, ""); i++) {
                int64_t code = doc_int(doc_item(statuses, i), "state.terminated.exitCode", 0);
                bool listed = false;
                for (size_t j = 0; j < doc_len(values, ""); j++)
                        listed = listed || json_object_get_int64(doc_item(values, j)) == code;
                *ret_code = code;
                if (code != 0 && listed == in)
                        return true;
        }
        return false;
}

static bool conditions_match(struct json_object *rule, struct json_object *pod, const char **ret_type)
{
        struct json_object *wanted = doc_at(rule, "onPodConditions");

        for (size_t i = 0; i < doc_len(wanted, ""); i++) {
                *ret_type = doc_text(doc_item(wanted, i), "type");
                if (condition_is_true(doc_at(pod, "status"), *ret_type))
                        return true;
        }
        return false;
}

/* The action of the first rule that matches, "Count" when none does. */
static const char *action_of(struct json_object *job, struct json_object *pod, struct job_pods *pods)
{
        struct json_object *rules = doc_at(job, "spec.podFailurePolicy.rules");
        const char *pod_name = doc_text(pod, "metadata.name"), *namespace = doc_text(pod, "metadata.namespace"), *type = "";

        for (size_t i = 0; i < doc_len(rules, ""); i++) {
                struct json_object *rule = doc_item(rules, i);
                const char *action = doc_text(rule, "action");
                int64_t code;
                bool by_code = doc_at(rule, "onExitCodes") && exit_codes_match(rule, pod, &code);
                if (!by_code && !conditions_match(rule, pod, &type))
                        continue;
                if (text_equal(action, "FailJob") && by_code)
                        snprintf(pods->fail_job, sizeof pods->fail_job,
                                 "Container %s for pod %s/%s failed with exit code %" PRId64 " matching FailJob rule at index %zu",
                                 doc_text(pod, "spec.containers[0].name"), namespace, pod_name, code, i);
                else if (text_equal(action, "FailJob"))
                        snprintf(pods->fail_job, sizeof pods->fail_job, "Pod %s/%s has condition %s matching FailJob rule at index %zu",
                                 namespace, pod_name, type, i);
                return action;
        }
        return "Count";
}

/* ---- Looking ---- */

static void look_at_ended(struct json_object *job, struct json_object *pod, struct job_pods *pods)
{
        bool held = list_has_text(doc_at(pod, "metadata.finalizers"), JOB_TRACKING), good = phase_is(pod, "Succeeded");

        if (good)
                take_index(pods, index_of(pod));
        if (!held)
                return;
        keep_uid(&pods->ended, &pods->ended_len, pod);
        if (good)
                pods->newly_succeeded++;
        else if (!text_equal(action_of(job, pod, pods), "Ignore"))
                pods->newly_failed++;
}

static void look_at(struct json_object *job, struct json_object *pod, struct job_pods *pods)
{
        bool deleting = doc_at(pod, "metadata.deletionTimestamp");

        if (phase_is(pod, "Succeeded") || phase_is(pod, "Failed")) {
                look_at_ended(job, pod, pods);
                return;
        }
        pods->terminating += deleting;
        /* Without the policy "Failed" a pod that goes counts as failed already, and is replaced beside it. */
        if (deleting && !text_equal(doc_text(job, "spec.podReplacementPolicy"), "Failed")) {
                look_at_ended(job, pod, pods);
                return;
        }
        take_index(pods, index_of(pod));
        pods->ready += condition_is_true(doc_at(pod, "status"), "Ready");
        if (deleting)
                return;
        pods->active++;
        keep_uid(&pods->running, &pods->running_len, pod);
}

static int by_number(const void *a, const void *b)
{
        int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

        return (left > right) - (left < right);
}

static void write_completed(struct json_object *job, struct job_pods *pods, struct owned owned)
{
        int64_t done[256];
        size_t len = 0;
        auto_buf struct buf text = {0};

        if (!text_equal(doc_text(job, "spec.completionMode"), "Indexed"))
                return;
        for (size_t i = 0; i < owned.len && len < ARRAY_LEN(done); i++)
                if (kind_is(owned.objects[i]->kind, "", "pods") && phase_is(owned.objects[i]->json, "Succeeded"))
                        done[len++] = index_of(owned.objects[i]->json);
        qsort(done, len, sizeof *done, by_number);
        for (size_t i = 0; i < len; i++) {
                size_t last = i;
                while (last + 1 < len && done[last + 1] == done[last] + 1)
                        last++;
                buf_format(&text, "%s%" PRId64, text.size ? "," : "", done[i]);
                if (last > i)
                        buf_format(&text, "%c%" PRId64, last > i + 1 ? '-' : ',', done[last]);
                i = last;
        }
        snprintf(pods->completed_indexes, sizeof pods->completed_indexes, "%s", text.size ? text.data : "");
}

void sim_job_pods_look(struct apisim *sim, struct json_object *job, struct job_pods *ret_pods)
{
        struct owned owned = sim_owned(sim, doc_text(job, "metadata.uid"));
        const char *namespace = doc_text(job, "metadata.namespace");

        *ret_pods = (struct job_pods){0};
        for (size_t i = 0; i < owned.len; i++) {
                struct json_object *pod = owned.objects[i]->json;
                if (kind_is(owned.objects[i]->kind, "", "pods") && text_equal(doc_text(pod, "metadata.namespace"), namespace))
                        look_at(job, pod, ret_pods);
        }
        write_completed(job, ret_pods, owned);
}

void sim_job_pods_done(struct job_pods *pods)
{
        for (size_t i = 0; i < pods->running_len; i++)
                free(pods->running[i]);
        for (size_t i = 0; i < pods->ended_len; i++)
                free(pods->ended[i]);
        free(pods->running);
        free(pods->ended);
        free(pods->taken);
}

/* ---- A new one ---- */

static struct json_object *owner_of(struct json_object *job)
{
        struct json_object *owner = doc_set_text(doc_set_text(doc_object(), "apiVersion", "batch/v1"), "kind", "Job");

        doc_set_text(doc_set_text(owner, "name", doc_text(job, "metadata.name")), "uid", doc_text(job, "metadata.uid"));
        return doc_push(doc_array(), doc_set_bool(doc_set_bool(owner, "controller", true), "blockOwnerDeletion", true));
}

/* {"a": {"b": {}}} where it is not there yet. */
static struct json_object *ensure(struct json_object *object, const char *key, struct json_object *(*fresh)(void))
{
        struct json_object *child = doc_at(object, key);

        if (!child)
                doc_set(object, key, child = fresh());
        return child;
}

static void add_index(struct json_object *pod, struct json_object *job, int64_t index)
{
        static const char from[] = "{\"name\":\"JOB_COMPLETION_INDEX\",\"valueFrom\":{\"fieldRef\":{\"apiVersion\":\"v1\","
                                   "\"fieldPath\":\"metadata.labels['" JOB_INDEX "']\"}}}";
        struct json_object *containers = doc_at(pod, "spec.containers"), *variable;
        auto_free char *text = xasprintf("%" PRId64, index), *host = xasprintf("%s-%" PRId64, doc_text(job, "metadata.name"), index);

        doc_set_text(ensure(doc_at(pod, "metadata"), "labels", doc_object), JOB_INDEX, text);
        doc_set_text(ensure(doc_at(pod, "metadata"), "annotations", doc_object), JOB_INDEX, text);
        doc_set_text(doc_at(pod, "spec"), "hostname", host);
        for (size_t i = 0; i < doc_len(containers, ""); i++)
                if (!doc_parse(from, strlen(from), &variable, NULL))
                        doc_push(ensure(doc_item(containers, i), "env", doc_array), variable);
}

/* Through the front door, so that defaults and checks are those of any pod. False: it was refused. */
static bool post(struct apisim *sim, struct json_object *job, struct json_object *pod)
{
        auto_free char *path = xasprintf("/api/v1/namespaces/%s/pods", doc_text(job, "metadata.namespace"));
        const char *text = doc_print(pod);
        struct apisim_answer answer;

        apisim_request(sim, &(struct apisim_request){"POST", path, "application/json", text, strlen(text)}, &answer);
        bool made = answer.status == 201;
        auto_free char *note = made ? xasprintf("Created pod: %s", doc_text(pod, "metadata.name"))
                                    : xasprintf("Error creating: %.200s", answer.body ? answer.body : "");
        event_write(sim, job, "job-controller", made ? "Normal" : "Warning", made ? "SuccessfulCreate" : "FailedCreate", note);
        apisim_answer_done(&answer);
        return made;
}

bool job_pod_create(struct apisim *sim, struct json_object *job, int64_t index)
{
        auto_json struct json_object *pod = doc_copy(doc_at(job, "spec.template"));
        struct json_object *metadata = ensure(pod, "metadata", doc_object);
        const char *job_name = doc_text(job, "metadata.name");
        auto_free char *prefix = index < 0 ? xasprintf("%s-", job_name) : xasprintf("%s-%" PRId64 "-", job_name, index);
        char suffix[6];

        sim_suffix(sim, suffix);
        auto_free char *name = xasprintf("%s%s", prefix, suffix);
        doc_set_text(doc_set_text(metadata, "name", name), "generateName", prefix);
        doc_set(metadata, "ownerReferences", owner_of(job));
        doc_set(metadata, "finalizers", doc_push_text(doc_array(), JOB_TRACKING));
        if (index >= 0)
                add_index(pod, job, index);
        return post(sim, job, pod);
}

void job_pod_release(struct apisim *sim, struct object *pod)
{
        struct json_object *next = sim_store_copy(pod), *metadata = doc_at(next, "metadata");
        struct json_object *kept = list_without_text(doc_at(metadata, "finalizers"), JOB_TRACKING);

        json_object_object_del(metadata, "finalizers");
        doc_set(metadata, "finalizers", kept);
        object_replace(sim, pod, next);
}
