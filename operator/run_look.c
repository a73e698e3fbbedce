/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/run_look.h"

#include "api/names.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

/* The last answer ends the pass; a failure is that of the whole. */
static void answered(struct session *session, const struct fail *fail)
{
        if (fail->kind && fail->kind != FAIL_MISSING)
                session->start_fail = *fail;
        if (--session->requests_left > 0)
                return;
        struct fail first = session->start_fail;
        session->start_fail = (struct fail){0};
        session->caught_up = session->undo_looked = !first.kind;
        session->born_ns = loop_now_ns(session->manager->loop); /* nobody knew until now whom to listen to */
        if (first.kind)
                manager_pass_failed(session->manager, session->key, &first);
        else
                manager_pass_done(session->manager, session->key, loop_now_ns(session->manager->loop));
}

/* What is there is believed. What is not there may have been made since the question was asked, and the watch may have told already: the
 * cache keeps what it has, and whoever acts on that names its UID. */
static void take_over(struct kube_cache *cache, struct json_object *object, const struct fail *fail)
{
        if (!fail->kind)
                kube_cache_wrote(cache, object);
}

static void ask(struct session *session, const struct kube_kind *kind, const char *name, kube_done_fn *done)
{
        session->requests_left++;
        session_asked(session, kube_get(session->manager->client, &(struct kube_ref){kind, session->namespace, name}, done, session));
}

static void job_arrived(void *owner, struct json_object *object, const struct fail *fail)
{
        struct session *session = owner;

        take_over(session->manager->jobs, object, fail);
        answered(session, fail);
}

static void configmap_arrived(void *owner, struct json_object *object, const struct fail *fail)
{
        struct session *session = owner;

        take_over(session->manager->configmaps, object, fail);
        answered(session, fail);
}

/* What it may have brought along. */
static void look_at_steps(struct session *session)
{
        char name[NAME_MAX_LEN];

        name_workload(session->name, session->uid, name);
        ask(session, &kube_configmaps, name, configmap_arrived);
        name_apply(session->name, session->uid, session->set, name);
        ask(session, &kube_jobs, name, job_arrived);
        name_undo(session->name, session->uid, session->set, name);
        ask(session, &kube_jobs, name, job_arrived);
}

/* The trial that was bound last; whether its result is stored, and then the next one's Job may be there too. */
static void look_at_trial(struct session *session, struct json_object *object)
{
        char name[NAME_MAX_LEN];
        struct run run;

        run_decode(object, &run);
        int last = run.trials_bound > 0 ? run.trials_bound - 1 : 0;
        name_job(session->name, session->uid, last, name);
        ask(session, &kube_jobs, name, job_arrived);
        if (run.trials_bound == 0)
                look_at_steps(session);
        if (run.trials_bound == 0)
                return;
        name_job(session->name, session->uid, last + 1, name);
        ask(session, &kube_jobs, name, job_arrived);
        name_trial(session->name, session->uid, last, name);
        ask(session, &kube_configmaps, name, configmap_arrived);
}

static void run_arrived(void *owner, struct json_object *object, const struct fail *fail)
{
        struct session *session = owner;

        take_over(session->manager->runs, object, fail);
        if (fail->kind == FAIL_MISSING)
                look_at_steps(session);
        if (!fail->kind)
                look_at_trial(session, object);
        answered(session, fail);
}

static void take_over_all(struct kube_cache *cache, struct json_object *list)
{
        struct json_object *items = doc_at(list, "items");

        for (size_t i = 0; i < doc_len(items, ""); i++)
                kube_cache_wrote(cache, doc_item(items, i));
}

/* Also those that apply what a variant changes, and take it back. */
static void jobs_arrived(void *owner, struct json_object *list, const struct fail *fail)
{
        struct session *session = owner;

        take_over_all(session->manager->jobs, list);
        answered(session, fail);
}

/* Pods that are gone are not looked for: the Job or its watch will tell. */
static void pods_arrived(void *owner, struct json_object *list, const struct fail *fail)
{
        struct session *session = owner;

        take_over_all(session->manager->pods, list);
        answered(session, fail);
}

void run_look(struct session *session)
{
        char plan[NAME_MAX_LEN];
        auto_free char *selector = xasprintf(MANAGED_SELECTOR "," LABEL_RUN_UID "=%s", session->uid);

        name_plan(session->name, session->uid, plan);
        session->requests_left = 2;
        session_asked(session, kube_list(session->manager->client, &(struct kube_ref){&kube_pods, session->namespace, NULL}, selector,
                                         pods_arrived, session));
        session_asked(session, kube_list(session->manager->client, &(struct kube_ref){&kube_jobs, session->namespace, NULL}, selector,
                                         jobs_arrived, session));
        ask(session, &kind_runs, session->name, run_arrived);
        ask(session, &kube_configmaps, plan, configmap_arrived);
}
