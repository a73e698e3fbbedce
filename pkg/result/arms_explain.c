/* SPDX-License-Identifier: Apache-2.0 */
#include "result/arms_explain.h"

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "result/trial.h"

#define TOLD_MAX 16 /* of one arm, those that were told first */

static bool is_explanation(struct json_object *entry)
{
        static const char *const texts[] = {"code", "confidence", "sentence", "evidence.side", "evidence.counter"};

        for (size_t i = 0; i < ARRAY_LEN(texts); i++)
                if (!doc_text(entry, texts[i]))
                        return false;
        return true;
}

/* One explanation of one arm, over its trials. */
struct told {
        struct json_object *entry; /* borrowed: of the trial that had most of it */
        int64_t trials;            /* that tell it */
        size_t last;               /* of them, as an index of the documents */
};

struct telling {
        struct told list[TOLD_MAX];
        size_t len;
        int64_t sound; /* trials of the arm that count */
};

/* Pods come and go between trials: whose it was is no part of what it is. */
static bool alike(struct json_object *a, struct json_object *b)
{
        const char *field = doc_text(a, "field"), *other = doc_text(b, "field");

        return text_equal(doc_text(a, "code"), doc_text(b, "code")) && (field ? text_equal(field, other) : !other);
}

static void tell(struct telling *telling, size_t trial, struct json_object *entry)
{
        size_t at = 0;

        while (at < telling->len && !alike(telling->list[at].entry, entry))
                at++;
        if (at == TOLD_MAX)
                return;
        struct told *told = &telling->list[at];
        if (at == telling->len) {
                *told = (struct told){.entry = entry, .trials = 1, .last = trial};
                telling->len++;
                return;
        }
        if (told->last != trial)
                told->trials++;
        told->last = trial;
        if (doc_int(entry, "evidence.value", 0) > doc_int(told->entry, "evidence.value", 0))
                told->entry = entry;
}

static void read_arm(const struct profile *profile, struct json_object *const *docs, size_t len, uint32_t arm, struct telling *telling)
{
        for (size_t i = 0; i < len; i++) {
                struct json_object *explanations = doc_at(docs[i], "explanations");
                struct trial trial;
                trial_decode(docs[i], &trial);
                if (profile_arm_of(profile, (uint32_t)i) != arm || !trial_is_sound(&trial))
                        continue;
                telling->sound++;
                for (size_t k = 0; k < doc_len(explanations, "") && k < TRIAL_EXPLANATIONS_MAX; k++)
                        if (is_explanation(doc_item(explanations, k)))
                                tell(telling, i, doc_item(explanations, k));
        }
}

static void add_arm(const struct profile *profile, struct json_object *const *docs, size_t len, uint32_t arm, struct json_object *list)
{
        struct telling telling = {0};

        read_arm(profile, docs, len, arm, &telling);
        for (size_t i = 0; i < telling.len; i++) {
                struct json_object *entry = doc_set_text(doc_copy(telling.list[i].entry), "variant", profile_arm_name(profile, arm));
                doc_push(list, doc_set_int(doc_set_int(entry, "trials", telling.list[i].trials), "of", telling.sound));
        }
}

struct json_object *arms_explain(const struct profile *profile, struct json_object *const *docs, size_t len)
{
        struct json_object *list = doc_array();

        for (uint32_t arm = 0; arm < profile_arms(profile); arm++)
                add_arm(profile, docs, len, arm, list);
        return list;
}
