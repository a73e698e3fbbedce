/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/profile_pass.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/condition.h"
#include "api/names.h"
#include "api/profile.h"
#include "api/run.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "operator/authors.h"
#include "operator/profile_index.h"
#include "operator/run_status.h"
#include "operator/step_jobs.h"
#include "result/history.h"

/* Nothing announces a policy that comes or goes. */
#define ASKED_AGAIN_NS (100 * NS_PER_MS)
#define REFUSED_AGAIN_NS (30 * NS_PER_S)

struct profile_effect {
        struct manager *manager;
        char *key;
        char *uid; /* of the profile whose status is written; NULL: something else is done */
        int64_t due_ns; /* ... and when the next pass is due then, if nothing else happens */
};

static void effect_free(struct profile_effect *effect)
{
        free(effect->key);
        free(effect->uid);
        free(effect);
}

static void end_effect(struct profile_effect *effect, const struct fail *fail, int64_t due_ns)
{
        struct manager *manager = effect->manager;

        if (fail->kind == FAIL_NONE || fail->kind == FAIL_MISSING)
                manager_pass_done(manager, effect->key, due_ns);
        else
                manager_pass_failed(manager, effect->key, fail);
        map_remove(&manager->profile_effects, effect->key);
        effect_free(effect);
}

/* Whatever came after what was written is looked at; what came before had made it fail. */
static int64_t next_due_ns(const struct profile_effect *effect, const char *namespace, struct json_object *answer)
{
        struct manager *manager = effect->manager;
        struct json_object *now = kube_cache_find(manager->profiles, namespace, effect->key + 2 + strlen(namespace) + 1);
        bool alone = now && text_equal(doc_text(now, "metadata.resourceVersion"), doc_text(answer, "metadata.resourceVersion"));

        return alone ? effect->due_ns : loop_now_ns(manager->loop);
}

static void status_written(void *owner, struct json_object *object, const struct fail *fail)
{
        struct profile_effect *effect = owner;
        struct manager *manager = effect->manager;
        size_t namespace_len = strcspn(effect->key + 2, "/");
        auto_free char *namespace = xstrndup(effect->key + 2, namespace_len);

        if (!fail->kind)
                kube_cache_wrote(manager->profiles, object);
        else if (fail->kind == FAIL_MISSING) /* our watch may be the last to know */
                kube_cache_gone(manager->profiles, namespace, effect->key + 2 + namespace_len + 1, effect->uid);
        end_effect(effect, fail, next_due_ns(effect, namespace, object));
}

static void configmap_deleted(void *owner, struct json_object *object, const struct fail *fail)
{
        struct profile_effect *effect = owner;

        (void)object;
        end_effect(effect, fail, loop_now_ns(effect->manager->loop));
}

static struct profile_effect *effect_new(struct manager *manager, const char *key, const char *uid)
{
        struct profile_effect *effect = xnew(struct profile_effect);

        *effect = (struct profile_effect){.manager = manager, .key = xstrdup(key), .uid = uid ? xstrdup(uid) : NULL};
        map_set(&manager->profile_effects, key, effect);
        return effect;
}

/* ---- history ---- */

struct history {
        struct history_item *items;
        struct json_object **objects; /* references that the items borrow from */
        size_t len, runs;
};

static void history_add(struct manager *manager, struct history *history, struct json_object *configmap)
{
        const char *run = doc_text(configmap, "metadata.annotations[\"" ANNOTATION_RUN "\"]");
        const char *uid = doc_text(configmap, "metadata.labels[\"" LABEL_RUN_UID "\"]");
        struct json_object *object = run ? kube_cache_find(manager->runs, doc_text(configmap, "metadata.namespace"), run) : NULL;
        struct run found;

        run_decode(object, &found);
        bool active = object && text_equal(found.uid, uid) && !found.terminal;
        history->items = xrealloc(history->items, (history->len + 1) * sizeof *history->items);
        history->objects = xrealloc(history->objects, (history->len + 1) * sizeof *history->objects);
        history->objects[history->len] = json_object_get(configmap);
        history->items[history->len++] = (struct history_item){
                .name = doc_text(configmap, "metadata.name"),
                .run_uid = uid ? uid : "",
                .profile = doc_text(configmap, "metadata.labels[\"" LABEL_PROFILE "\"]"),
                .created_wall_ms = clock_parse(doc_text(configmap, "metadata.creationTimestamp")),
                .kept = active || step_jobs_have(&manager->step_jobs, uid), /* its undo still reads what was applied */
        };
        history->runs += text_equal(doc_text(configmap, "metadata.labels[\"" LABEL_PART "\"]"), "result");
}

static struct history history_of(struct manager *manager, const char *namespace, const char *profile)
{
        struct history history = {0};
        const struct profile_members *members = profile_index_find(&manager->of_profiles, namespace, profile);
        size_t at = 0;
        const char *name;
        void *unused;

        while (members && map_next(&members->configmaps, &at, &name, &unused)) {
                struct json_object *configmap = kube_cache_find(manager->configmaps, namespace, name);
                if (configmap)
                        history_add(manager, &history, configmap);
        }
        return history;
}

static void history_done(struct history *history)
{
        for (size_t i = 0; i < history->len; i++)
                json_object_put(history->objects[i]);
        free(history->objects);
        free(history->items);
}

/* The next ConfigMap beyond the limit; -1: there is none. */
static ptrdiff_t beyond_limit(const struct profile *profile, const char *name, const struct history *history)
{
        const struct history_rule rule = {.profile = name, .keep_runs = profile ? (uint32_t)profile->keep : 0};
        auto_free bool *marked = xcalloc(history->len + 1, sizeof *marked);

        if (!profile || history_select(history->items, history->len, &rule, marked) == 0)
                return -1;
        return (ptrdiff_t)history_next(history->items, history->len, marked);
}

/* Deletes one ConfigMap beyond the limit. */
static void prune(struct manager *manager, const char *key, const char *namespace, const struct history *history, ptrdiff_t next)
{
        const char *uid = doc_text(history->objects[next], "metadata.uid");
        kube_cache_gone(manager->configmaps, namespace, history->items[next].name, uid);
        kube_delete(manager->client, &(struct kube_ref){&kube_configmaps, namespace, history->items[next].name}, uid, configmap_deleted,
                    effect_new(manager, key, NULL));
}

/* ---- status ---- */

/* The run of this profile that ended last; zeroed when there is none. */
static struct run last_run(struct manager *manager, const char *namespace, const char *profile)
{
        const char *name = profile_last(profile_index_find(&manager->of_profiles, namespace, profile));
        struct json_object *object = name ? kube_cache_find(manager->runs, namespace, name) : NULL;
        struct run last = {0};

        if (object)
                run_decode(object, &last);
        return last;
}

/* Why no run of it will begin. */
struct verdict {
        const char *reason; /* NULL: nothing is wrong */
        char text[AUTHORS_TEXT_MAX];
};

static struct json_object *status_of(struct manager *manager, struct json_object *object, const struct profile *profile,
                                     const struct verdict *wrong, size_t runs)
{
        struct json_object *old = doc_at(object, "status"), *status = old ? doc_copy(old) : doc_object();
        struct json_object *list = doc_array();
        const struct condition_facts facts = {
                .generation = doc_int(object, "metadata.generation", 0),
                .wall_ms = clock_wall_ms(loop_clock(manager->loop)),
        };
        struct run last = last_run(manager, doc_text(object, "metadata.namespace"), doc_text(object, "metadata.name"));

        condition_add(list, doc_at(old, "conditions"), &facts, "Stalled", wrong->reason ? "True" : NULL, wrong->reason, wrong->text);
        condition_add(list, doc_at(old, "conditions"), &facts, "Ready", wrong->reason ? "False" : "True",
                      wrong->reason ? wrong->reason : "Accepted", wrong->reason ? wrong->text : "the profile is valid");
        doc_set_int(status, "observedGeneration", facts.generation);
        doc_set(status, "conditions", list);
        doc_set(status, "history", doc_set_int(doc_object(), "runs", (int64_t)runs));
        if (profile) {
                char digest[PROFILE_DIGEST_MAX];
                profile_digest(profile, digest);
                doc_set_text(status, "digest", digest);
        }
        if (last.object) {
                struct json_object *entry = doc_set_text(doc_object(), "name", last.name);
                doc_set_text(doc_set_text(entry, "verdict", doc_text(last.status, "verdict")), "finishedAt",
                             doc_text(last.status, "finishTime"));
                doc_set_text(doc_set_text(entry, "latencyP99", doc_text(last.status, "summary.p99")), "rate",
                             doc_text(last.status, "summary.rate"));
                doc_set(status, "lastRun", entry);
        }
        return status;
}

static bool write_status(struct manager *manager, const char *key, struct json_object *object, struct json_object *next, int64_t due_ns)
{
        struct run as_run;

        run_decode(object, &as_run); /* metadata and status are read alike */
        auto_json struct json_object *patch = run_status_patch(&as_run, next);
        if (!patch)
                return false;
        struct profile_effect *effect = effect_new(manager, key, as_run.uid);
        effect->due_ns = due_ns;
        kube_patch(manager->client, &(struct kube_ref){&kind_profiles, as_run.namespace, as_run.name}, "status", KUBE_PATCH_MERGE, patch,
                   status_written, effect);
        return true;
}

/* The profile, or NULL and why it can never run. */
static struct profile *judge(struct json_object *object, struct verdict *wrong)
{
        auto_json struct json_object *merged = NULL;
        struct profile *profile = NULL;
        struct fail fail = {0};

        if (profile_merge(doc_at(object, "spec"), NULL, &merged, &fail) || profile_decode(merged, &profile, &fail)) {
                wrong->reason = "InvalidSpec";
                snprintf(wrong->text, sizeof wrong->text, "%s", fail.text);
        }
        return profile;
}

/* CHECKED also when there is nothing to check. */
static enum authors_state look_at_author(struct manager *manager, struct json_object *object, const struct profile *profile, struct verdict *wrong)
{
        bool secrets = profile_names_secrets(profile) && !settings_admin(manager->settings)->allow_secrets_without_policy;

        if (!secrets && !profile->has_workload && !profile->applies)
                return AUTHORS_CHECKED;
        enum authors_state state = authors_look(manager->authors, clock_parse(doc_text(object, "metadata.creationTimestamp")), wrong->text);
        if (state == AUTHORS_UNCHECKED)
                wrong->reason = secrets ? "SecretsNotAllowed" : "AccountNotAllowed";
        return state;
}

void profile_pass(struct manager *manager, const char *queue_key)
{
        auto_free char *key = xstrdup(queue_key);
        auto_free char *namespace = xstrndup(key + 2, strcspn(key + 2, "/"));
        const char *name = key + 2 + strlen(namespace) + 1;
        auto_json struct json_object *object = json_object_get(kube_cache_find(manager->profiles, namespace, name));
        auto_profile struct profile *profile = NULL;
        struct verdict wrong = {0};

        if (!object || doc_at(object, "metadata.deletionTimestamp")) {
                manager_pass_done(manager, key, INT64_MAX);
                return;
        }
        profile = judge(object, &wrong);
        enum authors_state secrets = profile ? look_at_author(manager, object, profile, &wrong) : AUTHORS_CHECKED;
        if (secrets == AUTHORS_ASKED || secrets == AUTHORS_UNKNOWN) {
                manager_pass_done(manager, key, loop_now_ns(manager->loop) + ASKED_AGAIN_NS);
                return;
        }
        struct history history = history_of(manager, namespace, name);
        auto_json struct json_object *next = status_of(manager, object, profile, &wrong, history.runs);
        ptrdiff_t beyond = beyond_limit(profile, name, &history);
        int64_t due_ns = secrets == AUTHORS_UNCHECKED ? loop_now_ns(manager->loop) + REFUSED_AGAIN_NS : INT64_MAX;
        bool written = write_status(manager, key, object, next, beyond < 0 ? due_ns : 0);
        if (!written && beyond >= 0)
                prune(manager, key, namespace, &history, beyond);
        else if (!written)
                manager_pass_done(manager, key, due_ns);
        history_done(&history);
}

bool profile_pass_writes(const struct manager *manager, const char *namespace, const char *name)
{
        auto_free char *key = xasprintf("p:%s/%s", namespace, name);
        const struct profile_effect *effect = map_find(&manager->profile_effects, key);

        return effect && effect->uid;
}

void profile_effects_done(struct manager *manager)
{
        size_t at = 0;
        const char *key;
        void *effect;

        while (map_next(&manager->profile_effects, &at, &key, &effect))
                effect_free(effect);
        map_done(&manager->profile_effects);
}
