/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/run_fill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/names.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "operator/authors.h"
#include "operator/baseline.h"
#include "operator/job_pods.h"
#include "operator/run_fill_trials.h"
#include "operator/run_queue.h"
#include "operator/run_status.h"
#include "operator/run_steps.h"
#include "operator/session_mesh.h"
#include "operator/session_metrics.h"
#include "operator/variant_look.h"
#include "operator/variant_watch.h"

#define SHOW_EVERY_NS (10 * NS_PER_S)
#define LISTEN_NS (3 * NS_PER_S) /* after a restart, before silence means anything: logs are read again from their start */

/* ---- waking ---- */

void run_fill_wake_at_wall(struct run_view *view, const struct run_sight *sight, int64_t at_wall_ms)
{
        if (at_wall_ms < 0 || at_wall_ms <= sight->wall_ms)
                return;
        int64_t wake_ns = sight->now_ns + (at_wall_ms - sight->wall_ms) * NS_PER_MS;
        if (wake_ns < view->wake_ns)
                view->wake_ns = wake_ns;
}

void run_fill_wake_at(struct run_view *view, int64_t at_ns)
{
        if (at_ns < view->wake_ns)
                view->wake_ns = at_ns;
}

/* ---- profile ---- */

/* Until its plan is made: what names Secrets, or an account that applies a workload, runs only
 * when the API server asked its author for the right to them. */
static void fill_secrets(struct manager *manager, const struct session *session, struct run_sight *sight, struct run_view *view)
{
        const char *written = doc_text(session->profile_object, "metadata.creationTimestamp");
        char text[AUTHORS_TEXT_MAX];

        bool secrets = session->profile && profile_names_secrets(session->profile) && !settings_admin(manager->settings)->allow_secrets_without_policy;
        bool account = session->profile && (session->profile->has_workload || session->profile->applies);

        if (!secrets && !account)
                return;
        switch (authors_look(manager->authors, session->profile_object ? clock_parse(written) : sight->run.created_wall_ms, text)) {
        case AUTHORS_CHECKED:
                return;
        case AUTHORS_ASKED:
                view->secrets_asked = true;
                break;
        case AUTHORS_UNKNOWN:
                view->secrets_asked = view->admitted;
                view->hold = HOLD_SECRETS;
                snprintf(sight->hold_text, sizeof sight->hold_text, "%s", text);
                view->queue_position = view->queue_position ? view->queue_position : 1;
                break;
        case AUTHORS_UNCHECKED:
                view->secrets_refused = secrets;
                view->account_refused = account;
                snprintf(sight->invalid_text, sizeof sight->invalid_text, "%s", text);
                break;
        }
        run_fill_wake_at(view, sight->now_ns + RUN_FILL_AGAIN_NS);
}

static void fill_waiting(struct manager *manager, struct session *session, struct run_sight *sight, struct run_view *view)
{
        struct fail fail = {0};

        /* A waiting run takes profile and target as they stand when its turn comes. */
        if (session->context)
                session_forget_target(session);
        session_forget_profile(session);
        session_load_profile(session, &sight->run, &fail);
        if (fail.kind) {
                if (fail.kind == FAIL_INVALID)
                        view->invalid = "InvalidSpec";
                snprintf(sight->invalid_text, sizeof sight->invalid_text, "%s", fail.text);
                return;
        }
        view->profile_found = true;
        view->suspended = session->profile->suspend;
        run_queue_fill(manager, session, sight, view);
        fill_secrets(manager, session, sight, view);
}

/* ---- Job and pods ---- */

struct json_object *run_fill_find_job(struct manager *manager, const char *namespace, const char *name, const char *uid, int trial)
{
        char job_name[NAME_MAX_LEN];

        name_job(name, uid, trial, job_name);
        return kube_cache_find(manager->jobs, namespace, job_name);
}

static void fill_job(struct manager *manager, const char *namespace, const char *name, const char *uid,
                     struct run_sight *sight, struct run_view *view)
{
        struct job *job = &sight->job;

        sight->job_object = run_fill_find_job(manager, namespace, name, uid, view->trial);
        /* Of a run that is over or gone every Job has to go, one after the other. */
        for (int trial = view->trial; !sight->job_object && trial > 0 && (!view->found || view->terminal || view->deleting); trial--)
                sight->job_object = run_fill_find_job(manager, namespace, name, uid, trial - 1);
        if (!sight->job_object)
                return;
        job_decode(sight->job_object, job);
        bool had_pods = job_had_pods(job);
        view->job_is_bound = text_equal(sight->run.job_uid, job->uid);
        bool ours = view->job_is_bound || text_equal(job->owner_uid, uid); /* a bound one, whatever became of its owners */
        view->job = run_view_job(job, ours);
        view->job_stopping = job->deleting || (job->suspended && had_pods && view->stop_reason && !view->terminal);
        /* Kubernetes 1.36 takes the start time of a suspended Job away; that its spec was changed remains. */
        bool had_load = had_pods || (job->generation > 1 && sight->run.start_at_wall_ms >= 0);
        view->job_interrupted = view->bound && view->job == JOB_SUSPENDED && had_load && !view->stop_reason;
}

/* ---- records ---- */

struct pods_seen {
        struct session *session;
        struct run_view *view;
        struct run_sight *sight;
        int count;
        char waiting[254]; /* a pod that has a node and no running container, empty when there is none */
};

static void see_pod(void *owner, struct json_object *object)
{
        struct pods_seen *seen = owner;
        struct pod pod;

        pod_decode(object, &pod);
        seen->count++;
        session_see_pod(seen->session, object, false);
        seen->view->pods_left = seen->view->pods_left || !pod.ended;
        if (pod.node && !pod.running && !pod.ended)
                snprintf(seen->waiting, sizeof seen->waiting, "%s", pod.name);
        if (!pod.start_at || !*pod.start_at)
                return;
        seen->view->workers_announced++;
        seen->sight->start_at_wall_ms = strtoll(pod.start_at, NULL, 10);
}

/* Workers of which no pod is left, and none will come any more, have said all they ever will. */
static void lose_the_absent(struct session *session, const struct run_view *view)
{
        bool none_will_come = view->job == JOB_ENDED || (view->job == JOB_ABSENT && view->bound) ||
                              (view->job == JOB_SUSPENDED && (view->stop_reason || view->job_interrupted));

        if (!session->harvest || !none_will_come || view->pods_left || view->taken_over)
                return;
        for (uint32_t i = 0; i < session->followers_len; i++) {
                struct follower *follower = &session->followers[i];
                bool over = !follower->stream && (!follower->pod || !harvest_wants_log(session->harvest, i) ||
                                                  !kube_cache_find(session->manager->pods, session->namespace, follower->pod));
                if (over)
                        harvest_lost(session->harvest, i, "no pod left");
        }
}

static void fill_records(struct session *session, struct run_view *view)
{
        if (!session->harvest)
                return;
        view->workers = (int)session->load_plan->workers;
        view->workers_ready = (int)harvest_count(session->harvest, HARVEST_READY);
        bool search = session->profile && session->profile->capacity.given; /* a probe that is braked did not hold, and the search goes on */
        for (uint32_t i = 0; i < session->load_plan->workers && !search; i++)
                view->braked = view->braked || text_equal(harvest_worker(session->harvest, i)->reason, "braked");
        lose_the_absent(session, view);
        if (harvest_done(session->harvest) && !view->pods_left)
                view->records = RECORDS_SETTLED;
        else if (harvest_count(session->harvest, HARVEST_HELLO) > 0)
                view->records = RECORDS_PARTIAL;
}

/* Workers that do nothing any more. */
static uint32_t workers_over(const struct session *session)
{
        return harvest_count(session->harvest, HARVEST_ENDED) + harvest_count(session->harvest, HARVEST_LOST);
}

/* All that the load does is done, though not all of it may have been read. */
static bool load_is_over(const struct session *session, const struct run_view *view)
{
        return view->records == RECORDS_SETTLED || (session->harvest && workers_over(session) >= session->load_plan->workers);
}

/* The proxies are asked when the workers are ready, and the load waits for it: what they count from then on is the load's. And once more when
 * the load is over; what the workers said waits for it. Either at most as long as a page may take. */
static void fill_mesh(struct session *session, const struct run_sight *sight, bool over, struct run_view *view)
{
        bool ready = view->workers > 0 && view->workers_ready == view->workers;

        session_mesh_look(session, ready, sight->begun_wall_ms >= 0, over);
        view->proxies_unread = ready && !session_mesh_begun(session);
        if (view->proxies_unread && view->workers_announced == 0)
                run_fill_wake_at(view, sight->now_ns + RUN_FILL_AGAIN_NS);
        if (view->records == RECORDS_SETTLED && !session_mesh_closed(session))
                view->records = RECORDS_PARTIAL;
}

/* The administrator's sources are asked when the load is over, and what the workers said waits for the answers, as long as they may take. */
static void fill_metrics(struct session *session, const struct run_sight *sight, bool over, struct run_view *view)
{
        session_metrics_look(session, sight, over);
        if (view->records == RECORDS_SETTLED && !session_metrics_closed(session))
                view->records = RECORDS_PARTIAL;
}

/* ---- time ---- */

/* A worker that is alone begins when it learns of the start, however late that is (load/record.h): its word counts, and without one an
 * instant that has passed is none yet. Nobody's load began before it was announced, or will have begun in the future. */
static void fill_begun(const struct session *session, struct run_sight *sight)
{
        sight->begun_wall_ms = sight->start_at_wall_ms;
        for (uint32_t i = 0; session->harvest && i < harvest_workers(session->harvest); i++) {
                const struct harvest_worker *worker = harvest_worker(session->harvest, i);
                if (worker->started && worker->start_wall_ms > sight->begun_wall_ms && worker->start_wall_ms <= sight->wall_ms)
                        sight->begun_wall_ms = worker->start_wall_ms;
        }
}

static bool awaits_word(const struct session *session)
{
        return session->harvest && harvest_workers(session->harvest) == 1 && !harvest_worker(session->harvest, 0)->started;
}

static const char *phase_of(const struct session *session, const struct run_view *view, const struct run_sight *sight)
{
        int64_t shape_ms = session->load_plan ? session->load_plan->shape_ms : 0;
        int64_t warmup_ms = session_warmup_ms(session);

        if (!view->admitted)
                return view->queue_position > 0 ? "Queued" : "Pending";
        if (sight->begun_wall_ms < 0)
                return "Preparing";
        if (view->job == JOB_ENDED || view->stop_reason)
                return "Collecting";
        if (awaits_word(session) || sight->wall_ms < sight->begun_wall_ms + warmup_ms)
                return "Warming";
        return sight->wall_ms < sight->begun_wall_ms + warmup_ms + shape_ms ? "Running" : "Collecting";
}

static void fill_times(struct session *session, struct run_sight *sight, struct run_view *view)
{
        const struct run *run = &sight->run;
        int64_t ready_ms = session->profile ? session->profile->ready_timeout_ms : INT64_C(300000);
        bool later_trial = view->trial > 0 && view->bound && run->trial_start_wall_ms >= 0;
        bool unready = view->workload && !run_view_applied(view);
        int64_t since_wall_ms = unready ? sight->wall_ms : view->workload && sight->apply.completed_wall_ms >= 0 ? sight->apply.completed_wall_ms
                                                                                                               : run->start_wall_ms;
        int64_t begun_wall_ms = later_trial ? run->trial_start_wall_ms : view->trial > 0 ? sight->wall_ms : since_wall_ms;
        int64_t ready_from_wall_ms = sight->job_object && sight->job.started_wall_ms >= 0 ? sight->job.started_wall_ms : begun_wall_ms;

        view->overdue = run->deadline_wall_ms >= 0 && sight->wall_ms > run->deadline_wall_ms;
        if (view->bound && session->profile && profile_trials_most(session->profile) > 1) { /* each trial has a deadline of its own */
                int64_t deadline_wall_ms = run->trial_start_wall_ms + session->profile->deadline_ms;
                view->overdue = view->overdue || sight->wall_ms > deadline_wall_ms;
                run_fill_wake_at_wall(view, sight, deadline_wall_ms + 1);
        }
        view->ready_overdue = run->start_wall_ms >= 0 && sight->wall_ms > ready_from_wall_ms + ready_ms &&
                              sight->now_ns >= session->born_ns + LISTEN_NS;
        run_fill_wake_at_wall(view, sight, run->deadline_wall_ms + 1);
        if (view->admitted && view->workers_announced == 0) {
                run_fill_wake_at_wall(view, sight, ready_from_wall_ms + ready_ms + 1);
                if (sight->now_ns < session->born_ns + LISTEN_NS)
                        run_fill_wake_at(view, session->born_ns + LISTEN_NS);
        }
        if (sight->begun_wall_ms >= 0 && session->load_plan) {
                int64_t shape_from_wall_ms = sight->begun_wall_ms + session_warmup_ms(session);
                run_fill_wake_at_wall(view, sight, shape_from_wall_ms);
                run_fill_wake_at_wall(view, sight, shape_from_wall_ms + session->load_plan->shape_ms);
                session->measured_from_wall_ms = shape_from_wall_ms;
        }
}

/* Waits for something that no watch announces: logs to be read again, a target that is not there yet, a pod that does not come. */
static bool waits_unheard(const struct run_view *view)
{
        bool missing_workers = view->job == JOB_ACTIVE && view->workers_ready < view->workers;

        return view->records != RECORDS_SETTLED &&
               (!view->context_ready || view->job == JOB_ENDED || view->stop_reason || missing_workers);
}

static void fill_over(const struct session *session, const struct run_sight *sight, struct run_view *view)
{
        if (!session->harvest || sight->begun_wall_ms < 0 || view->workers_announced == 0)
                return;
        int64_t over_wall_ms = sight->begun_wall_ms + session_warmup_ms(session) + session->load_plan->shape_ms;
        view->told_are_over = sight->wall_ms >= over_wall_ms && workers_over(session) >= (uint32_t)view->workers_announced;
}

static void fill_freshness(struct session *session, struct run_sight *sight, struct run_view *view)
{
        bool moving = view->admitted && sight->start_at_wall_ms >= 0 && view->job == JOB_ACTIVE;
        int64_t due_ns = session->shown_ns + SHOW_EVERY_NS;

        sight->phase = phase_of(session, view, sight);
        view->status_stale = view->admitted && !text_equal(sight->phase, sight->run.phase);
        view->status_stale = view->status_stale || (moving && sight->now_ns >= due_ns);
        if (moving)
                run_fill_wake_at(view, view->status_stale ? sight->now_ns + SHOW_EVERY_NS : due_ns);
        if (view->admitted && waits_unheard(view))
                run_fill_wake_at(view, sight->now_ns + RUN_FILL_AGAIN_NS);
}

static void fill_recorded(const struct run *run, struct run_view *view)
{
        view->found = true;
        view->deleting = run->deleting;
        view->accepted = run->observed_generation >= 0 && run->phase;
        view->terminal = run->terminal;
        view->cancel = run->cancel;
        view->admitted = run->start_wall_ms >= 0;
        view->stop_reason = run->stop_reason;
        view->queue_position_shown = run->queue_position;
        view->hold_shown = run_status_hold_shown(run->queue_reason);
}

void run_fill(struct manager *manager, struct session *session, struct json_object *run_object, struct run_view *ret_view,
              struct run_sight *ret_sight)
{
        char name[NAME_MAX_LEN];
        struct run_view *view = ret_view;
        struct run_sight *sight = ret_sight;

        *view = (struct run_view){.wake_ns = INT64_MAX};
        *sight = (struct run_sight){
                .start_at_wall_ms = -1,
                .begun_wall_ms = -1,
                .wall_ms = clock_wall_ms(loop_clock(manager->loop)),
                .now_ns = loop_now_ns(manager->loop),
        };
        if (!run_object) {
                view->trial = session ? session->trial : 0;
                if (!session)
                        return;
                fill_job(manager, session->namespace, session->name, session->uid, sight, view);
                run_steps_fill(manager, session, sight, view);
                return;
        }
        run_decode(run_object, &sight->run);
        const struct run *run = &sight->run;
        fill_recorded(run, view);
        view->stop_all = settings_admin(manager->settings)->stop_all;
        view->trial = run_fill_trial_now(manager, run);
        view->bound = run->trials_bound > view->trial;
        fill_job(manager, run->namespace, run->name, run->uid, sight, view);
        if (view->terminal || view->deleting) {
                run_steps_fill(manager, session, sight, view);
                return;
        }
        name_plan(run->name, run->uid, name);
        view->plan_found = kube_cache_find(manager->configmaps, run->namespace, name) != NULL;
        name_result(run->name, run->uid, name);
        view->result_found = kube_cache_find(manager->configmaps, run->namespace, name) != NULL;
        if (!view->admitted) {
                run_steps_fill(manager, session, sight, view);
                fill_waiting(manager, session, sight, view);
                fill_times(session, sight, view);
                sight->phase = phase_of(session, view, sight);
                return;
        }
        view->workload = session->profile && session->profile->has_workload && !view->plan_found && !view->bound && view->trial == 0;
        /* A Job that status names and no cache shows: another operator may have made it, or it is gone. Asked for once. */
        view->taken_over = !session->caught_up || (view->bound && view->job == JOB_ABSENT && !session->absence_checked);
        run_fill_trials(manager, session, sight, view);
        run_steps_fill(manager, session, sight, view);
        struct pods_seen seen = {.session = session, .view = view, .sight = sight};
        if (sight->job_object)
                job_pods_each(manager, run->namespace, sight->job.name, see_pod, &seen);
        if (view->job == JOB_ACTIVE && !view->job_stopping && (seen.count == 0 || seen.waiting[0]))
                session_ask_events(session, seen.waiting[0] ? seen.waiting : sight->job.name);
        if (sight->start_at_wall_ms < 0 && view->bound)
                sight->start_at_wall_ms = run->start_at_wall_ms;
        if (view->workload && view->apply == JOB_ACTIVE)
                session_ask_events(session, sight->apply.name);
        session_settle(session);
        /* Before the load is released all of it must be known; afterwards what changes is enough. */
        bool released = view->bound && view->job != JOB_SUSPENDED;
        bool guarded = session_guard(session) || released || view->stop_reason;
        if (session->suspect_since_ns)
                run_fill_wake_at(view, sight->now_ns + RUN_FILL_AGAIN_NS);
        view->target_problem = session->problem[0] ? session->problem : NULL;
        view->target_denied = session->denial[0] != '\0';
        view->context_ready = session_ready(session) && (!view->plan_found || session->plan_loaded) && guarded;
        view->refused = session->refused;
        if (!view->plan_found)
                fill_secrets(manager, session, sight, view);
        fill_records(session, view);
        fill_begun(session, sight);
        bool over = load_is_over(session, view);
        fill_mesh(session, sight, over, view);
        fill_metrics(session, sight, over, view);
        if (view->series_over)
                view->records = RECORDS_SETTLED; /* nothing is left that could be stopped */
        view->applied_unread = variant_look_due(session);
        variant_watch_see(session, view);
        view->baseline_unread = baseline_unread(session);
        view->packed = session->packed;
        view->chunks_left = session->packed && session->stored < session->pack.len;
        fill_times(session, sight, view);
        fill_over(session, sight, view);
        fill_freshness(session, sight, view);
}

void run_sight_done(struct run_sight *sight)
{
        free(sight->target_key);
}
