/* SPDX-License-Identifier: Apache-2.0
 *
 * What the operator's own ports take for a request, and with which status they refuse the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/mem.h"
#include "serve/http_head.h"

static struct http_head head;

static long parse(const char *text)
{
        return http_head_parse(text, strlen(text), &head);
}

static void a_get_with_a_token(void **state)
{
        const char text[] = "GET /metrics?x=/y HTTP/1.1\r\nHost: a\r\nauthorization: bearer  a.b-c= \r\nAccept: */*\r\n\r\n";

        (void)state;
        assert_int_equal(parse(text), strlen(text));
        assert_string_equal(head.path, "/metrics");
        assert_int_equal(head.token_len, strlen("a.b-c="));
        assert_memory_equal(head.token, "a.b-c=", head.token_len);
        assert_false(head.to_head || head.close);
}

static void what_follows_belongs_to_the_next(void **state)
{
        const char first[] = "HEAD /readyz HTTP/1.1\nConnection: close\n\n";
        auto_free char *both = xasprintf("%sGET / HTTP/1.1\r\n\r\n", first);

        (void)state;
        assert_int_equal(parse(both), strlen(first));
        assert_true(head.to_head && head.close && !head.token);
}

static void more_bytes_are_waited_for(void **state)
{
        const char text[] = "GET / HTTP/1.0\r\nHost: a\r\n\r\n";

        (void)state;
        for (size_t size = 0; size < strlen(text); size++)
                assert_int_equal(http_head_parse(text, size, &head), 0);
        assert_int_equal(parse(text), strlen(text));
        assert_true(head.close); /* HTTP/1.0 */
}

static void other_credentials_are_no_token(void **state)
{
        (void)state;
        for (size_t i = 0; i < 3; i++) {
                static const char *const values[] = {"Basic YTpi", "Bearer", "Bearer a b"};
                auto_free char *text = xasprintf("GET / HTTP/1.1\r\nAuthorization: %s\r\n\r\n", values[i]);
                assert_true(parse(text) > 0);
                assert_null(head.token);
        }
}

static void everything_else_is_refused_with_its_status(void **state)
{
        static const struct { const char *text; int status; } cases[] = {
                {"POST / HTTP/1.1\r\n\r\n", 405},
                {"CONNECT a:80 HTTP/1.1\r\n\r\n", 405},
                {"PRI * HTTP/2.0\r\n\r\n", 505},
                {"GET / HTTP/1.2\r\n\r\n", 505},
                {"GET / HTTP/1.1 \r\n\r\n", 400},
                {"GET  / HTTP/1.1\r\n\r\n", 400},
                {"GET / JTTP/1.1\r\n\r\n", 400},
                {"GET http://a/ HTTP/1.1\r\n\r\n", 400},
                {"GET\r\n\r\n", 400},
                {"\r\n\r\n", 400},
                {"G\x01T / HTTP/1.1\r\n\r\n", 400},
                {"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400},
                {"GET / HTTP/1.1\r\n: no name\r\n\r\n", 400},
                {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
                {"GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", 400},
                {"GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", 400},
                {"GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", 400},
                {"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
                {"GET / HTTP/1.1\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n", 400},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++)
                if (parse(cases[i].text) != -cases[i].status)
                        fail_msg("%s", cases[i].text);
        const char nul[] = "GET /\0 HTTP/1.1\r\n\r\n";
        assert_int_equal(http_head_parse(nul, sizeof nul - 1, &head), -400);
}

static void heads_and_paths_are_bounded(void **state)
{
        auto_free char *endless = xcalloc(HTTP_HEAD_BYTES_MAX + 1, 1);
        char path[HTTP_PATH_BYTES_MAX + 32];

        (void)state;
        memset(endless, 'a', HTTP_HEAD_BYTES_MAX);
        assert_int_equal(http_head_parse(endless, HTTP_HEAD_BYTES_MAX - 1, &head), 0);
        assert_int_equal(http_head_parse(endless, HTTP_HEAD_BYTES_MAX, &head), -431);
        memset(path, 'a', sizeof path);
        auto_free char *text = xasprintf("GET /%.*s HTTP/1.1\r\n\r\n", HTTP_PATH_BYTES_MAX - 1, path);
        assert_int_equal(parse(text), -414);
        auto_free char *longest = xasprintf("GET /%.*s HTTP/1.1\r\n\r\n", HTTP_PATH_BYTES_MAX - 2, path);
        assert_true(parse(longest) > 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_get_with_a_token),
                cmocka_unit_test(what_follows_belongs_to_the_next),
                cmocka_unit_test(more_bytes_are_waited_for),
                cmocka_unit_test(other_credentials_are_no_token),
                cmocka_unit_test(everything_else_is_refused_with_its_status),
                cmocka_unit_test(heads_and_paths_are_bounded),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
