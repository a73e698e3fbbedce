/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/secret.h"

#define SIZE_MAX_HERE 16

/* Reads what a file with these bytes holds. */
static enum fail_kind read_back(const void *bytes, size_t size, struct secret **ret_secret, struct fail *fail)
{
        char path[] = "/tmp/loadstone-secret.XXXXXX";
        auto_close int fd = mkstemp(path);

        assert_int_equal(write(fd, bytes, size), size);
        enum fail_kind kind = secret_read(path, SIZE_MAX_HERE, ret_secret, fail);
        unlink(path);
        return kind;
}

static void a_value_is_read_without_its_last_line_break(void **state)
{
        (void)state;
        static const struct { const char *file, *value; } rows[] = {
                {"token", "token"}, {"token\n", "token"}, {"token\r\n", "token"}, {"token\n\n", "token\n"}, {"to\nken", "to\nken"},
                {"0123456789abcdef", "0123456789abcdef"}, {"0123456789abcdef\r\n", "0123456789abcdef"},
        };

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                struct secret *secret = NULL;
                char copy[SIZE_MAX_HERE + 1] = {0};
                assert_int_equal(read_back(rows[i].file, strlen(rows[i].file), &secret, NULL), FAIL_NONE);
                assert_int_equal(secret_size(secret), strlen(rows[i].value));
                assert_ptr_equal(secret_copy(secret, copy), copy + strlen(rows[i].value));
                assert_string_equal(copy, rows[i].value);
                secret_free(secret);
        }
}

static void what_is_no_value_is_refused_without_quoting_it(void **state)
{
        (void)state;
        static const struct { const char *file; enum fail_kind kind; const char *says; } rows[] = {
                {"", FAIL_INVALID, "the value is empty"},
                {"\n", FAIL_INVALID, "the value is empty"},
                {"\r\n", FAIL_INVALID, "the value is empty"},
                {"0123456789abcdefg", FAIL_TOO_LARGE, "the value is longer than 16 bytes"},
                {"0123456789abcdefg\n", FAIL_TOO_LARGE, "the value is longer than 16 bytes"},
                {"0123456789abcdef\n\n", FAIL_TOO_LARGE, "the value is longer than 16 bytes"},
                {"0123456789abcdef and very much more than anybody wants to read", FAIL_TOO_LARGE, "the value is longer than 16 bytes"},
        };

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                struct secret *secret = NULL;
                struct fail fail = {0};
                assert_int_equal(read_back(rows[i].file, strlen(rows[i].file), &secret, &fail), rows[i].kind);
                assert_string_equal(fail.text, rows[i].says);
                assert_null(secret);
        }
}

static void a_file_that_is_not_there_is_named(void **state)
{
        (void)state;
        struct secret *secret = NULL;
        struct fail fail = {0};

        assert_int_equal(secret_read("/nonexistent/value", SIZE_MAX_HERE, &secret, &fail), FAIL_MISSING);
        assert_non_null(strstr(fail.text, "/nonexistent/value"));
        assert_int_equal(secret_read("/tmp", SIZE_MAX_HERE, &secret, &fail), FAIL_IO);
        assert_null(secret);
}

static void control_characters_are_seen(void **state)
{
        (void)state;
        static const struct { const char *bytes; size_t size; bool controls; } rows[] = {
                {"plain", 5, false}, {"a b\tc", 5, false}, {"\xc3\xa9", 2, false}, {"a\nb", 3, true}, {"a\rb", 3, true},
                {"a\0b", 3, true},   {"\x7f", 1, true},    {"\x1b[1m", 4, true},
        };

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                struct secret *secret = NULL;
                assert_int_equal(read_back(rows[i].bytes, rows[i].size, &secret, NULL), FAIL_NONE);
                assert_true(secret_has_controls(secret) == rows[i].controls);
                secret_free(secret);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_value_is_read_without_its_last_line_break),
                cmocka_unit_test(what_is_no_value_is_refused_without_quoting_it),
                cmocka_unit_test(a_file_that_is_not_there_is_named),
                cmocka_unit_test(control_characters_are_seen),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
