/* SPDX-License-Identifier: Apache-2.0
 *
 * What each action writes: one effect (run_effect.h), START one annotation per worker pod. */
#include "operator/run_apply.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/job.h"
#include "api/names.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/client.h"
#include "operator/baseline.h"
#include "operator/job_pods.h"
#include "operator/run_effect.h"
#include "operator/run_look.h"
#include "operator/run_series.h"
#include "operator/run_status.h"
#include "operator/run_steps.h"
#include "operator/session_mesh.h"
#include "operator/variant_look.h"
#include "result/pack.h"

#define START_MARGIN_MS 2000

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
        struct run_effect *effect = run_effect_new(session, &kind_runs, session->manager->runs, run->name, run->uid, plan->action);
        if (plan->action == RUN_SHOW)
                run_effect_rest(effect, view->wake_ns);
        run_effect_patch(effect, "status", patch);
        return true;
}

/* ---- plan and Job ---- */

static bool create(struct session *session, const struct kube_kind *kind, struct kube_cache *cache,
                   struct json_object *object, enum run_action action)
{
        struct run_effect *effect = run_effect_new(session, kind, cache, doc_text(object, "metadata.name"), NULL, action);
        run_effect_create(effect, object);
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
        struct run_effect *effect = run_effect_new(session, &kind_runs, session->manager->runs, run->name, run->uid, RUN_CREATE_JOB);
        struct fail why = {0};

        fail_set(&why, FAIL_CONFLICT, "the Job that was made for the run is gone");
        session->job_made = false;
        run_effect_look(effect, &why);
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

static struct run_effect *suspend(struct session *session, const struct job *job, bool suspend, enum run_action action)
{
        auto_json struct json_object *patch = doc_object();

        doc_set(patch, "metadata", doc_set_text(doc_set_text(doc_object(), "uid", job->uid), "resourceVersion", job->version));
        doc_set(patch, "spec", doc_set_bool(doc_object(), "suspend", suspend));
        struct run_effect *effect = run_effect_new(session, &kube_jobs, session->manager->jobs, job->name, job->uid, action);
        run_effect_patch(effect, NULL, patch);
        return effect;
}

static bool suspend_job(struct session *session, const struct job *job, bool wanted, enum run_action action)
{
        return suspend(session, job, wanted, action) != NULL;
}

/* Its pods will come. */
static bool release_job(struct session *session, const struct run_view *view, const struct run_sight *sight)
{
        int64_t again_ns = sight->now_ns + RUN_FILL_AGAIN_NS;
        struct run_effect *effect = suspend(session, &sight->job, false, RUN_RELEASE_JOB);

        run_effect_rest(effect, view->wake_ns < again_ns ? view->wake_ns : again_ns);
        return true;
}

static bool delete_job(struct session *session, const struct job *job)
{
        struct run_effect *effect = run_effect_new(session, &kube_jobs, session->manager->jobs, job->name, job->uid, RUN_DELETE_JOB);

        run_effect_delete(effect);
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
        run_effect_end_pass(session, first.kind ? &first : NULL);
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
                struct run_effect *effect = run_effect_new(session, &kube_configmaps, session->manager->configmaps,
                                                   doc_text(next, "metadata.name"), uid, RUN_DELETE_JOB);
                run_effect_delete(effect);
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
        run_effect_end_pass(session, bad.kind ? &bad : NULL);
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
                return release_job(session, view, sight);
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
