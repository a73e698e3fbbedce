/* SPDX-License-Identifier: Apache-2.0
 *
 * The body of an answer that a proxy gave, however it was framed; nothing of one that is broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "probe/page.h"

static enum fail_kind decode(const char *text, const char **ret_body, size_t *ret_size)
{
        static char answer[32768];
        char *body = NULL;
        size_t size = strlen(text);

        assert_true(size < sizeof answer);
        memcpy(answer, text, size + 1);
        struct fail fail = {0};
        enum fail_kind kind = page_decode(answer, size, &body, ret_size, &fail);
        *ret_body = body;
        return kind;
}

static void bodies_come_in_three_framings(void **state)
{
        static const struct { const char *answer, *body; } cases[] = {
                {"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", "hello"},
                {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhello", "hell"},
                {"HTTP/1.1 200 OK\r\nserver: envoy\r\n\r\nhello", "hello"},
                {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", "hello"},
                {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0003;a=b\r\nhel\r\n2 \r\nlo\r\n0\r\nx: y\r\n\r\n", "hello"},
                {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", ""},
                {"HTTP/1.0 200 OK\r\n\r\n", ""},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                const char *body;
                size_t size;
                assert_int_equal(decode(cases[i].answer, &body, &size), FAIL_NONE);
                assert_int_equal(size, strlen(cases[i].body));
                assert_string_equal(body, cases[i].body);
        }
}

static void what_is_broken_has_no_body(void **state)
{
        static const struct { const char *answer; enum fail_kind kind; } cases[] = {
                {"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello", FAIL_IO},
                {"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\nhello", FAIL_IO},
                {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\nhello", FAIL_IO},
                {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n", FAIL_IO},
                {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", FAIL_IO},
                {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\nhello", FAIL_INVALID},
                {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-1\r\nhello", FAIL_INVALID},
                {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffff\r\nhello", FAIL_INVALID},
                {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5", FAIL_INVALID},
                {"HTTP/1.1 404 Not Found\r\n\r\n", FAIL_MISSING},
                {"HTTP/1.1 403 Forbidden\r\n\r\n", FAIL_DENIED},
                {"HTTP/1.1 503 Unavailable\r\n\r\n", FAIL_BUSY},
                {"HTTP/1.1 301 Moved\r\nlocation: http://169.254.169.254/\r\n\r\n", FAIL_INVALID},
                {"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nhello", FAIL_INVALID},
                {"HTTP/1.1 2", FAIL_INVALID},
                {"SSH-2.0-OpenSSH 200 9\r\n\r\n", FAIL_INVALID},
                {"", FAIL_INVALID},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                const char *body;
                size_t size;
                assert_int_equal(decode(cases[i].answer, &body, &size), cases[i].kind);
                assert_null(body);
        }
}

static void a_head_has_an_end_within_bounds(void **state)
{
        static char answer[32768 + 1];
        char *body = NULL;
        size_t size;
        (void)state;

        memset(answer, 'a', sizeof answer - 1);
        memcpy(answer, "HTTP/1.1 200 OK\r\n", 17);
        memcpy(answer + 20000, "\r\n\r\n", 4);
        assert_int_equal(page_decode(answer, sizeof answer - 1, &body, &size, NULL), FAIL_INVALID);
        memcpy(answer + 16000, "\r\n\r\n", 4);
        assert_int_equal(page_decode(answer, sizeof answer - 1, &body, &size, NULL), FAIL_NONE);
        assert_int_equal(size, sizeof answer - 1 - 16004);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(bodies_come_in_three_framings),
                cmocka_unit_test(what_is_broken_has_no_body),
                cmocka_unit_test(a_head_has_an_end_within_bounds),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
