/* SPDX-License-Identifier: Apache-2.0
 *
 * What answers mean, and which failures are worth another attempt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/clock.h"
#include "data/doc.h"
#include "kube/answer.h"
#include "kube/retry.h"

static struct fail judge(struct answer answer, const char *body)
{
        auto_json struct json_object *object = NULL;
        struct fail fail = {0};

        answer.body = body;
        answer.size = strlen(body);
        enum fail_kind kind = answer_decode(&answer, &object, &fail);
        assert_int_equal(kind, fail.kind);
        assert_true((object != NULL) == (kind == FAIL_NONE));
        return fail;
}

#define STATUS(code, reason) \
        "{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"told so\",\"reason\":\"" reason \
        "\",\"code\":" #code "}"

static void codes_have_kinds(void **state)
{
        (void)state;
        static const struct {
                int status;
                enum fail_kind read, write;
        } rows[] = {
                {400, FAIL_INVALID, FAIL_INVALID},     {401, FAIL_DENIED, FAIL_DENIED},
                {403, FAIL_DENIED, FAIL_DENIED},       {404, FAIL_MISSING, FAIL_MISSING},
                {409, FAIL_CONFLICT, FAIL_CONFLICT},   {410, FAIL_EXPIRED, FAIL_EXPIRED},
                {413, FAIL_TOO_LARGE, FAIL_TOO_LARGE}, {422, FAIL_INVALID, FAIL_INVALID},
                {429, FAIL_BUSY, FAIL_BUSY},           {500, FAIL_IO, FAIL_UNKNOWN},
                {502, FAIL_IO, FAIL_UNKNOWN},          {503, FAIL_BUSY, FAIL_UNKNOWN},
                {504, FAIL_TIMEOUT, FAIL_UNKNOWN},     {599, FAIL_IO, FAIL_UNKNOWN},
                {302, FAIL_INVALID, FAIL_INVALID},     {418, FAIL_INVALID, FAIL_INVALID},
        };
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                assert_int_equal(judge((struct answer){.status = rows[i].status}, "").kind, rows[i].read);
                assert_int_equal(judge((struct answer){.status = rows[i].status, .write = true}, "").kind, rows[i].write);
        }
}

static void the_two_conflicts_are_told_apart_by_reason(void **state)
{
        (void)state;
        struct answer answer = {.status = 409, .create = true, .write = true};

        assert_int_equal(judge(answer, STATUS(409, "AlreadyExists")).kind, FAIL_EXISTS);
        assert_int_equal(judge(answer, STATUS(409, "Conflict")).kind, FAIL_CONFLICT);
        assert_int_equal(judge(answer, "plain").kind, FAIL_EXISTS);
        answer.create = false;
        assert_int_equal(judge(answer, STATUS(409, "AlreadyExists")).kind, FAIL_EXISTS);
        assert_int_equal(judge(answer, "plain").kind, FAIL_CONFLICT);
}

static void a_status_is_quoted_with_reason_and_message(void **state)
{
        (void)state;
        struct fail fail = judge((struct answer){.status = 422}, STATUS(422, "Invalid"));
        assert_string_equal(fail.text, "HTTP 422 Invalid: told so");
        assert_int_equal(fail.status, 422);
}

static void html_and_text_and_garbage_are_quoted_on_one_line(void **state)
{
        (void)state;
        assert_string_equal(judge((struct answer){.status = 502},
                                  "<html>\n<head><title>502 Bad Gateway</title></head><body>x</body></html>").text,
                            "HTTP 502: 502 Bad Gateway");
        assert_string_equal(judge((struct answer){.status = 429}, "Too many\r\n\trequests\n").text,
                            "HTTP 429: Too many requests");
        assert_string_equal(judge((struct answer){.status = 500}, "a\x01\xff\x1b[31mb").text, "HTTP 500: a ? [31mb");
        assert_string_equal(judge((struct answer){.status = 503}, "").text, "HTTP 503");
}

static void the_header_says_when_before_the_body_does(void **state)
{
        (void)state;
        const char *body = "{\"kind\":\"Status\",\"details\":{\"retryAfterSeconds\":7},\"code\":429}";

        assert_int_equal(judge((struct answer){.status = 429}, body).retry_after_s, 7);
        assert_int_equal(judge((struct answer){.status = 429, .retry_after_s = 3}, body).retry_after_s, 3);
        assert_int_equal(judge((struct answer){.status = 429, .retry_after_s = 9999}, body).retry_after_s, 60);
        assert_int_equal(judge((struct answer){.status = 429}, "").retry_after_s, 0);
}

static void a_good_code_with_a_bad_body_is_unclear_for_writes(void **state)
{
        (void)state;
        assert_int_equal(judge((struct answer){.status = 200}, "{\"kind\":").kind, FAIL_INVALID);
        assert_int_equal(judge((struct answer){.status = 201, .write = true}, "{\"kind\":").kind, FAIL_UNKNOWN);
        assert_int_equal(judge((struct answer){.status = 200}, "{}").kind, FAIL_NONE);
}

static void an_error_event_never_means_success(void **state)
{
        (void)state;
        struct fail fail = {0};
        auto_json struct json_object *fine = doc_set_int(doc_object(), "code", 200);
        auto_json struct json_object *gone = doc_set_int(doc_object(), "code", 410);

        assert_int_equal(answer_status(NULL, &fail), FAIL_IO);
        assert_int_equal(answer_status(fine, &fail), FAIL_IO);
        assert_int_equal(answer_status(gone, &fail), FAIL_EXPIRED);
}

/* ---- Retries ---- */

static bool again(struct retry_attempt attempt, struct fail fail, int64_t *ret_wait_ns)
{
        return retry_again(&attempt, &fail, 0, ret_wait_ns);
}

static void reads_are_repeated_four_times_and_later_each_time(void **state)
{
        (void)state;
        struct fail busy = {.kind = FAIL_BUSY, .status = 503};
        int64_t wait_ns, before_ns = 0;

        for (int attempts = 1; attempts <= RETRY_REPEATS_MAX; attempts++) {
                assert_true(again((struct retry_attempt){.attempts = attempts}, busy, &wait_ns));
                assert_true(wait_ns > before_ns);
                before_ns = wait_ns;
        }
        assert_false(again((struct retry_attempt){.attempts = RETRY_REPEATS_MAX + 1}, busy, &wait_ns));
}

static void writes_are_repeated_on_429_only(void **state)
{
        (void)state;
        struct retry_attempt write = {.write = true, .attempts = 1};
        int64_t wait_ns;

        assert_true(again(write, (struct fail){.kind = FAIL_BUSY, .status = 429}, &wait_ns));
        assert_false(again(write, (struct fail){.kind = FAIL_UNKNOWN, .status = 503, .retry_after_s = 1}, &wait_ns));
        assert_false(again(write, (struct fail){.kind = FAIL_UNKNOWN}, &wait_ns));
        assert_false(again(write, (struct fail){.kind = FAIL_IO}, &wait_ns));
}

static void refusals_and_urgent_requests_are_not_repeated(void **state)
{
        (void)state;
        int64_t wait_ns;

        assert_false(again((struct retry_attempt){.attempts = 1}, (struct fail){.kind = FAIL_MISSING, .status = 404}, &wait_ns));
        assert_false(again((struct retry_attempt){.attempts = 1}, (struct fail){.kind = FAIL_DENIED}, &wait_ns));
        assert_false(again((struct retry_attempt){.attempts = 1}, (struct fail){.kind = FAIL_IO, .status = 500}, &wait_ns));
        assert_false(again((struct retry_attempt){.attempts = 1, .once = true},
                           (struct fail){.kind = FAIL_BUSY, .status = 429}, &wait_ns));
        assert_true(again((struct retry_attempt){.attempts = RETRY_SILENT_MAX - 1}, (struct fail){.kind = FAIL_TIMEOUT}, &wait_ns));
        assert_false(again((struct retry_attempt){.attempts = RETRY_SILENT_MAX}, (struct fail){.kind = FAIL_TIMEOUT}, &wait_ns));
}

static void what_the_server_asks_for_is_kept_to(void **state)
{
        (void)state;
        struct fail busy = {.kind = FAIL_BUSY, .status = 429, .retry_after_s = 8};
        int64_t wait_ns;

        assert_true(again((struct retry_attempt){.attempts = 1}, busy, &wait_ns));
        assert_true(wait_ns == 8 * NS_PER_S);
        assert_true(retry_again(&(struct retry_attempt){.attempts = 1}, &busy, UINT64_MAX, &wait_ns));
        assert_true(wait_ns >= 8 * NS_PER_S && wait_ns <= 88 * NS_PER_S / 10);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(codes_have_kinds),
                cmocka_unit_test(the_two_conflicts_are_told_apart_by_reason),
                cmocka_unit_test(a_status_is_quoted_with_reason_and_message),
                cmocka_unit_test(html_and_text_and_garbage_are_quoted_on_one_line),
                cmocka_unit_test(the_header_says_when_before_the_body_does),
                cmocka_unit_test(a_good_code_with_a_bad_body_is_unclear_for_writes),
                cmocka_unit_test(an_error_event_never_means_success),
                cmocka_unit_test(reads_are_repeated_four_times_and_later_each_time),
                cmocka_unit_test(writes_are_repeated_on_429_only),
                cmocka_unit_test(refusals_and_urgent_requests_are_not_repeated),
                cmocka_unit_test(what_the_server_asks_for_is_kept_to),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
