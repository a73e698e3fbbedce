/* SPDX-License-Identifier: Apache-2.0 */
#include "result/repeats.h"

#include "base/text.h"
#include "data/doc.h"
#include "result/gates.h"

/* The better a trial is, the lower. */
enum worth { WORTH_GOOD, WORTH_ELSEWHERE, WORTH_INVALID };

static enum worth worth_of(struct json_object *doc)
{
        struct json_object *reasons = doc_at(doc, "reasons");
        const char *elsewhere = gates_reason_name(GATES_PLACED_ELSEWHERE);

        if (text_equal(doc_text(doc, "validity"), validity_name(VALIDITY_INVALID)))
                return WORTH_INVALID;
        for (size_t i = 0; i < doc_len(reasons, ""); i++)
                if (text_equal(doc_text(doc_item(reasons, i), "reason"), elsewhere))
                        return WORTH_ELSEWHERE;
        return WORTH_GOOD;
}

size_t repeats_keep(struct json_object *const *docs, size_t len, bool over, struct json_object **ret_kept)
{
        struct json_object *before = NULL; /* the trial that this one repeats */
        size_t kept = 0;

        for (size_t i = 0; i < len; i++) {
                if (!before && worth_of(docs[i]) != WORTH_GOOD) {
                        before = docs[i];
                        continue;
                }
                ret_kept[kept++] = before && worth_of(docs[i]) > worth_of(before) ? before : docs[i];
                before = NULL;
        }
        if (before && over)
                ret_kept[kept++] = before;
        return kept;
}

int repeats_next(struct json_object *const *docs, size_t len)
{
        bool waits = false;

        for (size_t i = 0; i < len; i++)
                waits = !waits && worth_of(docs[i]) != WORTH_GOOD;
        return waits ? (int)len - 1 : -1;
}
