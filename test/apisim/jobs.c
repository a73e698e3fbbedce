/* SPDX-License-Identifier: Apache-2.0
 *
 * The Job controller (pkg/controller/job/job_controller.go), for Indexed and plain Jobs. A round over one Job: look at its
 * pods, release those that have ended, decide its fate, make or remove pods, write status when it differs. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agenda.h"
#include "controllers.h"
#include "job_pods.h"

#define COMPONENT "job-controller"
#define REFUSED_PAUSE_NS (10 * NS_PER_S)

/* What a Job controller remembers of a Job between rounds, as the real one does in status.uncountedTerminatedPods. */
struct job_memory {
        int64_t failed, succeeded;  /* counted and let go */
        int64_t next_pod_ns;        /* back-off after a failure */
        int64_t wake_ns;            /* when time alone changes something; INT64_MAX: never */
};

static struct job_memory *memory_of(struct apisim *sim, struct json_object *job)
{
        const char *uid = doc_text(job, "metadata.uid");
        struct job_memory *memory = map_find(&sim->jobs, uid);

        if (!memory) {
                memory = xnew(struct job_memory);
                memory->failed = doc_int(job, "status.failed", 0);
                memory->succeeded = doc_int(job, "status.succeeded", 0);
                map_set(&sim->jobs, uid, memory);
        }
        return memory;
}

void jobs_done(struct apisim *sim)
{
        map_done_values(&sim->jobs);
}

/* ---- Fate ---- */

struct fate {
        const char *target;  /* FailureTarget or SuccessCriteriaMet; NULL: none yet */
        const char *reason;
        char message[SIM_TEXT_MAX];
};

static void wake_at(struct job_memory *memory, int64_t at_ns)
{
        if (at_ns < memory->wake_ns)
                memory->wake_ns = at_ns;
}

static bool deadline_passed(struct apisim *sim, struct json_object *job, struct job_memory *memory)
{
        const char *start = doc_text(job, "status.startTime");
        int64_t limit_s = doc_int(job, "spec.activeDeadlineSeconds", 0);

        if (!start || !limit_s || doc_bool(job, "spec.suspend", false))
                return false;
        int64_t due_ms = clock_parse(start) + limit_s * 1000, left_ms = due_ms - sim_wall_ms(sim);
        if (left_ms > 0)
                wake_at(memory, sim_now_ns(sim) + left_ms * NS_PER_MS);
        return left_ms <= 0;
}

static struct fate fate_of(struct apisim *sim, struct json_object *job, const struct job_pods *pods, struct job_memory *memory)
{
        struct fate fate = {0};
        int64_t failed = memory->failed + pods->newly_failed, succeeded = memory->succeeded + pods->newly_succeeded;
        int64_t completions = doc_int(job, "spec.completions", -1);

        if (pods->fail_job[0]) {
                fate = (struct fate){"FailureTarget", "PodFailurePolicy", ""};
                snprintf(fate.message, sizeof fate.message, "%s", pods->fail_job);
        } else if (failed > doc_int(job, "spec.backoffLimit", 6)) {
                fate = (struct fate){"FailureTarget", "BackoffLimitExceeded", "Job has reached the specified backoff limit"};
        } else if (deadline_passed(sim, job, memory)) {
                fate = (struct fate){"FailureTarget", "DeadlineExceeded", "Job was active longer than specified deadline"};
        } else if (completions >= 0 ? succeeded >= completions : succeeded > 0 && pods->active == 0) {
                fate = (struct fate){"SuccessCriteriaMet", "CompletionsReached", "Reached expected number of succeeded pods"};
        }
        return fate;
}

/* ---- Status ---- */

static bool finished(struct json_object *status)
{
        return condition_is_true(status, "Complete") || condition_is_true(status, "Failed");
}

static void set_count(struct json_object *status, const char *name, int64_t count, bool show_zero)
{
        json_object_object_del(status, name);
        if (count || show_zero)
                doc_set_int(status, name, count);
}

static void set_suspended(struct apisim *sim, struct json_object *job, struct json_object *status)
{
        bool suspended = doc_bool(job, "spec.suspend", false), was = condition_is_true(status, "Suspended");

        if (suspended && !was) {
                condition_set(sim, status, "Suspended", "True", "JobSuspended", "Job suspended");
                event_write(sim, job, COMPONENT, "Normal", "Suspended", "Job suspended");
        } else if (!suspended && was) {
                condition_set(sim, status, "Suspended", "False", "JobResumed", "Job resumed");
                event_write(sim, job, COMPONENT, "Normal", "Resumed", "Job resumed");
                doc_set(status, "startTime", sim_time(sim));
        }
        if (!suspended && !doc_at(status, "startTime"))
                doc_set(status, "startTime", sim_time(sim));
}

static void end_job(struct apisim *sim, struct json_object *job, struct json_object *status, const struct job_pods *pods)
{
        bool succeeded = condition_is_true(status, "SuccessCriteriaMet");
        struct json_object *list = doc_at(status, "conditions");

        /* The last word waits until no pod is left that runs. */
        if (pods->active || pods->terminating || (!succeeded && !condition_is_true(status, "FailureTarget")))
                return;
        for (size_t i = 0; i < doc_len(list, ""); i++) {
                struct json_object *target = doc_item(list, i);
                if (!text_equal(doc_text(target, "type"), succeeded ? "SuccessCriteriaMet" : "FailureTarget"))
                        continue;
                condition_set(sim, status, succeeded ? "Complete" : "Failed", "True", doc_text(target, "reason"), doc_text(target, "message"));
                if (succeeded)
                        doc_set(status, "completionTime", sim_time(sim));
                event_write(sim, job, COMPONENT, succeeded ? "Normal" : "Warning", succeeded ? "Completed" : doc_text(target, "reason"),
                            succeeded ? "Job completed" : doc_text(target, "message"));
                return;
        }
}

static void count_pods(struct json_object *status, const struct job_pods *pods, const struct job_memory *memory)
{
        set_count(status, "active", pods->active, false);
        set_count(status, "ready", pods->ready, true);
        set_count(status, "terminating", pods->terminating, true);
        set_count(status, "succeeded", memory->succeeded, false);
        set_count(status, "failed", memory->failed, false);
        if (pods->completed_indexes[0])
                doc_set_text(status, "completedIndexes", pods->completed_indexes);
        doc_set(status, "uncountedTerminatedPods", doc_object());
}

/* ---- Pods ---- */

static void release_pods(struct apisim *sim, char **uids, size_t len)
{
        for (size_t i = 0; i < len; i++)
                job_pod_release(sim, sim_store_by_uid(sim, uids[i]));
}

/* Of a Job that has failed its pods still count; those of one that is suspended do not, and lose the finalizer first. */
static void delete_active(struct apisim *sim, struct json_object *job, const struct job_pods *pods, bool counted)
{
        for (size_t i = 0; i < pods->running_len; i++) {
                struct object *pod = sim_store_by_uid(sim, pods->running[i]);
                auto_free char *text = xasprintf("Deleted pod: %s", doc_text(pod->json, "metadata.name"));
                event_write(sim, job, COMPONENT, "Normal", "SuccessfulDelete", text);
                if (!counted)
                        job_pod_release(sim, pod);
                object_delete(sim, sim_store_by_uid(sim, pods->running[i]), "Background", -1);
        }
}

static void make_pods(struct apisim *sim, struct json_object *job, const struct job_pods *pods, struct job_memory *memory)
{
        int64_t completions = doc_int(job, "spec.completions", INT64_MAX), left = completions - memory->succeeded;
        int64_t wanted = doc_int(job, "spec.parallelism", 1), busy = pods->active;
        bool indexed = text_equal(doc_text(job, "spec.completionMode"), "Indexed");

        if (text_equal(doc_text(job, "spec.podReplacementPolicy"), "Failed"))
                busy += pods->terminating;
        wanted = wanted < left ? wanted : left;
        if (busy < wanted && sim_now_ns(sim) < memory->next_pod_ns) {
                wake_at(memory, memory->next_pod_ns);
                return;
        }
        for (int64_t index = 0; busy < wanted && index < (indexed ? completions : wanted + busy); index++)
                if (!indexed || !sim_job_pods_taken(pods, index)) {
                        if (!job_pod_create(sim, job, indexed ? index : -1))
                                wake_at(memory, memory->next_pod_ns = sim_now_ns(sim) + REFUSED_PAUSE_NS);
                        busy++;
                }
}

static void back_off(struct apisim *sim, struct job_memory *memory, const struct job_pods *pods)
{
        int64_t pause_s = 10;

        memory->failed += pods->newly_failed;
        memory->succeeded += pods->newly_succeeded;
        for (int64_t i = 1; i < memory->failed && pause_s < 600; i++)
                pause_s *= 2;
        if (pods->newly_failed)
                memory->next_pod_ns = sim_now_ns(sim) + (pause_s < 600 ? pause_s : 600) * NS_PER_S;
}

/* ---- The round ---- */

static void round_of(struct apisim *sim, struct object *object)
{
        auto_json struct json_object *job = json_object_get(object->json), *next = doc_copy(job);
        struct json_object *status = doc_at(next, "status");
        struct job_memory *memory = memory_of(sim, job);
        auto_free char *uid = xstrdup(doc_text(job, "metadata.uid"));
        struct job_pods pods;

        if (!status)
                doc_set(next, "status", status = doc_object());
        sim_job_pods_look(sim, job, &pods);
        bool deleting = object_deleting(object);
        struct fate fate = fate_of(sim, job, &pods, memory);
        back_off(sim, memory, &pods);
        release_pods(sim, pods.ended, pods.ended_len);
        if (!deleting) {
                set_suspended(sim, job, status);
                if (fate.target && !condition_is_true(status, "FailureTarget") && !condition_is_true(status, "SuccessCriteriaMet"))
                        condition_set(sim, status, fate.target, "True", fate.reason, fate.message);
                bool ending = condition_is_true(status, "FailureTarget") || condition_is_true(status, "SuccessCriteriaMet");
                if (ending || doc_bool(job, "spec.suspend", false))
                        delete_active(sim, job, &pods, ending);
                else
                        make_pods(sim, job, &pods, memory);
        }
        sim_job_pods_done(&pods);
        sim_job_pods_look(sim, job, &pods);
        count_pods(status, &pods, memory);
        end_job(sim, job, status, &pods);
        sim_job_pods_done(&pods);
        struct object *now = sim_store_by_uid(sim, uid);
        if (now)
                object_replace(sim, now, json_object_get(next));
}

static bool is_held(struct json_object *pod)
{
        return list_has_text(doc_at(pod, "metadata.finalizers"), JOB_TRACKING);
}

static void note_pod(struct apisim *sim, const struct change *change, struct agenda *agenda)
{
        struct json_object *pod = change->after ? change->after : change->before;
        struct object *job = sim_store_by_uid(sim, doc_text(pod, "metadata.ownerReferences[0].uid"));

        /* A pod whose Job is gone is let go. */
        agenda_add(agenda, job ? job : change->after && is_held(pod) ? sim_store_by_uid(sim, doc_text(pod, "metadata.uid")) : NULL);
}

static void note(struct apisim *sim, const struct change *change, struct agenda *agenda)
{
        const char *uid = doc_text(change->after ? change->after : change->before, "metadata.uid");

        if (kind_is(change->kind, "", "pods"))
                note_pod(sim, change, agenda);
        if (!kind_is(change->kind, "batch", "jobs"))
                return;
        if (change->after) {
                agenda_add(agenda, sim_store_by_uid(sim, uid));
                return;
        }
        struct owned owned = sim_owned(sim, uid);
        for (size_t i = 0; i < owned.len; i++)
                agenda_add(agenda, owned.objects[i]);
        free(map_remove(&sim->jobs, uid));
}

static void note_due(struct apisim *sim, struct agenda *agenda)
{
        int64_t now_ns = sim_now_ns(sim);
        size_t at = 0;
        const char *uid;
        void *value;

        if (now_ns < sim->jobs_wake_ns)
                return;
        sim->jobs_wake_ns = INT64_MAX;
        while (map_next(&sim->jobs, &at, &uid, &value)) {
                const struct job_memory *memory = value;
                if (memory->wake_ns <= now_ns)
                        agenda_add(agenda, sim_store_by_uid(sim, uid));
                else if (memory->wake_ns < sim->jobs_wake_ns)
                        sim->jobs_wake_ns = memory->wake_ns;
        }
}

static void see_job(struct apisim *sim, struct object *object)
{
        auto_json struct json_object *job = json_object_get(object->json);
        struct job_memory *memory = memory_of(sim, job);

        memory->wake_ns = INT64_MAX;
        if (finished(doc_at(job, "status"))) /* it has let go of all its pods */
                return;
        round_of(sim, object);
        if (memory->wake_ns < sim->jobs_wake_ns)
                sim->jobs_wake_ns = memory->wake_ns;
}

void jobs_step(struct apisim *sim)
{
        struct agenda agenda = {0};
        struct object *object;

        if (!agenda_fill(&agenda, sim, sim->jobs_version, note))
                sim_forget_gone(sim, &sim->jobs, free);
        note_due(sim, &agenda);
        sim->jobs_version = sim->version;
        while ((object = agenda_next(&agenda, sim)))
                if (kind_is(object->kind, "batch", "jobs"))
                        see_job(sim, object);
                else if (kind_is(object->kind, "", "pods") && is_held(object->json))
                        job_pod_release(sim, object);
        agenda_done(&agenda);
}
