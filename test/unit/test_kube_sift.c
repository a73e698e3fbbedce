/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/mem.h"
#include "data/doc.h"
#include "kube/page.h"
#include "kube/sift.h"

static void expect(const char *text, const char *const *paths, const char *wanted)
{
        struct sift *sift = sift_new(paths);
        struct sifted sifted = {0};
        size_t read = 0;

        assert_int_equal(sift_object(sift, text, strlen(text), &sifted, NULL, NULL), FAIL_NONE);
        assert_string_equal(sifted.text.data, wanted);
        /* Whatever follows, when something may. */
        auto_free char *more = xasprintf("%s,junk", text);
        assert_int_equal(sift_object(sift, more, strlen(more), &sifted, &read, NULL), FAIL_NONE);
        assert_true(read > 0 && more[read - 1] == '}');
        assert_string_equal(sifted.text.data, wanted);
        sifted_done(&sifted);
        sift_free(sift);
}

static void managed_fields_are_cut_wherever_they_stand(void **state)
{
        (void)state;
        expect("{\"metadata\":{\"managedFields\":[{\"a\":\"]}\"}],\"l\":\"n\"},\"x\":1}", NULL, "{\"metadata\":{\"l\":\"n\"},\"x\":1}");
        expect("{\"metadata\":{\"l\":\"n\" , \"managedFields\" : [] },\"x\":1}", NULL, "{\"metadata\":{\"l\":\"n\"},\"x\":1}");
        expect("{\"metadata\":{\"a\":1,\"managedFields\":null,\"b\":2}}", NULL, "{\"metadata\":{\"a\":1,\"b\":2}}");
        expect("{\"metadata\":{\"managedFields\":[]}}", NULL, "{\"metadata\":{}}");
        /* Elsewhere they are data like any other. */
        expect("{\"managedFields\":1,\"data\":{\"managedFields\":2}}", NULL, "{\"managedFields\":1,\"data\":{\"managedFields\":2}}");
        expect(" { } ", NULL, "{}");
}

static void only_what_is_wanted_is_kept_through_lists_too(void **state)
{
        const char *pod = "{ \"kind\" : \"Pod\", \"metadata\":{\"name\":\"n\",\"labels\":{\"a.b/c\":\"d\"},\"uid\":\"u\",\"x\":[]},"
                          "\"status\":{\"list\":[{\"type\":\"A\",\"junk\":{}},{\"junk\":1},{\"type\":\"B\"}, 7 ],\"phase\":null}}";
        (void)state;

        expect(pod, (const char *const[]){NULL}, "{\"metadata\":{}}");
        expect(pod, (const char *const[]){"metadata.labels", "status.list.type", "status.phase", "spec.x", NULL},
               "{\"metadata\":{\"labels\":{\"a.b/c\":\"d\"}},\"status\":{\"list\":[{\"type\":\"A\"},{},{\"type\":\"B\"},7],\"phase\":null}}");
        expect(pod, (const char *const[]){"status", NULL},
               "{\"metadata\":{},\"status\":{\"list\":[{\"type\":\"A\",\"junk\":{}},{\"junk\":1},{\"type\":\"B\"},7],\"phase\":null}}");
        expect("{\"m\":{\"a.b/c\":1,\"a\":{\"b/c\":2},\"d\":{\"e\":3,\"f\":4}}}", (const char *const[]){"m[\"a.b/c\"]", "m[\"d\"].e", NULL},
               "{\"m\":{\"a.b/c\":1,\"d\":{\"e\":3}}}");
        expect("{\"a\":[]}", (const char *const[]){"a.b", NULL}, "{\"a\":[]}");
        expect("{\"a\":[[{\"b\":1,\"c\":2}],[]]}", (const char *const[]){"a.b", NULL}, "{\"a\":[[{\"b\":1}],[]]}");
        expect("{\"\\u0061\":1,\"b\":2}", (const char *const[]){"a", NULL}, "{\"a\":1}");
}

static void identity_stands_beside_the_text(void **state)
{
        const char *text = "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n\",\"namespace\":\"s\",\"uid\":\"u-1\",\"resourceVersion\":\"12\"},"
                           "\"name\":\"other\"}";
        struct sift *sifts[] = {sift_new(NULL), sift_new((const char *const[]){"name", NULL})};
        struct sifted sifted = {0};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(sifts); i++) {
                assert_int_equal(sift_object(sifts[i], text, strlen(text), &sifted, NULL, NULL), FAIL_NONE);
                assert_string_equal(sifted.text.data, "{\"metadata\":{},\"name\":\"other\"}");
                assert_string_equal(sifted.name, "n");
                assert_string_equal(sifted.namespace, "s");
                assert_string_equal(sifted.uid, "u-1");
                assert_string_equal(sifted.version, "12");
                /* Nothing is left over from one to the next. */
                assert_int_equal(sift_object(sifts[i], "{}", 2, &sifted, NULL, NULL), FAIL_NONE);
                assert_string_equal(sifted.name, "");
                assert_string_equal(sifted.version, "");
                sift_free(sifts[i]);
        }
        sifted_done(&sifted);
}

static void what_cannot_be_a_name_is_none(void **state)
{
        char longest[SIFT_TEXT_MAX];
        struct sift *sift = sift_new(NULL);
        struct sifted sifted = {0};
        (void)state;

        memset(longest, 'x', sizeof longest - 1);
        longest[sizeof longest - 1] = '\0';
        const struct { const char *value; bool counts; } rows[] = {{"n\\nm", false}, {"n\\\"m", false}, {"n\\u0000m", false}, {"n\\u0041m", true}, {"", false}};
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_free char *text = xasprintf("{\"metadata\":{\"name\":\"%s\"}}", rows[i].value);
                assert_int_equal(sift_object(sift, text, strlen(text), &sifted, NULL, NULL), FAIL_NONE);
                assert_int_equal(sifted.name[0] != '\0', rows[i].counts);
        }
        auto_free char *fits = xasprintf("{\"metadata\":{\"name\":\"%s\"}}", longest), *does_not = xasprintf("{\"metadata\":{\"name\":\"%sx\"}}", longest);
        assert_int_equal(sift_object(sift, fits, strlen(fits), &sifted, NULL, NULL), FAIL_NONE);
        assert_string_equal(sifted.name, longest);
        assert_int_equal(sift_object(sift, does_not, strlen(does_not), &sifted, NULL, NULL), FAIL_NONE);
        assert_string_equal(sifted.name, "");
        assert_int_equal(sift_object(sift, "{\"metadata\":{\"name\":7,\"uid\":null}}", 34, &sifted, NULL, NULL), FAIL_NONE);
        assert_string_equal(sifted.text.data, "{\"metadata\":{}}");
        sifted_done(&sifted);
        sift_free(sift);
}

static void what_is_left_out_is_checked_too(void **state)
{
        static const char *const rows[] = {
                "", "7", "[]", "[{}]", "{\"metadata\":7}", "{\"metadata\":[{\"name\":\"n\"}]}", "{\"metadata\":{},\"metadata\":{}}",
                "{\"metadata\":{\"name\":\"a\",\"name\":\"b\"}}", "{\"metadata\":{\"n\\u0061me\":\"a\",\"name\":\"b\"}}", "{\"s\":1,\"s\":2}",
                "{\"metadata\":{\"managedFields\":[tru]}}", "{\"left\":{\"out\":01}}", "{\"left\":\"\xff\"}", "{} x", "{\"s\":{\"t\":1}", "{\"left\":{\"a\":[}}",
        };
        struct sift *sift = sift_new((const char *const[]){"s.t", NULL});
        struct sifted sifted = {0};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
                if (!sift_object(sift, rows[i], strlen(rows[i]), &sifted, NULL, NULL))
                        fail_msg("%s passes", rows[i]);
        sifted_done(&sifted);
        sift_free(sift);
}

/* ---- pages ---- */

struct seen {
        char names[64];
        size_t wanted;
};

static bool see(void *owner, const struct sifted *item)
{
        struct seen *seen = owner;

        strcat(strcat(seen->names, item->name), ";");
        return --seen->wanted > 0;
}

static enum fail_kind read_page(const char *text, struct seen *seen, struct json_object **ret_head, size_t *ret_len)
{
        struct sift *sift = sift_new(NULL);
        const struct page page = {.sift = sift, .item = see, .owner = seen};
        struct fail fail = {0};

        enum fail_kind kind = page_read(&page, text, strlen(text), ret_head, ret_len, &fail);
        assert_int_equal(kind, fail.kind);
        sift_free(sift);
        return kind;
}

#define ITEM(name) "{\"metadata\":{\"name\":\"" name "\"}}"

static void pages_hand_out_their_items_and_have_a_head(void **state)
{
        static const struct { const char *text, *names, *head; size_t len; } rows[] = {
                {"{\"kind\":\"PodList\",\"metadata\":{\"continue\":\"x\"},\"items\":[" ITEM("a") " , " ITEM("b") "]}", "a;b;", "{\"metadata\":{\"continue\":\"x\"}}", 2},
                {"{\"items\":[" ITEM("a") "],\"metadata\":{}}", "a;", "{\"metadata\":{}}", 1},
                {"{\"metadata\":{},\"items\":null}", "", "{\"metadata\":{}}", 0},
                {"{\"metadata\":{},\"items\":[ ]} ", "", "{\"metadata\":{}}", 0},
                {"{\"metadata\":{}}", "", "{\"metadata\":{}}", 0},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                struct seen seen = {.wanted = 9};
                auto_json struct json_object *head = NULL;
                size_t len;
                assert_int_equal(read_page(rows[i].text, &seen, &head, &len), FAIL_NONE);
                assert_string_equal(seen.names, rows[i].names);
                assert_string_equal(doc_print(head), rows[i].head);
                assert_int_equal(len, rows[i].len);
        }
}

static void pages_that_are_none_are_refused(void **state)
{
        static const char *const rows[] = {"", "[]", "7", "{\"items\":[]}", "{\"metadata\":{},\"items\":[{\"a\":1}}", "{\"metadata\":{},\"items\":[7]}",
                                           "{\"metadata\":{},\"items\":[{} {}]}", "{\"metadata\":{},\"items\":[{},]}", "{\"metadata\":{},\"items\":[]}x",
                                           "{\"metadata\":{},\"items\":[{\"a\":tru}]}", "{\"metadata\":{}"};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                struct seen seen = {.wanted = 9};
                auto_json struct json_object *head = NULL;
                size_t len;
                if (read_page(rows[i], &seen, &head, &len) != FAIL_INVALID)
                        fail_msg("%s is a page", rows[i]);
                assert_null(head);
        }
}

static void whoever_has_enough_hears_no_more(void **state)
{
        struct seen seen = {.wanted = 2};
        struct json_object *head = NULL;
        size_t len;
        (void)state;

        assert_int_equal(read_page("{\"items\":[" ITEM("a") "," ITEM("b") "," ITEM("c") "],\"metadata\":{}}", &seen, &head, &len), FAIL_NONE);
        assert_string_equal(seen.names, "a;b;");
        assert_null(head);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(managed_fields_are_cut_wherever_they_stand),
                cmocka_unit_test(only_what_is_wanted_is_kept_through_lists_too),
                cmocka_unit_test(identity_stands_beside_the_text),
                cmocka_unit_test(what_cannot_be_a_name_is_none),
                cmocka_unit_test(what_is_left_out_is_checked_too),
                cmocka_unit_test(pages_hand_out_their_items_and_have_a_head),
                cmocka_unit_test(pages_that_are_none_are_refused),
                cmocka_unit_test(whoever_has_enough_hears_no_more),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
