/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may read the operator's metrics: what the API server has said about bearer tokens, for how long it counts, and what is to
 * be asked next. Pure: no network, no clock. The questions are a TokenReview (who is this?) and a SubjectAccessReview (may they
 * GET /metrics?); review.h asks them. Times as in controller-runtime's filter: identity 1 min, allowed 5 min, denied 30 s.
 *
 * Tokens are never kept, only keys made from them. The table is bounded: a stranger with many tokens displaces strangers, never
 * somebody whom the API server knows while a stranger's place is left; and questions about tokens never seen before
 * are bounded in rate, so that nobody makes the operator flood the API server. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACCESS_ENTRIES 64
#define ACCESS_IDENTITY_S 60
#define ACCESS_ALLOWED_S 300
#define ACCESS_DENIED_S 30
#define ACCESS_STRANGER_S 10       /* a token that the API server did not accept */
#define ACCESS_STRANGERS_BURST 10  /* questions about unknown tokens at once, ... */
#define ACCESS_STRANGERS_PER_S 2   /* ... and lastingly */

struct access_key {
        uint8_t bytes[32];
};

enum access_step {
        ACCESS_SERVE,      /* 200 */
        ACCESS_STRANGER,   /* 401: the API server does not know this token */
        ACCESS_DENIED,     /* 403: known, without the right */
        ACCESS_ASK_WHO,    /* to be asked; marked as asked until one of access_learn_…() */
        ACCESS_ASK_RIGHT,  /* the same; access_user() says about whom */
        ACCESS_WAIT,       /* asked already */
        ACCESS_BUSY,       /* 429: too many unknown tokens */
};

struct access_entry {
        struct access_key key;
        bool used;
        bool asked;           /* an answer is under way */
        char *user;           /* who, as the API server said it (JSON); NULL: not known to it */
        int64_t who_until_ns; /* user counts so long */
        bool allowed;
        int64_t right_until_ns; /* 'allowed' counts so long */
        int64_t seen_ns;
};

struct access { /* zeroed memory is an empty table */
        struct access_entry entries[ACCESS_ENTRIES];
        double strangers;     /* questions about unknown tokens that are free to ask */
        int64_t strangers_ns; /* as of when */
        bool started;
};

void access_done(struct access *access);
enum access_step access_decide(struct access *access, const struct access_key *key, int64_t now_ns);
/* Who the key's owner is, JSON text that is copied; NULL when the API server does not accept the token. What was known of rights is
 * kept when it is still the same user. */
void access_learn_who(struct access *access, const struct access_key *key, const char *user, int64_t now_ns);
void access_learn_right(struct access *access, const struct access_key *key, bool allowed, int64_t now_ns);
/* No answer came: nothing was learnt, the next one asks again. */
void access_learn_nothing(struct access *access, const struct access_key *key);
/* Borrowed until the next learning; NULL when the key's owner is not known. */
const char *access_user(const struct access *access, const struct access_key *key);
