/* SPDX-License-Identifier: Apache-2.0
 *
 * Effects. Each is one write (START: one per worker pod) that carries what it was decided on: a UID, a resourceVersion, a name
 * that exists once. An answer that leaves the outcome open is followed by a live read, never by a blind repeat. */
#include "operator/run_apply.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/job.h"
#include "api/names.h"
#include "base/guard.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/client.h"
#include "operator/baseline.h"
#include "operator/job_pods.h"
#include "operator/run_look.h"
#include "operator/run_series.h"
#include "operator/run_status.h"
#include "operator/run_steps.h"
#include "operator/session_mesh.h"
#include "operator/variant_look.h"
#include "result/pack.h"

#define START_MARGIN_MS 2000

struct effect {
        struct session *session;
        const struct kube_kind *kind;
        struct kube_cache *cache;
        char *name, *uid;      /* uid: of what was there when it was decided; NULL for a create */
        enum run_action action;
        struct fail fail;      /* the first answer, while the live read runs */
        char digest[PACK_SHA256_MAX]; /* of what a create of results wanted to store */
};

static struct effect *effect_new(struct session *session, const struct kube_kind *kind, struct kube_cache *cache,
                                 const char *name, const char *uid, enum run_action action)
{
        struct effect *effect = xnew(struct effect);

        *effect = (struct effect){.session = session, .kind = kind, .cache = cache, .name = xstrdup(name),
                                  .uid = uid ? xstrdup(uid) : NULL, .action = action};
        session->effect = effect;
        if (action == RUN_ADMIT)
                map_set(&session->manager->admitting, session->key + 2, session);
        return effect;
}

void effect_free(struct effect *effect)
{
        if (!effect)
                return;
        effect->session->effect = NULL;
        if (effect->action == RUN_ADMIT)
                map_remove(&effect->session->manager->admitting, effect->session->key + 2);
        free(effect->name);
        free(effect->uid);
        free(effect);
}

static struct kube_ref ref_of(const struct effect *effect)
{
        return (struct kube_ref){effect->kind, effect->session->namespace, effect->name};
}

static void end_pass(struct session *session, const struct fail *fail)
{
        struct manager *manager = session->manager;

        session->request = 0;
        if (fail && fail->kind)
                manager_pass_failed(manager, session->key, fail);
        else
                manager_pass_done(manager, session->key, loop_now_ns(manager->loop));
}

/* ---- answers ---- */

static void note_refusal(struct session *session, const struct fail *fail)
{
        session->refused = true;
        snprintf(session->refusal, sizeof session->refusal, "%s", fail->text);
}

/* Events for what a person waits for, once it is stored; the conditions say the rest. */
static void tell_people(const struct effect *effect, struct json_object *run)
{
        static const char *const reasons[] = {
                [RUN_ACCEPT] = "Waiting", [RUN_ADMIT] = "Admitted", [RUN_RECORD_STOP] = "Stopping", [RUN_FINISH] = "Finished"};
        const char *reason = effect->action < ARRAY_LEN(reasons) ? reasons[effect->action] : NULL;
        const char *message = doc_text(run, "status.message");
        bool bad = effect->action == RUN_RECORD_STOP || text_equal(doc_text(run, "status.phase"), "Failed") ||
                   text_equal(doc_text(run, "status.verdict"), "Fail");

        if (reason)
                event_emit(effect->session->manager->events, run, bad, reason, run_action_name(effect->action), message ? message : "");
}

static void take_steps(struct session *session, struct json_object *configmap)
{
        struct fail fail = {0};

        if (run_steps_load(session, configmap, &fail))
                note_refusal(session, &fail);
}

static void succeeded(struct effect *effect, struct json_object *object)
{
        struct session *session = effect->session;

        /* A background delete removes the object itself at once; its answer may still show the object. */
        if (effect->action == RUN_DELETE_JOB)
                kube_cache_gone(effect->cache, session->namespace, effect->name, effect->uid);
        else if (object && doc_text(object, "metadata.uid"))
                kube_cache_wrote(effect->cache, object);
        if (effect->kind == &kind_runs)
                tell_people(effect, object);
        if (effect->action == RUN_CREATE_PLAN) {
                struct fail fail = {0};
                if (!session->plan_loaded && session_load_plan(session, object, &fail))
                        note_refusal(session, &fail);
        }
        if (effect->action == RUN_CREATE_STEPS)
                take_steps(session, object);
        if (effect->action == RUN_ADMIT)
                session->caught_up = true;
        if (effect->action == RUN_RELEASE_APPLY || (effect->action == RUN_DELETE_JOB && effect->cache == session->manager->jobs))
                session->undo_looked = false; /* a pod of it may be there that nobody has told of */
        if (effect->action == RUN_CREATE_JOB)
                session->job_made = true;
        if (effect->action == RUN_STORE)
                session->stored++;
        if (effect->action == RUN_FINISH)
                session->manager->counters.runs_finished++;
}

/* The live read after an answer that left something open. */
static void live_read_done(void *owner, struct json_object *object, const struct fail *fail)
{
        struct effect *effect = owner;
        struct session *session = effect->session;
        struct fail first = effect->fail;

        if (fail->kind == FAIL_NONE) {
                kube_cache_wrote(effect->cache, object);
                /* Somebody, perhaps we before a restart, stored this chunk already. Equal bytes are ours; others are
                 * replaced while no manifest names them. */
                if (effect->action == RUN_STORE) {
                        char digest[PACK_SHA256_MAX];
                        pack_digest(object, digest);
                        if (text_equal(digest, effect->digest))
                                session->stored++;
                        else
                                session->stale_chunk = (free(session->stale_chunk), xstrdup(doc_text(object, "metadata.uid")));
                        first.kind = FAIL_NONE;
                }
                if (effect->action == RUN_CREATE_STEPS) {
                        take_steps(session, object); /* perhaps those of an earlier life: they are what counts then */
                        first.kind = FAIL_NONE;
                }
                if (effect->action == RUN_CREATE_PLAN && first.kind == FAIL_EXISTS && !session->plan_loaded)
                        first.kind = FAIL_NONE; /* the plan of an earlier life: the next pass reads it */
        } else if (fail->kind == FAIL_MISSING && effect->uid) {
                kube_cache_gone(effect->cache, session->namespace, effect->name, effect->uid);
        }
        effect_free(effect);
        end_pass(session, first.kind ? &first : NULL);
}

static void effect_done(void *owner, struct json_object *object, const struct fail *fail)
{
        struct effect *effect = owner;
        struct session *session = effect->session;

        session->request = 0;
        bool gone_already = fail->kind == FAIL_MISSING && effect->action == RUN_DELETE_JOB;
        switch (gone_already ? FAIL_NONE : fail->kind) {
        case FAIL_NONE:
                succeeded(effect, object);
                effect_free(effect);
                end_pass(session, NULL);
                return;
        case FAIL_EXISTS:
        case FAIL_CONFLICT:
        case FAIL_UNKNOWN:
        case FAIL_MISSING:
        case FAIL_TIMEOUT: {
                if (!guard_stands(GUARD_LIVE_READ))
                        break;
                struct kube_ref ref = ref_of(effect);
                effect->fail = *fail;
                session->request = kube_get(session->manager->client, &ref, live_read_done, effect);
                return;
        }
        case FAIL_INVALID:
        case FAIL_TOO_LARGE:
                if (effect->action == RUN_CREATE_PLAN || effect->action == RUN_CREATE_JOB || effect->action == RUN_CREATE_STEPS ||
                    effect->action == RUN_CREATE_APPLY || effect->action == RUN_CREATE_UNDO)
                        note_refusal(session, fail);
                break;
        default:
                break;
        }
        effect_free(effect);
        end_pass(session, fail);
}

/* ---- status ---- */

static bool write_status(struct session *session, const struct run_view *view, const struct run_sight *sight,
                         const struct run_plan *plan)
{
        const struct run *run = &sight->run;
        auto_json struct json_object *next = run_status_next(session, view, sight, plan);
        auto_json struct json_object *patch = run_status_patch(run, next);

        session->shown_ns = sight->now_ns;
        if (!patch)
                return false;
        struct effect *effect = effect_new(session, &kind_runs, session->manager->runs, run->name, run->uid, plan->action);
        struct kube_ref ref = ref_of(effect);
        session->request = kube_patch(session->manager->client, &ref, "status", KUBE_PATCH_MERGE, patch, effect_done, effect);
        return true;
}

/* ---- plan and Job ---- */

static bool create(struct session *session, const struct kube_kind *kind, struct kube_cache *cache,
                   struct json_object *object, enum run_action action)
{
        struct effect *effect = effect_new(session, kind, cache, doc_text(object, "metadata.name"), NULL, action);
        struct kube_ref ref = ref_of(effect);

        if (action == RUN_STORE)
                pack_digest(object, effect->digest);
        session->request = kube_create(session->manager->client, &ref, object, effect_done, effect);
        return true;
}

static bool create_plan(struct session *session, const struct run_sight *sight)
{
        auto_json struct json_object *context = context_encode_state(session->context), *baseline = baseline_choose(session, &sight->run);
        struct plan_parts parts = {
                .run = &sight->run,
                .profile = session->profile,
                .profile_object = session->profile_object,
                .target = session->target,
                .context = context,
                .image = session->manager->options->image,
                .mesh = session_mesh_before(session),
                .baseline = baseline,
        };
        for (uint32_t i = 0; i < profile_arms(session->profile); i++)
                parts.pods[i] = session_mesh_encode_pod(session, i);
        auto_json struct json_object *configmap = plan_encode(&parts);
        for (uint32_t i = 0; i < profile_arms(session->profile); i++)
                json_object_put(parts.pods[i]);

        return create(session, &kube_configmaps, session->manager->configmaps, configmap, RUN_CREATE_PLAN);
}

/* A Job that was just made and is gone: garbage collection takes Jobs of a run that is gone, and our watch may be the last to know. */
static bool look_for_run(struct session *session, const struct run *run)
{
        struct effect *effect = effect_new(session, &kind_runs, session->manager->runs, run->name, run->uid, RUN_CREATE_JOB);
        struct kube_ref ref = ref_of(effect);

        fail_set(&effect->fail, FAIL_CONFLICT, "the Job that was made for the run is gone");
        session->job_made = false;
        session->request = kube_get(session->manager->client, &ref, live_read_done, effect);
        return true;
}

static bool create_job(struct session *session, const struct run_sight *sight)
{
        if (session->job_made)
                return look_for_run(session, &sight->run);
        const char *image = doc_text(session->plan.meta, "image");
        auto_json struct json_object *job = job_encode(&sight->run, session->profile, image, session->trial, session->arm);
        if (session->trial > 0)
                job_prefer_nodes(job, doc_at(session->trials[0], "nodes"));
        if (session_shared_warmup_ms(session) >= 0)
                job_set_warmup(job, session_shared_warmup_ms(session));
        if (session->profile->capacity.given)
                job_set_hold(job, session->load_plan->shape[0].from_rps, session->load_plan->shape_ms);
        job_add_pod(job, plan_pod(&session->plan, session->arm));

        return create(session, &kube_jobs, session->manager->jobs, job, RUN_CREATE_JOB);
}

static bool create_steps(struct session *session, const struct run_sight *sight)
{
        auto_json struct json_object *configmap = run_steps_encode(session, sight);

        return create(session, &kube_configmaps, session->manager->configmaps, configmap, RUN_CREATE_STEPS);
}

static bool create_step_job(struct session *session, const struct run_sight *sight, enum step_role role, enum run_action action)
{
        auto_json struct json_object *job = run_steps_encode_job(session, sight, role), *alone = mesh_client_encode(MESH_CLIENT_EXCLUDED, NULL);

        job_add_pod(job, alone); /* it speaks with the API server alone, and has to end */
        return create(session, &kube_jobs, session->manager->jobs, job, action);
}

static bool suspend_job(struct session *session, const struct job *job, bool suspend, enum run_action action)
{
        auto_json struct json_object *patch = doc_object();

        doc_set(patch, "metadata", doc_set_text(doc_set_text(doc_object(), "uid", job->uid), "resourceVersion", job->version));
        doc_set(patch, "spec", doc_set_bool(doc_object(), "suspend", suspend));
        struct effect *effect = effect_new(session, &kube_jobs, session->manager->jobs, job->name, job->uid, action);
        struct kube_ref ref = ref_of(effect);
        session->request = kube_patch(session->manager->client, &ref, NULL, KUBE_PATCH_MERGE, patch, effect_done, effect);
        return true;
}

static bool delete_job(struct session *session, const struct job *job)
{
        struct effect *effect = effect_new(session, &kube_jobs, session->manager->jobs, job->name, job->uid, RUN_DELETE_JOB);
        struct kube_ref ref = ref_of(effect);

        session->request = kube_delete(session->manager->client, &ref, job->uid, effect_done, effect);
        return true;
}

/* ---- the start ---- */

struct start {
        struct session *session;
        int64_t at_wall_ms;
};

static void pod_told(void *owner, struct json_object *object, const struct fail *fail)
{
        struct session *session = owner;

        if (fail->kind == FAIL_NONE)
                kube_cache_wrote(session->manager->pods, object);
        else
                session->start_fail = *fail;
        if (--session->requests_left > 0)
                return;
        struct fail first = session->start_fail;
        session->start_fail = (struct fail){0};
        end_pass(session, first.kind ? &first : NULL);
}

static void tell_pod(void *owner, struct json_object *object)
{
        struct start *start = owner;
        struct session *session = start->session;
        struct pod pod;
        char text[24];

        pod_decode(object, &pod);
        if ((pod.start_at && *pod.start_at) || pod.ended || pod.deleting || pod.index < 0)
                return;
        if (!harvest_worker(session->harvest, (uint32_t)pod.index)->ready)
                return;
        snprintf(text, sizeof text, "%" PRId64, start->at_wall_ms);
        auto_json struct json_object *patch = doc_object();
        struct json_object *metadata = doc_set_text(doc_object(), "uid", pod.uid);
        doc_set(metadata, "annotations", doc_set_text(doc_object(), ANNOTATION_START, text));
        doc_set(patch, "metadata", metadata);
        session->requests_left++;
        session_asked(session, kube_patch(session->manager->client, &(struct kube_ref){&kube_pods, session->namespace, pod.name},
                                          NULL, KUBE_PATCH_MERGE, patch, pod_told, session));
}

static bool start_workers(struct session *session, const struct run_sight *sight)
{
        struct start start = {.session = session, .at_wall_ms = sight->start_at_wall_ms};

        /* Workers that were told already keep the instant; who comes later joins it. */
        if (start.at_wall_ms < 0)
                start.at_wall_ms = sight->wall_ms + START_MARGIN_MS;
        session->requests_left = 0;
        job_pods_each(session->manager, session->namespace, sight->job.name, tell_pod, &start);
        return session->requests_left > 0;
}

/* ---- results ---- */

static bool store_next(struct session *session)
{
        struct json_object *next = session->pack.maps[session->stored];

        if (session->stale_chunk) {
                auto_free char *uid = take(session->stale_chunk);
                struct effect *effect = effect_new(session, &kube_configmaps, session->manager->configmaps,
                                                   doc_text(next, "metadata.name"), uid, RUN_DELETE_JOB);
                struct kube_ref ref = ref_of(effect);
                session->request = kube_delete(session->manager->client, &ref, uid, effect_done, effect);
                return true;
        }
        return create(session, &kube_configmaps, session->manager->configmaps, next, RUN_STORE);
}

static void result_arrived(void *owner, struct json_object *configmap, const struct fail *fail)
{
        struct session *session = owner;
        const char *text = doc_text(configmap, "data[\"summary.json\"]");
        struct json_object *summary = NULL;
        struct fail bad = *fail;

        if (!bad.kind && (!text || doc_parse(text, strlen(text), &summary, NULL))) {
                /* Somebody else's object under our name: say so instead of waiting for ever. */
                session->final = doc_set_text(doc_object(), "phase", "Failed");
                doc_set_text(doc_set_text(session->final, "reason", "ResultConflict"), "message",
                             "the result ConfigMap's name is taken by another object");
        } else if (!bad.kind) {
                char digest[PACK_SHA256_MAX];
                struct json_object *ref = doc_set_text(doc_object(), "configMap", doc_text(configmap, "metadata.name"));
                auto_free char *word = NULL;
                pack_digest(configmap, digest);
                word = xasprintf("sha256:%s", digest);
                session->final = doc_copy(doc_at(summary, "status"));
                doc_set(session->final, "resultRef", doc_set_text(ref, "digest", word));
                json_object_put(summary);
        }
        end_pass(session, bad.kind ? &bad : NULL);
}

/* The end is written from the stored result: after a restart it is read back first. */
static bool finish(struct session *session, const struct run_view *view, const struct run_sight *sight,
                   const struct run_plan *plan)
{
        char name[NAME_MAX_LEN];

        if (view->result_found && !session->final) {
                name_result(session->name, session->uid, name);
                session->request = kube_get(session->manager->client,
                                            &(struct kube_ref){&kube_configmaps, session->namespace, name}, result_arrived, session);
                return true;
        }
        return write_status(session, view, sight, plan);
}

bool run_apply(struct session *session, const struct run_view *view, const struct run_sight *sight,
               const struct run_plan *plan)
{
        switch (plan->action) {
        case RUN_ADMIT:
                session_resolve(session, &sight->run, view); /* reads meanwhile what the plan will need */
                return write_status(session, view, sight, plan);
        case RUN_ACCEPT:
        case RUN_SHOW_QUEUE:
        case RUN_BIND_APPLY:
        case RUN_BIND_JOB:
        case RUN_RECORD_STOP:
        case RUN_SHOW:
                return write_status(session, view, sight, plan);
        case RUN_FINISH:
                return finish(session, view, sight, plan);
        case RUN_CREATE_STEPS:
                return create_steps(session, sight);
        case RUN_CREATE_UNDO:
                return create_step_job(session, sight, STEP_UNDO, plan->action);
        case RUN_CREATE_APPLY:
                return create_step_job(session, sight, STEP_APPLY, plan->action);
        case RUN_RELEASE_APPLY:
                return suspend_job(session, &sight->apply, false, plan->action);
        case RUN_DELETE_APPLY:
                return delete_job(session, &sight->apply);
        case RUN_RELEASE_UNDO:
                return suspend_job(session, &sight->undo, false, plan->action);
        case RUN_DELETE_UNDO:
                return delete_job(session, &sight->undo);
        case RUN_CREATE_PLAN:
                return create_plan(session, sight);
        case RUN_CREATE_JOB:
                return create_job(session, sight);
        case RUN_RELEASE_JOB:
                return suspend_job(session, &sight->job, false, plan->action);
        case RUN_STOP_JOB:
                return suspend_job(session, &sight->job, true, plan->action);
        case RUN_DELETE_JOB:
                return delete_job(session, &sight->job);
        case RUN_DELETE_LEFT:
                return delete_job(session, &sight->left);
        case RUN_START:
                return start_workers(session, sight);
        case RUN_STORE:
                return store_next(session);
        case RUN_LOOK:
                session->absence_checked = view->bound && view->job == JOB_ABSENT;
                run_look(session);
                return true;
        case RUN_RESOLVE:
                session_resolve(session, &sight->run, view);
                return false;
        case RUN_READ_APPLIED:
                return variant_look(session, sight);
        case RUN_READ_BASELINE:
                return baseline_read(session);
        case RUN_READ_TRIAL:
                return run_series_read(session);
        case RUN_FOLD_SERIES:
                run_status_fold_series(session, view, sight);
                return false;
        case RUN_FOLD:
                run_status_fold(session, view, sight);
                return false;
        case RUN_FORGET:
        case RUN_WAIT:
                return false;
        }
        return false;
}
