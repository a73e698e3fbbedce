/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/run_pass.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "operator/run_apply.h"
#include "operator/run_decide.h"
#include "operator/run_fill.h"
#include "operator/step_jobs.h"

static void forget(struct manager *manager, const char *key)
{
        session_free(map_remove(&manager->sessions, key));
        map_remove(&manager->waiting, key);
        map_remove(&manager->short_of_room, key);
}

static void note_waiting(struct manager *manager, const char *key, const struct run_view *view)
{
        bool waits = view->found && !view->admitted && !view->terminal;

        if (waits)
                map_set(&manager->waiting, key, manager);
        else
                map_remove(&manager->waiting, key);
        if (waits && view->hold == HOLD_BUDGET)
                map_set(&manager->short_of_room, key, manager);
        else
                map_remove(&manager->short_of_room, key);
}

/* The session of this run; one of an earlier run of the same name is kept until its Jobs are gone, and begun for what it has left. That can
 * appear late, by an operator that was stopped in the middle of a write: a run that waits is forgotten for it, one under way goes on. */
static struct session *session_for(struct manager *manager, const char *key, const char *namespace, const char *name, struct json_object *run_object)
{
        struct session *session = map_find(&manager->sessions, key);
        struct run run;

        if (session && !map_find(&manager->waiting, key))
                return session;
        const struct step_job_seen *left = step_jobs_of_another(&manager->step_jobs, namespace, name, doc_text(run_object, "metadata.uid"));
        if (session && !left)
                return session;
        if (session)
                forget(manager, key);
        if (!run_object && !left)
                return NULL;
        if (left)
                run = (struct run){.namespace = left->namespace, .name = left->run, .uid = left->uid};
        else
                run_decode(run_object, &run);
        session = session_new(manager, key, &run);
        map_set(&manager->sessions, key, session);
        return session;
}

static void log_plan(const char *key, const struct run_plan *plan)
{
        if (plan->action != RUN_WAIT && plan->action != RUN_SHOW && plan->action != RUN_FORGET && plan->action != RUN_RESOLVE)
                log_line("run planned", "run", key + 2, "action", run_action_name(plan->action), "reason", plan->reason, NULL);
}

static void end_without_request(struct manager *manager, const char *key, const struct run_view *view, const struct run_plan *plan)
{
        int64_t due_ns = view->wake_ns;

        if (plan->action == RUN_FOLD || plan->action == RUN_FOLD_SERIES)
                due_ns = loop_now_ns(manager->loop);
        if (plan->action == RUN_FORGET) {
                forget(manager, key);
                due_ns = INT64_MAX;
        }
        manager_pass_done(manager, key, due_ns);
}

void run_pass(struct manager *manager, const char *queue_key)
{
        auto_free char *key = xstrdup(queue_key);
        auto_free char *namespace = xstrndup(key + 2, strcspn(key + 2, "/"));
        const char *name = key + 2 + strlen(namespace) + 1;
        struct json_object *object = kube_cache_find(manager->runs, namespace, name);
        struct session *session = session_for(manager, key, namespace, name, object);
        struct run_view view;
        struct run_sight sight;

        /* A namesake with another UID: first end what belongs to the one that is gone. */
        bool namesake = session && object && !text_equal(session->uid, doc_text(object, "metadata.uid"));
        run_fill(manager, session, namesake ? NULL : object, &view, &sight);
        struct run_plan plan = run_decide(&view);
        log_plan(key, &plan);
        note_waiting(manager, key, &view);
        bool begun = session && run_apply(session, &view, &sight, &plan);
        bool waits = view.found && !view.admitted && !view.terminal && !view.deleting;
        if (session && waits && plan.action != RUN_ADMIT)
                session_forget_profile(session);
        if (begun)
                manager->counters.effects++;
        else
                end_without_request(manager, key, &view, &plan);
        if (!begun && plan.action == RUN_FORGET &&
            (namesake || step_jobs_of_another(&manager->step_jobs, namespace, name, doc_text(object, "metadata.uid"))))
                manager_enqueue_run(manager, namespace, name, loop_now_ns(manager->loop));
        run_sight_done(&sight);
}
