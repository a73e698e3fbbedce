/* SPDX-License-Identifier: Apache-2.0 */
#include "result/repeats.h"

#include "base/text.h"
#include "data/doc.h"
#include "result/gates.h"

/* The better a trial is, the lower. */
enum worth { WORTH_GOOD, WORTH_ELSEWHERE, WORTH_CUT_SHORT, WORTH_INVALID };

static enum worth worth_of(struct json_object *doc)
{
        struct json_object *reasons = doc_at(doc, "reasons");
        const char *elsewhere = gates_reason_name(GATES_PLACED_ELSEWHERE);

        if (text_equal(doc_text(doc, "validity"), validity_name(VALIDITY_INVALID)))
                return WORTH_INVALID;
        if (!doc_bool(doc, "whole", true))
                return WORTH_CUT_SHORT;
        for (size_t i = 0; i < doc_len(reasons, ""); i++)
                if (text_equal(doc_text(doc_item(reasons, i), "reason"), elsewhere))
                        return WORTH_ELSEWHERE;
        return WORTH_GOOD;
}

/* As bad as its worst trial. */
static enum worth worth_of_round(struct json_object *const *docs, size_t round)
{
        enum worth worst = WORTH_GOOD;

        for (size_t i = 0; i < round; i++)
                worst = worth_of(docs[i]) > worst ? worth_of(docs[i]) : worst;
        return worst;
}

/* The tries of the round that is under way. */
struct tries {
        size_t len, best; /* of them the one that would count begins there */
        enum worth worth;
};

/* Takes in the try that begins at 'from'. True: the round is over. */
static bool take_in(struct tries *tries, struct json_object *const *docs, size_t from, size_t round)
{
        enum worth worth = worth_of_round(docs + from, round);

        if (tries->len == 0 || worth <= tries->worth) {
                tries->best = from;
                tries->worth = worth;
        }
        tries->len++;
        return worth == WORTH_GOOD || tries->len > (round > 1 ? 2 : 1);
}

static size_t keep(struct json_object *const *docs, size_t len, struct json_object **into)
{
        for (size_t i = 0; i < len; i++)
                into[i] = docs[i];
        return len;
}

size_t repeats_keep(struct json_object *const *docs, size_t len, size_t round, bool over, struct json_object **ret_kept)
{
        size_t kept = 0, rest = len % round;
        struct tries tries = {0};

        for (size_t from = 0; from + round <= len; from += round) {
                if (!take_in(&tries, docs, from, round))
                        continue;
                kept += keep(docs + tries.best, round, ret_kept + kept);
                tries = (struct tries){0};
        }
        if (over && tries.len > 0)
                return kept + keep(docs + tries.best, round, ret_kept + kept);
        return kept + keep(docs + len - rest, rest, ret_kept + kept);
}

int repeats_next(struct json_object *const *docs, size_t len, size_t round)
{
        struct tries tries = {0};

        for (size_t from = 0; from + round <= len; from += round)
                if (take_in(&tries, docs, from, round))
                        tries = (struct tries){0};
        return tries.len > 0 ? (int)(len - round) : -1;
}
