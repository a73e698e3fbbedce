/* SPDX-License-Identifier: Apache-2.0 */
#include "result_fixture.h"

/* One worker's log, and what it must fold to. */
struct bench {
        struct sample *samples;
        size_t len;
        struct fixture_log one;
        char *expected;
};

static int setup(void **state)
{
        struct bench *bench = xnew(struct bench);

        bench->samples = fixture_samples(&bench->len);
        bench->one = fixture_log(bench->samples, bench->len, 0, 1);
        struct harvest *harvest = fixture_harvest(1);
        harvest_feed(harvest, 0, bench->one.log.data, bench->one.log.size);
        assert_true(harvest_worker(harvest, 0)->log_complete);
        bench->expected = fixture_fold_text(harvest, 1);
        harvest_free(harvest);
        *state = bench;
        return 0;
}

static int teardown(void **state)
{
        struct bench *bench = *state;

        fixture_log_done(&bench->one);
        free(bench->samples);
        free(bench->expected);
        free(bench);
        return 0;
}

/* The harvest is complete, untainted, and folds to the expected figures; frees it. */
static void check_as_expected(const struct bench *bench, struct harvest *harvest)
{
        const struct harvest_worker *view = harvest_worker(harvest, 0);

        assert_true(view->log_complete);
        assert_false(view->tainted);
        assert_false(view->mismatch);
        assert_false(view->broken);
        assert_false(view->gap);
        assert_true(harvest_done(harvest));
        auto_free char *text = fixture_fold_text(harvest, 1);
        assert_string_equal(text, bench->expected);
        harvest_free(harvest);
}

static void any_split_of_the_bytes_gives_the_same_result(void **state)
{
        const struct bench *bench = *state;
        uint64_t seed = 7;

        for (size_t round = 0; round < 20; round++) {
                struct harvest *harvest = fixture_harvest(1);
                for (size_t at = 0; at < bench->one.log.size;) {
                        size_t size = round == 0 ? 1 : 1 + fixture_next(&seed) % (1 << round % 14);
                        if (size > bench->one.log.size - at)
                                size = bench->one.log.size - at;
                        harvest_feed(harvest, 0, bench->one.log.data + at, size);
                        at += size;
                }
                check_as_expected(bench, harvest);
        }
}

static void a_stream_cut_anywhere_and_read_again_gives_the_same_result(void **state)
{
        const struct bench *bench = *state;
        uint64_t seed = 11;

        for (size_t round = 0; round < 50; round++) {
                struct harvest *harvest = fixture_harvest(1);
                for (size_t i = 0; i < 3; i++) {
                        harvest_feed(harvest, 0, bench->one.log.data, fixture_next(&seed) % bench->one.log.size);
                        harvest_cut(harvest, 0);
                }
                harvest_feed(harvest, 0, bench->one.log.data, bench->one.log.size);
                check_as_expected(bench, harvest);
        }
}

static void reading_on_from_a_later_place_and_then_from_the_start_gives_the_same_result(void **state)
{
        const struct bench *bench = *state;
        uint64_t seed = 13;

        for (size_t round = 0; round < 50; round++) {
                struct harvest *harvest = fixture_harvest(1);
                size_t later = 1 + fixture_next(&seed) % (bench->one.log.size - 1);
                harvest_feed(harvest, 0, bench->one.log.data + later, bench->one.log.size - later);
                harvest_cut(harvest, 0);
                assert_false(harvest_worker(harvest, 0)->log_complete);
                assert_true(harvest_wants_log(harvest, 0));
                harvest_feed(harvest, 0, bench->one.log.data, bench->one.log.size);
                check_as_expected(bench, harvest);
        }
}

static void lines_in_reverse_order_give_the_same_result(void **state)
{
        const struct bench *bench = *state;
        struct harvest *harvest = fixture_harvest(1);
        size_t end = bench->one.log.size;

        while (end > 0) {
                size_t from = end - 1;
                while (from > 0 && bench->one.log.data[from - 1] != '\n')
                        from--;
                harvest_feed(harvest, 0, bench->one.log.data + from, end - from);
                end = from;
        }
        check_as_expected(bench, harvest);
}

static void foreign_lines_are_counted_and_change_nothing(void **state)
{
        const struct bench *bench = *state;
        struct harvest *harvest = fixture_harvest(1);
        const char *at = bench->one.log.data, *end = at + bench->one.log.size;
        char flood[RECORD_LINE_BYTES_MAX + 100];

        memset(flood, 'x', sizeof flood);
        while (at < end) {
                const char *newline = memchr(at, '\n', (size_t)(end - at));
                harvest_feed(harvest, 0, "warning: {\"seq\":3}\n", 19);
                harvest_feed(harvest, 0, flood, sizeof flood);
                harvest_feed(harvest, 0, "\n", 1);
                harvest_feed(harvest, 0, at, (size_t)(newline + 1 - at));
                at = newline + 1;
        }
        assert_true(harvest_worker(harvest, 0)->foreign > 10);
        check_as_expected(bench, harvest);
}

static void every_damaged_byte_is_noticed_and_a_good_copy_repairs_it(void **state)
{
        const struct bench *bench = *state;
        auto_free char *copy = xstrndup(bench->one.log.data, bench->one.log.size);
        size_t size = bench->one.log.size;

        for (size_t i = 0; i < size; i += 1 + i % 7) {
                struct harvest *harvest = fixture_harvest(1);
                copy[i] ^= (char)(1 << i % 7);
                harvest_feed(harvest, 0, copy, size);
                harvest_cut(harvest, 0);
                assert_false(harvest_worker(harvest, 0)->log_complete);
                copy[i] = bench->one.log.data[i];
                if (i % 16 == 0) {
                        harvest_feed(harvest, 0, copy, size);
                        check_as_expected(bench, harvest);
                        continue;
                }
                harvest_free(harvest);
        }
}

static void a_damaged_message_counts_as_foreign(void **state)
{
        const struct bench *bench = *state;
        auto_free char *copy = xstrdup(bench->one.message);

        for (size_t i = 0; i < strlen(bench->one.message); i++) {
                struct harvest *harvest = fixture_harvest(1);
                copy[i] ^= 1;
                harvest_message(harvest, 0, copy, strlen(bench->one.message));
                assert_false(harvest_worker(harvest, 0)->message);
                assert_int_equal(harvest_worker(harvest, 0)->foreign, 1);
                copy[i] ^= 1;
                harvest_free(harvest);
        }
}

static void states_follow_the_records(void **state)
{
        const struct bench *bench = *state;
        struct harvest *harvest = fixture_harvest(1);
        static const enum harvest_state expected[] = {HARVEST_HELLO, HARVEST_READY, HARVEST_STARTED};
        const char *at = bench->one.log.data;

        assert_int_equal(harvest_worker(harvest, 0)->state, HARVEST_NONE);
        for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
                const char *newline = strchr(at, '\n');
                harvest_feed(harvest, 0, at, (size_t)(newline + 1 - at));
                at = newline + 1;
                assert_int_equal(harvest_worker(harvest, 0)->state, expected[i]);
        }
        assert_int_equal(harvest_count(harvest, HARVEST_READY), 1);
        assert_false(harvest_done(harvest));
        harvest_feed(harvest, 0, at, strlen(at));
        assert_int_equal(harvest_worker(harvest, 0)->state, HARVEST_ENDED);
        assert_string_equal(harvest_worker(harvest, 0)->reason, "finished");
        assert_string_equal(harvest_worker(harvest, 0)->pod, "pod-uid-0");
        assert_int_equal(harvest_worker(harvest, 0)->connections, 8);
        assert_int_equal(harvest_worker(harvest, 0)->clock_error_us, 150);
        harvest_free(harvest);
}

static void a_message_without_the_log_ends_the_worker_but_its_log_is_still_wanted(void **state)
{
        const struct bench *bench = *state;
        struct harvest *harvest = fixture_harvest(1);

        harvest_message(harvest, 0, bench->one.message, strlen(bench->one.message));
        harvest_message(harvest, 0, bench->one.message, strlen(bench->one.message));
        assert_int_equal(harvest_worker(harvest, 0)->state, HARVEST_ENDED);
        assert_true(harvest_wants_log(harvest, 0));
        assert_false(harvest_done(harvest));
        harvest_lost(harvest, 0, "pod gone");
        assert_int_equal(harvest_worker(harvest, 0)->state, HARVEST_ENDED);
        assert_true(harvest_done(harvest));
        /* A log that turns up all the same is welcome. */
        harvest_feed(harvest, 0, bench->one.log.data, bench->one.log.size);
        check_as_expected(bench, harvest);
}

static void a_log_without_its_end_is_complete_when_the_message_vouches_for_it(void **state)
{
        const struct bench *bench = *state;
        struct harvest *harvest = fixture_harvest(1);
        size_t size = bench->one.log.size - 1;

        while (bench->one.log.data[size - 1] != '\n')
                size--;
        harvest_message(harvest, 0, bench->one.message, strlen(bench->one.message));
        harvest_feed(harvest, 0, bench->one.log.data, size);
        check_as_expected(bench, harvest);
}

static void lanes_that_contradict_each_other_are_a_mismatch(void **state)
{
        const struct bench *bench = *state;
        struct fixture_log other = fixture_log(bench->samples, bench->len - 1, 0, 1);
        struct harvest *harvest = fixture_harvest(1);

        harvest_feed(harvest, 0, bench->one.log.data, bench->one.log.size);
        harvest_message(harvest, 0, other.message, strlen(other.message));
        assert_true(harvest_worker(harvest, 0)->mismatch);
        harvest_free(harvest);

        harvest = fixture_harvest(1);
        harvest_message(harvest, 0, other.message, strlen(other.message));
        harvest_feed(harvest, 0, bench->one.log.data, bench->one.log.size);
        assert_true(harvest_worker(harvest, 0)->mismatch);
        harvest_free(harvest);
        fixture_log_done(&other);
}

static void two_writers_under_one_index_taint_the_trial(void **state)
{
        const struct bench *bench = *state;
        struct fixture_log other = fixture_log(bench->samples, bench->len - 100, 0, 1);
        struct harvest *harvest = fixture_harvest(1);

        harvest_feed(harvest, 0, bench->one.log.data, bench->one.log.size / 2);
        harvest_cut(harvest, 0);
        harvest_feed(harvest, 0, other.log.data, other.log.size);
        assert_true(harvest_worker(harvest, 0)->tainted);
        harvest_free(harvest);

        harvest = fixture_harvest(1);
        harvest_pod(harvest, 0, "pod-uid-0");
        harvest_pod(harvest, 0, "pod-uid-0");
        assert_false(harvest_worker(harvest, 0)->tainted);
        harvest_pod(harvest, 0, "pod-uid-9");
        assert_true(harvest_worker(harvest, 0)->tainted);
        harvest_free(harvest);
        fixture_log_done(&other);
}

static void another_runs_or_workers_log_is_not_taken_for_ours(void **state)
{
        const struct bench *bench = *state;
        struct fixture_log second = fixture_log(bench->samples, bench->len, 1, 2);
        struct harvest *harvest = fixture_harvest(2);

        harvest_feed(harvest, 0, second.log.data, second.log.size);
        assert_true(harvest_worker(harvest, 0)->tainted);
        assert_false(harvest_worker(harvest, 0)->log_complete);
        harvest_message(harvest, 0, second.message, strlen(second.message));
        assert_false(harvest_worker(harvest, 0)->message);
        harvest_free(harvest);
        fixture_log_done(&second);
}

static void a_worker_without_any_word_is_lost_with_the_cause(void **state)
{
        (void)state;
        struct harvest *harvest = fixture_harvest(2);

        harvest_lost(harvest, 1, "OOMKilled");
        assert_int_equal(harvest_worker(harvest, 1)->state, HARVEST_LOST);
        assert_string_equal(harvest_worker(harvest, 1)->text, "OOMKilled");
        assert_int_equal(harvest_count(harvest, HARVEST_LOST), 1);
        assert_false(harvest_done(harvest));
        harvest_lost(harvest, 0, NULL);
        assert_true(harvest_done(harvest));
        harvest_free(harvest);
}

static void live_figures_show_the_last_seconds(void **state)
{
        const struct bench *bench = *state;
        struct harvest *harvest = fixture_harvest(1);
        const char *at = bench->one.log.data;

        assert_true(harvest_live(harvest).warming);
        assert_int_equal(harvest_live(harvest).rate_span_ms, 0);
        for (int i = 0; i < 4 + 3; i++) /* hello, ready, start, warm-up, 3 s */
                at = strchr(at, '\n') + 1;
        harvest_feed(harvest, 0, bench->one.log.data, (size_t)(at - bench->one.log.data));
        struct harvest_live live = harvest_live(harvest);
        assert_false(live.warming);
        assert_int_equal(live.shape_ms_done, 3000);
        assert_int_equal(live.percent, 60);
        assert_int_equal(live.rate_span_ms, 3000);
        assert_float_equal(live.offered_rps, 100, 0.001);
        assert_float_equal(live.achieved_rps, 298.0 / 3, 0.001); /* two timed out */
        assert_int_equal(live.total.done, 300);
        assert_true(live.p50.known);
        assert_false(live.p99.known); /* three samples in the tail */
        harvest_free(harvest);
}

/* Whoever writes the log may write any number: sums end at a bound instead of wrapping, and what is no time is none. */
static void numbers_beyond_all_measure_are_bounded(void **state)
{
        struct harvest *harvest = fixture_harvest(1);
        auto_buf struct buf log = {0};
        struct fixture_report report = {.log = &log};
        const struct harvest_point *points;
        (void)state;

        fixture_opening(&report, 0, 1);
        for (int64_t i = 0; i < 40; i++) {
                struct record_counters counters = {.offered = UINT64_C(1) << 59, .bytes_in = UINT64_C(1) << 59};
                struct json_object *record = fixture_record("interval");
                doc_set_int(doc_set_int(doc_set_int(record, "index", i), "fromMs", 0), "toMs", 1000);
                doc_set_int(doc_set_int(record, "cpuMicros", INT64_MAX), "throttledMicros", INT64_MIN);
                doc_set(doc_set_text(record, "phase", "shape"), "C", record_encode_counters(&counters));
                fixture_write(&report, record);
        }
        harvest_feed(harvest, 0, log.data, log.size);
        assert_int_equal(harvest_points(harvest, &points), 1);
        assert_int_equal(points[0].counters.offered, UINT64_C(1) << 59);
        assert_true(points[0].cpu_us > 0 && points[0].throttled_us == 0);
        assert_true(harvest_worker(harvest, 0)->cpu_us > 0);
        harvest_free(harvest);
}

static void points_stay_within_their_bound(void **state)
{
        (void)state;
        const struct harvest_spec spec = {
                .run_uid = FIXTURE_UID, .workers = 1, .shape_ms = 3600000, .interval_ms = 1000, .timeout_ms = 5000};
        struct harvest *harvest = harvest_new(&spec);
        auto_buf struct buf log = {0};
        struct fixture_report report = {.log = &log};
        const struct harvest_point *points;
        uint64_t offered = 0;

        fixture_opening(&report, 0, 1);
        for (int64_t i = 0; i < 3600; i++) {
                const struct sample one = {.due_ms = i * 1000, .latency_ns = 1000000};
                fixture_interval(&report, i, i * 1000, (i + 1) * 1000, &one, 1);
        }
        harvest_feed(harvest, 0, log.data, log.size);
        size_t len = harvest_points(harvest, &points);
        assert_true(len > 200 && len <= HARVEST_POINTS_MAX);
        assert_int_equal(harvest_point_ms(harvest), 16000);
        for (size_t i = 0; i < len; i++)
                offered += points[i].counters.offered;
        assert_int_equal(offered, 3600);
        harvest_free(harvest);
}

static void a_joined_interval_widens_the_grid_whenever_it_comes(void **state)
{
        (void)state;
        auto_buf struct buf wide_first = {0}, wide_last = {0};
        const struct harvest_point *points;
        const struct sample samples[] = {{.due_ms = 500}, {.due_ms = 1500}, {.due_ms = 2500}, {.due_ms = 3500}};
        struct fixture_report report = {.log = &wide_last};

        fixture_opening(&report, 0, 1);
        fixture_interval(&report, 0, 0, 1000, samples, 4);
        fixture_interval(&report, 1, 1000, 2000, samples, 4);
        fixture_interval(&report, 2, 2000, 4000, samples, 4);
        report = (struct fixture_report){.log = &wide_first};
        fixture_opening(&report, 0, 1);
        fixture_interval(&report, 0, 2000, 4000, samples, 4);
        fixture_interval(&report, 1, 0, 1000, samples, 4);
        fixture_interval(&report, 2, 1000, 2000, samples, 4);
        const struct buf *logs[] = {&wide_first, &wide_last};
        for (size_t i = 0; i < 2; i++) {
                struct harvest *harvest = fixture_harvest(1);
                harvest_feed(harvest, 0, logs[i]->data, logs[i]->size);
                assert_int_equal(harvest_points(harvest, &points), 2);
                assert_int_equal(harvest_point_ms(harvest), 2000);
                assert_int_equal(points[0].counters.offered, 2);
                assert_int_equal(points[0].to_ms, 2000);
                assert_int_equal(points[0].workers, 1);
                assert_int_equal(points[1].counters.offered, 2);
                harvest_free(harvest);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(any_split_of_the_bytes_gives_the_same_result),
                cmocka_unit_test(a_stream_cut_anywhere_and_read_again_gives_the_same_result),
                cmocka_unit_test(reading_on_from_a_later_place_and_then_from_the_start_gives_the_same_result),
                cmocka_unit_test(lines_in_reverse_order_give_the_same_result),
                cmocka_unit_test(foreign_lines_are_counted_and_change_nothing),
                cmocka_unit_test(every_damaged_byte_is_noticed_and_a_good_copy_repairs_it),
                cmocka_unit_test(a_damaged_message_counts_as_foreign),
                cmocka_unit_test(states_follow_the_records),
                cmocka_unit_test(a_message_without_the_log_ends_the_worker_but_its_log_is_still_wanted),
                cmocka_unit_test(a_log_without_its_end_is_complete_when_the_message_vouches_for_it),
                cmocka_unit_test(lanes_that_contradict_each_other_are_a_mismatch),
                cmocka_unit_test(two_writers_under_one_index_taint_the_trial),
                cmocka_unit_test(another_runs_or_workers_log_is_not_taken_for_ours),
                cmocka_unit_test(a_worker_without_any_word_is_lost_with_the_cause),
                cmocka_unit_test(live_figures_show_the_last_seconds),
                cmocka_unit_test(numbers_beyond_all_measure_are_bounded),
                cmocka_unit_test(points_stay_within_their_bound),
                cmocka_unit_test(a_joined_interval_widens_the_grid_whenever_it_comes),
        };
        return cmocka_run_group_tests(tests, setup, teardown);
}
