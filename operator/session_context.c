/* SPDX-License-Identifier: Apache-2.0
 *
 * How a session comes to know its plan, its target and what surrounds it. Before the plan exists these are read from the
 * cluster; afterwards the plan alone says what is run, and the cluster only what changes meanwhile. */
#include <stdio.h>
#include <string.h>

#include "api/names.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "operator/run_steps.h"
#include "operator/session.h"
#include "operator/session_also.h"
#include "operator/session_mesh.h"
#include "operator/session_samples.h"

#define AROUND_WAIT_NS (5 * NS_PER_S)
#define ASK_AGAIN_NS NS_PER_S

static void say_problem(struct session *session, const char *text)
{
        snprintf(session->problem, sizeof session->problem, "%s", text);
}

/* What was asked for and not had is asked for again, but not at once: an answer comes sooner than anything changes. */
static void ask_again(struct session *session)
{
        struct manager *manager = session->manager;

        manager_enqueue_run(manager, session->namespace, session->name, loop_now_ns(manager->loop) + ASK_AGAIN_NS);
}

/* ---- what surrounds the target ---- */

static void around_changed(void *owner, enum context_kind kind, struct json_object *before, struct json_object *after)
{
        struct session *session = owner;
        struct json_object *object = after ? after : before;

        if (kind == CONTEXT_ENDPOINT_SLICE || kind == CONTEXT_POD)
                session->guard_due = true;
        if (kind == CONTEXT_ENDPOINT_SLICE && session->plan_loaded)
                session_wake(session); /* where the load goes has changed */
        if (kind == CONTEXT_POD && doc_text(object, "spec.nodeName")) {
                session_samples_see_pod(session, SAMPLES_TARGET, object);
                session_ask_node(session, doc_text(object, "spec.nodeName"));
        }
        if (!session->before_marked)
                context_add(session->context, kind, object);
        else
                context_observe(session->context, kind, before, after, clock_wall_ms(loop_clock(session->manager->loop)));
}

static void around_listed(void *owner)
{
        session_wake(owner);
}

static void watch_around(struct session *session)
{
        session->around_since_ns = loop_now_ns(session->manager->loop);
        session_also_open(session);
        if (session->profile->url)
                return; /* nothing of it is an object */
        around_open(&session->around, &(struct around_options){
                .client = session->manager->client,
                .namespace = session_target_namespace(session),
                .service = session->profile->service,
                .selector = session->selector,
                .changed = around_changed,
                .listed = around_listed,
                .owner = session,
        });
}

bool session_around_settled(const struct session *session)
{
        if (!session->around_since_ns)
                return false;
        return (around_synced(&session->around) && session_also_settled(session)) ||
               loop_now_ns(session->manager->loop) - session->around_since_ns > AROUND_WAIT_NS;
}

static void open_context(struct session *session)
{
        if (session->context)
                return;
        session->context = context_new();
        session->samples = session_samples_new(session);
        session_also_new(session);
        if (session->manager->options->namespace)
                context_nodes_unknown(session->context);
}

/* ---- the plan, after a restart or a change of leader ---- */

static void target_of_plan(struct session *session)
{
        struct target *target = xnew(struct target);

        target->addresses = json_object_get(doc_at(session->plan.target, "addresses"));
        target->selector = json_object_get(doc_at(session->plan.target, "selector"));
        target->guard = json_object_get(doc_at(session->plan.worker, "guard"));
        target->key = xstrdup(doc_text(session->plan.target, "key") ? doc_text(session->plan.target, "key") : "");
        target->authority = xstrdup("");
        target->sni = xstrdup("");
        session->target = target;
        if (!session->selector)
                session->selector = json_object_get(target->selector);
}

enum fail_kind session_load_plan(struct session *session, struct json_object *configmap, struct fail *fail)
{
        plan_done(&session->plan);
        session_forget_load_plans(session);
        if (plan_decode(configmap, &session->plan, fail))
                return fail->kind;
        if (!session->profile && profile_decode(session->plan.spec, &session->profile, fail))
                return fail->kind;
        for (uint32_t i = 0; i < profile_arms(session->profile); i++)
                if (load_plan_decode(plan_worker(&session->plan, i), &session->load_plans[i], fail))
                        return fail->kind;
        if (!session->target)
                target_of_plan(session);
        session->plan_loaded = true;
        session_enter_trial(session);
        return FAIL_NONE;
}

static void ask_service(struct session *session);

/* A plan that the cache showed and that is not there is gone: the next pass decides without it. Any other failure is tried again. */
static void plan_refused(struct session *session, const struct fail *fail)
{
        struct manager *manager = session->manager;
        char name[NAME_MAX_LEN];

        say_problem(session, fail->text);
        if (fail->kind != FAIL_MISSING) {
                ask_again(session);
                return;
        }
        name_plan(session->name, session->uid, name);
        kube_cache_gone(manager->configmaps, session->namespace, name, session->plan_uid);
        session_wake(session);
}

static void plan_arrived(void *owner, struct json_object *configmap, const struct fail *fail)
{
        struct session *session = owner;
        struct fail bad = {0};

        session->plan_asked = false;
        if (fail->kind) {
                plan_refused(session, fail);
                return;
        }
        if (session_load_plan(session, configmap, &bad)) {
                session->refused = true; /* a plan that this version cannot read will never be readable */
                snprintf(session->refusal, sizeof session->refusal, "%s", bad.text);
                session_wake(session);
                return;
        }
        open_context(session);
        if (!session->before_marked) {
                int64_t wall_ms = clock_wall_ms(loop_clock(session->manager->loop));
                context_restore(session->context, session->plan.context, wall_ms);
                session->before_marked = true;
                if (session->manager->blind_since_wall_ms > 0)
                        context_gap(session->context, session->manager->blind_since_wall_ms, wall_ms);
        }
        if (!session->around_since_ns)
                watch_around(session);
        const struct run run = {.namespace = session->namespace, .name = session->name, .uid = session->uid,
                                .profile = doc_text(session->plan.meta, "profile.name")};
        session_mesh_open(session, &run);
        if (session->mesh && !session->service && !session->profile->url)
                ask_service(session);
        session_wake(session);
}

static void ask_plan(struct session *session)
{
        char name[NAME_MAX_LEN];

        if (session->plan_asked)
                return;
        session->plan_asked = true;
        name_plan(session->name, session->uid, name);
        const char *uid = doc_text(kube_cache_find(session->manager->configmaps, session->namespace, name), "metadata.uid");
        snprintf(session->plan_uid, sizeof session->plan_uid, "%s", uid ? uid : "");
        session_asked(session, kube_get(session->manager->client,
                                        &(struct kube_ref){&kube_configmaps, session->namespace, name}, plan_arrived, session));
}

/* ---- profile and target, before there is a plan ---- */

static void service_arrived(void *owner, struct json_object *service, const struct fail *fail)
{
        struct session *session = owner;

        session->service_asked = false;
        if (fail->kind == FAIL_MISSING)
                snprintf(session->problem, sizeof session->problem, "there is no Service %s in namespace %s",
                         session->profile->service, session_target_namespace(session));
        else if (fail->kind)
                say_problem(session, fail->text);
        if (fail->kind) {
                ask_again(session);
                return;
        }
        json_object_put(session->service);
        session->service = json_object_get(service);
        json_object_put(session->selector);
        session->selector = json_object_get(doc_at(service, "spec.selector"));
        session->problem[0] = '\0';
        if (!session->around_since_ns) /* not in the next pass: while the run is being admitted there is none */
                watch_around(session);
        session_wake(session);
}

static void ask_service(struct session *session)
{
        if (session->service_asked)
                return;
        session->service_asked = true;
        session_asked(session, kube_get(session->manager->client,
                                        &(struct kube_ref){&kube_services, session_target_namespace(session), session->profile->service},
                                        service_arrived, session));
}

/* The profile as the run has it: merged with its overrides. *ret_object is borrowed, NULL for a template. */
static enum fail_kind profile_of(struct manager *manager, const struct run *run, struct profile **ret_profile,
                                 struct json_object **ret_object, struct fail *fail)
{
        struct json_object *object = run->profile ? kube_cache_find(manager->profiles, run->namespace, run->profile) : NULL;
        struct json_object *spec = run->profile ? doc_at(object, "spec") : run->template;
        auto_json struct json_object *merged = NULL;

        if (!spec)
                return fail_set(fail, FAIL_MISSING, "there is no PerformanceProfile %s in namespace %s",
                                run->profile ? run->profile : "(none)", run->namespace);
        if (profile_merge(spec, run->overrides, &merged, fail))
                return fail->kind;
        if (run->baseline)
                profile_pin_baseline(merged, run->baseline);
        if (profile_decode(merged, ret_profile, fail))
                return fail->kind;
        *ret_object = object;
        return FAIL_NONE;
}

enum fail_kind session_load_profile(struct session *session, const struct run *run, struct fail *fail)
{
        struct json_object *object = NULL;

        if (session->profile)
                return FAIL_NONE;
        if (profile_of(session->manager, run, &session->profile, &object, fail))
                return fail->kind;
        session->profile_object = object ? doc_copy(object) : NULL;
        return FAIL_NONE;
}

void session_forget_profile(struct session *session)
{
        session->profile = profile_free(session->profile);
        json_object_put(take(session->profile_object));
}

char *session_target_wanted(struct manager *manager, const struct run *run)
{
        struct json_object *object = NULL;
        struct profile *profile = NULL;
        struct fail fail = {0};

        if (profile_of(manager, run, &profile, &object, &fail))
                return NULL;
        char *key = target_key(profile, run->namespace);
        profile_free(profile);
        return key;
}

struct json_object *session_slices(const struct session *session)
{
        struct json_object *slices = doc_array(), *slice;
        size_t at = 0;

        while (session->around.caches[CONTEXT_ENDPOINT_SLICE] &&
               (slice = kube_cache_next(session->around.caches[CONTEXT_ENDPOINT_SLICE], &at)))
                doc_push(slices, json_object_get(slice));
        return slices;
}

static enum fail_kind make_target(struct session *session, struct target **ret_target, struct fail *fail)
{
        auto_json struct json_object *slices = session_slices(session);
        struct json_object *guard = NULL;

        if (session_encode_guard(session, &guard, fail))
                return fail->kind;
        if (session->profile->url)
                *ret_target = target_of_url(session->profile);
        else if (target_resolve(session->profile, session->service, slices, ret_target, fail)) {
                json_object_put(guard);
                return fail->kind;
        }
        (*ret_target)->guard = guard;
        return FAIL_NONE;
}

static void resolve_target(struct session *session)
{
        struct fail fail = {0};
        struct target *target = NULL;

        if (make_target(session, &target, &fail)) {
                say_problem(session, fail.text);
                session->service = (json_object_put(session->service), NULL); /* look again */
                return;
        }
        target_free(session->target);
        session->target = target;
        session->problem[0] = '\0';
}

void session_resolve(struct session *session, const struct run *run, const struct run_view *view)
{
        struct fail fail = {0};

        if (view->plan_found && !session->plan_loaded) {
                ask_plan(session);
                return;
        }
        if (!view->plan_found && view->steps_found && !view->steps_read) {
                run_steps_ask(session);
                return;
        }
        if (session_load_profile(session, run, &fail)) {
                say_problem(session, fail.text);
                return;
        }
        if (session->profile->has_workload && !view->plan_found && !run_view_applied(view))
                return; /* what it will load is not there yet */
        open_context(session);
        if (!session->service && !session->profile->url) {
                ask_service(session);
                return;
        }
        if (!session->around_since_ns)
                watch_around(session);
        session_mesh_open(session, run);
        if (!session_around_settled(session) || !session_mesh_settled(session) || session->before_marked)
                return;
        if (!session_guard(session) || session->denial[0]) {
                say_problem(session, forbidden_problem(session->manager->forbidden));
                if (session->denial[0])
                        session_wake(session);
                return;
        }
        if (!session->target)
                resolve_target(session);
        if (!session->target)
                return;
        if (session->service)
                context_add(session->context, CONTEXT_SERVICE, session->service);
        session_mesh_mark_before(session, run);
        session_also_mark(session);
        context_mark_before(session->context, clock_wall_ms(loop_clock(session->manager->loop)));
        session->before_marked = true;
        session_wake(session);
}

void session_settle(struct session *session)
{
        if (session->settled || !session->plan_loaded || !session->context || !session_around_settled(session))
                return;
        context_settle(session->context, clock_wall_ms(loop_clock(session->manager->loop)));
        session_also_mark(session);
        session->settled = true;
}

bool session_ready(const struct session *session)
{
        return session->profile && session->target && session->before_marked && session_around_settled(session);
}
