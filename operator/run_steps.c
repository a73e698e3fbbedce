/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/run_steps.h"

#include <stdio.h>

#include "api/names.h"
#include "api/steps.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "operator/job_pods.h"
#include "operator/step_jobs.h"

/* ---- what is seen ---- */

static struct json_object *find_job(struct manager *manager, const struct session *session,
                                    void (*name_of)(const char *run, const char *uid, int set, char name[static NAME_MAX_LEN]), int set)
{
        char name[NAME_MAX_LEN];

        name_of(session->name, session->uid, set, name);
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

/* ---- whose they are ---- */

static bool is_ours(const struct session *session, struct json_object *job)
{
        return job && text_equal(doc_text(job, "metadata.labels[\"" LABEL_RUN_UID "\"]"), session->uid);
}

/* The last of the variants' sets of which a Job is left, for what was applied last is taken back first; 0: none is. */
static int set_left(struct manager *manager, const struct session *session)
{
        int set = PROFILE_TRIALS_MAX;

        while (set > 0 && !is_ours(session, find_job(manager, session, name_apply, set)) && !is_ours(session, find_job(manager, session, name_undo, set)))
                set--;
        return set;
}

static bool was_undone(struct json_object *trial)
{
        return doc_find(doc_at(trial, "reasons"), "reason", gates_reason_name(GATES_VARIANT_REVERTED)) != NULL;
}

/* What the variant of this trial applies is there since its first trial in a row, unless somebody has undone it; 0: it applies nothing, or
 * whose trial it is is not known. */
static int set_wanted(const struct session *session, const struct run_view *view)
{
        int first = view->trial;

        if (!session->plan_loaded || view->trial_unread || !session->plan.steps[session->arm])
                return 0;
        while (first > 0 && text_equal(doc_text(session->trials[first - 1], "row.variant"), profile_arm_name(session->profile, session->arm)) &&
               !was_undone(session->trials[first - 1]))
                first--;
        return first + 1;
}

static void choose_set(struct manager *manager, const struct session *session, struct run_sight *sight, struct run_view *view)
{
        bool under_way = view->found && !view->deleting && !view->terminal;
        bool between = view->plan_found && !view->bound && !view->stop_reason && !view->series_over && !view->job_left;
        bool may_apply = under_way ? session->profile && session->profile->applies && view->plan_found : step_jobs_have(&manager->step_jobs, session->uid);
        int left = may_apply ? set_left(manager, session) : 0, wanted = may_apply && under_way ? set_wanted(session, view) : 0;

        view->retiring = under_way && between && left > 0 && left != wanted;
        view->workload = view->workload || (between && wanted > 0 && !view->retiring);
        sight->set = view->retiring || !wanted ? left : wanted;
        view->variant = sight->set > 0;
}

void run_steps_fill(struct manager *manager, struct session *session, struct run_sight *sight, struct run_view *view)
{
        const struct run *run = &sight->run;
        char name[NAME_MAX_LEN];

        choose_set(manager, session, sight, view);
        if (session->set != sight->set)
                session->undo_looked = false;
        session->set = sight->set;
        name_workload(session->name, session->uid, name);
        view->steps_found = view->variant || kube_cache_find(manager->configmaps, session->namespace, name) != NULL;
        view->steps_read = view->variant || session->steps_digest[0] != '\0';
        view->apply = state_of(session, find_job(manager, session, name_apply, sight->set), &sight->apply);
        view->undo = state_of(session, find_job(manager, session, name_undo, sight->set), &sight->undo);
        name_apply(session->name, session->uid, sight->set, name);
        const char *bound_uid = run_job_uid(run, name);
        view->apply_bound = bound_uid != NULL;
        bool under_way = view->found && !view->deleting && !view->terminal; /* afterwards whatever bears our label has to go */
        if (under_way && view->apply_bound && view->apply != JOB_ABSENT && !text_equal(bound_uid, sight->apply.uid))
                view->apply = JOB_FOREIGN;
        view->apply_failed = view->apply == JOB_ENDED && sight->apply.failed;
        view->apply_stopping = sight->apply.deleting;
        view->undo_stopping = sight->undo.deleting;
        view->undo_unchecked = !session->undo_looked;
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
        bool variant = sight->set > 0;
        char configmap[NAME_MAX_LEN], digest[SHA_HEX_MAX], key[PLAN_KEY_MAX];

        (variant ? name_plan : name_workload)(session->name, session->uid, configmap);
        if (variant)
                steps_digest_doc(session->plan.steps[session->arm], digest);
        const struct step_job wanted = {
                .role = role,
                .set = sight->set,
                .run = &sight->run,
                .variant = variant ? profile_arm_name(profile, session->arm) : NULL,
                .configmap = configmap,
                .key = variant ? plan_steps_key(session->arm, key) : STEPS_KEY,
                .profile = sight->run.profile,
                .account = profile->account,
                .image = session->manager->options->image,
                .digest = variant ? digest : session->steps_digest,
                .target = sight->run.target,
                .ready_timeout_ms = variant ? profile->ready_timeout_ms : profile->workload_ready_ms,
        };

        return step_job_encode(&wanted);
}

static struct json_object *encode_row(const char *role, const struct job *job, const char *variant)
{
        struct json_object *row = doc_set_text(doc_set_text(doc_set_text(doc_object(), "role", role), "name", job->name), "uid", job->uid);

        return doc_set_text(row, "variant", variant);
}

struct json_object *run_steps_encode_bound(const struct session *session, const struct run_sight *sight)
{
        const char *variant = sight->set > 0 ? profile_arm_name(session->profile, session->arm) : NULL;
        struct json_object *before = doc_at(sight->run.status, "jobs"), *rows = doc_array();

        for (size_t i = 0; i < doc_len(before, ""); i++)
                if (variant && !doc_text(doc_item(before, i), "variant")) /* of the workload, which is there all the time */
                        doc_push(rows, json_object_get(doc_item(before, i)));
        return doc_push(doc_push(rows, encode_row("apply", &sight->apply, variant)), encode_row("undo", &sight->undo, variant));
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

        name_apply(session->name, session->uid, sight->set, name);
        job_pods_each(session->manager, session->namespace, name, hear_pod, &words);
        if (words.text)
                return words.text;
        const char *why = words.diagnosis.reason ? words.diagnosis.text : session->diagnosis.reason ? session->diagnosis.text
                          : sight->apply.message ? sight->apply.message : "its Job failed";
        return xstrdup(why);
}
