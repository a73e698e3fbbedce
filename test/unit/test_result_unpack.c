/* SPDX-License-Identifier: Apache-2.0 */
#include "result_fixture.h"

#include "base/text.h"
#include "result/pack.h"
#include "result/unpack.h"

struct stored {
        struct harvest *harvest;
        struct load_plan *plan;
        struct fold *fold;
        struct json_object *ref, *maps;
};

#define STORED_SUBJECTS 40 /* of 20 KB: more than one chunk holds */

static const char *padding(void)
{
        static char text[20001];

        memset(text, 'x', sizeof text - 1);
        return text;
}

static void store(struct stored *stored)
{
        struct harvest *harvest = fixture_harvest(1);
        size_t len;
        auto_free struct sample *samples = fixture_samples(&len);
        struct fixture_log log = fixture_log(samples, len, 0, 1);
        struct load_plan *plan = fixture_plan(1);
        struct pack pack;

        harvest_feed(harvest, 0, log.log.data, log.log.size);
        *stored = (struct stored){.harvest = harvest, .plan = plan, .fold = fold_new(harvest, plan), .maps = doc_array()};
        auto_json struct json_object *summary = doc_set(doc_object(), "full", status_encode_full(stored->fold));
        auto_json struct json_object *rows = doc_array();
        for (int i = 0; i < STORED_SUBJECTS; i++) {
                auto_free char *name = xasprintf("pod-%d-%.20000s", i, padding());
                doc_push(rows, doc_set_text(doc_object(), "name", name));
        }
        const struct pack_input input = {.namespace = "shop", .run_name = "web-1", .run_uid = FIXTURE_UID, .fold = stored->fold,
                                         .interval_ms = 1000, .summary = summary, .samples = rows};
        assert_int_equal(pack_write(&input, &pack, NULL), FAIL_NONE);
        stored->ref = pack_encode_ref(&pack);
        for (size_t i = 0; i < pack.len; i++)
                doc_push(stored->maps, json_object_get(pack.maps[i]));
        pack_done(&pack);
        fixture_log_done(&log);
}

static void stored_done(struct stored *stored)
{
        json_object_put(stored->ref);
        json_object_put(stored->maps);
        fold_free(stored->fold);
        harvest_free(stored->harvest);
        load_plan_free(stored->plan);
}

static void assert_same_hist(const struct hist *a, const struct hist *b)
{
        auto_free char *one = hist_encode(a), *other = hist_encode(b);

        assert_string_equal(one, other);
        assert_int_equal(hist_min(a), hist_min(b));
        assert_int_equal(hist_max(a), hist_max(b));
}

static void what_was_packed_is_read_back(void **state)
{
        struct stored stored;
        struct unpack *unpack = NULL;
        struct fail fail = {0};

        (void)state;
        store(&stored);
        if (unpack_read(stored.ref, stored.maps, &unpack, &fail))
                fail_msg("%s", fail.text);
        const struct fold_span *window = fold_window(stored.fold);
        const struct unpack_span *span = unpack_window(unpack);
        assert_string_equal(span->name, "p0");
        assert_same_hist(span->hists[UNPACK_LATENCY], window->latency);
        assert_same_hist(span->hists[UNPACK_CENSORED], window->censored);
        assert_same_hist(span->hists[UNPACK_ERROR], window->error);
        assert_int_equal(unpack->timeout_ns, FIXTURE_TIMEOUT_MS * INT64_C(1000000));
        assert_non_null(unpack_find(unpack, "r1"));
        assert_null(unpack_find(unpack, "r2"));
        assert_non_null(doc_at(unpack->summary, "full"));
        unpack_free(unpack);
        stored_done(&stored);
}

static void samples_go_on_from_chunk_to_chunk(void **state)
{
        struct stored stored;
        struct unpack *unpack = NULL;

        (void)state;
        store(&stored);
        assert_int_equal(unpack_read(stored.ref, stored.maps, &unpack, NULL), FAIL_NONE);
        assert_true(doc_len(unpack->manifest, "chunks") >= 2);
        assert_int_equal(doc_len(unpack->samples, ""), STORED_SUBJECTS);
        for (int i = 0; i < STORED_SUBJECTS; i++) {
                char name[16];
                snprintf(name, sizeof name, "pod-%d-x", i);
                assert_true(text_starts(doc_text(doc_item(unpack->samples, (size_t)i), "name"), name));
        }
        unpack_free(unpack);
        stored_done(&stored);
}

static void every_point_of_time_is_read_back(void **state)
{
        struct stored stored;
        struct unpack *unpack = NULL;

        (void)state;
        store(&stored);
        assert_int_equal(unpack_read(stored.ref, stored.maps, &unpack, NULL), FAIL_NONE);
        assert_int_equal(unpack->points_len, stored.fold->points_len);
        for (size_t i = 0; i < unpack->points_len; i++) {
                const struct harvest_point *point = &unpack->points[i], *was = &stored.fold->points[i];
                assert_int_equal(point->from_ms, was->from_ms);
                assert_int_equal(point->to_ms, was->to_ms);
                assert_memory_equal(&point->counters.errors, &was->counters.errors, sizeof point->counters.errors);
                assert_int_equal(point->counters.offered, was->counters.offered);
                assert_int_equal(point->counters.done, was->counters.done);
                assert_int_equal(hist_count(point->latency), was->counters.ok);
        }
        unpack_free(unpack);
        stored_done(&stored);
}

/* Changes the text of 'key' in the map's data by one character. */
static void damage(struct json_object *map, const char *key)
{
        struct json_object *data = doc_at(map, "data"), *value = NULL;

        assert_true(json_object_object_get_ex(data, key, &value));
        auto_free char *text = xstrdup(doc_text(value, ""));
        text[strlen(text) / 2] ^= 1;
        doc_set_text(data, key, text);
}

static void a_changed_byte_is_found_in_chunk_and_manifest(void **state)
{
        static const char *const keys[] = {"grid.json", "manifest.json"};

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
                struct stored stored;
                struct unpack *unpack = NULL;
                struct fail fail = {0};
                store(&stored);
                damage(doc_item(stored.maps, i ? doc_len(stored.maps, "") - 1 : 0), keys[i]);
                assert_int_equal(unpack_read(stored.ref, stored.maps, &unpack, &fail), FAIL_INVALID);
                assert_non_null(strstr(fail.text, "differs from its digest"));
                assert_null(unpack);
                stored_done(&stored);
        }
}

static void a_chunk_that_is_gone_is_named(void **state)
{
        struct stored stored;
        struct unpack *unpack = NULL;
        struct fail fail = {0};

        (void)state;
        store(&stored);
        json_object_array_del_idx(stored.maps, 0, 1);
        assert_int_equal(unpack_read(stored.ref, stored.maps, &unpack, &fail), FAIL_MISSING);
        assert_string_equal(fail.text, "ConfigMap web-1-0f8fad5b-s0 is not there");
        stored_done(&stored);
}

static void a_reference_to_nothing_is_refused(void **state)
{
        auto_json struct json_object *maps = doc_array(), *ref = doc_object();
        struct unpack *unpack = NULL;

        (void)state;
        assert_int_equal(unpack_read(ref, maps, &unpack, NULL), FAIL_INVALID);
        assert_int_equal(unpack_read(NULL, NULL, &unpack, NULL), FAIL_INVALID);
        doc_set_text(doc_set_text(ref, "configMap", "a"), "digest", "sha256:00");
        assert_int_equal(unpack_read(ref, maps, &unpack, NULL), FAIL_MISSING);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_was_packed_is_read_back),
                cmocka_unit_test(samples_go_on_from_chunk_to_chunk),
                cmocka_unit_test(every_point_of_time_is_read_back),
                cmocka_unit_test(a_changed_byte_is_found_in_chunk_and_manifest),
                cmocka_unit_test(a_chunk_that_is_gone_is_named),
                cmocka_unit_test(a_reference_to_nothing_is_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
