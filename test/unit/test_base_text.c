/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/mem.h"
#include "base/text.h"

/* RFC 3720 appendix B.4 */
static void crc32c_gives_the_published_values(void **state)
{
        (void)state;
        uint8_t bytes[32];

        memset(bytes, 0, sizeof bytes);
        assert_int_equal(text_crc32c(0, bytes, 32), 0x8a9136aa);
        memset(bytes, 0xff, sizeof bytes);
        assert_int_equal(text_crc32c(0, bytes, 32), 0x62a8ab43);
        for (int i = 0; i < 32; i++)
                bytes[i] = (uint8_t)i;
        assert_int_equal(text_crc32c(0, bytes, 32), 0x46dd794e);
        assert_int_equal(text_crc32c(text_crc32c(0, bytes, 10), bytes + 10, 22), 0x46dd794e);
        assert_int_equal(text_crc32c(0, NULL, 0), 0);
}

/* RFC 4648 section 10 */
static void base64_gives_the_published_values(void **state)
{
        (void)state;
        static const char *const pairs[][2] = {{"", ""},          {"f", "Zg=="},         {"fo", "Zm8="},
                                               {"foo", "Zm9v"},   {"foob", "Zm9vYg=="},  {"fooba", "Zm9vYmE="},
                                               {"foobar", "Zm9vYmFy"}};

        for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
                auto_free char *text = text_base64_encode(pairs[i][0], strlen(pairs[i][0]));
                auto_free uint8_t *data = NULL;
                size_t size = 99;
                assert_string_equal(text, pairs[i][1]);
                assert_int_equal(text_base64_decode(text, strlen(text), &data, &size, NULL), FAIL_NONE);
                assert_int_equal(size, strlen(pairs[i][0]));
                assert_memory_equal(data, pairs[i][0], size);
        }
}

static void strict_base64_refuses_the_rest(void **state)
{
        (void)state;
        static const char *const texts[] = {"Z", "Zg", "Zg=", "Zg===", "=g==", "Z===", "Zg==Zg==", "Zm9v\n", "Zm 9", "Zm9-",
                                            "Zm=v"};

        for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
                uint8_t *data = NULL;
                size_t size;
                assert_int_equal(text_base64_decode(texts[i], strlen(texts[i]), &data, &size, NULL), FAIL_INVALID);
                assert_null(data);
        }
}

static void null_texts_are_equal_to_each_other_only(void **state)
{
        (void)state;
        assert_true(text_equal(NULL, NULL));
        assert_false(text_equal(NULL, ""));
        assert_true(text_equal("a", "a"));
        assert_false(text_starts(NULL, ""));
        assert_true(text_starts("abc", "ab"));
        assert_false(text_starts("a", "ab"));
}

static void a_file_is_read_up_to_its_bound(void **state)
{
        (void)state;
        char path[] = "/tmp/test_base_text.XXXXXX";
        int fd = mkstemp(path);
        struct fail fail;
        char *data = NULL;
        size_t size;

        assert_int_equal(write(fd, "abc\0d", 5), 5);
        close(fd);
        assert_int_equal(text_file_read(path, 4, &data, &size, &fail), FAIL_TOO_LARGE);
        assert_null(data);
        assert_int_equal(text_file_read(path, 5, &data, &size, &fail), FAIL_NONE);
        assert_int_equal(size, 5);
        assert_memory_equal(data, "abc\0d", 6);
        free(data);
        unlink(path);
        assert_int_equal(text_file_read(path, 5, &data, &size, &fail), FAIL_MISSING);
        assert_non_null(strstr(fail.text, path));
}

static void a_wrapped_failure_keeps_its_kind_and_is_cut_to_fit(void **state)
{
        (void)state;
        struct fail fail;
        char longer[2 * FAIL_TEXT_MAX];

        fail_set(&fail, FAIL_BUSY, "inner %d", 7);
        fail.status = 429;
        assert_int_equal(fail_wrap(&fail, "outer"), FAIL_BUSY);
        assert_string_equal(fail.text, "outer: inner 7");
        assert_int_equal(fail.status, 429);
        memset(longer, 'x', sizeof longer);
        longer[sizeof longer - 1] = '\0';
        fail_wrap(&fail, "%s", longer);
        assert_int_equal(strlen(fail.text), FAIL_TEXT_MAX - 1);
        assert_int_equal(fail_set(NULL, FAIL_IO, "nobody listens"), FAIL_IO);
}

static void what_is_no_utf_8_is_scrubbed(void **state)
{
        (void)state;
        /* RFC 3629: cut, overlong, surrogate, beyond U+10FFFF, and what is fine. */
        static const char *const pairs[][2] = {{"a\xc3", "a?"},           {"\xc0\x80", "??"},
                                               {"\xe0\x80\x80", "???"},  {"\xed\xa0\x80", "???"},
                                               {"\xf4\x90\x80\x80", "????"}, {"\xf0\x9f\x98", "???"},
                                               {"\xe2\x82\xac \xf0\x9f\x98\x80 \xc3\xa4", "\xe2\x82\xac \xf0\x9f\x98\x80 \xc3\xa4"}};
        struct fail fail;

        for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
                auto_free char *text = xstrdup(pairs[i][0]);
                text_scrub(text);
                assert_string_equal(text, pairs[i][1]);
        }
        fail_set(&fail, FAIL_INVALID, "'%.2s' is none", "a\xc3\xa4");
        assert_string_equal(fail.text, "'a?' is none");
}

static void instants_are_parsed_as_rfc_3339_says(void **state)
{
        (void)state;
        char text[CLOCK_TEXT_MAX];

        assert_int_equal(clock_parse("1970-01-01T00:00:00Z"), 0);
        assert_int_equal(clock_parse("2026-01-31T10:00:00Z"), INT64_C(1769853600000));
        assert_int_equal(clock_parse("2026-01-31T10:00:00.123456Z"), INT64_C(1769853600123));
        assert_int_equal(clock_parse("2026-01-31T12:30:00+02:30"), INT64_C(1769853600000));
        static const char *const none[] = {NULL, "", "2026-01-31", "2026-01-31T10:00:00", "2026-01-31T10:00:00X",
                                           "1969-12-31T23:59:59Z", "2026-01-31T10:00:00+2:30", "2026-01-31T10:00:00Zjunk"};
        for (size_t i = 0; i < ARRAY_LEN(none); i++)
                assert_int_equal(clock_parse(none[i]), -1);
        clock_format_seconds(INT64_C(1769853600123), text);
        assert_string_equal(text, "2026-01-31T10:00:00Z");
        clock_format_micros(INT64_C(1769853600123), text);
        assert_string_equal(text, "2026-01-31T10:00:00.123000Z");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(crc32c_gives_the_published_values),
                cmocka_unit_test(base64_gives_the_published_values),
                cmocka_unit_test(strict_base64_refuses_the_rest),
                cmocka_unit_test(null_texts_are_equal_to_each_other_only),
                cmocka_unit_test(a_file_is_read_up_to_its_bound),
                cmocka_unit_test(a_wrapped_failure_keeps_its_kind_and_is_cut_to_fit),
                cmocka_unit_test(what_is_no_utf_8_is_scrubbed),
                cmocka_unit_test(instants_are_parsed_as_rfc_3339_says),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
