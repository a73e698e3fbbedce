/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "load/match.h"

/* The bits of 'number' as a text of two letters, which repeats itself in every way there is. */
static void spell(unsigned number, size_t size, char *text)
{
        for (size_t i = 0; i < size; i++)
                text[i] = number >> i & 1 ? 'b' : 'a';
        text[size] = '\0';
}

static bool found_in_pieces(const struct match *match, const char *text, size_t size, size_t step)
{
        struct match_cursor cursor;

        match_begin(&cursor, match);
        for (size_t at = 0; at < size; at += step)
                match_feed(&cursor, text + at, size - at < step ? size - at : step);
        return match_found(&cursor);
}

static void every_short_text_is_found_as_strstr_finds_it(void **state)
{
        (void)state;
        char needle[6], hay[11];

        for (size_t needle_size = 1; needle_size <= 5; needle_size++)
                for (unsigned n = 0; n < 1u << needle_size; n++) {
                        struct match match;
                        spell(n, needle_size, needle);
                        match_init(&match, needle, needle_size);
                        for (unsigned h = 0; h < 1u << 10; h++) {
                                spell(h, 10, hay);
                                for (size_t step = 1; step <= 10; step += 3)
                                        assert_int_equal(found_in_pieces(&match, hay, 10, step), strstr(hay, needle) != NULL);
                        }
                }
}

static void what_was_found_stays_found(void **state)
{
        (void)state;
        struct match match;
        struct match_cursor cursor;

        match_init(&match, "ok", 2);
        match_begin(&cursor, &match);
        match_feed(&cursor, "xo", 2);
        assert_false(match_found(&cursor));
        match_feed(&cursor, "kx", 2);
        match_feed(&cursor, "no", 2);
        assert_true(match_found(&cursor));
}

static void nothing_is_in_every_body(void **state)
{
        (void)state;
        struct match_cursor cursor;

        match_begin(&cursor, NULL);
        match_feed(&cursor, "x", 1);
        assert_true(match_found(&cursor));
}

static void the_longest_text_fits(void **state)
{
        (void)state;
        static char text[MATCH_BYTES_MAX + 1];
        struct match match;

        memset(text, 'a', MATCH_BYTES_MAX);
        text[MATCH_BYTES_MAX - 1] = 'b';
        match_init(&match, text, MATCH_BYTES_MAX);
        auto_free char *hay = xasprintf("aaa%s", text);
        assert_true(found_in_pieces(&match, hay, strlen(hay), 7));
        assert_false(found_in_pieces(&match, hay, strlen(hay) - 1, 7));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_short_text_is_found_as_strstr_finds_it),
                cmocka_unit_test(what_was_found_stays_found),
                cmocka_unit_test(nothing_is_in_every_body),
                cmocka_unit_test(the_longest_text_fits),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
