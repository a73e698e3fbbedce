/* SPDX-License-Identifier: Apache-2.0 */
#include "result/arms.h"

#include "api/entry.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "result/arms_explain.h"
#include "result/arms_mesh.h"
#include "result/pairs.h"
#include "result/status.h"

/* ---- each by itself ---- */

/* The documents of an arm's trials, in the order in which they were made; their number. */
static size_t docs_of(const struct profile *profile, struct json_object *const *docs, size_t len, uint32_t arm, struct json_object **ret_docs)
{
        size_t count = 0;

        for (size_t i = 0; i < len; i++)
                if (profile_arm_of(profile, (uint32_t)i) == arm)
                        ret_docs[count++] = docs[i];
        return count;
}

static void merge_arm(const struct profile *profile, const struct load_plan *plan, struct json_object *const *docs, size_t len, bool stopped,
                      uint32_t index, struct arm *arm)
{
        struct json_object *own[PROFILE_TRIALS_MAX];
        size_t count = docs_of(profile, docs, len, index, own);

        arm->name = profile_arm_name(profile, index);
        arm->apply = profile->variants[index].apply;
        arm->measured = series_merge(profile, plan, own, count, stopped, &arm->merged);
        arm->mesh = arms_mesh_merge(own, count);
}

/* ---- against the first ---- */

static void compare_arm(const struct profile *profile, const struct trial *trials, size_t len, uint32_t index, struct arms *arms)
{
        struct compared *compared = &arms->compared[index - 1];
        const char *reference = profile_arm_name(profile, 0), *name = profile_arm_name(profile, index);
        auto_free struct estimates *a = xcalloc(PROFILE_TRIALS_MAX, sizeof *a), *b = xcalloc(PROFILE_TRIALS_MAX, sizeof *b);
        struct compare_question question = compare_question_of(&profile->baseline);
        struct pairs pairs;

        pairs_of(profile, trials, len, index, &pairs);
        arms_added_of(&pairs, trials, arms->of[0].mesh, arms->of[index].mesh, &arms->added[index - 1]);
        if (pairs.len == 0) {
                compare_nothing(reference, name, "there is no pair of which both trials count", compared);
                return;
        }
        for (size_t i = 0; i < pairs.len; i++) {
                a[i] = trials[pairs.a[i]].estimates;
                b[i] = trials[pairs.b[i]].estimates;
        }
        question.comparisons = profile_arms(profile) - 1;
        compare_pairs(&(struct compare_side){.name = reference, .trials = a, .len = pairs.len},
                      &(struct compare_side){.name = name, .trials = b, .len = pairs.len}, pairs.first, &question, compared);
}

static void compare_all(const struct profile *profile, struct json_object *const *docs, size_t len, struct arms *arms)
{
        auto_free struct trial *trials = xcalloc(len + 1, sizeof *trials);

        for (size_t i = 0; i < len; i++)
                trial_decode(docs[i], &trials[i]);
        arms->compared_len = arms->len - 1;
        for (uint32_t i = 1; i < arms->len; i++)
                compare_arm(profile, trials, len, i, arms);
}

/* ---- all of it ---- */

/* What the variants themselves have measured, then what explains their trials. New. */
static struct json_object *explain(const struct profile *profile, struct json_object *const *docs, size_t len, const struct arms *arms)
{
        auto_json struct json_object *of_trials = arms_explain(profile, docs, len);
        struct json_object *list = doc_array();

        for (size_t i = 0; i < arms->compared_len; i++) {
                struct json_object *entry = arms_added_explain(&arms->added[i], arms->compared[i].strength == COMPARE_CONFIRMED);
                if (entry)
                        doc_push(list, entry);
        }
        for (size_t i = 0; i < doc_len(of_trials, ""); i++)
                doc_push(list, json_object_get(doc_item(of_trials, i)));
        return list;
}

bool arms_merge(const struct profile *profile, struct load_plan *const *plans, struct json_object *const *docs, size_t len, bool stopped,
                struct arms *ret_arms)
{
        struct arms *arms = ret_arms;

        *arms = (struct arms){.len = profile_arms(profile)};
        series_judge(docs, len, stopped, &arms->gates);
        for (uint32_t i = 0; i < arms->len; i++)
                merge_arm(profile, plans[i], docs, len, stopped, i, &arms->of[i]);
        for (size_t i = len; i > 0 && !arms->workers; i--)
                if (doc_at(docs[i - 1], "fold"))
                        arms->workers = json_object_get(doc_at(docs[i - 1], "workers"));
        if (!stopped)
                compare_all(profile, docs, len, arms);
        arms->explanations = explain(profile, docs, len, arms);
        return arms->of[0].measured;
}

void arms_done(struct arms *arms)
{
        for (size_t i = 0; i < arms->len; i++) {
                series_done(&arms->of[i].merged);
                json_object_put(arms->of[i].mesh);
        }
        json_object_put(arms->workers);
        json_object_put(arms->explanations);
        *arms = (struct arms){0};
}

/* What all arms say; NULL: they do not agree. */
static const char *agreed(const struct arms *arms, const char *fact)
{
        const char *said = doc_text(arms->of[0].mesh, fact);

        for (size_t i = 1; i < arms->len; i++)
                if (!text_equal(doc_text(arms->of[i].mesh, fact), said))
                        return NULL;
        return text_equal(said, ARMS_MESH_MIXED) ? NULL : said;
}

/* Of each part what the first arm says that differs in it. */
static struct json_object *encode_added_latency(const struct arms *arms)
{
        struct json_object *added = doc_set_text(doc_set_text(doc_object(), "by", "arms"), "of", "latency.p50");
        char bounds[ARMS_ADDED_TEXT_MAX];
        bool any = false;

        for (size_t i = 0; i < arms->compared_len; i++) {
                const char *part = arms_part_name(arms->added[i].part);
                if (!part || doc_at(added, part) || !arms_added_bounds(&arms->added[i], bounds))
                        continue;
                doc_set_text(added, part, bounds);
                any = true;
        }
        if (any)
                return added;
        json_object_put(added);
        return NULL;
}

void arms_put_added(const struct arms *arms, struct json_object *comparison, struct json_object *context)
{
        static const char *const facts[] = {"type", "mode", "version"};
        struct json_object *mesh = doc_object();

        for (size_t i = 0; i < arms->compared_len && doc_item(doc_at(comparison, "arms"), i); i++)
                doc_set(doc_item(doc_at(comparison, "arms"), i), "added", arms_added_encode(&arms->added[i]));
        for (size_t i = 0; i < ARRAY_LEN(facts); i++)
                doc_set_text(mesh, facts[i], agreed(arms, facts[i]));
        doc_set(mesh, "addedLatency", encode_added_latency(arms));
        if (context && json_object_object_length(mesh) > 0)
                doc_set(context, "mesh", mesh);
        else
                json_object_put(mesh);
}

struct json_object *arms_encode(const struct arms *arms)
{
        struct json_object *list = doc_array();

        for (size_t i = 0; i < arms->len; i++) {
                const struct arm *arm = &arms->of[i];
                struct json_object *entry = doc_set_text(doc_object(), "name", arm->name);
                doc_set_int(entry, "trials", (int64_t)arm->merged.trials_len);
                if (arm->apply) {
                        char applied[ENTRY_LIST_TEXT_MAX];
                        entry_list_text(arm->apply, applied);
                        doc_set_text(entry, "applied", applied);
                }
                doc_set_text(entry, "validity", validity_name(arm->measured ? arm->merged.gates.validity : VALIDITY_UNKNOWN));
                doc_set(entry, "mesh", json_object_get(arm->mesh));
                if (arm->measured)
                        doc_set(entry, "results", status_encode_brief(arm->merged.fold, &arm->merged.estimates));
                doc_push(list, entry);
        }
        return list;
}
