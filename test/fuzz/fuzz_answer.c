/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers of an API server, or of whatever stands in its place. The first line is "STATUS RETRY-AFTER LETTERS" (c: create,
 * w: write, u: unread), the rest the body: an unclear answer to a write is never a plain failure, and what is said about
 * it is one line. */
#include "base/mem.h"
#include "fuzz_json.h"
#include "kube/answer.h"

static void must_be_a_sentence(const struct fail *fail)
{
        must(fail->text[0] && fail->retry_after_s >= 0 && fail->retry_after_s <= 60);
        for (const char *c = fail->text; *c; c++)
                must(*c >= ' ' && *c < 0x7f);
}

static void try_status(struct json_object *object)
{
        struct fail fail = {0};

        must(answer_status(object, &fail) && fail.kind && fail.status >= 300 && fail.status <= 599);
        must_be_a_sentence(&fail);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct answer answer = {.status = 200};
        auto_json struct json_object *object = NULL;
        const uint8_t *newline = memchr(data, '\n', size);
        struct fail fail = {0};
        char letters[8] = "";

        if (!newline)
                return 0;
        auto_free char *head = fuzz_text(data, (size_t)(newline - data));
        if (sscanf(head, "%3d %9d %7s", &answer.status, &answer.retry_after_s, letters) < 1)
                return 0;
        answer.create = strchr(letters, 'c');
        answer.write = answer.create || strchr(letters, 'w');
        answer.unread = strchr(letters, 'u');
        answer.size = size - (size_t)(newline + 1 - data);
        auto_free char *body = fuzz_copy(newline + 1, answer.size);
        answer.body = body;

        enum fail_kind kind = answer_decode(&answer, &object, &fail);
        bool good = answer.status >= 200 && answer.status <= 299;
        must(kind == fail.kind && (good || kind));
        must(!good || !kind || kind == (answer.write ? FAIL_UNKNOWN : FAIL_INVALID));
        must(!kind || fail.status == answer.status);
        if (kind && !good)
                must_be_a_sentence(&fail);
        must((object != NULL) <= (good && !answer.unread));
        if (object)
                try_status(object);
        return 0;
}
