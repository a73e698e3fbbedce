/* SPDX-License-Identifier: Apache-2.0 */
#include "result_fixture.h"

#include "base/text.h"
#include "result/gates.h"

static struct fold *fold_of(const struct harvest *harvest, uint32_t workers)
{
        struct load_plan *plan = fixture_plan(workers);
        struct fold *fold = fold_new(harvest, plan);

        load_plan_free(plan);
        return fold;
}

static struct harvest *harvest_all(uint32_t workers)
{
        struct harvest *harvest = fixture_harvest(workers);
        size_t len;
        auto_free struct sample *samples = fixture_samples(&len);

        for (uint32_t i = 0; i < workers; i++) {
                struct fixture_log log = fixture_log(samples, len, i, workers);
                harvest_feed(harvest, i, log.log.data, log.log.size);
                harvest_message(harvest, i, log.message, strlen(log.message));
                fixture_log_done(&log);
        }
        return harvest;
}

static void the_fold_of_several_workers_is_the_fold_of_their_union(void **state)
{
        (void)state;
        struct harvest *one = harvest_all(1);
        auto_free char *expected = fixture_fold_text(one, 1);

        for (uint32_t workers = 2; workers <= 5; workers++) {
                struct harvest *several = harvest_all(workers);
                auto_free char *text = fixture_fold_text(several, workers);
                assert_string_equal(text, expected);
                harvest_free(several);
        }
        harvest_free(one);
}

static void folding_again_changes_nothing(void **state)
{
        (void)state;
        struct harvest *harvest = harvest_all(2);
        auto_free char *first = fixture_fold_text(harvest, 2), *second = fixture_fold_text(harvest, 2);

        assert_string_equal(first, second);
        harvest_free(harvest);
}

static void the_window_is_the_longest_hold(void **state)
{
        (void)state;
        struct harvest *harvest = harvest_all(2);
        struct fold *fold = fold_of(harvest, 2);

        assert_int_equal(fold->window, 0);
        assert_int_equal(fold_window(fold)->to_ms, FIXTURE_HOLD_MS);
        assert_int_equal(fold_window(fold)->counters.done, 300);
        assert_int_equal(fold->whole.counters.done, 500);
        assert_float_equal(fold_offered_rps(fold_window(fold)), 100, 1e-9);
        assert_int_equal(fold->pieces[0].workers, 2);
        assert_int_equal(fold->requests[0].span.counters.done + fold->requests[1].span.counters.done, 500);
        assert_int_equal(fold->start_skew_us, 41 + 150);
        assert_int_equal(fold->pacing_p99_ns, hist_quantile(fold_window(fold)->pacing, 0.99));
        assert_float_equal(fold->cpu_ratio_max, 0.05 / 2, 1e-9);
        fold_free(fold);
        harvest_free(harvest);
}

static void workers_of_one_kernel_have_one_clock(void **state)
{
        (void)state;
        static const struct { const char *boot; uint32_t clocks; int64_t skew_us; } rows[] = {
                {NULL, 2, 41 + 150},
                {"", 2, 41 + 150},
                {"6e2c7a4e-0d2e-4a53-8d0b-4f7f5f1f3c11", 1, 41},
        };

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                fixture_boot = rows[i].boot;
                struct harvest *harvest = harvest_all(2);
                struct fold *fold = fold_of(harvest, 2);
                assert_int_equal(fold->clocks, rows[i].clocks);
                assert_int_equal(fold->start_skew_us, rows[i].skew_us);
                fold_free(fold);
                harvest_free(harvest);
        }
        fixture_boot = NULL;
}

static void what_limited_a_tenth_of_the_window_is_its_limit(void **state)
{
        (void)state;
        static const struct { enum load_limit seen[FIXTURE_SHAPE_MS / 1000], limit; double ratio; } rows[] = {
                {{0}, LOAD_LIMIT_NONE, 0},
                {{[1] = LOAD_LIMIT_SERVER}, LOAD_LIMIT_SERVER, 1 / 3.0},
                {{[0] = LOAD_LIMIT_CLIENT, [1] = LOAD_LIMIT_SERVER, [2] = LOAD_LIMIT_SERVER}, LOAD_LIMIT_CLIENT, 1 / 3.0},
                {{[3] = LOAD_LIMIT_CLIENT, [4] = LOAD_LIMIT_SERVER}, LOAD_LIMIT_NONE, 0}, /* behind the window */
        };
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                memcpy(fixture_limits, rows[i].seen, sizeof fixture_limits);
                struct harvest *harvest = harvest_all(2);
                struct fold *fold = fold_of(harvest, 2);
                assert_int_equal(fold->limit, rows[i].limit);
                assert_true(fold->limit_ratio > rows[i].ratio - 1e-9 && fold->limit_ratio < rows[i].ratio + 1e-9);
                auto_json struct json_object *results = status_encode_results(fold, NULL);
                assert_string_equal(doc_text(results, "saturated"), load_limit_names[rows[i].limit]);
                fold_free(fold);
                harvest_free(harvest);
        }
        memset(fixture_limits, 0, sizeof fixture_limits);
}

static void pacing_that_was_narrowed_once_is_called_so(void **state)
{
        (void)state;
        for (int narrowed = 0; narrowed < 2; narrowed++) {
                fixture_narrowed = narrowed;
                struct harvest *harvest = harvest_all(2);
                struct fold *fold = fold_of(harvest, 2);
                auto_json struct json_object *results = status_encode_results(fold, NULL);
                assert_string_equal(doc_text(results, "pacing"), narrowed ? "narrowed" : "precise");
                fold_free(fold);
                harvest_free(harvest);
        }
        fixture_narrowed = false;
}

static void the_floor_is_that_of_the_worst_worker(void **state)
{
        (void)state;
        struct harvest *harvest = harvest_all(3);
        struct fold *fold = fold_of(harvest, 3);

        assert_int_equal(fold->floor_p50_ns, 20002);
        assert_int_equal(fold->floor_p99_ns, 30000);
        auto_json struct json_object *results = status_encode_results(fold, NULL);
        assert_int_equal(doc_int(results, "floorMicros.p50", 0), 20);
        assert_int_equal(doc_int(results, "floorMicros.p99", 0), 30);
        fold_free(fold);
        harvest_free(harvest);
}

static void a_warm_up_says_how_it_ended(void **state)
{
        (void)state;
        const struct { int64_t ms; const char *trimmed, *end; } cases[] = {{-1, NULL, NULL}, {700, "700ms", "Settled"}, {1000, "1s", "LimitReached"}};

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                fixture_warmup_ms = cases[i].ms;
                struct harvest *harvest = harvest_all(2);
                struct load_plan *plan = fixture_plan(2);
                struct fold *fold = fold_new(harvest, plan);
                auto_json struct json_object *results = status_encode_results(fold, NULL);
                assert_int_equal(fold->warmup_ms, cases[i].ms < 0 ? 1000 : cases[i].ms);
                assert_true(fold->stolen_max == 0.02); /* of the worst */
                assert_true(text_equal(doc_text(results, "warmupTrimmed"), cases[i].trimmed));
                assert_true(text_equal(doc_text(results, "warmupEnd"), cases[i].end));
                fold_free(fold);
                load_plan_free(plan);
                harvest_free(harvest);
        }
        fixture_warmup_ms = -1;
}

static void a_load_that_was_deferred_says_when_it_began_and_loses_nothing(void **state)
{
        (void)state;
        struct harvest *harvest = fixture_harvest(1);
        size_t len;
        auto_free struct sample *samples = fixture_samples(&len);

        fixture_deferred_ms = 9500;
        struct fixture_log log = fixture_log(samples, len, 0, 1);
        for (int lane = 0; lane < 2; lane++) { /* the message alone first, then the log, too */
                if (lane == 0)
                        harvest_message(harvest, 0, log.message, strlen(log.message));
                else
                        harvest_feed(harvest, 0, log.log.data, log.log.size);
                struct fold *fold = fold_of(harvest, 1);
                assert_int_equal(fold->start_wall_ms, 1700000011500);
                assert_int_equal(fold->deferred_ms, 9500);
                assert_int_equal(fold->whole.counters.done, 500);
                struct gates gates = gates_judge(fold, &GATES_LIMITS_DEFAULT, &(struct gates_facts){0});
                assert_int_equal(gates.validity, VALIDITY_LIMITED);
                bool told = false;
                for (size_t i = 0; i < gates.len; i++)
                        told = told || (gates.reasons[i].kind == GATES_STARTED_LATE &&
                                        text_equal(gates.reasons[i].text,
                                                   "the start came too late: the load began 9.500 s after the instant that was set for it"));
                assert_true(told);
                fold_free(fold);
        }
        fixture_deferred_ms = 0;
        fixture_log_done(&log);
        harvest_free(harvest);
}

static void of_several_holds_the_longest_counts_and_a_ramp_alone_has_no_window(void **state)
{
        (void)state;
        struct harvest *harvest = fixture_harvest(1);
        struct load_plan *plan = fixture_plan(1);

        plan->shape[0].for_ms = 2000;
        plan->shape[1] = (struct load_piece){LOAD_HOLD, 5, 5, 3000};
        struct fold *fold = fold_new(harvest, plan);
        assert_int_equal(fold->window, -1); /* lost: nothing to judge */
        fold_free(fold);
        harvest_free(harvest);

        harvest = harvest_all(1);
        fold = fold_new(harvest, plan);
        assert_int_equal(fold->window, 1);
        fold_free(fold);
        plan->shape[0].kind = plan->shape[1].kind = LOAD_RAMP;
        fold = fold_new(harvest, plan);
        assert_int_equal(fold->window, -1);
        fold_free(fold);
        harvest_free(harvest);
        load_plan_free(plan);
}

static void a_lost_worker_leaves_a_covered_share(void **state)
{
        (void)state;
        struct harvest *harvest = fixture_harvest(2);
        size_t len;
        auto_free struct sample *samples = fixture_samples(&len);
        struct fixture_log log = fixture_log(samples, len, 0, 2);

        harvest_feed(harvest, 0, log.log.data, log.log.size);
        harvest_lost(harvest, 1, "node lost");
        struct fold *fold = fold_of(harvest, 2);
        assert_int_equal(fold->covered, 1);
        assert_int_equal(fold->workers, 2);
        assert_false(fold->lost);
        assert_string_equal(fold->lost_text, "worker 1: node lost");
        assert_int_equal(fold->whole.counters.done, 250);
        fold_free(fold);
        fixture_log_done(&log);
        harvest_free(harvest);
}

static void a_message_alone_gives_the_whole_shape_at_two_digits(void **state)
{
        (void)state;
        struct harvest *harvest = fixture_harvest(2);
        size_t len;
        auto_free struct sample *samples = fixture_samples(&len);
        struct fixture_log first = fixture_log(samples, len, 0, 2), second = fixture_log(samples, len, 1, 2);

        harvest_feed(harvest, 0, first.log.data, first.log.size);
        harvest_message(harvest, 1, second.message, strlen(second.message));
        harvest_lost(harvest, 1, "log rotated");
        struct fold *fold = fold_of(harvest, 2);
        assert_int_equal(fold->covered, 2);
        assert_int_equal(fold->reduced, 1);
        assert_int_equal(fold->window, -1);
        assert_int_equal(fold->whole.digits, 2);
        assert_int_equal(hist_digits(fold->whole.latency), 2);
        assert_int_equal(fold->whole.counters.done, 500);
        assert_int_equal(hist_count(fold->whole.latency), fold->whole.counters.ok);
        assert_false(fold->whole.unresolved);
        assert_int_equal(fold->pacing_p99_ns, hist_quantile(fold->whole.pacing, 0.99));
        fold_free(fold);
        fixture_log_done(&first);
        fixture_log_done(&second);
        harvest_free(harvest);
}

static void counts_without_buckets_have_no_percentiles(void **state)
{
        (void)state;
        struct harvest *harvest = fixture_harvest(1);
        size_t len;
        auto_free struct sample *samples = fixture_samples(&len);
        struct fixture_log log = fixture_log(samples, len, 0, 1);
        auto_json struct json_object *message = NULL;

        assert_int_equal(record_unframe_message(log.message, strlen(log.message), &message, NULL), FAIL_NONE);
        json_object_object_del(message, "crc");
        json_object_object_del(doc_at(message, "latency"), "hdr");
        auto_free char *without = record_frame_message(take(message));
        harvest_message(harvest, 0, without, strlen(without));
        struct fold *fold = fold_of(harvest, 1);
        auto_json struct json_object *results = status_encode_results(fold, NULL);
        assert_true(fold->whole.unresolved);
        assert_int_equal(doc_int(results, "requests", 0), 500);
        assert_null(doc_at(results, "latencyMicros"));
        fold_free(fold);
        fixture_log_done(&log);
        harvest_free(harvest);
}

static void nothing_from_anyone_is_lost_but_intervals_seen_are_kept(void **state)
{
        (void)state;
        struct harvest *harvest = fixture_harvest(1);
        size_t len;
        auto_free struct sample *samples = fixture_samples(&len);
        struct fixture_log log = fixture_log(samples, len, 0, 1);
        const char *at = log.log.data;

        for (int i = 0; i < 4 + 2; i++)
                at = strchr(at, '\n') + 1;
        harvest_feed(harvest, 0, log.log.data, (size_t)(at - log.log.data));
        harvest_lost(harvest, 0, "OOMKilled");
        struct fold *fold = fold_of(harvest, 1);
        assert_true(fold->lost);
        assert_true(fold->partial);
        assert_int_equal(fold->whole.counters.done, 200);
        assert_int_equal(fold->whole.to_ms, 2000);
        assert_int_equal(fold->points_len, 2);
        fold_free(fold);
        fixture_log_done(&log);
        harvest_free(harvest);
}

/* ---- values ---- */

static void censored_requests_are_worse_than_any_number(void **state)
{
        (void)state;
        struct hist *ok = hist_new(3), *censored = hist_new(3);
        char text[FOLD_TEXT_MAX];

        hist_record_many(ok, 1000000, 980);
        hist_record_many(censored, 3000, 20); /* refused at once */
        struct fold_value p50 = fold_quantile(ok, censored, 0.5, 5000000000);
        struct fold_value p98 = fold_quantile(ok, censored, 0.98, 5000000000);
        struct fold_value p99 = fold_quantile(ok, censored, 0.99, 5000000000);
        assert_false(p50.censored);
        assert_false(p98.censored);
        assert_true(p99.known);
        assert_true(p99.censored);
        assert_string_equal(fold_format(p99, text), "> 5s");
        assert_true(fold_max(ok, censored, 5000000000).censored);
        assert_int_equal(fold_min(ok, censored, 5000000000).ns, 1000000);
        struct fold_value mean = fold_mean(ok, censored);
        assert_true(mean.censored);
        assert_int_equal(mean.ns, (980 * 1000000 + 20 * 3000) / 1000);
        hist_free(ok);
        hist_free(censored);
}

static void a_percentile_needs_ten_samples_in_its_tail(void **state)
{
        (void)state;
        struct hist *ok = hist_new(3);

        hist_record_many(ok, 1000000, 999);
        assert_false(fold_quantile(ok, NULL, 0.99, 1).known);
        hist_record(ok, 1000000);
        assert_true(fold_quantile(ok, NULL, 0.99, 1).known);
        assert_false(fold_quantile(ok, NULL, 0.999, 1).known);
        assert_false(fold_quantile(NULL, NULL, 0.5, 1).known);
        assert_false(fold_max(NULL, NULL, 1).known);
        hist_free(ok);
}

static void with_only_censored_requests_every_value_is_beyond_the_timeout(void **state)
{
        (void)state;
        struct hist *censored = hist_new(2);

        hist_record_many(censored, 100, 1000);
        assert_true(fold_quantile(NULL, censored, 0.5, 7).censored);
        assert_true(fold_min(NULL, censored, 7).censored);
        assert_int_equal(fold_max(NULL, censored, 7).ns, 7);
        hist_free(censored);
}

static void status_shows_micros_and_says_what_lies_beyond_the_timeout(void **state)
{
        (void)state;
        struct harvest *harvest = harvest_all(2);
        struct fold *fold = fold_of(harvest, 2);
        auto_json struct json_object *results = status_encode_results(fold, NULL);
        auto_json struct json_object *summary = status_encode_summary(fold);
        struct fold_value p50 = fold_quantile(fold_window(fold)->latency, fold_window(fold)->censored, 0.5, fold->timeout_ns);

        assert_int_equal(doc_int(results, "latencyMicros.p50", -1), (p50.ns + 500) / 1000);
        assert_null(doc_at(results, "latencyMicros.p99"));
        assert_string_equal(doc_text(results, "latencyMicros.max"), "> 1s");
        assert_string_equal(doc_text(results, "window.kind"), "hold");
        assert_int_equal(doc_int(results, "requests", 0), 300);
        assert_int_equal(doc_int(results, "errors", 0), 5 + 2);
        assert_int_equal(doc_int(results, "errorsByClass.timeout", 0), 2);
        assert_int_equal(doc_int(results, "byStatus.503", 0), 5);
        assert_int_equal(doc_len(results, "byPiece"), 2);
        assert_int_equal(doc_len(results, "byRequest"), 2);
        assert_string_equal(doc_text(results, "rateOffered"), "100.0/s");
        assert_string_equal(doc_text(summary, "p99"), "-");
        assert_string_equal(doc_text(summary, "errors"), "2.33%");
        fold_free(fold);
        harvest_free(harvest);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_fold_of_several_workers_is_the_fold_of_their_union),
                cmocka_unit_test(folding_again_changes_nothing),
                cmocka_unit_test(the_window_is_the_longest_hold),
                cmocka_unit_test(pacing_that_was_narrowed_once_is_called_so),
                cmocka_unit_test(a_warm_up_says_how_it_ended),
                cmocka_unit_test(a_load_that_was_deferred_says_when_it_began_and_loses_nothing),
                cmocka_unit_test(the_floor_is_that_of_the_worst_worker),
                cmocka_unit_test(workers_of_one_kernel_have_one_clock),
                cmocka_unit_test(what_limited_a_tenth_of_the_window_is_its_limit),
                cmocka_unit_test(of_several_holds_the_longest_counts_and_a_ramp_alone_has_no_window),
                cmocka_unit_test(a_lost_worker_leaves_a_covered_share),
                cmocka_unit_test(a_message_alone_gives_the_whole_shape_at_two_digits),
                cmocka_unit_test(counts_without_buckets_have_no_percentiles),
                cmocka_unit_test(nothing_from_anyone_is_lost_but_intervals_seen_are_kept),
                cmocka_unit_test(censored_requests_are_worse_than_any_number),
                cmocka_unit_test(a_percentile_needs_ten_samples_in_its_tail),
                cmocka_unit_test(with_only_censored_requests_every_value_is_beyond_the_timeout),
                cmocka_unit_test(status_shows_micros_and_says_what_lies_beyond_the_timeout),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
