/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/doc.h"
#include "kube/store.h"

static struct json_object *pod(const char *name, const char *uid, const char *version)
{
        struct json_object *metadata = doc_object();

        doc_set_text(metadata, "name", name);
        doc_set_text(metadata, "namespace", "n");
        doc_set_text(metadata, "uid", uid);
        doc_set_text(metadata, "resourceVersion", version);
        return doc_set(doc_set(doc_object(), "metadata", metadata), "status", doc_set_text(doc_object(), "phase", "\"é\\"));
}

/* As it comes from the server. */
static struct stored *pack(struct store *store, struct json_object *object)
{
        const char *text = doc_print(object);
        struct sift *sift = sift_new(NULL);
        struct sifted sifted = {0};

        assert_int_equal(sift_object(sift, text, strlen(text), &sifted, NULL, NULL), FAIL_NONE);
        struct stored *stored = store_pack(store, &sifted);
        sifted_done(&sifted);
        sift_free(sift);
        return stored;
}

static struct json_object *completed(struct json_object *object)
{
        return doc_set_text(doc_set_text(object, "apiVersion", "v1"), "kind", "Pod");
}

static void done(struct store *store)
{
        struct squeeze_tools *tools = store->squeeze.tools;

        store_done(store);
        squeeze_tools_free(tools);
}

static void an_object_comes_back_as_it_went_in_and_complete(void **state)
{
        struct store store;
        auto_json struct json_object *object = pod("a", "u1", "12");
        auto_json struct json_object *wanted = doc_copy(object);
        (void)state;

        store_init(&store, &kube_pods, squeeze_tools_new());
        completed(wanted);
        auto_free struct stored *stored = pack(&store, object);
        assert_string_equal(stored_uid(stored), "u1");
        assert_string_equal(stored_version(stored), "12");
        auto_json struct json_object *back = store_unpack(&store, stored, "n/a", NULL);
        assert_true(doc_equal(back, wanted));
        done(&store);
}

/* Hundreds of objects of several sorts and all sizes, some of them beyond any window. */
static void whatever_is_packed_is_unpacked(void **state)
{
        enum { OBJECTS = 600 };
        struct store store;
        struct stored *packed[OBJECTS];
        struct json_object *objects[OBJECTS];
        uint64_t random = 3;
        (void)state;

        store_init(&store, &kube_pods, squeeze_tools_new());
        for (int i = 0; i < OBJECTS; i++) {
                static char noise[20000];
                size_t size = i % 50 == 49 ? sizeof noise : (size_t)(i * 7 % 900) + 1;
                for (size_t k = 0; k + 1 < size; k++) {
                        random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
                        noise[k] = i % 3 ? (char)('a' + k % 7) : (char)('!' + (random >> 33) % 90);
                }
                noise[size - 1] = '\0';
                objects[i] = pod("a", "u", "1");
                doc_set_text(objects[i], i % 2 ? "spec" : "data", noise);
                packed[i] = pack(&store, objects[i]);
                completed(objects[i]);
        }
        for (int i = 0; i < OBJECTS; i++) {
                auto_json struct json_object *back = store_unpack(&store, packed[i], "n/a", NULL);
                assert_true(doc_equal(back, objects[i]));
                json_object_put(objects[i]);
                free(packed[i]);
        }
        done(&store);
}

static void resembling_objects_take_little_room(void **state)
{
        struct store store;
        char name[16];
        (void)state;

        store_init(&store, &kube_pods, squeeze_tools_new());
        for (int i = 0; i < 1000; i++) {
                snprintf(name, sizeof name, "pod-%d", i);
                auto_json struct json_object *object = pod(name, "u", "1");
                struct json_object *conditions = doc_array();
                for (int k = 0; k < 4; k++)
                        doc_push(conditions, doc_set_text(doc_set_text(doc_object(), "lastTransitionTime", "2026-01-31T10:00:05Z"),
                                                          "type", k % 2 ? "PodScheduled" : "ContainersReady"));
                doc_set(doc_at(object, "status"), "conditions", conditions);
                doc_set_text(doc_at(object, "status"), "podIP", name);
                free(store_set(&store, name, pack(&store, object)));
        }
        assert_true(store.bytes / 1000 < 60);
        done(&store);
}

static void objects_without_identity_are_not_stored(void **state)
{
        struct store store;
        auto_json struct json_object *nameless = pod(NULL, "u", "1"), *uidless = pod("a", NULL, "1"),
                                     *versionless = pod("a", "u", NULL), *empty = doc_object();
        (void)state;

        store_init(&store, &kube_pods, squeeze_tools_new());
        assert_null(pack(&store, nameless));
        assert_null(pack(&store, uidless));
        assert_null(pack(&store, versionless));
        assert_null(pack(&store, empty));
        done(&store);
}

static void what_is_lent_survives_replacement_until_taken_back(void **state)
{
        struct store store;
        auto_json struct json_object *first = pod("a", "u", "1"), *second = pod("a", "u", "2");
        (void)state;

        store_init(&store, &kube_pods, squeeze_tools_new());
        assert_null(store_set(&store, "n/a", pack(&store, first)));
        struct json_object *lent = store_lend(&store, "n/a");
        assert_ptr_equal(lent, store_lend(&store, "n/a"));
        free(store_set(&store, "n/a", pack(&store, second)));
        assert_string_equal(doc_text(lent, "metadata.resourceVersion"), "1");
        assert_string_equal(doc_text(store_lend(&store, "n/a"), "metadata.resourceVersion"), "2");
        free(store_set(&store, "n/a", NULL));
        assert_null(store_lend(&store, "n/a"));
        assert_string_equal(doc_text(lent, "metadata.resourceVersion"), "1");
        assert_int_equal(store.bytes, 0);
        store_take_back(&store);
        done(&store);
}

static void what_was_lent_stays_parsed_until_it_is_replaced_or_forgotten(void **state)
{
        struct store store;
        auto_json struct json_object *first = pod("a", "u", "1"), *second = pod("a", "u", "2");
        (void)state;

        store_init(&store, &kube_pods, squeeze_tools_new());
        assert_null(store_set(&store, "n/a", pack(&store, first)));
        struct json_object *lent = store_lend(&store, "n/a");
        store_take_back(&store);
        assert_ptr_equal(lent, store_lend(&store, "n/a"));
        store_forget_parsed(&store);
        assert_int_equal(store.parsed.len, 0);
        store_lend(&store, "n/a");
        free(store_set(&store, "n/a", pack(&store, second)));
        store_take_back(&store);
        assert_int_equal(store.parsed.len, 0);
        assert_string_equal(doc_text(store_lend(&store, "n/a"), "metadata.resourceVersion"), "2");
        done(&store);
}

static void versions_are_compared_as_numbers_of_any_length(void **state)
{
        static const struct { const char *a, *b; int order; bool comparable; } rows[] = {
                {"9", "10", -1, true}, {"10", "9", 1, true}, {"10", "10", 0, true},
                {"18446744073709551616", "18446744073709551615", 1, true},
                {"340282366920938463463374607431768211455", "99999999999999999999", 1, true},
                {"abc", "abc", 0, false}, {"abc", "abd", 1, false}, {"", "1", 1, false}, {"01", "1", 1, false}, {"0", "1", 1, false},
        };
        bool comparable;
        (void)state;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                int order = version_compare(rows[i].a, rows[i].b, &comparable);
                assert_int_equal(comparable, rows[i].comparable);
                assert_int_equal((order > 0) - (order < 0), rows[i].order);
        }
}

static void keys_that_do_not_fit_are_refused(void **state)
{
        char key[STORE_KEY_MAX], name[600];
        (void)state;

        memset(name, 'x', sizeof name - 1);
        name[sizeof name - 1] = '\0';
        assert_false(store_key(key, "n", name));
        assert_true(store_key(key, NULL, "n1"));
        assert_string_equal(key, "/n1");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_object_comes_back_as_it_went_in_and_complete),
                cmocka_unit_test(whatever_is_packed_is_unpacked),
                cmocka_unit_test(resembling_objects_take_little_room),
                cmocka_unit_test(objects_without_identity_are_not_stored),
                cmocka_unit_test(what_was_lent_stays_parsed_until_it_is_replaced_or_forgotten),
                cmocka_unit_test(what_is_lent_survives_replacement_until_taken_back),
                cmocka_unit_test(versions_are_compared_as_numbers_of_any_length),
                cmocka_unit_test(keys_that_do_not_fit_are_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
