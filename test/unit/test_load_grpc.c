/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "load/grpc.h"
#include "load/record.h"

static bool is_unary(const char *data, size_t size)
{
        struct grpc_reader whole = {0}, bytes = {0};

        grpc_feed(&whole, (const uint8_t *)data, size);
        for (size_t i = 0; i < size; i++)
                grpc_feed(&bytes, (const uint8_t *)data + i, 1);
        assert_int_equal(grpc_is_unary(&whole), grpc_is_unary(&bytes));
        return grpc_is_unary(&whole);
}

static void a_unary_answer_is_one_whole_message(void **state)
{
        (void)state;
        static const struct { const char *data; size_t size; bool unary; } rows[] = {
                {"\0\0\0\0\3abc", 8, true},           {"\0\0\0\0\0", 5, true},       {"\1\0\0\0\1a", 6, true},
                {"", 0, false},                       {"\0\0\0\0\3ab", 7, false},    {"\0\0\0", 3, false},
                {"\0\0\0\0\1a\0\0\0\0\1a", 12, false}, {"\0\0\0\0\1ab", 7, false},    {"\2\0\0\0\1a", 6, false},
                {"\0\xff\xff\xff\xff" "a", 6, false},
        };

        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
                if (is_unary(rows[i].data, rows[i].size) != rows[i].unary)
                        fail_msg("row %zu", i);
}

static void a_prefix_is_read_as_it_was_written(void **state)
{
        (void)state;
        uint8_t prefix[GRPC_PREFIX_SIZE];
        struct grpc_reader reader = {0};

        grpc_write_prefix(0x01020304, prefix);
        assert_memory_equal(prefix, "\0\1\2\3\4", 5);
        grpc_feed(&reader, prefix, sizeof prefix);
        assert_int_equal(reader.left, 0x01020304);
}

static void a_status_is_a_code(void **state)
{
        (void)state;
        static const struct { const char *text; int code; } rows[] = {
                {"0", 0}, {"5", 5}, {"16", 16}, {"17", 2}, {"999999999", 2}, {"05", 5}, {"", -1}, {"-1", -1}, {"1 ", -1}, {"OK", -1}, {"9999999999", -1},
        };

        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
                assert_int_equal(grpc_parse_status((const uint8_t *)rows[i].text, strlen(rows[i].text)), rows[i].code);
}

static void a_timeout_is_never_nothing(void **state)
{
        (void)state;
        static const struct { int64_t left_ns; const char *text; } rows[] = {
                {5000000000, "5000m"}, {600000000000, "600000m"}, {1999999, "1m"}, {1, "1m"}, {-5, "1m"},
        };
        char text[GRPC_TIMEOUT_TEXT];

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                assert_int_equal(grpc_format_timeout(rows[i].left_ns, text), strlen(rows[i].text));
                assert_string_equal(text, rows[i].text);
        }
}

static void statuses_of_both_kinds_have_texts(void **state)
{
        (void)state;
        char text[RECORD_STATUS_TEXT];

        for (int code = 0; code < GRPC_CODES; code++)
                assert_int_equal(record_parse_status(record_format_status(RECORD_GRPC_OK + code, text)), RECORD_GRPC_OK + code);
        assert_string_equal(record_format_status(RECORD_GRPC_OK + 14, text), "UNAVAILABLE");
        assert_string_equal(record_format_status(404, text), "404");
        assert_int_equal(record_parse_status("404"), 404);
        static const char *const none[] = {"", "42", "1000", "099", "ok", "other", "2x0"};
        for (size_t i = 0; i < ARRAY_LEN(none); i++)
                assert_int_equal(record_parse_status(none[i]), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_unary_answer_is_one_whole_message), cmocka_unit_test(a_prefix_is_read_as_it_was_written),
                cmocka_unit_test(a_status_is_a_code),                  cmocka_unit_test(a_timeout_is_never_nothing),
                cmocka_unit_test(statuses_of_both_kinds_have_texts),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
