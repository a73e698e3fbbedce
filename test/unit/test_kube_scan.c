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
#include "kube/scan.h"

static struct scan_span span(const char *text)
{
        return (struct scan_span){text, strlen(text)};
}

static void expect_member(const char *object, const char *key, const char *value)
{
        struct scan_wanted wanted = {.key = key};

        scan_members(span(object), &wanted, 1);
        if (!value) {
                assert_null(wanted.begin);
                return;
        }
        assert_non_null(wanted.begin);
        assert_int_equal(wanted.value.size, strlen(value));
        assert_memory_equal(wanted.value.text, value, strlen(value));
}

static void members_are_found_at_their_own_level_only(void **state)
{
        (void)state;
        expect_member("{\"a\":1,\"b\":{\"c\":2}}", "a", "1");
        expect_member("{\"a\":1,\"b\":{\"c\":2}}", "b", "{\"c\":2}");
        expect_member("{\"a\":1,\"b\":{\"c\":2}}", "c", NULL);
        expect_member(" { \"x\" : [ \"]\" , {\"a\":1} ] ,\n\t\"a\" : null } ", "a", "null");
        expect_member("{\"x\":\"\\\"a\\\":1,\\\\\",\"a\":-1.5e3}", "a", "-1.5e3");
        expect_member("{\"a\":1,\"a\":2}", "a", "2");
        expect_member("{}", "a", NULL);
        expect_member("[{\"a\":1}]", "a", NULL);
        expect_member("", "a", NULL);
}

static void elements_come_one_by_one_and_the_end_is_certain(void **state)
{
        static const struct {
                const char *array;
                int len;
                bool complete;
        } rows[] = {
                {"[]", 0, true},           {"[ ]", 0, true},         {"[1]", 1, true},
                {"[1 , \"]\" , [2,[3]] , {\"a\":[]} ]", 4, true},    {"[1,2", 2, false},
                {"[1,]", 1, false},        {"[1 2]", 1, false},      {"[\"abc]", 0, false},
                {"", 0, false},            {"{}", 0, false},         {"[1]x", 1, false},
                {"[{\"a\":1]", 1, false}, /* the wrong bracket is for the parser to find */
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                struct scan_span one;
                size_t at = 0;
                int len = 0;
                while (scan_element(span(rows[i].array), &at, &one))
                        len++;
                assert_int_equal(len, rows[i].len);
                assert_int_equal(scan_complete(span(rows[i].array), at), rows[i].complete);
        }
}

static void expect_lean(const char *text, const char *lean)
{
        auto_json struct json_object *doc = NULL;

        assert_int_equal(scan_parse(span(text), NULL, &doc, NULL), FAIL_NONE);
        assert_string_equal(doc_print(doc), lean);
}

static void managed_fields_are_cut_wherever_they_stand(void **state)
{
        (void)state;
        expect_lean("{\"metadata\":{\"managedFields\":[{\"a\":\"]}\"}],\"name\":\"n\"},\"x\":1}", "{\"metadata\":{\"name\":\"n\"},\"x\":1}");
        expect_lean("{\"metadata\":{\"name\":\"n\" , \"managedFields\" : [] },\"x\":1}", "{\"metadata\":{\"name\":\"n\"},\"x\":1}");
        expect_lean("{\"metadata\":{\"a\":1,\"managedFields\":null,\"b\":2}}", "{\"metadata\":{\"a\":1,\"b\":2}}");
        expect_lean("{\"metadata\":{\"managedFields\":[]}}", "{\"metadata\":{}}");
        expect_lean("{\"metadata\":{\"name\":\"n\"}}", "{\"metadata\":{\"name\":\"n\"}}");
        /* Elsewhere they are data like any other. */
        expect_lean("{\"managedFields\":1,\"data\":{\"managedFields\":2}}", "{\"managedFields\":1,\"data\":{\"managedFields\":2}}");
        expect_lean("{\"metadata\":7}", "{\"metadata\":7}");
}

static void expect_kept(const char *text, const char *const *paths, const char *wanted)
{
        struct scan_keep *keep = scan_keep_new(paths);
        auto_json struct json_object *doc = NULL;

        assert_int_equal(scan_parse(span(text), keep, &doc, NULL), FAIL_NONE);
        assert_string_equal(doc_print(doc), wanted);
        scan_keep_free(keep);
}

static void only_what_is_wanted_is_kept_through_lists_too(void **state)
{
        const char *pod = "{ \"kind\" : \"Pod\", \"metadata\":{\"name\":\"n\",\"labels\":{\"a.b/c\":\"d\"},\"uid\":\"u\",\"x\":[]},"
                          "\"status\":{\"list\":[{\"type\":\"A\",\"junk\":{}},{\"junk\":1},{\"type\":\"B\"}, 7 ],\"phase\":null}}";
        (void)state;

        expect_kept(pod, (const char *const[]){NULL}, "{\"metadata\":{\"name\":\"n\",\"uid\":\"u\"}}");
        expect_kept(pod, (const char *const[]){"metadata.labels", "status.list.type", "status.phase", "kind.of", "spec.x", NULL},
                    "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"n\",\"labels\":{\"a.b/c\":\"d\"},\"uid\":\"u\"},"
                    "\"status\":{\"list\":[{\"type\":\"A\"},{},{\"type\":\"B\"},7],\"phase\":null}}");
        expect_kept(pod, (const char *const[]){"status", NULL},
                    "{\"metadata\":{\"name\":\"n\",\"uid\":\"u\"},\"status\":{\"list\":[{\"type\":\"A\",\"junk\":{}},{\"junk\":1},"
                    "{\"type\":\"B\"},7],\"phase\":null}}");
        expect_kept("{\"m\":{\"a.b/c\":1,\"a\":{\"b/c\":2},\"d\":{\"e\":3,\"f\":4}}}", (const char *const[]){"m[\"a.b/c\"]", "m[\"d\"].e", NULL},
                    "{\"m\":{\"a.b/c\":1,\"d\":{\"e\":3}}}");
        expect_kept("{}", (const char *const[]){"a", NULL}, "{}");
        expect_kept(" { } ", (const char *const[]){"a", NULL}, "{}");
        expect_kept("{\"a\":[]}", (const char *const[]){"a.b", NULL}, "{\"a\":[]}");
        expect_kept("[1]", (const char *const[]){"a", NULL}, "[1]");
}

/* Whatever is broken: the verdict is the parser's, never a crash, and never bad for good text. */
static void every_cut_and_every_broken_byte_ends_in_a_verdict(void **state)
{
        const char *text = "{\"metadata\":{\"name\":\"a\\\\\\\"b\",\"managedFields\":[{\"x\":{}}],\"n\":1},"
                           "\"s\":[1,\"two\",{\"t\":[[]],\"u\":-1}]}";
        size_t size = strlen(text);
        struct scan_keep *keeps[] = {NULL, scan_keep_new((const char *const[]){"s.t", NULL})};
        (void)state;

        for (size_t k = 0; k < ARRAY_LEN(keeps); k++) {
                for (size_t cut = 0; cut < size; cut++) {
                        auto_json struct json_object *doc = NULL;
                        auto_free char *copy = xcalloc(cut, 1); /* no NUL behind it that would hide a read too far */
                        memcpy(copy, text, cut);
                        assert_int_equal(scan_parse((struct scan_span){copy, cut}, keeps[k], &doc, NULL), FAIL_INVALID);
                }
                for (size_t i = 0; i < size; i++)
                        for (int c = 0; c < 256; c++) {
                                auto_json struct json_object *lean = NULL, *whole = NULL;
                                auto_free char *copy = xstrdup(text);
                                copy[i] = (char)c;
                                enum fail_kind kind = scan_parse((struct scan_span){copy, size}, keeps[k], &lean, NULL);
                                if (doc_parse(copy, size, &whole, NULL) == FAIL_NONE)
                                        assert_int_equal(kind, FAIL_NONE);
                        }
                scan_keep_free(keeps[k]);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(members_are_found_at_their_own_level_only),
                cmocka_unit_test(elements_come_one_by_one_and_the_end_is_certain),
                cmocka_unit_test(managed_fields_are_cut_wherever_they_stand),
                cmocka_unit_test(only_what_is_wanted_is_kept_through_lists_too),
                cmocka_unit_test(every_cut_and_every_broken_byte_ends_in_a_verdict),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
