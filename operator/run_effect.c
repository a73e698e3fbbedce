/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/run_effect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/job.h"
#include "base/guard.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "operator/run_steps.h"
#include "result/pack.h"

struct run_effect {
        struct session *session;
        const struct kube_kind *kind;
        struct kube_cache *cache;
        char *name, *uid;      /* uid: of what was there when it was decided; NULL for a create */
        enum run_action action;
        struct fail fail;      /* the first answer, while the live read runs */
        char digest[PACK_SHA256_MAX]; /* of what a create of results wanted to store */
        bool rests;            /* the next pass is due at 'due_ns', not at once */
        int64_t due_ns;
};

struct run_effect *run_effect_new(struct session *session, const struct kube_kind *kind, struct kube_cache *cache,
                                 const char *name, const char *uid, enum run_action action)
{
        struct run_effect *effect = xnew(struct run_effect);

        *effect = (struct run_effect){.session = session, .kind = kind, .cache = cache, .name = xstrdup(name),
                                      .uid = uid ? xstrdup(uid) : NULL, .action = action};
        session->effect = effect;
        if (action == RUN_ADMIT)
                map_set(&session->manager->admitting, session->key + 2, session);
        return effect;
}

void run_effect_free(struct run_effect *effect)
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

static struct kube_ref ref_of(const struct run_effect *effect)
{
        return (struct kube_ref){effect->kind, effect->session->namespace, effect->name};
}

void run_effect_end_pass(struct session *session, const struct fail *fail)
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
static void tell_people(const struct run_effect *effect, struct json_object *run)
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

static void succeeded(struct run_effect *effect, struct json_object *object)
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
        struct run_effect *effect = owner;
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
        run_effect_free(effect);
        run_effect_end_pass(session, first.kind ? &first : NULL);
}

void run_effect_look(struct run_effect *effect, const struct fail *why)
{
        struct session *session = effect->session;
        struct kube_ref ref = ref_of(effect);

        effect->fail = *why;
        session->request = kube_get(session->manager->client, &ref, live_read_done, effect);
}

/* Is what the cache shows what was written, or not worth a pass beside it? Whatever came before had made the write fail. */
static bool shows_ours(const struct run_effect *effect, struct json_object *answer)
{
        struct json_object *now = kube_cache_find(effect->cache, effect->session->namespace, effect->name);
        struct job was, is;

        if (!now || !answer)
                return false;
        if (effect->kind != &kube_jobs)
                return text_equal(doc_text(now, "metadata.resourceVersion"), doc_text(answer, "metadata.resourceVersion"));
        job_decode(answer, &was);
        job_decode(now, &is);
        return !job_is_news(&was, &is);
}

static int64_t next_due_ns(const struct run_effect *effect, struct json_object *answer)
{
        return effect->rests && shows_ours(effect, answer) ? effect->due_ns : loop_now_ns(effect->session->manager->loop);
}

void run_effect_rest(struct run_effect *effect, int64_t due_ns)
{
        effect->rests = true;
        effect->due_ns = due_ns;
}

bool run_effect_echoes(const struct run_effect *effect, const struct kube_kind *kind, const char *name)
{
        return effect && effect->rests && effect->kind == kind && text_equal(effect->name, name);
}

static void effect_done(void *owner, struct json_object *object, const struct fail *fail)
{
        struct run_effect *effect = owner;
        struct session *session = effect->session;

        session->request = 0;
        bool gone_already = fail->kind == FAIL_MISSING && effect->action == RUN_DELETE_JOB;
        switch (gone_already ? FAIL_NONE : fail->kind) {
        case FAIL_NONE:
                succeeded(effect, object);
                int64_t due_ns = next_due_ns(effect, object);
                run_effect_free(effect);
                manager_pass_done(session->manager, session->key, due_ns);
                return;
        case FAIL_EXISTS:
        case FAIL_CONFLICT:
        case FAIL_UNKNOWN:
        case FAIL_MISSING:
        case FAIL_TIMEOUT:
                if (!guard_stands(GUARD_LIVE_READ))
                        break;
                run_effect_look(effect, fail);
                return;
        case FAIL_INVALID:
        case FAIL_TOO_LARGE:
                if (effect->action == RUN_CREATE_PLAN || effect->action == RUN_CREATE_JOB || effect->action == RUN_CREATE_STEPS ||
                    effect->action == RUN_CREATE_APPLY || effect->action == RUN_CREATE_UNDO)
                        note_refusal(session, fail);
                break;
        default:
                break;
        }
        run_effect_free(effect);
        run_effect_end_pass(session, fail);
}

/* ---- requests ---- */

void run_effect_create(struct run_effect *effect, struct json_object *object)
{
        struct session *session = effect->session;
        struct kube_ref ref = ref_of(effect);

        if (effect->action == RUN_STORE)
                pack_digest(object, effect->digest);
        session->request = kube_create(session->manager->client, &ref, object, effect_done, effect);
}

void run_effect_patch(struct run_effect *effect, const char *subresource, struct json_object *patch)
{
        struct session *session = effect->session;
        struct kube_ref ref = ref_of(effect);

        session->request = kube_patch(session->manager->client, &ref, subresource, KUBE_PATCH_MERGE, patch, effect_done, effect);
}

void run_effect_delete(struct run_effect *effect)
{
        struct session *session = effect->session;
        struct kube_ref ref = ref_of(effect);

        session->request = kube_delete(session->manager->client, &ref, effect->uid, effect_done, effect);
}
