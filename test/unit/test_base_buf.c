/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

static void appended_text_is_terminated(void **state)
{
        (void)state;
        auto_buf struct buf buf = {0};

        assert_true(buf_text(&buf, "a"));
        assert_true(buf_add(&buf, "b\0c", 3));
        assert_true(buf_format(&buf, "%d-%s", 7, "x"));
        assert_int_equal(buf.size, 7);
        assert_memory_equal(buf.data, "ab\0c7-x", 8);
}

static void what_does_not_fit_is_refused_as_a_whole(void **state)
{
        (void)state;
        auto_buf struct buf buf = buf_bounded(4);

        assert_true(buf_text(&buf, "abcd"));
        assert_false(buf_text(&buf, "e"));
        assert_false(buf_format(&buf, "%s", "ef"));
        assert_true(buf.overflowed);
        assert_string_equal(buf.data, "abcd");
        buf_clear(&buf);
        assert_false(buf.overflowed);
        assert_false(buf_add(&buf, "abcde", SIZE_MAX)); /* no wrap-around of sizes */
        assert_int_equal(buf.size, 0);
}

static void dropping_moves_the_rest_to_the_front(void **state)
{
        (void)state;
        auto_buf struct buf buf = {0};

        buf_text(&buf, "hello world");
        buf_drop(&buf, 6);
        assert_string_equal(buf.data, "world");
        buf_drop(&buf, 100);
        assert_int_equal(buf.size, 0);
}

static void a_taken_text_leaves_an_empty_buffer_with_its_bound(void **state)
{
        (void)state;
        auto_buf struct buf buf = buf_bounded(3);

        buf_text(&buf, "abc");
        auto_free char *text = buf_take(&buf);
        auto_free char *empty = buf_take(&buf);
        assert_string_equal(text, "abc");
        assert_string_equal(empty, "");
        assert_false(buf_text(&buf, "abcd"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(appended_text_is_terminated),
                cmocka_unit_test(what_does_not_fit_is_refused_as_a_whole),
                cmocka_unit_test(dropping_moves_the_rest_to_the_front),
                cmocka_unit_test(a_taken_text_leaves_an_empty_buffer_with_its_bound),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
