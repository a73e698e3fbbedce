/* SPDX-License-Identifier: Apache-2.0 */
#include "node/visitors.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "node/ask.h"
#include "serve/access.h"

#define TOKEN_BYTES_MAX 65536
#define COMPLAIN_NS (60 * NS_PER_S)
#define REVIEWS "/apis/authentication.k8s.io/v1/tokenreviews"

struct visitors {
        struct loop *loop;
        struct visitors_options options;
        struct access access;
        uint8_t secret[32]; /* keys of one process tell nothing to another */
        struct ask *ask;    /* NULL: nothing is being asked */
        char *own_token;
        struct access_key key; /* that it is about */
        visitors_done_fn *done;
        void *owner;        /* who waits for it; NULL: has gone */
        int64_t complained_ns;
};

struct visitors *visitors_new(struct loop *loop, const struct visitors_options *options)
{
        struct visitors *visitors = xnew(struct visitors);

        visitors->loop = loop;
        visitors->options = *options;
        if (getrandom(visitors->secret, sizeof visitors->secret, 0) != (ssize_t)sizeof visitors->secret)
                abort();
        return visitors;
}

static void forget_question(struct visitors *visitors)
{
        visitors->ask = NULL;
        if (visitors->own_token)
                explicit_bzero(visitors->own_token, strlen(visitors->own_token));
        free(take(visitors->own_token));
}

struct visitors *visitors_free(struct visitors *visitors)
{
        if (!visitors)
                return NULL;
        ask_cancel(visitors->ask);
        forget_question(visitors);
        access_done(&visitors->access);
        free(visitors);
        return NULL;
}

static struct access_key key_of(const struct visitors *visitors, const char *token, size_t token_len)
{
        struct access_key key;

        if (!HMAC(EVP_sha256(), visitors->secret, sizeof visitors->secret, (const unsigned char *)token, token_len, key.bytes, NULL))
                abort(); /* out of memory */
        return key;
}

/* ---- what the API server says ---- */

static bool is_for_us(struct json_object *review)
{
        struct json_object *audiences = doc_at(review, "status.audiences");

        for (size_t i = 0; i < doc_len(audiences, ""); i++)
                if (text_equal(doc_text(doc_item(audiences, i), ""), VISITORS_AUDIENCE))
                        return doc_bool(review, "status.authenticated", false);
        return false;
}

static void complain(struct visitors *visitors, const char *text)
{
        int64_t now_ns = loop_now_ns(visitors->loop);

        if (visitors->complained_ns && now_ns - visitors->complained_ns < COMPLAIN_NS)
                return;
        visitors->complained_ns = now_ns;
        log_line("who asks is not known", "error", text, NULL);
}

/* Known without another question: who may read is one account. */
static enum access_step decide(struct visitors *visitors, const struct access_key *key)
{
        int64_t now_ns = loop_now_ns(visitors->loop);
        enum access_step step = access_decide(&visitors->access, key, now_ns);

        if (step != ACCESS_ASK_RIGHT)
                return step;
        access_learn_right(&visitors->access, key, text_equal(access_user(&visitors->access, key), visitors->options.reader), now_ns);
        return access_decide(&visitors->access, key, now_ns);
}

static void tell(enum access_step step, visitors_done_fn *done, void *owner)
{
        static const struct {
                int status;
                const char *sentence;
        } verdicts[] = {
                [ACCESS_SERVE] = {200, ""},
                [ACCESS_STRANGER] = {401, "the API server does not know this bearer token, or it is not made out for " VISITORS_AUDIENCE},
                [ACCESS_DENIED] = {403, "only the operator may read this"},
                [ACCESS_ASK_WHO] = {503, "another question is being asked; try again"},
                [ACCESS_WAIT] = {503, "another question is being asked; try again"},
                [ACCESS_BUSY] = {429, "too many unknown tokens"},
        };

        done(owner, verdicts[step].status, verdicts[step].sentence);
}

static void heard(void *owner, struct json_object *review, const struct fail *fail)
{
        struct visitors *visitors = owner;
        const char *user = review && is_for_us(review) ? doc_text(review, "status.user.username") : NULL;
        void *waiting = take(visitors->owner);

        forget_question(visitors);
        if (fail->kind) {
                complain(visitors, fail->text);
                access_learn_nothing(&visitors->access, &visitors->key);
                if (waiting)
                        visitors->done(waiting, 503, "the API server does not say who you are; try again");
                return;
        }
        access_learn_who(&visitors->access, &visitors->key, user, loop_now_ns(visitors->loop));
        if (waiting)
                tell(decide(visitors, &visitors->key), visitors->done, waiting);
}

/* ---- questions ---- */

static enum fail_kind read_own_token(struct visitors *visitors, struct fail *fail)
{
        auto_free char *path = xasprintf("%s/token", visitors->options.account);

        if (text_file_read(path, TOKEN_BYTES_MAX, &visitors->own_token, NULL, fail))
                return fail_wrap(fail, "the probe's own token");
        visitors->own_token[strcspn(visitors->own_token, "\r\n")] = '\0';
        return FAIL_NONE;
}

static void ask_who(struct visitors *visitors, const char *token, size_t token_len)
{
        const struct ask_server server = {
                .host = visitors->options.host, .port = visitors->options.port, .ca_file = visitors->options.ca_file, .token = visitors->own_token,
        };
        auto_free char *text = xstrndup(token, token_len);
        auto_json struct json_object *body = doc_object();
        struct json_object *spec = doc_set_text(doc_object(), "token", text);

        doc_set_text(doc_set_text(body, "apiVersion", "authentication.k8s.io/v1"), "kind", "TokenReview");
        doc_set(body, "spec", doc_set(spec, "audiences", doc_push_text(doc_array(), VISITORS_AUDIENCE)));
        visitors->ask = ask_post(visitors->loop, &server, REVIEWS, body, heard, visitors);
        explicit_bzero(text, token_len);
}

void visitors_ask(struct visitors *visitors, const char *token, size_t token_len, visitors_done_fn *done, void *owner)
{
        struct access_key key = key_of(visitors, token, token_len);
        enum access_step step = decide(visitors, &key);
        struct fail fail = {0};

        if (step == ACCESS_ASK_WHO && (visitors->ask || read_own_token(visitors, &fail))) {
                if (fail.kind)
                        complain(visitors, fail.text);
                access_learn_nothing(&visitors->access, &key);
        } else if (step == ACCESS_ASK_WHO) {
                visitors->key = key;
                visitors->done = done;
                visitors->owner = owner;
                ask_who(visitors, token, token_len);
                return;
        }
        tell(step, done, owner);
}

void visitors_cancel(struct visitors *visitors, const void *owner)
{
        if (visitors->owner == owner)
                visitors->owner = NULL;
}
