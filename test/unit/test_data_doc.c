/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "data/doc.h"

static void only_one_whole_finite_value_is_accepted(void **state)
{
        static const char *const good[] = {"1", " [] ", "null", "\"\"", "-0.5e-3", "1.7976931348623157e308", "[[[[]]]]"};
        static const char *const bad[] = {"", " ", "{", "1 2", "[1,]", "{\"a\":1,}", "'a'", "NaN", "[-Infinity]", "{\"a\":{\"b\":[1e999]}}", "tru"};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(good); i++) {
                auto_json struct json_object *doc = NULL;
                assert_int_equal(doc_parse(good[i], strlen(good[i]), &doc, NULL), FAIL_NONE);
        }
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                auto_json struct json_object *doc = NULL;
                struct fail fail = {0};
                assert_int_equal(doc_parse(bad[i], strlen(bad[i]), &doc, &fail), FAIL_INVALID);
                assert_true(fail.text[0]);
        }
}

static void an_object_is_made_where_there_is_none(void **state)
{
        static const char text[] = "{\"is\":{\"a\":1},\"null\":null,\"other\":[1]}";
        static const char *const made[] = {"null", "other", "missing", "with.dot"};
        auto_json struct json_object *doc = NULL;
        (void)state;

        assert_int_equal(doc_parse(text, strlen(text), &doc, NULL), FAIL_NONE);
        assert_int_equal(doc_int(doc_object_at(doc, "is"), "a", 0), 1);
        for (size_t i = 0; i < ARRAY_LEN(made); i++)
                doc_set_int(doc_object_at(doc, made[i]), "b", (int64_t)i);
        assert_string_equal(doc_print(doc), "{\"is\":{\"a\":1},\"null\":{\"b\":0},\"other\":{\"b\":1},\"missing\":{\"b\":2},\"with.dot\":{\"b\":3}}");
}

static void an_item_is_found_by_what_it_says(void **state)
{
        static const char text[] = "{\"list\":[1,null,{\"type\":7},{\"type\":\"Ready\",\"n\":1},{\"type\":\"Ready\",\"n\":2},{\"at\":{\"x\":\"y\"},\"n\":3}]}";
        auto_json struct json_object *doc = NULL;
        (void)state;

        assert_int_equal(doc_parse(text, strlen(text), &doc, NULL), FAIL_NONE);
        struct json_object *list = doc_at(doc, "list");
        assert_int_equal(doc_int(doc_find(list, "type", "Ready"), "n", 0), 1);
        assert_int_equal(doc_int(doc_find(list, "at.x", "y"), "n", 0), 3);
        assert_null(doc_find(list, "type", "Other"));
        assert_null(doc_find(doc, "type", "Ready"));
        assert_null(doc_find(NULL, "type", "Ready"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_one_whole_finite_value_is_accepted),
                cmocka_unit_test(an_object_is_made_where_there_is_none),
                cmocka_unit_test(an_item_is_found_by_what_it_says),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
