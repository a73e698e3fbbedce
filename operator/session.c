/* SPDX-License-Identifier: Apache-2.0
 *
 * Life of a session, and the following of its workers' logs. What surrounds the target is session_context.c. */
#include "operator/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/job.h"
#include "api/names.h"
#include "base/guard.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "operator/run_effect.h"
#include "operator/session_also.h"
#include "operator/session_mesh.h"
#include "operator/session_metrics.h"
#include "operator/session_samples.h"
#include "operator/variant_watch.h"
#include "result/repeats.h"
#include "result/series.h"

#define LOG_SILENCE_S 120
#define LOG_RETRY_NS NS_PER_S
#define LOG_TRIES_AFTER_END 3
#define EVENTS_EVERY_NS (5 * NS_PER_S)

struct session *session_new(struct manager *manager, const char *key, const struct run *run)
{
        struct session *session = xnew(struct session);

        session->manager = manager;
        session->born_ns = loop_now_ns(manager->loop);
        session->key = xstrdup(key);
        session->namespace = xstrdup(run->namespace);
        session->name = xstrdup(run->name);
        session->uid = xstrdup(run->uid);
        session->generator_nodes = doc_array();
        session->trial_nodes = doc_array();
        session->guard_due = true;
        return session;
}

static void followers_done(struct session *session)
{
        for (uint32_t i = 0; i < session->followers_len; i++) {
                kube_cancel(session->manager->client, session->followers[i].stream);
                free(session->followers[i].pod);
        }
        free(session->followers);
        session->followers = NULL;
        session->followers_len = 0;
}

void session_begin_trial(struct session *session, int trial)
{
        if (session->trial == trial)
                return;
        session->trial = trial;
        session_samples_begin_trial(session);
        session_metrics_begin_trial(session);
        followers_done(session);
        session->harvest = harvest_free(session->harvest);
        pack_done(&session->pack);
        session->packed = session->job_made = session->applied_read = false;
        session->drift[0] = session->unwatched[0] = '\0';
        session->watch = variant_watch_free(session->watch);
        session->stored = 0;
        session->measured_from_wall_ms = 0;
        session->asked_events_ns = 0;
        session->diagnosis = (struct diagnosis){0};
        session->pause = (struct run_pause){0};
        free(take(session->stale_chunk));
        json_object_put(session->trial_nodes);
        session->trial_nodes = doc_array();
        session_enter_trial(session);
}

uint32_t session_arm_of_next(const struct session *session)
{
        struct json_object *kept[PROFILE_TRIALS_MAX];

        /* One that is run once more is of the same arm: its place in the order is not taken yet. */
        return profile_arm_of(session->profile, (uint32_t)repeats_keep(session->trials, session->trials_len, profile_arms(session->profile), false, kept));
}

struct probe_search session_search(const struct session *session)
{
        return probe_search(session->profile, session->trials, session->trials_len);
}

/* Each probe of a search holds a rate of its own. */
static void hold(struct session *session)
{
        struct capacity_step step = session_search(session).step;

        if (!step.end)
                load_plan_set_hold(session->load_plans[0], step.rate_rps, step.lengths * session->profile->capacity.probe_ms);
}

void session_enter_trial(struct session *session)
{
        if (!session->plan_loaded)
                return;
        if (session->profile->variants_len) {
                session->load_plan = NULL;
                if (session->trials_len != (size_t)session->trial)
                        return;
                session->arm = session_arm_of_next(session);
                session_mesh_begin_trial(session);
        }
        if (session->profile->capacity.given) {
                session->load_plan = NULL;
                if (session->trials_len != (size_t)session->trial)
                        return;
                hold(session);
        }
        session->load_plan = session->load_plans[session->arm];
        session_follow(session);
}

const struct profile *session_arm(const struct session *session)
{
        return profile_arm(session->profile, session->arm);
}

void session_forget_load_plans(struct session *session)
{
        session->load_plan = NULL;
        for (size_t i = 0; i < PROFILE_VARIANTS_MAX; i++)
                session->load_plans[i] = load_plan_free(session->load_plans[i]);
}

int64_t session_shared_warmup_ms(const struct session *session)
{
        int64_t found_ms = series_warmup_ms(session->trials, session->trials_len);
        const struct profile *arm = session->profile ? session_arm(session) : NULL;

        if (found_ms < 0 || !arm || !arm->warmup_auto)
                return -1;
        return found_ms < arm->warmup_ms ? found_ms : arm->warmup_ms;
}

int64_t session_warmup_ms(const struct session *session)
{
        int64_t said_ms = -1, shared_ms = session_shared_warmup_ms(session);

        for (uint32_t i = 0; session->harvest && i < harvest_workers(session->harvest); i++)
                if (harvest_worker(session->harvest, i)->warmup_ms > said_ms)
                        said_ms = harvest_worker(session->harvest, i)->warmup_ms;
        if (said_ms >= 0)
                return said_ms;
        return shared_ms >= 0 ? shared_ms : session->load_plan ? session->load_plan->warmup_ms : 0;
}

void session_forget_target(struct session *session)
{
        for (size_t i = 0; i < SESSION_ASKS; i++)
                kube_cancel(session->manager->client, session->asks[i]);
        around_done(&session->around);
        session->also = session_also_free(session->also);
        session->consent = kube_cache_free(session->consent);
        session->guard_due = true;
        session->suspect_since_ns = 0;
        session->denial[0] = '\0';
        session->mesh = session_mesh_free(session->mesh);
        session->samples = session_samples_free(session->samples);
        session->metrics = session_metrics_free(session->metrics);
        session->context = context_free(session->context);
        session->target = target_free(session->target);
        json_object_put(take(session->service));
        json_object_put(take(session->selector));
        session_forget_nodes(session);
        session->service_asked = session->before_marked = false;
        session->around_since_ns = 0;
}

struct session *session_free(struct session *session)
{
        if (!session)
                return NULL;
        kube_cancel(session->manager->client, session->request);
        run_effect_free(session->effect);
        session_forget_target(session);
        followers_done(session);
        variant_watch_free(session->watch);
        map_done_values(&session->pods_seen);
        harvest_free(session->harvest);
        pack_done(&session->pack);
        if (guard_stands(GUARD_FREE))
                plan_done(&session->plan);
        profile_free(session->profile);
        session_forget_load_plans(session);
        json_object_put(session->generator_nodes);
        json_object_put(session->trial_nodes);
        for (size_t i = 0; i < session->trials_len; i++)
                json_object_put(session->trials[i]);
        json_object_put(session->profile_object);
        json_object_put(session->final);
        json_object_put(session->baseline);
        json_object_put(session->baseline_mesh);
        json_object_put(session->look_applied);
        free(session->stale_chunk);
        free(session->key);
        free(session->namespace);
        free(session->name);
        free(session->uid);
        free(session);
        return NULL;
}

void session_asked(struct session *session, uint64_t request)
{
        /* The oldest of a ring has ended long ago: a session asks a handful of questions at a time. */
        session->asks[session->asks_len++ % SESSION_ASKS] = request;
}

void session_wake(struct session *session)
{
        manager_enqueue_run(session->manager, session->namespace, session->name, loop_now_ns(session->manager->loop));
}

/* ---- logs ---- */

static void log_arrived(void *owner, const char *data, size_t size)
{
        struct follower *follower = owner;
        struct session *session = follower->session;
        const struct harvest_worker *view = harvest_worker(session->harvest, follower->worker);
        enum harvest_state before = view->state;
        int64_t warmup_ms = view->warmup_ms;

        harvest_feed(session->harvest, follower->worker, data, size);
        bool further = view->state != before && view->state != HARVEST_HELLO; /* on that it is there nothing depends */
        if (further || view->warmup_ms != warmup_ms)
                session_wake(session);
}

static void log_closed(void *owner, const struct fail *fail)
{
        struct follower *follower = owner;
        struct session *session = follower->session;

        (void)fail; /* the end of a log stream proves nothing, whatever its reason */
        follower->stream = 0;
        follower->retry_ns = loop_now_ns(session->manager->loop) + LOG_RETRY_NS;
        harvest_cut(session->harvest, follower->worker);
        session_wake(session);
}

static void follow(struct follower *follower)
{
        struct session *session = follower->session;
        auto_free char *path = xasprintf("/api/v1/namespaces/%s/pods/%s/log?container=load&follow=true", session->namespace,
                                         follower->pod);

        follower->stream = kube_stream(session->manager->client, path, LOG_SILENCE_S, log_arrived, log_closed, follower);
}

/* Both lanes were read as far as they go: what is missing now stays missing. */
static void give_up_log(struct follower *follower, const struct pod *pod, bool gone)
{
        if (follower->stream && !gone)
                return;
        if (!gone && (harvest_wants_log(follower->session->harvest, follower->worker) &&
                      follower->tries_after_end < LOG_TRIES_AFTER_END))
                return;
        harvest_lost(follower->session->harvest, follower->worker, pod->end_reason ? pod->end_reason : gone ? "pod gone" : NULL);
}

static void note_node(struct json_object *nodes, const char *node)
{
        for (size_t i = 0; i < doc_len(nodes, ""); i++)
                if (text_equal(json_object_get_string(doc_item(nodes, i)), node))
                        return;
        doc_push_text(nodes, node);
}

static bool of_this_trial(const struct session *session, const struct pod *pod)
{
        char job[NAME_MAX_LEN];

        name_job(session->name, session->uid, session->trial, job);
        return text_equal(pod->job, job);
}

void session_see_pod(struct session *session, struct json_object *object, bool gone)
{
        struct pod pod;

        pod_decode(object, &pod);
        if (!of_this_trial(session, &pod))
                return;
        struct diagnosis diagnosis = pod_diagnose(object);
        diagnosis_take(&session->diagnosis, &diagnosis);
        if (!session->harvest || pod.index < 0 || (uint32_t)pod.index >= session->followers_len || !pod.uid)
                return;
        struct follower *follower = &session->followers[pod.index];
        if (pod.node) {
                note_node(session->generator_nodes, pod.node);
                note_node(session->trial_nodes, pod.node);
                session_samples_see_pod(session, SAMPLES_GENERATOR, object);
                session_ask_node(session, pod.node);
        }
        harvest_pod(session->harvest, follower->worker, pod.uid);
        if (!text_equal(follower->pod, pod.name)) {
                free(follower->pod);
                follower->pod = xstrdup(pod.name);
        }
        if (pod.message && guard_stands(GUARD_MESSAGE))
                harvest_message(session->harvest, follower->worker, pod.message, strlen(pod.message));
        if ((pod.running || pod.ended) && !gone && !follower->stream && harvest_wants_log(session->harvest, follower->worker) &&
            loop_now_ns(session->manager->loop) >= follower->retry_ns && follower->tries_after_end < LOG_TRIES_AFTER_END) {
                follower->tries_after_end += pod.ended;
                follow(follower);
        }
        if (pod.ended || gone)
                give_up_log(follower, &pod, gone);
}

void session_follow(struct session *session)
{
        const struct load_plan *plan = session->load_plan;
        const struct harvest_spec spec = {
                .run_uid = session->uid,
                .workers = plan->workers,
                .shape_ms = plan->shape_ms,
                .interval_ms = plan->interval_ms,
                .timeout_ms = plan->timeout_ms,
        };

        if (session->harvest)
                return;
        session->harvest = harvest_new(&spec);
        session->followers = xcalloc(plan->workers, sizeof *session->followers);
        session->followers_len = plan->workers;
        for (uint32_t i = 0; i < plan->workers; i++)
                session->followers[i] = (struct follower){.session = session, .worker = i};
}

/* ---- why no pod appears, or why it does not start ---- */

static void events_arrived(void *owner, struct json_object *list, const struct fail *fail)
{
        struct session *session = owner;
        struct json_object *items = doc_at(list, "items");

        if (fail->kind)
                return; /* only a diagnosis is missing */
        for (size_t i = 0; i < doc_len(items, ""); i++) {
                struct json_object *event = doc_item(items, i);
                const char *note = doc_text(event, "message");
                auto_free char *named = session->profile ? job_name_volume(session->profile, note) : NULL;
                struct diagnosis diagnosis = pod_diagnose_event(doc_text(event, "reason"), note, named);
                diagnosis_take(&session->diagnosis, &diagnosis);
        }
}

void session_ask_events(struct session *session, const char *name)
{
        int64_t now_ns = loop_now_ns(session->manager->loop);
        auto_free char *path = xasprintf("/api/v1/namespaces/%s/events?fieldSelector=involvedObject.name%%3D%s&limit=20",
                                         session->namespace, name);

        if (!session->asked_events_ns) {
                session->asked_events_ns = now_ns - EVENTS_EVERY_NS + NS_PER_S; /* a pod usually comes within a second */
                return;
        }
        if (now_ns - session->asked_events_ns < EVENTS_EVERY_NS)
                return;
        session->asked_events_ns = now_ns;
        session_asked(session, kube_get_path(session->manager->client, path, false, events_arrived, session));
}
