/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/doc.h"
#include "kube/reader.h"

/* The text as it is copied, or "! why not". */
static char *copied(const char *text, size_t size)
{
        auto_free char *exact = xcalloc(size ? size : 1, 1); /* no NUL behind it that would hide a read too far */
        struct reader reader;
        struct buf out = {0};

        memcpy(exact, text, size);
        reader = reader_of(exact, size);
        if (!reader_value(&reader, &out) || !reader_end(&reader)) {
                buf_clear(&out);
                buf_format(&out, "! %s", reader.wrong);
                assert_int_equal(reader_judge(&reader, NULL), FAIL_INVALID);
        }
        return buf_take(&out);
}

static void expect(const char *text, const char *wanted)
{
        auto_free char *got = copied(text, strlen(text));

        assert_string_equal(got, wanted);
}

static void values_are_copied_without_what_says_nothing(void **state)
{
        (void)state;
        expect(" { \"a\" : [ 1 , -2.50e+3,\ttrue ,false, null ] ,\r\n\"b\":{ } , \"c\":[ ], \"d\": {\"e\":[[ ]]} } ",
               "{\"a\":[1,-2.50e+3,true,false,null],\"b\":{},\"c\":[],\"d\":{\"e\":[[]]}}");
        expect("\"\"", "\"\"");
        expect(" 0 ", "0");
        expect("-0", "-0");
        expect("123456789012345678901234567890", "123456789012345678901234567890");
        expect("{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}");
}

static void strings_are_escaped_where_they_must_be_and_nowhere_else(void **state)
{
        (void)state;
        expect("\"\\u0041\\/\\u002f\\u003c&\\u00e9\\u20ac\"", "\"A//<&\xc3\xa9\xe2\x82\xac\"");
        expect("\"\\\"\\\\\\b\\f\\n\\r\\t\"", "\"\\\"\\\\\\b\\f\\n\\r\\t\"");
        expect("\"\\u0022\\u005C\\u0008\\u000c\\u000A\\u000d\\u0009\\u0000\\u001F\"", "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f\"");
        expect("\"\\uD83D\\uDE00\"", "\"\xf0\x9f\x98\x80\"");
        expect("\"\\ud83d\"", "\"\xef\xbf\xbd\"");
        expect("\"\\ude00x\"", "\"\xef\xbf\xbdx\"");
        expect("\"\\ud83d\\ud83d\\ude00\"", "\"\xef\xbf\xbd\xf0\x9f\x98\x80\"");
        expect("\"\\ud83d\\n\"", "\"\xef\xbf\xbd\\n\"");
        expect("\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"",
               "\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"");
}

static void what_is_not_json_is_not_let_pass(void **state)
{
        static const struct { const char *text, *why; } rows[] = {
                {"", "an end where a value should be"}, {" ", "an end where a value should be"}, {"{", "a member without a key"},
                {"[", "an end where a value should be"}, {"[1", "neither a comma nor an end"}, {"[1,]", "something that is no value"},
                {"[,1]", "something that is no value"}, {"[1 2]", "neither a comma nor an end"}, {"{\"a\":1,}", "a member without a key"},
                {"{a:1}", "a member without a key"}, {"{\"a\" 1}", "a key without a colon"}, {"{\"a\":}", "something that is no value"},
                {"{\"a\":1]", "neither a comma nor an end"}, {"[1}", "neither a comma nor an end"}, {"{} {}", "more after the value"},
                {"tru", "something that is no value"}, {"True", "something that is no value"}, {"nul", "something that is no value"},
                {"NaN", "something that is no value"}, {"Infinity", "something that is no value"}, {"'a'", "something that is no value"},
                {"01", "something that is no value"}, {"-01", "something that is no value"}, {"-", "something that is no value"},
                {"+1", "something that is no value"}, {".5", "something that is no value"}, {"1.", "a point without digits"},
                {"1.e5", "a point without digits"}, {"1e", "an exponent without digits"}, {"1e+", "an exponent without digits"},
                {"1x", "more after the value"}, {"1e308", "a number that is not finite"}, {"1e99999999999999999999", "a number that is not finite"},
                {"\"a", "a string without an end"}, {"\"\\\"", "a string without an end"}, {"\"\\x\"", "an unknown escape"},
                {"\"\\", "an unknown escape"}, {"\"\\u12\"", "an escape without four hexadecimal digits"},
                {"\"\\u12g4\"", "an escape without four hexadecimal digits"}, {"\"a\nb\"", "a control character in a string"},
                {"{\"a\\u0000b\":1}", "a key with a NUL in it"}, {"/**/1", "something that is no value"}, {"\xef\xbb\xbf" "1", "something that is no value"}, {"\v1", "something that is no value"},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_free char *wanted = xasprintf("! %s", rows[i].why);
                expect(rows[i].text, wanted);
        }
        expect("10e306", "10e306");
        expect("1e-99999999999999999999", "1e-99999999999999999999");
}

static void strings_are_utf8(void **state)
{
        static const char *const rows[] = {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2x", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xe2\x82", "\xe2\x82x",
                                           "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf0\x9f\x98", "\xf4\x90\x80\x80",
                                           "\xf5\x80\x80\x80", "\xff"};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_free char *inside = xasprintf("\"12345678%s\"", rows[i]);
                expect(inside, "! a string that is not UTF-8");
        }
}

/* At every place within eight bytes, which are looked at together. */
static void strings_end_wherever_they_end(void **state)
{
        (void)state;
        for (size_t len = 0; len < 40; len++) {
                char text[64] = "\"";
                memset(text + 1, 'x', len);
                strcpy(text + 1 + len, "\"");
                expect(text, text);
                strcpy(text + 1 + len, "\\\\\"");
                expect(text, text);
                strcpy(text + 1 + len, "\x1f\"");
                expect(text, "! a control character in a string");
                strcpy(text + 1 + len, "\xc3\xa9\"");
                expect(text, text);
        }
}

static char *nested(size_t depth, const char *inside)
{
        struct buf text = {0};

        for (size_t i = 0; i < depth; i++)
                buf_text(&text, i % 2 ? "[" : "{\"a\":");
        buf_text(&text, inside);
        for (size_t i = depth; i > 0; i--)
                buf_text(&text, (i - 1) % 2 ? "]" : "}");
        return buf_take(&text);
}

static void nesting_has_a_bound(void **state)
{
        auto_free char *deep = nested(DOC_DEPTH_MAX - 1, "1"), *deeper = nested(DOC_DEPTH_MAX, "1");
        auto_json struct json_object *doc = NULL;
        (void)state;

        expect(deep, deep);
        assert_int_equal(doc_parse(deep, strlen(deep), &doc, NULL), FAIL_NONE);
        expect(deeper, "! nested too deep");
}

static void members_and_elements_come_one_by_one(void **state)
{
        const char *text = "{\"a\":[{\"b\":1}, 2 ,[]],\"c\" : {}}!";
        struct reader reader = reader_of(text, strlen(text));
        auto_buf struct buf out = {0};
        (void)state;

        assert_true(reader_open(&reader, '{'));
        assert_true(reader_key(&reader, &out));
        assert_true(reader_open(&reader, '['));
        assert_true(reader_element(&reader));
        assert_int_equal(reader_peek(&reader), '{');
        assert_true(reader_value(&reader, &out));
        assert_true(reader_element(&reader));
        assert_true(reader_value(&reader, NULL));
        assert_true(reader_element(&reader));
        assert_true(reader_open(&reader, '['));
        assert_false(reader_element(&reader));
        assert_false(reader_element(&reader));
        assert_true(reader_key(&reader, &out));
        assert_true(reader_value(&reader, &out));
        assert_false(reader_key(&reader, &out));
        assert_string_equal(out.data, "\"a\"{\"b\":1}\"c\"{}");
        assert_int_equal(reader_judge(&reader, NULL), FAIL_NONE);
        assert_false(reader_end(&reader));
}

static void what_is_wrong_stays_wrong_and_says_where(void **state)
{
        struct reader reader = reader_of("[1,2]", 5);
        struct fail fail;
        (void)state;

        assert_false(reader_open(&reader, '{'));
        assert_false(reader_open(&reader, '['));
        assert_false(reader_value(&reader, NULL));
        assert_false(reader_element(&reader));
        assert_int_equal(reader_peek(&reader), '\0');
        assert_false(reader_end(&reader));
        assert_int_equal(reader_judge(&reader, &fail), FAIL_INVALID);
        assert_string_equal(fail.text, "not JSON at byte 0: something that is no object");
}

/* json-c decides about the same text: what passes here passes there, and means the same. */
static void every_cut_and_every_broken_byte_ends_in_a_verdict(void **state)
{
        const char *text = "{\"m\":{\"name\":\"a\\\\\\\"b\\u00e9\xc3\xa9\",\"n\":-1.5e3},\"s\":[1,\"two\",{\"t\":[[]],\"u\":null}, true]}";
        size_t size = strlen(text);
        (void)state;

        for (size_t cut = 0; cut < size; cut++) {
                auto_free char *got = copied(text, cut);
                assert_int_equal(got[0], '!');
        }
        for (size_t i = 0; i < size; i++)
                for (int c = 0; c < 256; c++) {
                        auto_json struct json_object *doc = NULL, *again = NULL;
                        auto_free char *broken = xstrdup(text);
                        broken[i] = (char)c;
                        auto_free char *got = copied(broken, size);
                        if (got[0] == '!')
                                continue;
                        assert_int_equal(doc_parse(broken, size, &doc, NULL), FAIL_NONE);
                        assert_int_equal(doc_parse(got, strlen(got), &again, NULL), FAIL_NONE);
                        assert_true(doc_equal(doc, again));
                }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(values_are_copied_without_what_says_nothing),
                cmocka_unit_test(strings_are_escaped_where_they_must_be_and_nowhere_else),
                cmocka_unit_test(what_is_not_json_is_not_let_pass),
                cmocka_unit_test(strings_are_utf8),
                cmocka_unit_test(strings_end_wherever_they_end),
                cmocka_unit_test(nesting_has_a_bound),
                cmocka_unit_test(members_and_elements_come_one_by_one),
                cmocka_unit_test(what_is_wrong_stays_wrong_and_says_where),
                cmocka_unit_test(every_cut_and_every_broken_byte_ends_in_a_verdict),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
