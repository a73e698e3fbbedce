/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "load/http1.h"

/* What is looked for in every body. */
static const char sought[] = "nano";

struct outcome {
        enum http1_result result;
        int status;
        bool persistent, found;
        size_t used;
};

/* Feeds 'text' in pieces of at most 'step' bytes, each in memory of its own so that a read beyond it is caught. */
static struct outcome feed(const char *text, size_t size, size_t first, size_t step, bool to_head)
{
        struct http1 http1;
        struct outcome outcome = {HTTP1_MORE};
        struct match match;
        struct match_cursor cursor;

        match_init(&match, sought, strlen(sought));
        match_begin(&cursor, &match);
        http1_begin(&http1, to_head);
        http1_look_for(&http1, &cursor);
        while (outcome.used < size && outcome.result == HTTP1_MORE) {
                size_t length = outcome.used == 0 && first ? first : step, used = 0;
                if (length > size - outcome.used)
                        length = size - outcome.used;
                auto_free char *piece = xcalloc(length, 1);
                memcpy(piece, text + outcome.used, length);
                outcome.result = http1_feed(&http1, piece, length, &used);
                outcome.used += used;
                assert_true(outcome.result != HTTP1_MORE || used == length);
        }
        if (outcome.result == HTTP1_MORE)
                outcome.result = http1_end(&http1);
        outcome.status = http1.status;
        outcome.persistent = http1.persistent;
        outcome.found = match_found(&cursor);
        return outcome;
}

/* The same outcome however the bytes are cut. */
static struct outcome feed_all_ways(const char *text, bool to_head)
{
        size_t size = strlen(text);
        struct outcome whole = feed(text, size, 0, size ? size : 1, to_head);

        for (size_t first = 0; first <= size; first++) {
                struct outcome cut = feed(text, size, first, first ? size : 1, to_head);
                assert_int_equal(cut.result, whole.result);
                assert_int_equal(cut.status, whole.status);
                if (cut.result == HTTP1_DONE) {
                        assert_int_equal(cut.persistent, whole.persistent);
                        assert_int_equal(cut.found, whole.found);
                        assert_int_equal(cut.used, whole.used);
                }
        }
        return whole;
}

static void expect_done(const char *text, int status, bool persistent)
{
        struct outcome outcome = feed_all_ways(text, false);

        if (outcome.result != HTTP1_DONE)
                print_error("broken: %s\n", text);
        assert_int_equal(outcome.result, HTTP1_DONE);
        assert_int_equal(outcome.status, status);
        assert_int_equal(outcome.persistent, persistent);
        assert_int_equal(outcome.used, strlen(text));
}

static void expect_broken(const char *text)
{
        if (feed_all_ways(text, false).result != HTTP1_BROKEN)
                print_error("not broken: %s\n", text);
        assert_int_equal(feed_all_ways(text, false).result, HTTP1_BROKEN);
}

static void answers_end_where_their_framing_says(void **state)
{
        (void)state;
        expect_done("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, true);
        expect_done("HTTP/1.1 200\r\ncontent-length:0\r\n\r\n", 200, true);
        expect_done("HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", 200, true);
        expect_done("HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
                    404, true);
        expect_done("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n1 \r\nx\r\n0\r\nTrailer: a\r\nB: c\r\n\r\n", 200,
                    true);
        expect_done("HTTP/1.1 200 OK\r\n\r\nuntil the end", 200, false);
        expect_done("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nuntil the end", 200, false);
        expect_done("HTTP/1.1 204 No Content\r\n\r\n", 204, true);
        expect_done("HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", 304, true);
}

static void persistence_follows_version_and_connection(void **state)
{
        (void)state;
        expect_done("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", 200, false);
        expect_done("HTTP/1.1 200 OK\r\nConnection: Foo , CLOSE\r\nContent-Length: 0\r\n\r\n", 200, false);
        expect_done("HTTP/1.1 200 OK\r\nConnection: closed\r\nContent-Length: 0\r\n\r\n", 200, true);
        expect_done("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 200, false);
        expect_done("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n", 200, true);
        /* Two framings at once: the coding rules, the connection is not trusted. */
        expect_done("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, false);
}

static void interim_answers_are_passed_over(void **state)
{
        (void)state;
        expect_done("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\nConnection: close\r\n\r\n"
                    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
                    200, true);
        expect_broken("HTTP/1.1 101 Switching Protocols\r\n\r\n");
}

static void an_answer_to_head_has_no_body(void **state)
{
        (void)state;
        const char *text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/";
        struct outcome outcome = feed_all_ways(text, true);

        assert_int_equal(outcome.result, HTTP1_DONE);
        assert_int_equal(outcome.used, strlen(text) - 5);
}

static void bytes_after_an_answer_are_left(void **state)
{
        (void)state;
        struct outcome outcome = feed_all_ways("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 500", false);

        assert_int_equal(outcome.result, HTTP1_DONE);
        assert_int_equal(outcome.used, 40);
}

static void what_is_no_answer_is_broken(void **state)
{
        (void)state;
        static const char *const texts[] = {
                "", "H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "HTTP/2 200\r\n\r\n",
                "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 099 X\r\n\r\n", "\r\nHTTP/1.1 200 OK\r\n\r\n",
                "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\n: x\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
                "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx",
                "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\nx", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 2\r\n\r\nx",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11111111111111111\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        };

        for (size_t i = 0; i < ARRAY_LEN(texts); i++)
                expect_broken(texts[i]);
}

static void a_folded_line_is_harmless_where_nothing_depends_on_it(void **state)
{
        (void)state;
        expect_done("HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 1\r\n\r\nx", 200, true);
}

static struct outcome feed_long(const char *head, char filler, size_t size, const char *tail)
{
        auto_free char *text = xcalloc(strlen(head) + size + strlen(tail) + 1, 1);

        strcpy(text, head);
        memset(text + strlen(head), filler, size);
        strcpy(text + strlen(head) + size, tail);
        struct outcome whole = feed(text, strlen(text), 0, strlen(text), false);
        struct outcome cut = feed(text, strlen(text), 0, 1000, false);
        assert_int_equal(whole.result, cut.result);
        return whole;
}

static void long_lines_are_skipped_up_to_the_bound(void **state)
{
        (void)state;
        const char *tail = "\r\nContent-Length: 1\r\n\r\nx";

        assert_int_equal(feed_long("HTTP/1.1 200 OK\r\nX: ", 'a', 60000, tail).result, HTTP1_DONE);
        assert_int_equal(feed_long("HTTP/1.1 200 OK\r\n", 'a', 60000, tail).result, HTTP1_BROKEN);
        assert_int_equal(feed_long("HTTP/1.1 200 ", 'a', 60000, tail).result, HTTP1_DONE);
        assert_int_equal(feed_long("HTTP/1.1 200 OK\r\nX: ", 'a', 70000, tail).result, HTTP1_BROKEN);
        assert_int_equal(feed_long("HTTP/1.1 200 OK\r\nConnection: ", 'a', 300, tail).result, HTTP1_BROKEN);
        /* Trailers count too; a body does not. */
        assert_int_equal(
                feed_long("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ", 'a', 70000, "\r\n\r\n").result,
                HTTP1_BROKEN);
        assert_int_equal(feed_long("HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n", 'a', 90000, "").result, HTTP1_DONE);
        assert_int_equal(
                feed_long("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", 'a', 300, "\r\nx\r\n0\r\n\r\n").result,
                HTTP1_BROKEN);
}

static void a_body_of_many_small_chunks_is_no_head(void **state)
{
        (void)state;
        const char *head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        auto_free char *text = xcalloc(strlen(head) + 6 * 50000 + 6, 1);
        char *at = text + sprintf(text, "%s", head);

        for (int i = 0; i < 50000; i++)
                at += sprintf(at, "1\r\nx\r\n");
        strcpy(at, "0\r\n\r\n");
        assert_int_equal(feed(text, strlen(text), 0, 4096, false).result, HTTP1_DONE);
}

static void a_text_is_found_in_the_body_and_nowhere_else(void **state)
{
        (void)state;
        static const struct { const char *text; bool found; } cases[] = {
                {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nnanananox", true},
                {"HTTP/1.1 200 nano\r\nContent-Length: 9\r\nX: nano\r\n\r\nnanananax", false},
                {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnano", false},
                {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nna\r\n3;nano\r\nnox\r\n0\r\nT: nano\r\n\r\n", true},
                {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nna\r\n0\r\nT: nano\r\n\r\n", false},
                {"HTTP/1.0 200 OK\r\n\r\nxnano", true},
                {"HTTP/1.1 103 nano\r\nL: nano\r\n\r\nHTTP/1.1 204 OK\r\n\r\n", false},
        };
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                struct outcome outcome = feed_all_ways(cases[i].text, false);
                assert_int_equal(outcome.result, HTTP1_DONE);
                assert_int_equal(outcome.found, cases[i].found);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_text_is_found_in_the_body_and_nowhere_else),
                cmocka_unit_test(answers_end_where_their_framing_says),
                cmocka_unit_test(persistence_follows_version_and_connection),
                cmocka_unit_test(interim_answers_are_passed_over),
                cmocka_unit_test(an_answer_to_head_has_no_body),
                cmocka_unit_test(bytes_after_an_answer_are_left),
                cmocka_unit_test(what_is_no_answer_is_broken),
                cmocka_unit_test(a_folded_line_is_harmless_where_nothing_depends_on_it),
                cmocka_unit_test(long_lines_are_skipped_up_to_the_bound),
                cmocka_unit_test(a_body_of_many_small_chunks_is_no_head),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
