/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/review.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/mem.h"
#include "data/doc.h"
#include "serve/access.h"

#define COMPLAIN_NS (60 * NS_PER_S)

static const struct kube_kind token_reviews = {"authentication.k8s.io", "v1", "tokenreviews", "TokenReview", false};
static const struct kube_kind access_reviews = {"authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", false};

struct question { /* one token about which the API server is being asked */
        struct review *review;
        struct access_key key;
        uint64_t request; /* 0: this place is free */
        struct loop_timer late;
};

struct waiter {
        struct access_key key;
        review_done_fn *done;
        void *owner; /* NULL: this place is free */
};

struct review {
        struct kube_client *client;
        struct access access;
        uint8_t secret[32]; /* keys of one process tell nothing to another */
        struct question questions[REVIEWS_MAX];
        struct waiter waiters[REVIEW_WAITERS_MAX];
        uint64_t count;
        int64_t complained_ns; /* when the log last heard of a failure; 0: never */
};

static int64_t now_ns(const struct review *review)
{
        return loop_now_ns(kube_client_loop(review->client));
}

static bool same(const struct access_key *a, const struct access_key *b)
{
        return memcmp(a, b, sizeof *a) == 0;
}

/* ---- Answers ---- */

static const struct verdict {
        int status;
        const char *sentence;
} verdicts[] = {
        [ACCESS_SERVE] = {200, ""},
        [ACCESS_STRANGER] = {401, "the API server does not know this bearer token"},
        [ACCESS_DENIED] = {403, "this account may not get /metrics: bind it to the ClusterRole loadstone-metrics-reader"},
        [ACCESS_BUSY] = {429, "too many unknown tokens"},
};

/* Whoever waits for this key hears it. Their 'done' may come back with other questions. */
static void tell(struct review *review, const struct access_key *key, struct verdict verdict)
{
        for (size_t i = 0; i < REVIEW_WAITERS_MAX; i++) {
                struct waiter waiter = review->waiters[i];
                if (!waiter.owner || !same(&waiter.key, key))
                        continue;
                review->waiters[i] = (struct waiter){0};
                waiter.done(waiter.owner, verdict.status, verdict.sentence);
        }
}

static void complain(struct review *review, const char *text)
{
        if (review->complained_ns && now_ns(review) - review->complained_ns < COMPLAIN_NS)
                return;
        review->complained_ns = now_ns(review);
        log_line("who asks for metrics is not known", "error", text, NULL);
}

static void end_question(struct question *question)
{
        loop_disarm(kube_client_loop(question->review->client), &question->late);
        question->request = 0;
}

static void no_answer(struct question *question, const struct fail *fail)
{
        struct review *review = question->review;
        struct verdict verdict = {503, "the API server does not say who you are; try again"};

        if (fail->kind == FAIL_DENIED)
                verdict.sentence = "the operator may not ask the API server who you are: an administrator binds its account to the ClusterRole "
                                   "loadstone-operator-reviews, or starts it with --metrics-auth none";
        complain(review, fail->text);
        end_question(question);
        access_learn_nothing(&review->access, &question->key);
        tell(review, &question->key, verdict);
}

static void late(void *owner)
{
        struct question *question = owner;
        struct fail fail = {.kind = FAIL_TIMEOUT, .text = "no answer to a review in time"};

        kube_cancel(question->review->client, question->request);
        no_answer(question, &fail);
}

static void go_on(struct review *review, struct question *question);

/* ---- Questions ---- */

static void heard_right(void *owner, struct json_object *object, const struct fail *fail)
{
        struct question *question = owner;
        struct review *review = question->review;

        if (fail->kind) {
                no_answer(question, fail);
                return;
        }
        bool allowed = doc_bool(object, "status.allowed", false) && !doc_bool(object, "status.denied", false);
        access_learn_right(&review->access, &question->key, allowed, now_ns(review));
        go_on(review, question);
}

static void heard_who(void *owner, struct json_object *object, const struct fail *fail)
{
        struct question *question = owner;
        struct review *review = question->review;
        struct json_object *user = doc_at(object, "status.user");
        auto_free char *text = NULL;

        if (fail->kind) {
                no_answer(question, fail);
                return;
        }
        if (doc_bool(object, "status.authenticated", false) && doc_text(user, "username"))
                text = doc_canonical(user);
        access_learn_who(&review->access, &question->key, text, now_ns(review));
        go_on(review, question);
}

static void ask_who(struct question *question, const char *token, size_t token_len)
{
        auto_free char *text = xstrndup(token, token_len);
        auto_json struct json_object *body = doc_object();

        doc_set_text(doc_set_text(body, "apiVersion", "authentication.k8s.io/v1"), "kind", token_reviews.name);
        doc_set(body, "spec", doc_set_text(doc_object(), "token", text));
        question->review->count++;
        question->request = kube_create(question->review->client, &(struct kube_ref){.kind = &token_reviews}, body, heard_who, question);
        explicit_bzero(text, token_len);
}

static void ask_right(struct question *question)
{
        struct review *review = question->review;
        const char *text = access_user(&review->access, &question->key);
        auto_json struct json_object *user = NULL, *body = doc_object();
        struct json_object *spec = doc_object();
        struct fail fail;

        if (doc_parse(text, strlen(text), &user, &fail))
                abort(); /* it is what we printed ourselves */
        doc_set_text(spec, "user", doc_text(user, "username"));
        doc_set_text(spec, "uid", doc_text(user, "uid"));
        doc_set(spec, "groups", doc_copy(doc_at(user, "groups")));
        doc_set(spec, "extra", doc_copy(doc_at(user, "extra")));
        doc_set(spec, "nonResourceAttributes", doc_set_text(doc_set_text(doc_object(), "verb", "get"), "path", "/metrics"));
        doc_set_text(doc_set_text(body, "apiVersion", "authorization.k8s.io/v1"), "kind", access_reviews.name);
        doc_set(body, "spec", spec);
        review->count++;
        question->request = kube_create(review->client, &(struct kube_ref){.kind = &access_reviews}, body, heard_right, question);
}

/* After an answer: either the next question about the same token follows, or those who wait are told. */
static void go_on(struct review *review, struct question *question)
{
        enum access_step step = access_decide(&review->access, &question->key, now_ns(review));

        if (step == ACCESS_ASK_RIGHT) {
                ask_right(question);
                return;
        }
        end_question(question);
        tell(review, &question->key, verdicts[step]);
}

/* One place is kept for those whom the API server has known before: strangers cannot take them all. */
static struct question *free_question(struct review *review, const struct access_key *key)
{
        size_t places = access_user(&review->access, key) ? REVIEWS_MAX : REVIEWS_MAX - 1;

        for (size_t i = 0; i < places; i++)
                if (!review->questions[i].request)
                        return &review->questions[i];
        return NULL;
}

static bool start_question(struct review *review, const struct access_key *key, enum access_step step, const char *token, size_t token_len)
{
        struct question *question = free_question(review, key);
        struct loop *loop = kube_client_loop(review->client);

        if (!question)
                return false;
        *question = (struct question){.review = review, .key = *key, .late = {.fire = late, .owner = question}};
        if (step == ACCESS_ASK_WHO)
                ask_who(question, token, token_len);
        else
                ask_right(question);
        loop_arm(loop, &question->late, loop_now_ns(loop) + REVIEW_WAIT_NS);
        return true;
}

static struct waiter *free_waiter(struct review *review)
{
        for (size_t i = 0; i < REVIEW_WAITERS_MAX; i++)
                if (!review->waiters[i].owner)
                        return &review->waiters[i];
        return NULL;
}

static struct access_key key_of(const struct review *review, const char *token, size_t token_len)
{
        struct access_key key;
        unsigned size = sizeof key.bytes;

        HMAC(EVP_sha256(), review->secret, sizeof review->secret, (const unsigned char *)token, token_len, key.bytes, &size);
        return key;
}

void review_ask(struct review *review, const char *token, size_t token_len, review_done_fn *done, void *owner)
{
        struct waiter *waiter = free_waiter(review);

        if (token_len == 0 || token_len > REVIEW_TOKEN_BYTES_MAX || !waiter) {
                done(owner, waiter ? 401 : 429, waiter ? "this is no bearer token" : "too many requests at once");
                return;
        }
        struct access_key key = key_of(review, token, token_len);
        enum access_step step = access_decide(&review->access, &key, now_ns(review));
        if (step != ACCESS_WAIT && step != ACCESS_ASK_WHO && step != ACCESS_ASK_RIGHT) {
                done(owner, verdicts[step].status, verdicts[step].sentence);
                return;
        }
        if (step != ACCESS_WAIT && !start_question(review, &key, step, token, token_len)) {
                access_learn_nothing(&review->access, &key);
                done(owner, 429, "too many reviews at once");
                return;
        }
        *waiter = (struct waiter){.key = key, .done = done, .owner = owner};
}

void review_cancel(struct review *review, const void *owner)
{
        for (size_t i = 0; i < REVIEW_WAITERS_MAX; i++)
                if (review->waiters[i].owner == owner)
                        review->waiters[i] = (struct waiter){0};
}

struct review *review_new(struct kube_client *client)
{
        struct review *review = xnew(struct review);

        review->client = client;
        if (getrandom(review->secret, sizeof review->secret, 0) != sizeof review->secret)
                abort();
        return review;
}

struct review *review_free(struct review *review)
{
        if (!review)
                return NULL;
        for (size_t i = 0; i < REVIEWS_MAX; i++)
                if (review->questions[i].request) {
                        kube_cancel(review->client, review->questions[i].request);
                        end_question(&review->questions[i]);
                }
        access_done(&review->access);
        explicit_bzero(review->secret, sizeof review->secret);
        free(review);
        return NULL;
}

uint64_t review_count(const struct review *review)
{
        return review->count;
}
