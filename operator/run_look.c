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
        session->caught_up = !first.kind;
        if (first.kind)
                manager_pass_failed(session->manager, session->key, &first);
        else
                manager_pass_done(session->manager, session->key, loop_now_ns(session->manager->loop));
}

static void take_over(struct session *session, struct kube_cache *cache, const char *name, struct json_object *object,
                      const struct fail *fail)
{
        struct json_object *held = kube_cache_find(cache, session->namespace, name);

        if (!fail->kind)
                kube_cache_wrote(cache, object);
        else if (fail->kind == FAIL_MISSING && held) {
                auto_free char *uid = xstrdup(doc_text(held, "metadata.uid"));
                kube_cache_gone(cache, session->namespace, name, uid);
        }
}

static void run_arrived(void *owner, struct json_object *object, const struct fail *fail)
{
        struct session *session = owner;

        take_over(session, session->manager->runs, session->name, object, fail);
        answered(session, fail);
}

static void plan_arrived(void *owner, struct json_object *object, const struct fail *fail)
{
        struct session *session = owner;
        char name[NAME_MAX_LEN];

        name_plan(session->name, session->uid, name);
        take_over(session, session->manager->configmaps, name, object, fail);
        answered(session, fail);
}

static void job_arrived(void *owner, struct json_object *object, const struct fail *fail)
{
        struct session *session = owner;
        char name[NAME_MAX_LEN];

        name_job(session->name, session->uid, 0, name);
        take_over(session, session->manager->jobs, name, object, fail);
        answered(session, fail);
}

/* Pods that are gone are not looked for: the Job or its watch will tell. */
static void pods_arrived(void *owner, struct json_object *list, const struct fail *fail)
{
        struct session *session = owner;
        struct json_object *items = doc_at(list, "items");

        for (size_t i = 0; i < doc_len(items, ""); i++)
                kube_cache_wrote(session->manager->pods, doc_item(items, i));
        answered(session, fail);
}

static void ask(struct session *session, const struct kube_kind *kind, const char *name, kube_done_fn *done)
{
        session->requests_left++;
        session_asked(session, kube_get(session->manager->client, &(struct kube_ref){kind, session->namespace, name}, done, session));
}

void run_look(struct session *session)
{
        char plan[NAME_MAX_LEN], job[NAME_MAX_LEN];
        auto_free char *selector = xasprintf(MANAGED_SELECTOR "," LABEL_RUN_UID "=%s", session->uid);

        name_plan(session->name, session->uid, plan);
        name_job(session->name, session->uid, 0, job);
        session->requests_left = 1;
        session_asked(session, kube_list(session->manager->client, &(struct kube_ref){&kube_pods, session->namespace, NULL}, selector,
                                         pods_arrived, session));
        ask(session, &kind_runs, session->name, run_arrived);
        ask(session, &kube_configmaps, plan, plan_arrived);
        ask(session, &kube_jobs, job, job_arrived);
}
