/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/run_steps.h"

#include <stdio.h>

#include "api/names.h"
#include "api/steps.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "operator/job_pods.h"

/* ---- what is seen ---- */

static struct json_object *find_job(struct manager *manager, const struct session *session,
                                    void (*name_of)(const char *run, const char *uid, char name[static NAME_MAX_LEN]))
{
        char name[NAME_MAX_LEN];

        name_of(session->name, session->uid, name);
        return kube_cache_find(manager->jobs, session->namespace, name);
}

static enum view_job state_of(const struct session *session, struct json_object *object, struct job *ret_job)
{
        if (!object)
                return JOB_ABSENT;
        job_decode(object, ret_job);
        return run_view_job(ret_job, text_equal(doc_text(object, "metadata.labels[\"" LABEL_RUN_UID "\"]"), session->uid));
}

static void see_pod(void *owner, struct json_object *object)
{
        struct run_view *view = owner;
        struct pod pod;

        pod_decode(object, &pod);
        view->apply_pods_left = view->apply_pods_left || !pod.ended;
        view->apply_untouched = view->apply_untouched || step_job_untouched(pod.message);
}

void run_steps_fill(struct manager *manager, const struct session *session, struct run_sight *sight, struct run_view *view)
{
        const struct run *run = &sight->run;
        char name[NAME_MAX_LEN];

        name_workload(session->name, session->uid, name);
        view->steps_found = kube_cache_find(manager->configmaps, session->namespace, name) != NULL;
        view->steps_read = session->steps_digest[0] != '\0';
        view->apply = state_of(session, find_job(manager, session, name_apply), &sight->apply);
        view->undo = state_of(session, find_job(manager, session, name_undo), &sight->undo);
        view->apply_bound = run->apply_uid != NULL;
        bool under_way = view->found && !view->deleting && !view->terminal; /* afterwards whatever bears our label has to go */
        if (under_way && view->apply_bound && view->apply != JOB_ABSENT && !text_equal(run->apply_uid, sight->apply.uid))
                view->apply = JOB_FOREIGN;
        view->apply_failed = view->apply == JOB_ENDED && sight->apply.failed;
        view->apply_stopping = sight->apply.deleting;
        view->undo_stopping = sight->undo.deleting;
        view->undo_unchecked = !session->undo_looked;
        name_apply(session->name, session->uid, name);
        job_pods_each(manager, session->namespace, name, see_pod, view);
}

/* ---- what they are made of ---- */

struct json_object *run_steps_encode(const struct session *session, const struct run_sight *sight)
{
        return steps_encode(&sight->run, session->profile);
}

struct json_object *run_steps_encode_job(const struct session *session, const struct run_sight *sight, enum step_role role)
{
        const struct profile *profile = session->profile;
        const struct step_job wanted = {
                .role = role,
                .run = &sight->run,
                .profile = sight->run.profile,
                .account = profile->account,
                .image = session->manager->options->image,
                .digest = session->steps_digest,
                .target = sight->run.target,
                .ready_timeout_ms = profile->workload_ready_ms,
        };

        return step_job_encode(&wanted);
}

static struct json_object *encode_row(const char *role, const struct job *job)
{
        return doc_set_text(doc_set_text(doc_set_text(doc_object(), "role", role), "name", job->name), "uid", job->uid);
}

struct json_object *run_steps_encode_bound(const struct run_sight *sight)
{
        return doc_push(doc_push(doc_array(), encode_row("apply", &sight->apply)), encode_row("undo", &sight->undo));
}

/* ---- after a restart ---- */

enum fail_kind run_steps_load(struct session *session, struct json_object *configmap, struct fail *fail)
{
        auto_json struct json_object *spec = NULL;
        struct profile *profile = NULL;

        if (steps_decode_profile(configmap, &spec, fail) || profile_decode(spec, &profile, fail))
                return fail->kind;
        /* What was frozen with the steps counts, whatever the profile says by now. */
        profile_free(session->profile);
        session->profile = profile;
        steps_digest(configmap, session->steps_digest);
        return FAIL_NONE;
}

static void steps_arrived(void *owner, struct json_object *configmap, const struct fail *fail)
{
        struct session *session = owner;
        struct fail bad = {0};

        session->steps_asked = false;
        if (!fail->kind && run_steps_load(session, configmap, &bad)) {
                session->refused = true;
                snprintf(session->refusal, sizeof session->refusal, "%s", bad.text);
        }
        if (fail->kind)
                snprintf(session->problem, sizeof session->problem, "%s", fail->text);
        manager_enqueue_run(session->manager, session->namespace, session->name,
                            loop_now_ns(session->manager->loop) + (fail->kind ? NS_PER_S : 0));
}

void run_steps_ask(struct session *session)
{
        char name[NAME_MAX_LEN];

        if (session->steps_asked)
                return;
        session->steps_asked = true;
        name_workload(session->name, session->uid, name);
        session_asked(session, kube_get(session->manager->client, &(struct kube_ref){&kube_configmaps, session->namespace, name}, steps_arrived,
                                        session));
}

/* ---- why it did not come about ---- */

struct last_words {
        char *text;
        struct diagnosis diagnosis;
};

static void hear_pod(void *owner, struct json_object *object)
{
        struct last_words *words = owner;
        struct pod pod;

        pod_decode(object, &pod);
        struct diagnosis diagnosis = pod_diagnose(object);
        diagnosis_take(&words->diagnosis, &diagnosis);
        if (!words->text)
                words->text = step_job_failure(pod.message);
}

char *run_steps_failure(const struct session *session, const struct run_sight *sight)
{
        struct last_words words = {0};
        char name[NAME_MAX_LEN];

        name_apply(session->name, session->uid, name);
        job_pods_each(session->manager, session->namespace, name, hear_pod, &words);
        if (words.text)
                return words.text;
        const char *why = words.diagnosis.reason ? words.diagnosis.text : session->diagnosis.reason ? session->diagnosis.text
                          : sight->apply.message ? sight->apply.message : "its Job failed";
        return xstrdup(why);
}
