/* SPDX-License-Identifier: Apache-2.0
 *
 * From a fold to estimates, from estimates of two runs to a word and a sentence, and what that does to the verdict. */
#include "result_fixture.h"

#include <math.h>

#include "result/compare.h"
#include "result/estimate.h"
#include "result/gates.h"
#include "result/steadiness.h"
#include "result/verdict.h"

/* ---- estimates ---- */

#define SECONDS 200
#define PER_S 500

/* One worker, a hold of SECONDS seconds, a point every second; latency_ns(second, request) gives every answer. */
struct made {
        struct fold fold;
        struct fold_piece piece;
        struct harvest_point points[SECONDS];
};

static struct made *make(int64_t (*latency_ns)(int second, int request), int missed_per_s)
{
        struct made *made = xnew(struct made);
        struct fold_span *span = &made->piece.span;

        made->piece = (struct fold_piece){.kind = LOAD_HOLD, .workers = 1, .span = {.to_ms = SECONDS * 1000, .latency = hist_new(3), .digits = 3}};
        for (int second = 0; second < SECONDS; second++) {
                struct harvest_point *point = &made->points[second];
                *point = (struct harvest_point){.from_ms = second * 1000, .to_ms = (second + 1) * 1000, .workers = 1, .latency = hist_new(2)};
                point->counters = (struct record_counters){.offered = PER_S, .sent = PER_S, .done = PER_S, .missed = (uint64_t)missed_per_s,
                                                           .ok = (uint64_t)(PER_S - missed_per_s)};
                for (int request = 0; request < PER_S; request++) {
                        hist_record(point->latency, latency_ns(second, request));
                        hist_record(span->latency, latency_ns(second, request));
                }
                record_add_counters(&span->counters, &point->counters);
        }
        made->fold = (struct fold){.workers = 1, .covered = 1, .timeout_ns = 5000000000, .pieces = &made->piece, .pieces_len = 1,
                                   .points = made->points, .points_len = SECONDS, .point_ms = 1000};
        made->fold.whole.counters = span->counters;
        made->fold.whole.to_ms = span->to_ms;
        return made;
}

static void made_free(struct made *made)
{
        for (int i = 0; i < SECONDS; i++)
                hist_free(made->points[i].latency);
        hist_free(made->piece.span.latency);
        free(made);
}

static int64_t noise(int second, int request)
{
        uint64_t seed = (uint64_t)(second * PER_S + request) * 2654435761u + 12345;

        fixture_next(&seed);
        return 10000000 + (int64_t)(fixture_next(&seed) % 2000000);
}

static int64_t slower_noise(int second, int request)
{
        return noise(second, request) * 112 / 100;
}

static int64_t waves(int second, int request)
{
        return noise(second, request) + second / 20 % 2 * 4000000; /* every other section is slower */
}

static void a_long_window_knows_how_sure_it_is(void **state)
{
        struct made *quiet = make(noise, 0), *wild = make(waves, 0);
        struct estimates of_quiet, of_wild;
        (void)state;

        estimates_of(&quiet->fold, &of_quiet);
        estimates_of(&wild->fold, &of_wild);
        const struct estimate *p50 = estimates_find(&of_quiet, "latency.p50"), *wild_p50 = estimates_find(&of_wild, "latency.p50");
        assert_true(p50->known && p50->se > 0 && p50->low < p50->value && p50->value < p50->high);
        assert_true(p50->high / p50->low < 1.02);
        assert_true(wild_p50->high / wild_p50->low > 1.10); /* seconds of one run are no independent samples */
        assert_true(estimates_find(&of_quiet, "latency.p99")->se > 0);
        assert_true(estimates_find(&of_quiet, "rate.achieved")->value == PER_S);
        assert_false(estimates_find(&of_quiet, "ttfb.p50")->known);
        /* No error among 100,000 requests: at most 3.7 of them by the exact limit of a share (Clopper & Pearson). */
        const struct estimate *errors = estimates_find(&of_quiet, "errors.ratio");
        assert_true(errors->known && errors->value == 0 && errors->low == 0);
        assert_true(errors->high > 3.6e-5 && errors->high < 3.8e-5);
        made_free(quiet);
        made_free(wild);
}

static int64_t warming(int second, int request)
{
        return noise(second, request) + (second < 120 ? 20000000 : 0); /* most of it is warm-up */
}

static int64_t drifting(int second, int request)
{
        return noise(second, request) * (SECONDS * 10 + second) / (SECONDS * 10); /* 10 % slower at the end */
}

/* Long windows say whether they were of one state; these two are Limited, and a quiet one is not. */
static void a_window_of_more_than_one_state_is_limited(void **state)
{
        static const struct { int64_t (*latency_ns)(int, int); const char *reason, *text; } rows[] = {
                {noise, NULL, NULL},
                {warming, "Unsettled", "the target had not settled: "},
                {drifting, "Unsteady", "latency drifted by +10 % over the window"},
        };
        const struct gates_limits limits = GATES_LIMITS_DEFAULT;
        const struct gates_facts facts = {0};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                struct made *made = make(rows[i].latency_ns, 0);
                struct gates gates = gates_judge(&made->fold, &limits, &facts);
                assert_int_equal(gates.validity, rows[i].reason ? VALIDITY_LIMITED : VALIDITY_VALID);
                bool told = !rows[i].reason;
                for (size_t k = 0; k < gates.len; k++) {
                        const struct gates_reason *reason = &gates.reasons[k];
                        bool mine = rows[i].reason && strcmp(gates_reason_name(reason->kind), rows[i].reason) == 0;
                        told = told || (mine && strncmp(reason->text, rows[i].text, strlen(rows[i].text)) == 0);
                }
                assert_true(told);
                made->piece.span.to_ms = STEADINESS_WINDOW_MS - 1;
                assert_false(steadiness_of(&made->fold).known);
                made_free(made);
        }
}

static void what_has_no_sections_has_no_interval(void **state)
{
        struct made *made = make(noise, 0);
        struct estimates estimates;
        struct fold good = made->fold;
        (void)state;

#define CHECK(change)                                                                                       \
        made->fold = good;                                                                                  \
        change;                                                                                             \
        estimates_of(&made->fold, &estimates);                                                              \
        assert_true(estimates_find(&estimates, "latency.p50")->known);                                      \
        assert_true(estimates_find(&estimates, "latency.p50")->se == 0)
        CHECK(made->fold.points_len = SECONDS / 2); /* half of the window was not told about */
        CHECK(made->fold.covered = 0);
        CHECK(made->fold.partial = true);
        CHECK(made->piece.span.to_ms = 99000);
#undef CHECK
        made_free(made);
}

static void unanswered_requests_are_worse_than_any_number(void **state)
{
        struct made *made = make(noise, 0);
        struct estimates estimates;
        (void)state;

        made->piece.span.censored = hist_new(3);
        hist_record_many(made->piece.span.censored, 5000000000, 3 * PER_S * SECONDS / 100);
        for (int i = 0; i < SECONDS; i++) {
                made->points[i].censored = hist_new(2);
                hist_record_many(made->points[i].censored, 5000000000, 3 * PER_S / 100);
        }
        estimates_of(&made->fold, &estimates);
        assert_true(estimates_find(&estimates, "latency.p99")->censored);
        assert_true(estimates_find(&estimates, "latency.p99")->se == 0);
        assert_true(estimates_find(&estimates, "latency.p50")->se > 0);
        for (int i = 0; i < SECONDS; i++)
                hist_free(made->points[i].censored);
        hist_free(made->piece.span.censored);
        made_free(made);
}

static void estimates_come_back_from_json_as_they_were(void **state)
{
        struct made *made = make(noise, 5);
        struct estimates before, after;
        (void)state;

        estimates_of(&made->fold, &before);
        auto_json struct json_object *doc = estimates_encode(&before), *again = NULL;
        auto_free char *text = doc_canonical(doc);
        assert_int_equal(doc_parse(text, strlen(text), &again, NULL), FAIL_NONE);
        estimates_decode(again, &after);
        for (size_t i = 0; i < comparables_len; i++) {
                const struct estimate *a = &before.of[i], *b = &after.of[i];
                assert_int_equal(a->known, b->known);
                assert_true(!a->known || (a->value == b->value && a->se == b->se && a->df == b->df && a->low == b->low && a->rounding == b->rounding));
        }
        made_free(made);
}

static void nonsense_is_not_known(void **state)
{
        static const char *const texts[] = {"[]", "7", "{\"latency.p99\":3}", "{\"latency.p99\":{\"value\":-1}}", "{\"latency.p99\":{\"value\":\"x\"}}",
                                            "{\"latency.p99\":{\"value\":1e300,\"se\":1}}"};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
                auto_json struct json_object *doc = NULL;
                struct estimates estimates;
                assert_int_equal(doc_parse(texts[i], strlen(texts[i]), &doc, NULL), FAIL_NONE);
                estimates_decode(doc, &estimates);
                assert_false(estimates_find(&estimates, "latency.p99")->known);
        }
        struct estimates none;
        estimates_decode(NULL, &none);
        assert_false(none.of[0].known);
}

/* ---- comparisons ---- */

/* A trial with this p99 (and p50 a tenth of it), known to +-'se', and errors. */
static struct estimates trial_of(double p99_ms, double se, double errors)
{
        struct estimates trial = {0};

        for (size_t i = 0; i < comparables_len; i++) {
                const struct comparable *what = &comparables[i];
                bool p99 = strcmp(what->metric, "latency.p99") == 0;
                if (!p99 && strcmp(what->metric, "errors.ratio") != 0)
                        continue;
                trial.of[i] = (struct estimate){.known = true, .value = p99 ? p99_ms * 1e6 : errors, .rounding = p99 ? 0.001 : 1e-5,
                                                .se = p99 ? se : se > 0 ? 1e-5 : 0, .df = se > 0 ? 9 : 0};
        }
        return trial;
}

static struct compare_question question(void)
{
        struct compare_question asked = {.primary = "latency.p99", .gates = {"errors.ratio"}, .gates_len = 1};

        for (size_t i = 0; i < comparables_len; i++)
                asked.tolerance[i] = comparables[i].tolerance;
        return asked;
}

static struct compared *compare(const struct estimates *a, size_t a_len, const struct estimates *b, size_t b_len)
{
        struct compared *compared = xnew(struct compared);
        const struct compare_question asked = question();

        compare_runs(&(struct compare_side){"checkout-7f3a", a, a_len}, &(struct compare_side){"checkout-9c01", b, b_len}, &asked, compared);
        return compared;
}

static void a_change_is_said_in_one_sentence(void **state)
{
        static const struct { double a, b, se; enum comparison_word word; const char *change; } rows[] = {
                {10, 11.2, 0.01, COMPARISON_WORSE, "12 % slower than checkout-7f3a (8.7 % to 15 %)"},
                {11.2, 10, 0.01, COMPARISON_BETTER, "11 % faster than checkout-7f3a (8 % to 13 %)"},
                {10, 10.02, 0.005, COMPARISON_EQUIVALENT, "the same as checkout-7f3a (-1.3 % to 1.7 %)"},
                {10, 10.2, 0.05, COMPARISON_INCONCLUSIVE, "no change seen against checkout-7f3a (-12 % to 18 %), under 27 % stays unseen"},
                {10, 10.2, 0.9, COMPARISON_INCONCLUSIVE, "no change seen against checkout-7f3a (the interval spans more than 100 times)"},
                {1, 40, 0.01, COMPARISON_WORSE, "3900 % slower than checkout-7f3a (3783 % to 4021 %)"},
                {10, 10.6, 0.018, COMPARISON_INCONCLUSIVE, "6 % slower than checkout-7f3a (0.5 % to 12 %)"},
                {10, 11.2, 0, COMPARISON_INCONCLUSIVE, "12 % slower than checkout-7f3a, interval unknown"},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                struct estimates a = trial_of(rows[i].a, rows[i].se, 0), b = trial_of(rows[i].b, rows[i].se, 0);
                auto_free struct compared *compared = compare(&a, 1, &b, 1);
                assert_string_equal(compared->change, rows[i].change);
                assert_string_equal(comparison_word_name(compared->word), comparison_word_name(rows[i].word));
                assert_int_equal(compared->method, COMPARE_SECTIONS);
                assert_int_equal(compared->strength, COMPARE_INDICATIVE);
        }
}

static void what_has_no_ratio_is_said_and_never_guessed(void **state)
{
        struct estimates good = trial_of(10, 0.01, 0), zero = trial_of(0, 0.01, 0), none = {0}, censored = trial_of(10, 0.01, 0);
        const struct { const struct estimates *a, *b; const char *says; } rows[] = {
                {&zero, &good, "latency.p99 not comparable with checkout-7f3a: it is 0, and nothing is a multiple of that"},
                {&good, &zero, "latency.p99 not comparable with checkout-7f3a: it is 0, and nothing is a multiple of that"},
                {&none, &good, "latency.p99 not comparable with checkout-7f3a: it was not measured, or its tail holds too few requests"},
                {&good, &censored, "latency.p99 not comparable with checkout-7f3a: it lies among requests without an answer"},
        };
        (void)state;

        for (size_t i = 0; i < comparables_len; i++)
                if (censored.of[i].known)
                        censored.of[i] = (struct estimate){.known = true, .censored = true, .rounding = 0.001};
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_free struct compared *compared = compare(rows[i].a, 1, rows[i].b, 1);
                assert_string_equal(compared->text, rows[i].says);
                assert_int_equal(compared->word, COMPARISON_INCONCLUSIVE);
        }
}

/* Within one run nothing says how runs differ: three and three trials do, two and two are too few to see a bad one among them. */
static void groups_are_judged_by_how_their_trials_differ(void **state)
{
        struct estimates a[3], b[3];
        (void)state;

        for (int i = 0; i < 3; i++) {
                a[i] = trial_of(10 + 0.05 * i, 0.01, 0);
                b[i] = trial_of(11.5 + 0.05 * i, 0.01, 0);
        }
        auto_free struct compared *three = compare(a, 3, b, 3), *two = compare(a, 2, b, 2), *one = compare(a, 3, b, 1);
        assert_int_equal(three->method, COMPARE_WELCH);
        assert_int_equal(three->strength, COMPARE_REPLICATED);
        assert_int_equal(three->word, COMPARISON_WORSE);
        assert_int_equal(two->strength, COMPARE_INDICATIVE);
        assert_int_equal(one->method, COMPARE_PREDICTION);
        assert_int_equal(one->strength, COMPARE_INDICATIVE);
        assert_int_equal(one->word, COMPARISON_WORSE);
        /* One trial of b on its own is less sure than three of them. */
        double width_of_one = one->metrics[0].judged.interval.high - one->metrics[0].judged.interval.low;
        double width_of_three = three->metrics[0].judged.interval.high - three->metrics[0].judged.interval.low;
        assert_true(width_of_one > 1.5 * width_of_three);
}

static void a_gate_decides_too_and_the_rest_never(void **state)
{
        struct estimates a = trial_of(10, 0.01, 0.0001), b = trial_of(10, 0.01, 0.02);
        (void)state;

        auto_free struct compared *compared = compare(&a, 1, &b, 1);
        assert_int_equal(compared->word, COMPARISON_WORSE);
        assert_string_equal(compared->change, "the same as checkout-7f3a (-2.9 % to 3 %)");
        assert_non_null(strstr(compared->text, "errors.ratio 2 points more errors than checkout-7f3a"));
        auto_json struct json_object *doc = compare_encode(compared, 1, "checkout-9c01", NULL);
        assert_string_equal(doc_text(doc, "arms[0].metrics[1].role"), "gate");
        assert_string_equal(doc_text(doc, "arms[0].metrics[1].difference"), "+1.990pp");
        assert_string_equal(doc_text(doc, "arms[0].metrics[0].ratio"), "1.0000");
        assert_string_equal(doc_text(doc, "confirmation"), "none");
        assert_string_equal(doc_text(doc, "verdict"), "worse");
}

/* ---- the verdict ---- */

static void a_comparison_moves_the_verdict_by_the_table(void **state)
{
        const struct profile_objective met = {"latency.p50", NULL, "1s"}, missed = {"latency.p50", NULL, "1ms"}, open = {"handshake.p50", NULL, "1s"};
        const struct {
                struct profile_objective objective;
                size_t len;
                enum comparison_word word;
                enum compare_strength strength;
                bool problem, first, warn;
                enum verdict verdict;
                const char *reason;
        } rows[] = {
                {missed, 1, COMPARISON_WORSE, COMPARE_REPLICATED, .verdict = VERDICT_FAIL, .reason = "ObjectiveMissed"},
                {met, 1, COMPARISON_WORSE, COMPARE_REPLICATED, .verdict = VERDICT_FAIL, .reason = "Regression"},
                {open, 1, COMPARISON_WORSE, COMPARE_REPLICATED, .verdict = VERDICT_FAIL, .reason = "Regression"},
                {open, 1, COMPARISON_WORSE, COMPARE_INDICATIVE, .verdict = VERDICT_INCONCLUSIVE, .reason = "ObjectiveUnresolved"},
                {met, 1, COMPARISON_WORSE, COMPARE_INDICATIVE, .verdict = VERDICT_INCONCLUSIVE, .reason = "RegressionUnconfirmed"},
                {met, 1, COMPARISON_INCONCLUSIVE, .verdict = VERDICT_INCONCLUSIVE, .reason = "ComparisonInconclusive"},
                {met, 1, COMPARISON_INCONCLUSIVE, .problem = true, .verdict = VERDICT_INCONCLUSIVE, .reason = "ComparisonInconclusive"},
                {met, 1, COMPARISON_INCONCLUSIVE, .problem = true, .first = true, .verdict = VERDICT_PASS, .reason = "ObjectivesMet"},
                {{0}, 0, COMPARISON_INCONCLUSIVE, .problem = true, .first = true, .verdict = VERDICT_NONE, .reason = "NothingToJudge"},
                {met, 1, COMPARISON_WORSE, COMPARE_REPLICATED, .warn = true, .verdict = VERDICT_PASS, .reason = "RegressionTolerated"},
                {{0}, 0, COMPARISON_EQUIVALENT, .verdict = VERDICT_PASS, .reason = "NoRegression"},
                {met, 1, COMPARISON_BETTER, .verdict = VERDICT_PASS, .reason = "ObjectivesMet"},
        };
        struct made *made = make(noise, 0);
        const struct gates gates = {.validity = VALIDITY_VALID};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_free struct compared *compared = xnew(struct compared);
                auto_free struct verdict_judged *judged = xnew(struct verdict_judged);
                *compared = (struct compared){.word = rows[i].word, .strength = rows[i].strength, .first = rows[i].first,
                                              .problem = rows[i].problem ? "gone" : NULL};
                verdict_judge(&(struct verdict_case){.fold = &made->fold, .gates = &gates, .objectives = &rows[i].objective, .len = rows[i].len,
                                                     .compared = compared, .warn_only = rows[i].warn}, judged);
                assert_string_equal(judged->reason, rows[i].reason);
                assert_int_equal(judged->verdict, rows[i].verdict);
        }
        made_free(made);
}

static void an_objective_is_decided_by_the_side_its_interval_lies_on(void **state)
{
        static const struct { const char *metric, *min, *max; enum objective_state state; const char *reason; } rows[] = {
                {"latency.p50", NULL, "13ms", OBJECTIVE_MET, "Interval"},
                {"latency.p50", NULL, "11ms", OBJECTIVE_MISSED, "Interval"},
                {"latency.p50", NULL, "12.32ms", OBJECTIVE_UNRESOLVED, "AcrossLimit"},
                {"latency.p50{piece=\"0\"}", NULL, "13ms", OBJECTIVE_MET, "PointEstimate"},
                {"rate.achieved", "99%", NULL, OBJECTIVE_MET, "PointEstimate"},
                {"rate.achieved", "490/s", NULL, OBJECTIVE_MET, "Interval"},
                {"errors.ratio", NULL, "0.1%", OBJECTIVE_MET, "Interval"},
        };
        struct made *made = make(slower_noise, 0);
        const struct gates gates = {.validity = VALIDITY_VALID};
        struct estimates estimates;
        (void)state;

        estimates_of(&made->fold, &estimates);
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                const struct profile_objective objective = {rows[i].metric, rows[i].min, rows[i].max};
                auto_free struct verdict_judged *judged = xnew(struct verdict_judged);
                verdict_judge(&(struct verdict_case){.fold = &made->fold, .gates = &gates, .objectives = &objective, .len = 1,
                                                     .estimates = &estimates}, judged);
                if (judged->objectives[0].state != rows[i].state || strcmp(judged->objectives[0].reason, rows[i].reason) != 0)
                        fail_msg("row %zu: %s, %s", i, judged->objectives[0].reason, judged->objectives[0].text);
        }
        made_free(made);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_long_window_knows_how_sure_it_is),
                cmocka_unit_test(a_window_of_more_than_one_state_is_limited),
                cmocka_unit_test(what_has_no_sections_has_no_interval),
                cmocka_unit_test(unanswered_requests_are_worse_than_any_number),
                cmocka_unit_test(estimates_come_back_from_json_as_they_were),
                cmocka_unit_test(nonsense_is_not_known),
                cmocka_unit_test(a_change_is_said_in_one_sentence),
                cmocka_unit_test(what_has_no_ratio_is_said_and_never_guessed),
                cmocka_unit_test(groups_are_judged_by_how_their_trials_differ),
                cmocka_unit_test(a_gate_decides_too_and_the_rest_never),
                cmocka_unit_test(a_comparison_moves_the_verdict_by_the_table),
                cmocka_unit_test(an_objective_is_decided_by_the_side_its_interval_lies_on),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
