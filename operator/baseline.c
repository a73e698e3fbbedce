/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/baseline.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "operator/profile_index.h"
#include "operator/session_mesh.h"
#include "result/pack.h"

/* ---- which ---- */

static struct json_object *unusable(const char *run, const char *why)
{
        return doc_set_text(doc_set_text(doc_object(), "run", run), "problem", why);
}

/* NULL when the run can be compared with. */
static const char *why_not(const struct run *mine, struct json_object *object, const struct run *other)
{
        if (!object)
                return "there is no BenchmarkRun of this name";
        if (text_equal(mine->uid, other->uid))
                return "a run cannot be compared with itself";
        if (!other->terminal)
                return "that run has not ended yet";
        if (!text_equal(other->phase, "Succeeded"))
                return "that run did not succeed";
        if (text_equal(doc_text(other->status, "validity"), "Invalid"))
                return "the result of that run is not valid";
        if (!doc_text(other->status, "resultRef.configMap") || !doc_text(other->status, "resultRef.digest"))
                return "that run left no result";
        return NULL;
}

static struct json_object *usable(const struct run *other)
{
        struct json_object *chosen = doc_set_text(doc_set_text(doc_object(), "run", other->name), "uid", other->uid);

        doc_set_text(chosen, "configMap", doc_text(other->status, "resultRef.configMap"));
        return doc_set_text(chosen, "digest", doc_text(other->status, "resultRef.digest"));
}

static struct json_object *choose_pinned(struct manager *manager, const struct run *run, const char *name)
{
        struct json_object *object = kube_cache_find(manager->runs, run->namespace, name);
        struct run other = {0};

        if (object)
                run_decode(object, &other);
        const char *problem = why_not(run, object, &other);
        return problem ? unusable(name, problem) : usable(&other);
}

/* The newest run of the profile that measured the same and can be compared with. */
static struct json_object *choose_previous(struct manager *manager, const struct session *session, const struct run *run)
{
        const struct profile_members *members = run->profile ? profile_index_find(&manager->of_profiles, run->namespace, run->profile) : NULL;
        char digest[PROFILE_DIGEST_MAX];
        struct run best = {0};
        const char *name;
        size_t at = 0;
        void *unused;

        profile_digest(session->profile, digest);
        while (members && map_next(&members->ended, &at, &name, &unused)) {
                struct json_object *object = kube_cache_find(manager->runs, run->namespace, name);
                struct run other = {0};
                if (!object)
                        continue;
                run_decode(object, &other);
                bool same = text_equal(doc_text(other.status, "profile.digest"), digest);
                bool later = !best.object || other.finish_wall_ms > best.finish_wall_ms ||
                             (other.finish_wall_ms == best.finish_wall_ms && strcmp(other.name, best.name) > 0);
                if (same && later && !why_not(run, object, &other))
                        best = other;
        }
        if (best.object)
                return usable(&best);
        if (!run->profile)
                return unusable(NULL, "baseline.from: previous needs a PerformanceProfile: the runs of a template have nothing in common");
        return doc_set_bool(unusable(NULL, "no earlier run of this profile measured the same"), "first", true);
}

struct json_object *baseline_choose(const struct session *session, const struct run *run)
{
        switch (session->profile->baseline.from) {
        case PROFILE_BASELINE_PINNED:
                return choose_pinned(session->manager, run, session->profile->baseline.run);
        case PROFILE_BASELINE_PREVIOUS:
                return choose_previous(session->manager, session, run);
        case PROFILE_BASELINE_NONE:
                break;
        }
        return NULL;
}

/* ---- its result ---- */

bool baseline_unread(const struct session *session)
{
        return session->plan_loaded && !session->baseline_read && doc_text(session->plan.meta, "baseline.configMap");
}

static void say(struct session *session, const char *problem)
{
        snprintf(session->baseline_problem, sizeof session->baseline_problem, "%s", problem);
}

static struct json_object *part_of(struct json_object *configmap, const char *path)
{
        const char *text = doc_text(configmap, path);
        struct json_object *part = NULL;

        if (text)
                doc_parse(text, strlen(text), &part, NULL);
        return part;
}

/* Takes what the result says about each trial, or says why it cannot. */
static void take_result(struct session *session, struct json_object *configmap)
{
        auto_json struct json_object *summary = part_of(configmap, "data[\"summary.json\"]");
        auto_json struct json_object *provenance = part_of(configmap, "data[\"provenance.json\"]");
        auto_json struct json_object *context = part_of(configmap, "data[\"context.json\"]");
        const char *wanted = doc_text(session->plan.meta, "baseline.digest");
        const char *load = doc_text(provenance, "profile.loadDigest");
        char digest[PACK_SHA256_MAX];

        pack_digest(configmap, digest);
        if (!text_starts(wanted, "sha256:") || !text_equal(wanted + 7, digest))
                say(session, "its result is not the one that was there when this run began");
        else if (!load || doc_len(summary, "estimates") == 0)
                say(session, "its result was stored by a version that could not compare");
        else if (!text_equal(load, doc_text(session->plan.meta, "profile.loadDigest")))
                say(session, "its load was another one: only runs with the same spec.load can be compared");
        else
                session->baseline = json_object_get(doc_at(summary, "estimates"));
        if (session->baseline)
                session->baseline_mesh = session_mesh_of_result(context);
}

static void result_arrived(void *owner, struct json_object *configmap, const struct fail *fail)
{
        struct session *session = owner;
        struct manager *manager = session->manager;
        bool settled = fail->kind == FAIL_MISSING || fail->kind == FAIL_DENIED || fail->kind == FAIL_INVALID || fail->kind == FAIL_TOO_LARGE;

        session->request = 0;
        if (fail->kind && !settled) {
                manager_pass_failed(manager, session->key, fail);
                return;
        }
        session->baseline_read = true;
        if (fail->kind == FAIL_MISSING)
                say(session, "its result was deleted meanwhile");
        else if (fail->kind)
                say(session, fail->text);
        else
                take_result(session, configmap);
        manager_pass_done(manager, session->key, loop_now_ns(manager->loop));
}

bool baseline_read(struct session *session)
{
        const char *name = doc_text(session->plan.meta, "baseline.configMap");

        if (!baseline_unread(session))
                return false;
        session->request = kube_get(session->manager->client, &(struct kube_ref){&kube_configmaps, session->namespace, name}, result_arrived,
                                    session);
        return true;
}

/* ---- the comparison ---- */

static size_t decode_trials(struct json_object *list, struct estimates trials[static COMPARE_TRIALS_MAX])
{
        size_t len = doc_len(list, "");

        len = len > COMPARE_TRIALS_MAX ? COMPARE_TRIALS_MAX : len;
        for (size_t i = 0; i < len; i++)
                estimates_decode(doc_item(list, i), &trials[i]);
        return len;
}

bool baseline_compare(const struct session *session, const struct estimates *trials, size_t len, struct compared *ret_compared)
{
        struct json_object *chosen = doc_at(session->plan.meta, "baseline");
        const char *name = doc_text(chosen, "run"), *problem = doc_text(chosen, "problem");

        if (!chosen)
                return false;
        if (!problem && session->baseline_problem[0])
                problem = session->baseline_problem;
        if (problem || !session->baseline) {
                compare_nothing(name, NULL, problem ? problem : "its result was not read", ret_compared);
                ret_compared->first = doc_bool(chosen, "first", false);
                if (ret_compared->first)
                        snprintf(ret_compared->change, sizeof ret_compared->change, "nothing to compare with yet");
                return true;
        }
        auto_free struct estimates *others = xcalloc(COMPARE_TRIALS_MAX, sizeof *others);
        const struct compare_side a = {.name = name, .trials = others, .len = decode_trials(session->baseline, others)};
        const struct compare_side b = {.name = session->name, .trials = trials, .len = len};
        const struct compare_question question = compare_question_of(&session->profile->baseline);
        compare_runs(&a, &b, &question, ret_compared);
        return true;
}
