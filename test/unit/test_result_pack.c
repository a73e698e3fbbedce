/* SPDX-License-Identifier: Apache-2.0
 *
 * Packing. With an argument, writes a run's ConfigMaps and its status.results to that folder instead, for the independent
 * reader (test/reader/check.js). */
#include "result_fixture.h"

#include "base/text.h"
#include "result/gates.h"
#include "result/pack.h"

struct packed {
        struct harvest *harvest;
        struct load_plan *plan;
        struct fold *fold;
        struct json_object *summary;
        struct pack pack;
};

static struct packed pack_of(struct harvest *harvest, struct load_plan *plan)
{
        struct packed packed = {.harvest = harvest, .plan = plan, .fold = fold_new(harvest, plan)};

        packed.summary = status_encode_full(packed.fold);
        const struct pack_input input = {
                .namespace = "shop",
                .run_name = "checkout-main-3f9",
                .run_uid = FIXTURE_UID,
                .profile = "checkout",
                .fold = packed.fold,
                .interval_ms = plan->interval_ms,
                .summary = packed.summary,
        };
        struct fail fail = {0};
        if (pack_write(&input, &packed.pack, &fail))
                fail_msg("%s", fail.text);
        return packed;
}

static void packed_done(struct packed *packed)
{
        pack_done(&packed->pack);
        json_object_put(packed->summary);
        fold_free(packed->fold);
        harvest_free(packed->harvest);
        load_plan_free(packed->plan);
}

/* Workers feed in the order of 'first', 1 - 'first', half a log at a time. */
static struct harvest *harvest_two(uint32_t first)
{
        struct harvest *harvest = fixture_harvest(2);
        size_t len;
        auto_free struct sample *samples = fixture_samples(&len);
        struct fixture_log logs[2] = {fixture_log(samples, len, 0, 2), fixture_log(samples, len, 1, 2)};

        for (uint32_t half = 0; half < 2; half++) {
                for (uint32_t i = 0; i < 2; i++) {
                        uint32_t worker = i ^ first;
                        const struct buf *log = &logs[worker].log;
                        size_t middle = log->size / 2;
                        harvest_feed(harvest, worker, log->data + (half ? middle : 0), half ? log->size - middle : middle);
                }
        }
        fixture_log_done(&logs[0]);
        fixture_log_done(&logs[1]);
        return harvest;
}

/* Ten minutes at 1 s of busy, wide histograms from three workers. */
static struct packed pack_long(void)
{
        const struct harvest_spec spec = {
                .run_uid = FIXTURE_UID, .workers = 3, .shape_ms = 600000, .interval_ms = 1000, .timeout_ms = 1000};
        struct harvest *harvest = harvest_new(&spec);
        struct load_plan *plan = fixture_plan(3);
        uint64_t seed = 5;

        plan->shape[0].for_ms = 600000;
        plan->shape_len = 1;
        plan->shape_ms = 600000;
        for (uint32_t worker = 0; worker < 3; worker++) {
                auto_buf struct buf log = {0};
                struct fixture_report report = {.log = &log};
                struct fixture_log out = {0};
                size_t len = 600 * 200;
                auto_free struct sample *samples = xcalloc(len, sizeof *samples);
                for (size_t i = 0; i < len; i++)
                        samples[i] = (struct sample){.due_ms = (int64_t)i * 5,
                                                     .latency_ns = 100000 + (int64_t)(fixture_next(&seed) % (1 << (10 + fixture_next(&seed) % 20)))};
                fixture_opening(&report, worker, 3);
                for (int64_t i = 0; i < 600; i++)
                        fixture_interval(&report, i, i * 1000, (i + 1) * 1000, samples + i * 200, 200);
                fixture_piece(&report, 0, 0, 600000, samples, len);
                fixture_closing(&report, &out, worker, 3, samples, len);
                harvest_feed(harvest, worker, log.data, log.size);
                free(out.message);
        }
        return pack_of(harvest, plan);
}

static void the_same_records_give_the_same_bytes_in_any_order_of_arrival(void **state)
{
        (void)state;
        struct packed a = pack_of(harvest_two(0), fixture_plan(2)), b = pack_of(harvest_two(1), fixture_plan(2));

        assert_int_equal(a.pack.len, b.pack.len);
        assert_string_equal(a.pack.digest, b.pack.digest);
        for (size_t i = 0; i < a.pack.len; i++)
                assert_string_equal(doc_print(a.pack.maps[i]), doc_print(b.pack.maps[i]));
        packed_done(&a);
        packed_done(&b);
}

static void each_map_is_immutable_labelled_and_owned_by_nobody(void **state)
{
        (void)state;
        struct packed packed = pack_of(harvest_two(0), fixture_plan(2));

        assert_true(packed.pack.len >= 2);
        for (size_t i = 0; i < packed.pack.len; i++) {
                struct json_object *map = packed.pack.maps[i];
                assert_string_equal(doc_text(map, "kind"), "ConfigMap");
                assert_true(doc_bool(map, "immutable", false));
                assert_null(doc_at(map, "binaryData"));
                assert_null(doc_at(map, "metadata.ownerReferences"));
                assert_string_equal(doc_text(map, "metadata.namespace"), "shop");
                assert_string_equal(doc_text(map, "metadata.labels[\"loadstone.dev/run-uid\"]"), FIXTURE_UID);
                assert_string_equal(doc_text(map, "metadata.labels[\"loadstone.dev/profile\"]"), "checkout");
                assert_string_equal(doc_text(map, "metadata.labels[\"loadstone.dev/trial\"]"), "0");
        }
        assert_string_equal(doc_text(packed.pack.maps[0], "metadata.name"), "checkout-main-3f9-0f8fad5b-s0");
        assert_string_equal(doc_text(packed.pack.maps[packed.pack.len - 1], "metadata.name"), "checkout-main-3f9-0f8fad5b-result");
        auto_json struct json_object *ref = pack_encode_ref(&packed.pack);
        assert_int_equal(doc_int(ref, "chunks", -1), (int64_t)packed.pack.len - 1);
        assert_string_equal(doc_text(ref, "configMap"), "checkout-main-3f9-0f8fad5b-result");
        packed_done(&packed);
}

static void the_manifest_vouches_for_every_chunk(void **state)
{
        (void)state;
        struct packed packed = pack_of(harvest_two(0), fixture_plan(2));
        struct json_object *last = packed.pack.maps[packed.pack.len - 1];
        const char *text = doc_text(last, "data[\"manifest.json\"]");
        auto_json struct json_object *manifest = NULL;
        char sha256[PACK_SHA256_MAX];

        assert_int_equal(doc_parse(text, strlen(text), &manifest, NULL), FAIL_NONE);
        assert_int_equal(doc_len(manifest, "chunks"), packed.pack.len - 1);
        for (size_t i = 0; i + 1 < packed.pack.len; i++) {
                struct json_object *chunk = doc_item(doc_at(manifest, "chunks"), i);
                pack_digest(packed.pack.maps[i], sha256);
                assert_string_equal(doc_text(chunk, "name"), doc_text(packed.pack.maps[i], "metadata.name"));
                assert_string_equal(doc_text(chunk, "sha256"), sha256);
        }
        pack_digest(last, sha256);
        assert_string_equal(sha256, packed.pack.digest);
        doc_set_text(doc_at(packed.pack.maps[0], "data"), "chunk.json", "{}");
        pack_digest(packed.pack.maps[0], sha256);
        assert_string_not_equal(doc_text(doc_item(doc_at(manifest, "chunks"), 0), "sha256"), sha256);
        packed_done(&packed);
}

static void a_long_run_keeps_its_budget(void **state)
{
        (void)state;
        struct packed packed = pack_long();

        assert_true(packed.pack.bytes <= PACK_TRIAL_BYTES_MAX);
        for (size_t i = 0; i < packed.pack.len; i++)
                assert_true(strlen(doc_print(packed.pack.maps[i])) <= PACK_BYTES_MAX);
        assert_true(packed.fold->points_len <= HARVEST_POINTS_MAX);
        assert_true(packed.pack.point_ms >= 3000);
        packed_done(&packed);
}

static void many_pieces_give_way_to_the_budget(void **state)
{
        (void)state;
        const struct harvest_spec spec = {
                .run_uid = FIXTURE_UID, .workers = 1, .shape_ms = 64000, .interval_ms = 1000, .timeout_ms = 1000};
        struct harvest *harvest = harvest_new(&spec);
        struct load_plan *plan = fixture_plan(1);
        auto_buf struct buf log = {0};
        struct fixture_report report = {.log = &log};
        struct fixture_log out = {0};
        uint64_t seed = 3;
        size_t len = 64 * 2000;
        auto_free struct sample *samples = xcalloc(len, sizeof *samples);

        for (size_t i = 0; i < len; i++)
                samples[i] = (struct sample){.due_ms = (int64_t)i / 2,
                                             .latency_ns = 1000 + (int64_t)(fixture_next(&seed) % (1 << (10 + fixture_next(&seed) % 20)))};
        fixture_opening(&report, 0, 1);
        for (int i = 0; i < 64; i++) {
                plan->shape[i] = (struct load_piece){LOAD_HOLD, 2000, 2000, 1000};
                fixture_piece(&report, i, i * 1000, (i + 1) * 1000, samples, len);
        }
        plan->shape_len = 64;
        plan->shape_ms = 64000;
        fixture_closing(&report, &out, 0, 1, samples, len);
        harvest_feed(harvest, 0, log.data, log.size);
        assert_true(harvest_worker(harvest, 0)->log_complete);
        struct packed packed = pack_of(harvest, plan);
        assert_true(packed.pack.bytes <= PACK_TRIAL_BYTES_MAX);
        for (size_t i = 0; i < packed.pack.len; i++)
                assert_true(strlen(doc_print(packed.pack.maps[i])) <= PACK_BYTES_MAX);
        free(out.message);
        packed_done(&packed);
}

static void an_endless_context_is_refused(void **state)
{
        (void)state;
        struct harvest *harvest = harvest_two(0);
        struct load_plan *plan = fixture_plan(2);
        struct fold *fold = fold_new(harvest, plan);
        auto_free char *text = xcalloc(600000, 1);
        auto_json struct json_object *context = doc_object();
        struct pack pack;
        struct fail fail;

        memset(text, 'x', 599999);
        doc_set_text(context, "x", text);
        const struct pack_input input = {.namespace = "shop", .run_name = "a", .run_uid = FIXTURE_UID, .fold = fold, .context = context};
        assert_int_equal(pack_write(&input, &pack, &fail), FAIL_TOO_LARGE);
        fold_free(fold);
        harvest_free(harvest);
        load_plan_free(plan);
}

static void write_file(const char *folder, const char *name, struct json_object *doc)
{
        auto_free char *path = xasprintf("%s/%s.json", folder, name);
        FILE *file = fopen(path, "w");

        if (!file || fputs(doc_print(doc), file) < 0 || fclose(file) != 0)
                exit(2);
}

/* For the reader: a short run of two workers with misses and timeouts, and a long one of three. */
static int write_all(const char *folder)
{
        struct packed runs[] = {pack_of(harvest_two(0), fixture_plan(2)), pack_long()};
        static const char *const names[] = {"short", "long"};

        for (size_t i = 0; i < 2; i++) {
                auto_json struct json_object *list = doc_object(), *status = doc_object(), *items = doc_array();
                for (size_t k = 0; k < runs[i].pack.len; k++)
                        doc_push(items, json_object_get(runs[i].pack.maps[k]));
                doc_set_text(list, "kind", "List");
                doc_set(list, "items", take(items));
                doc_set(status, "results", status_encode_results(runs[i].fold, NULL));
                doc_set(status, "resultRef", pack_encode_ref(&runs[i].pack));
                auto_free char *maps = xasprintf("%s.maps", names[i]), *shown = xasprintf("%s.status", names[i]);
                write_file(folder, maps, list);
                write_file(folder, shown, status);
                packed_done(&runs[i]);
        }
        return 0;
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_same_records_give_the_same_bytes_in_any_order_of_arrival),
                cmocka_unit_test(each_map_is_immutable_labelled_and_owned_by_nobody),
                cmocka_unit_test(the_manifest_vouches_for_every_chunk),
                cmocka_unit_test(a_long_run_keeps_its_budget),
                cmocka_unit_test(many_pieces_give_way_to_the_budget),
                cmocka_unit_test(an_endless_context_is_refused),
        };
        return argc > 1 ? write_all(argv[1]) : cmocka_run_group_tests(tests, NULL, NULL);
}
