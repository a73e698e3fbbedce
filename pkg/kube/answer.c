/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/answer.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

#define RETRY_AFTER_S_MAX 60
#define QUOTE_BYTES 320 /* an admission policy's own sentence stands behind its name and its binding's */

/* 'unclear' answers leave open whether a write was carried out. */
static const struct meaning {
        int status;
        enum fail_kind kind;
        bool unclear;
} meanings[] = {
        {400, FAIL_INVALID, false}, {401, FAIL_DENIED, false}, {403, FAIL_DENIED, false},
        {404, FAIL_MISSING, false}, {405, FAIL_INVALID, false}, {406, FAIL_INVALID, false},
        {408, FAIL_TIMEOUT, true},  {409, FAIL_CONFLICT, false}, {410, FAIL_EXPIRED, false},
        {413, FAIL_TOO_LARGE, false}, {415, FAIL_INVALID, false}, {422, FAIL_INVALID, false},
        {429, FAIL_BUSY, false},    {500, FAIL_IO, true},      {502, FAIL_IO, true},
        {503, FAIL_BUSY, true},     {504, FAIL_TIMEOUT, true},
};

static struct meaning meaning_of(int status)
{
        for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
                if (meanings[i].status == status)
                        return meanings[i];
        if (status >= 500)
                return (struct meaning){status, FAIL_IO, true};
        /* Redirects land here too: following one would hand our token to whoever is named in it. */
        return (struct meaning){status, FAIL_INVALID, false};
}

static enum fail_kind kind_of(const struct answer *answer, const char *reason)
{
        struct meaning meaning = meaning_of(answer->status);

        if (answer->status == 409 && (text_equal(reason, "AlreadyExists") || (!reason && answer->create)))
                return FAIL_EXISTS;
        return meaning.unclear && answer->write ? FAIL_UNKNOWN : meaning.kind;
}

/* One line of at most QUOTE_BYTES printable bytes out of a body that may be anything. */
static void quote(char out[static QUOTE_BYTES + 1], const char *text, size_t size)
{
        size_t len = 0;
        bool gap = false;

        for (size_t i = 0; i < size && len < QUOTE_BYTES; i++) {
                unsigned char c = (unsigned char)text[i];
                if (c <= ' ' || c == 0x7f) {
                        gap = len > 0;
                        continue;
                }
                if (gap && len < QUOTE_BYTES - 1)
                        out[len++] = ' ';
                gap = false;
                out[len++] = c < 0x7f ? (char)c : '?';
        }
        out[len] = '\0';
}

static void quote_body(char out[static QUOTE_BYTES + 1], const struct answer *answer)
{
        const char *title = answer->body ? memmem(answer->body, answer->size, "<title>", 7) : NULL;
        const char *end = title ? memmem(title, answer->size - (size_t)(title - answer->body), "</title>", 8) : NULL;

        if (end)
                quote(out, title + 7, (size_t)(end - title - 7));
        else
                quote(out, answer->body, answer->size);
}

static int wait_s(int header_s, struct json_object *status)
{
        int64_t asked_s = header_s > 0 ? header_s : doc_int(status, "details.retryAfterSeconds", 0);

        return asked_s < 0 ? 0 : asked_s > RETRY_AFTER_S_MAX ? RETRY_AFTER_S_MAX : (int)asked_s;
}

static enum fail_kind refused(const struct answer *answer, struct json_object *body, struct fail *fail)
{
        bool told = text_equal(doc_text(body, "kind"), "Status");
        const char *reason = told ? doc_text(body, "reason") : NULL;
        const char *message = told ? doc_text(body, "message") : NULL;
        char text[QUOTE_BYTES + 1], word[QUOTE_BYTES + 1] = "";

        if (reason)
                quote(word, reason, strlen(reason));
        if (message)
                quote(text, message, strlen(message));
        else
                quote_body(text, answer);
        fail_set(fail, kind_of(answer, reason), "HTTP %d%s%s%s%s", answer->status, word[0] ? " " : "", word,
                 text[0] ? ": " : "", text);
        if (!fail)
                return kind_of(answer, reason);
        fail->status = answer->status;
        fail->retry_after_s = wait_s(answer->retry_after_s, told ? body : NULL);
        return fail->kind;
}

enum fail_kind answer_decode(const struct answer *answer, struct json_object **ret_object, struct fail *fail)
{
        auto_json struct json_object *body = NULL;
        bool good = answer->status >= 200 && answer->status <= 299;

        *ret_object = NULL;
        if (good && answer->unread)
                return FAIL_NONE;
        enum fail_kind bad = doc_parse(answer->body ? answer->body : "", answer->size, &body, fail);
        if (!good)
                return refused(answer, body, fail);
        if (bad) {
                fail_wrap(fail, "answer with HTTP %d", answer->status);
                if (fail) {
                        fail->kind = answer->write ? FAIL_UNKNOWN : FAIL_INVALID;
                        fail->status = answer->status;
                }
                return answer->write ? FAIL_UNKNOWN : FAIL_INVALID;
        }
        *ret_object = take(body);
        return FAIL_NONE;
}

enum fail_kind answer_status(struct json_object *status, struct fail *fail)
{
        struct answer answer = {.status = (int)doc_int(status, "code", 500)};

        /* Whatever an ERROR event says, it never means success. */
        if (answer.status < 300 || answer.status > 599)
                answer.status = 500;
        return refused(&answer, status, fail);
}
