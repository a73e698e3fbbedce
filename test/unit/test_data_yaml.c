/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "data/doc.h"
#include "data/yaml.h"

static void reads(const char *text, const char *json)
{
        auto_json struct json_object *doc = NULL;
        struct fail fail = {0};

        if (yaml_parse(text, strlen(text), &doc, &fail))
                fail_msg("%s: %s", text, fail.text);
        assert_string_equal(doc_print(doc), json);
}

static void refuses(const char *text, enum fail_kind kind, const char *part)
{
        auto_json struct json_object *doc = NULL;
        struct fail fail = {0};

        assert_int_equal(yaml_parse(text, strlen(text), &doc, &fail), kind);
        if (!strstr(fail.text, part))
                fail_msg("'%s' does not say '%s'", fail.text, part);
}

static void plain_scalars_have_types_and_quoted_ones_are_text(void **state)
{
        (void)state;
        reads("[1, -2, +3, 0x1f, 0o17, 1.5, 1e3, true, False, null, ~, abc]",
              "[1,-2,3,31,15,1.5,1e3,true,false,null,null,\"abc\"]");
        reads("a:\nb: ~", "{\"a\":null,\"b\":null}");
        reads("['1', \"true\", !!str 5, \"\", 'null']", "[\"1\",\"true\",\"5\",\"\",\"null\"]");
        /* Words of YAML 1.1 are words, as quantities, durations and versions are. */
        reads("[yes, no, on, off, y, 250m, 30s, 1.34.4, 0123, 1_000, -, 12:30, nan, 1e, .]",
              "[\"yes\",\"no\",\"on\",\"off\",\"y\",\"250m\",\"30s\",\"1.34.4\",123,\"1_000\",\"-\",\"12:30\",\"nan\",\"1e\",\".\"]");
        reads("9223372036854775807", "9223372036854775807");
        reads("9223372036854775808", "9223372036854775808");
        /* What JSON would not write so is written by its value. */
        reads("[.5, -.25, +1.5, 2., 0.1]", "[0.5,-0.25,1.5,2.0,0.1]");
}

static void maps_lists_and_blocks_nest(void **state)
{
        (void)state;
        reads("a:\n  b:\n  - 1\n  - c: d\n    e: |\n      x\n      y\n1: one\ntrue: yes\n",
              "{\"a\":{\"b\":[1,{\"c\":\"d\",\"e\":\"x\\ny\\n\"}]},\"1\":\"one\",\"true\":\"yes\"}");
        reads("", "null");
        reads("# nothing\n", "null");
        reads("{\"json\": [\"too\", 1.25]}", "{\"json\":[\"too\",1.25]}");
        reads("a: {}\nb: []\n", "{\"a\":{},\"b\":[]}");
}

static void aliases_are_copies(void **state)
{
        auto_json struct json_object *doc = NULL;
        const char *text = "a: &x {v: 1}\nb: *x\n";
        (void)state;

        assert_int_equal(yaml_parse(text, strlen(text), &doc, NULL), FAIL_NONE);
        doc_set_int(doc_at(doc, "a"), "v", 2);
        assert_string_equal(doc_print(doc), "{\"a\":{\"v\":2},\"b\":{\"v\":1}}");
        refuses("a: *nobody", FAIL_INVALID, "unknown alias");
        /* An anchor is known only when its value is complete: no tree can hold itself. */
        refuses("&x [*x]", FAIL_INVALID, "unknown alias");
}

static void what_would_be_misread_is_refused(void **state)
{
        (void)state;
        refuses("a: 1\na: 2\n", FAIL_INVALID, "line 2, column 1: this key is there already");
        refuses("a: &x {b: 1}\nc:\n  <<: *x\n", FAIL_INVALID, "merge keys");
        refuses("a: .inf", FAIL_INVALID, "finite");
        refuses("a: !ruby/object {}", FAIL_INVALID, "tags");
        refuses("a: !custom b", FAIL_INVALID, "tags");
        refuses("? [1]\n: 2", FAIL_INVALID, "a key must be a string");
        refuses("a: [1", FAIL_INVALID, "line");
        refuses("a: b: c", FAIL_INVALID, "line 1");
        refuses("\tx: 1", FAIL_INVALID, "line 1");
        refuses("a: 1\n---\nb: 2\n", FAIL_INVALID, "2 documents");
        refuses("\"a\\0b\": 1", FAIL_INVALID, "NUL");
        refuses("\xff\xfe", FAIL_INVALID, "line");
}

static void laughs_depth_and_size_are_bounded(void **state)
{
        auto_buf struct buf laughs = {0}, deep = {0};
        (void)state;

        buf_text(&laughs, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for (int i = 1; i < 9; i++)
                buf_format(&laughs, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i, i - 1, i - 1,
                           i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
        refuses(laughs.data, FAIL_TOO_LARGE, "too many values");
        for (int i = 0; i < 1000; i++)
                buf_text(&deep, "[");
        refuses(deep.data, FAIL_TOO_LARGE, "too deeply");
        auto_free char *large = xcalloc(YAML_BYTES_MAX + 2, 1);
        memset(large, ' ', YAML_BYTES_MAX + 1);
        refuses(large, FAIL_TOO_LARGE, "bytes");
}

static void a_file_of_several_documents_is_a_list(void **state)
{
        auto_json struct json_object *docs = NULL;
        const char *text = "---\na: &x 1\n---\n# empty\n---\nb: 2\n...\n";
        (void)state;

        assert_int_equal(yaml_parse_all(text, strlen(text), &docs, NULL), FAIL_NONE);
        assert_string_equal(doc_print(docs), "[{\"a\":1},{\"b\":2}]");
}

static void every_cut_of_a_file_ends_in_a_verdict(void **state)
{
        const char *text = "a: &x\n  - {b: 'c', \"d\": [1, 2]}\n  - |\n    text\ne: *x\n? f\n: >-\n  g\n";
        (void)state;

        for (size_t size = 0; size <= strlen(text); size++) {
                auto_json struct json_object *doc = NULL;
                auto_free char *cut = xcalloc(size + 1, 1);
                memcpy(cut, text, size);
                enum fail_kind kind = yaml_parse(cut, size, &doc, NULL);
                assert_true(kind == FAIL_NONE || kind == FAIL_INVALID);
        }
}

static void what_is_written_is_read_as_the_same_tree(void **state)
{
        static const char *const documents[] = {
                "{\"a\":{\"b\":[1,-2,0.5,true,null,\"x\"],\"c\":{}},\"d\":[]}",
                "[\"\",\"true\",\"No\",\"null\",\"~\",\"12\",\"1.5\",\"0x1f\",\"12:30\",\"1_000\",\".inf\",\"- a\",\"a: b\",\"a #b\"]",
                "[\"500/s\",\"30s\",\"/cart?x=1\",\"two\\nlines\\n\",\"\\t\",\"\\\"q\\\"\",\"'\",\"ü\",\"{uuid}\",\"[x]\",\"&a\",\"*a\",\"!t\"]",
                "\"text\"", "5", "null",
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(documents); i++) {
                auto_json struct json_object *doc = NULL;
                assert_int_equal(doc_parse(documents[i], strlen(documents[i]), &doc, NULL), FAIL_NONE);
                auto_free char *text = yaml_format(doc);
                reads(text, doc_print(doc));
        }
}

static void words_and_quantities_need_no_quotes(void **state)
{
        (void)state;
        auto_json struct json_object *doc = NULL;
        const char json[] = "{\"shape\":[{\"hold\":{\"rate\":\"500/s\",\"for\":\"30s\"}}],\"version\":\"1.10\"}";
        assert_int_equal(doc_parse(json, sizeof json - 1, &doc, NULL), FAIL_NONE);
        auto_free char *text = yaml_format(doc);
        assert_string_equal(text, "shape:\n- hold:\n    rate: 500/s\n    for: 30s\nversion: \"1.10\"\n");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(plain_scalars_have_types_and_quoted_ones_are_text),
                cmocka_unit_test(maps_lists_and_blocks_nest),
                cmocka_unit_test(aliases_are_copies),
                cmocka_unit_test(what_would_be_misread_is_refused),
                cmocka_unit_test(laughs_depth_and_size_are_bounded),
                cmocka_unit_test(a_file_of_several_documents_is_a_list),
                cmocka_unit_test(every_cut_of_a_file_ends_in_a_verdict),
                cmocka_unit_test(what_is_written_is_read_as_the_same_tree),
                cmocka_unit_test(words_and_quantities_need_no_quotes),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
