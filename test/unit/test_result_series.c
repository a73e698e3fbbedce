/* SPDX-License-Identifier: Apache-2.0
 *
 * Trials kept, read back and merged; how many are needed; what one that went wrong does to the rest. */
#include "result_fixture.h"

#include <math.h>

#include "result/compare.h"
#include "result/series.h"

/* ---- one trial ---- */

static struct fold *fold_of_one_worker(struct harvest **ret_harvest)
{
        size_t len;
        auto_free struct sample *samples = fixture_samples(&len);
        struct fixture_log log = fixture_log(samples, len, 0, 1);
        struct load_plan *plan = fixture_plan(1);

        *ret_harvest = fixture_harvest(1);
        harvest_feed(*ret_harvest, 0, log.log.data, log.log.size);
        harvest_message(*ret_harvest, 0, log.message, strlen(log.message));
        struct fold *fold = fold_new(*ret_harvest, plan);
        load_plan_free(plan);
        fixture_log_done(&log);
        return fold;
}

static struct json_object *doc_of(const struct fold *fold, const struct gates *gates, int index)
{
        auto_free struct estimates *estimates = xnew(struct estimates);
        auto_json struct json_object *row = doc_set_int(doc_object(), "index", index), *nodes = doc_push_text(doc_array(), "node-1");

        estimates_of(fold, estimates);
        auto_json struct json_object *doc = trial_encode(&(struct trial_input){
                .index = index, .fold = fold, .gates = gates, .estimates = estimates, .row = row, .nodes = nodes});
        auto_free char *text = doc_canonical(doc); /* as it comes back from its ConfigMap */
        struct json_object *again = NULL;
        assert_int_equal(doc_parse(text, strlen(text), &again, NULL), FAIL_NONE);
        return again;
}

static void a_trial_comes_back_with_every_bucket(void **state)
{
        struct harvest *harvest;
        struct fold *fold = fold_of_one_worker(&harvest), *again;
        struct load_plan *plan = fixture_plan(1);
        const struct gates gates = {.validity = VALIDITY_VALID};
        fold->deferred_ms = 40;
        auto_json struct json_object *doc = doc_of(fold, &gates, 0);
        (void)state;

        again = trial_fold_new(plan);
        assert_true(trial_fold_add(again, doc));
        trial_fold_done(again);
        auto_json struct json_object *before = status_encode_full(fold), *after = status_encode_full(again);
        if (strcmp(doc_print(after), doc_print(before)) != 0) {
                size_t at = 0;
                while (doc_print(after)[at] == doc_print(before)[at])
                        at++;
                fail_msg("from here: %.60s, was %.60s", doc_print(after) + at, doc_print(before) + at);
        }
        fold_free(fold);
        fold_free(again);
        harvest_free(harvest);
        load_plan_free(plan);
}

static void two_trials_add_up_and_their_rate_stays(void **state)
{
        struct harvest *harvest;
        struct fold *fold = fold_of_one_worker(&harvest), *both;
        struct load_plan *plan = fixture_plan(1);
        const struct gates gates = {.validity = VALIDITY_VALID};
        auto_json struct json_object *doc = doc_of(fold, &gates, 0);
        (void)state;

        both = trial_fold_new(plan);
        trial_fold_add(both, doc);
        trial_fold_add(both, doc);
        trial_fold_done(both);
        const struct fold_span *one = fold_window(fold), *two = fold_window(both);
        assert_int_equal(two->counters.done, 2 * one->counters.done);
        assert_int_equal(hist_count(two->latency), 2 * hist_count(one->latency));
        assert_int_equal(hist_quantile(two->latency, 0.99), hist_quantile(one->latency, 0.99));
        assert_true(fabs(fold_achieved_rps(two) - fold_achieved_rps(one)) < 1e-9);
        assert_int_equal(two->to_ms, one->to_ms);
        assert_true(fabs(fold_achieved_rps(&both->whole) - fold_achieved_rps(&fold->whole)) < 1e-9);
        fold_free(fold);
        fold_free(both);
        harvest_free(harvest);
        load_plan_free(plan);
}

static void nonsense_in_the_place_of_a_trial_is_no_trial(void **state)
{
        static const char *const texts[] = {"[]", "{}", "{\"fold\":7}", "{\"fold\":{\"pieces\":[7,null],\"requests\":\"x\",\"hists\":{\"connect\":3}}}",
                                            "{\"validity\":\"Great\",\"estimates\":[],\"fold\":{\"pieces\":[{\"C\":{\"done\":-1},\"fromMs\":9,\"toMs\":1}]}}"};
        struct load_plan *plan = fixture_plan(1);
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
                auto_json struct json_object *doc = NULL;
                struct fold *fold = trial_fold_new(plan);
                struct trial trial;
                assert_int_equal(doc_parse(texts[i], strlen(texts[i]), &doc, NULL), FAIL_NONE);
                trial_decode(doc, &trial);
                assert_int_equal(trial.validity, VALIDITY_UNKNOWN);
                trial_fold_add(fold, doc);
                trial_fold_done(fold);
                assert_int_equal(fold->whole.counters.done, 0);
                fold_free(fold);
        }
        load_plan_free(plan);
}

/* ---- a series ---- */

/* A document that says nothing but this p99, in milliseconds. */
static struct json_object *says(int index, double p99_ms, const char *validity, bool whole)
{
        struct json_object *value = doc_set(doc_object(), "value", json_object_new_double(p99_ms * 1e6));
        struct json_object *doc = doc_set_int(doc_object(), "index", index), *estimates = doc_object();

        json_object_object_add(estimates, "latency.p99", doc_set(value, "rounding", json_object_new_double(0.001)));
        doc_set_bool(doc_set_text(doc, "validity", validity), "whole", whole);
        doc_set(doc_set(doc, "estimates", estimates), "fold", doc_object());
        return doc_set(doc, "row", doc_set_int(doc_object(), "index", index));
}

struct series {
        struct json_object *docs[PROFILE_TRIALS_MAX];
        size_t len;
};

static void add(struct series *series, double p99_ms, const char *validity, bool whole)
{
        series->docs[series->len] = says((int)series->len, p99_ms, validity, whole);
        series->len++;
}

static void series_end(struct series *series)
{
        for (size_t i = 0; i < series->len; i++)
                json_object_put(series->docs[i]);
}

static struct profile two_stages(uint32_t min, uint32_t max, double until)
{
        return (struct profile){.baseline = {.primary = "latency.p99"}, .trials = {.min = min, .max = max, .until = until}};
}

static void how_many_are_needed_is_computed_once_from_the_first_stage(void **state)
{
        const struct profile narrow = two_stages(4, 20, 0.05), wide = two_stages(4, 20, 0.5), fixed = two_stages(4, 4, 0.05);
        static const double values_ms[] = {10, 10.6, 9.6, 10.3, 30, 1};
        struct series series = {0};
        bool known;
        (void)state;

        for (size_t i = 0; i < 3; i++)
                add(&series, values_ms[i], "Valid", true);
        assert_int_equal(series_planned(&narrow, series.docs, 3, &known), 20);
        assert_false(known);
        assert_int_equal(series_planned(&fixed, series.docs, 3, &known), 4);
        assert_true(known);
        add(&series, values_ms[3], "Valid", true);
        /* sd of the logarithms 0.0425, t(0.975, 3) = 3.182, half width ln 1.05: ceil((3.182 * 0.0425 / 0.0488)^2) = 8. */
        assert_int_equal(series_planned(&narrow, series.docs, 4, &known), 8);
        assert_true(known);
        assert_int_equal(series_planned(&wide, series.docs, 4, &known), 4);
        for (size_t i = 4; i < 6; i++)
                add(&series, values_ms[i], "Valid", true);
        assert_int_equal(series_planned(&narrow, series.docs, 6, &known), 8); /* whatever comes later */
        series_end(&series);
}

static void a_first_stage_that_knows_nothing_asks_for_all(void **state)
{
        const struct profile profile = two_stages(3, 9, 0.05);
        struct series series = {0};
        bool known;
        (void)state;

        add(&series, 10, "Valid", true);
        add(&series, 10, "Invalid", true);
        add(&series, 10, "Unknown", true);
        assert_int_equal(series_planned(&profile, series.docs, 3, &known), 9);
        series_end(&series);
}

static void the_interval_is_of_the_spread_between_trials(void **state)
{
        struct profile profile = two_stages(3, 3, 0.05);
        struct harvest *harvest;
        struct fold *fold = fold_of_one_worker(&harvest);
        struct load_plan *plan = fixture_plan(1);
        const struct gates valid = {.validity = VALIDITY_VALID};
        struct series series = {0};
        struct series_result result;
        (void)state;

        for (int i = 0; i < 3; i++) {
                struct json_object *doc = series.docs[series.len++] = doc_of(fold, &valid, i);
                doc_set(doc_at(doc, "estimates[\"latency.p50\"]"), "value", json_object_new_double(5e6 * (1 + 0.1 * i)));
        }
        assert_true(series_merge(&profile, plan, series.docs, series.len, false, &result));
        assert_int_equal(result.gates.validity, VALIDITY_VALID);
        assert_int_equal(result.trials_len, 3);
        const struct estimate *p50 = estimates_find(&result.estimates, "latency.p50");
        /* ln 5, 5.5, 6 ms: mean 5.4848 ms, sd 0.09127, t(0.975, 2) = 4.3027: a factor exp(0.22674) either way. */
        assert_true(fabs(p50->low / 4.3721e6 - 1) < 1e-3 && fabs(p50->high / 6.8807e6 - 1) < 1e-3);
        assert_true(p50->df == 2);
        /* Which of two stages a trial belongs to matters: the spread stays that of the first. */
        profile.trials = (struct profile_trials){.min = 2, .max = 3};
        series_done(&result);
        series_merge(&profile, plan, series.docs, series.len, false, &result);
        assert_true(estimates_find(&result.estimates, "latency.p50")->df == 1);
        series_done(&result);
        series_end(&series);
        fold_free(fold);
        harvest_free(harvest);
        load_plan_free(plan);
}

static void what_went_wrong_is_left_out_and_told(void **state)
{
        const struct profile profile = two_stages(3, 3, 0.05);
        struct harvest *harvest;
        struct fold *fold = fold_of_one_worker(&harvest);
        struct load_plan *plan = fixture_plan(1);
        const struct gates valid = {.validity = VALIDITY_VALID};
        const struct gates late = {.validity = VALIDITY_INVALID, .reasons = {{GATES_PACING_LATE, VALIDITY_INVALID, "lateness 20ms"}}, .len = 1};
        const struct gates restarted = {.validity = VALIDITY_LIMITED, .reasons = {{GATES_TARGET_RESTARTED, VALIDITY_LIMITED, "1 restart"}}, .len = 1};
        const struct gates *const of[] = {&valid, &late, &restarted};
        struct series series = {0};
        struct series_result result;
        (void)state;

        for (int i = 0; i < 3; i++)
                series.docs[series.len++] = doc_of(fold, of[i], i);
        assert_true(series_merge(&profile, plan, series.docs, series.len, false, &result));
        assert_int_equal(result.trials_len, 2);
        assert_int_equal(result.gates.validity, VALIDITY_LIMITED);
        assert_int_equal(result.gates.len, 2);
        assert_string_equal(result.gates.reasons[0].text, "1 of 3 trials do not count; trial 2: lateness 20ms");
        assert_string_equal(result.gates.reasons[1].text, "trial 3: 1 restart");
        assert_int_equal(fold_window(result.fold)->counters.done, 2 * fold_window(fold)->counters.done);
        series_done(&result);

        /* Only an invalid one: it is shown, and so is that it is. */
        assert_true(series_merge(&profile, plan, &series.docs[1], 1, false, &result));
        assert_int_equal(result.gates.validity, VALIDITY_INVALID);
        assert_int_equal(result.trials_len, 1);
        series_done(&result);

        struct json_object *lost = trial_encode_lost(0, NULL);
        assert_false(series_merge(&profile, plan, &lost, 1, true, &result));
        assert_int_equal(result.gates.validity, VALIDITY_INVALID);
        series_done(&result);
        auto_json struct json_object *rows = series_encode_rows(&lost, 1);
        assert_string_equal(doc_print(rows), "[{\"index\":0,\"validity\":\"Unknown\"}]");
        json_object_put(lost);
        series_end(&series);
        fold_free(fold);
        harvest_free(harvest);
        load_plan_free(plan);
}

/* ---- what a status has room for ---- */

/* A whole status is to stay below 32 KiB: the most trials and the largest comparison take less than half of it. */
static void the_most_trials_and_the_largest_comparison_leave_room(void **state)
{
        struct compare_question asked = {.primary = "latency.p99", .gates_len = 8};
        static const char *const gates[] = {"latency.mean", "latency.p50", "latency.p75", "latency.p90", "latency.p95", "latency.p999", "service.p99", "ttfb.p99"};
        auto_free struct estimates *trials = xcalloc(COMPARE_TRIALS_MAX, sizeof *trials);
        auto_free struct compared *compared = xnew(struct compared);
        struct json_object *docs[PROFILE_TRIALS_MAX];
        char name[64];
        (void)state;

        for (int i = 0; i < PROFILE_TRIALS_MAX; i++) {
                struct json_object *row = doc_set_text(doc_set_int(doc_object(), "index", i), "startTime", "2026-11-26T14:00:00Z");
                doc_set_text(doc_set_text(row, "validity", "Limited"), "rate", "1000000.0/s");
                doc_set_text(doc_set_text(row, "p50", "1234567.123ms"), "p99", "> 1h0m0s");
                docs[i] = doc_set(doc_object(), "row", doc_set_text(row, "errorRatio", "99.9999%"));
                for (size_t k = 0; k < comparables_len; k++)
                        trials[i].of[k] = (struct estimate){.known = true, .value = 123456789.123 * (1 + 0.01 * i), .rounding = 0.001};
        }
        auto_json struct json_object *rows = series_encode_rows(docs, PROFILE_TRIALS_MAX);
        memset(name, 'a', sizeof name);
        name[52] = '\0';
        memcpy(asked.gates, gates, sizeof gates);
        compare_runs(&(struct compare_side){name, trials, COMPARE_TRIALS_MAX}, &(struct compare_side){name, trials, COMPARE_TRIALS_MAX}, &asked, compared);
        auto_json struct json_object *comparison = compare_encode(compared, 1, name, NULL);
        assert_int_equal(doc_len(comparison, "arms[0].metrics"), 11);
        size_t size = strlen(doc_print(rows)) + strlen(doc_print(comparison));
        if (size >= 16384)
                fail_msg("%zu bytes of rows, %zu of comparison", strlen(doc_print(rows)), strlen(doc_print(comparison)));
        for (int i = 0; i < PROFILE_TRIALS_MAX; i++)
                json_object_put(docs[i]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_trial_comes_back_with_every_bucket),
                cmocka_unit_test(two_trials_add_up_and_their_rate_stays),
                cmocka_unit_test(nonsense_in_the_place_of_a_trial_is_no_trial),
                cmocka_unit_test(how_many_are_needed_is_computed_once_from_the_first_stage),
                cmocka_unit_test(a_first_stage_that_knows_nothing_asks_for_all),
                cmocka_unit_test(the_interval_is_of_the_spread_between_trials),
                cmocka_unit_test(what_went_wrong_is_left_out_and_told),
                cmocka_unit_test(the_most_trials_and_the_largest_comparison_leave_room),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
