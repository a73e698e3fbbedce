/* SPDX-License-Identifier: Apache-2.0
 *
 * What cannot be compared, or only just: each gets a sentence and a verdict that says no more than is known. */
#include "result_fixture.h"

#include <math.h>

#include "result/compare.h"
#include "result/estimate.h"
#include "result/gates.h"
#include "result/verdict.h"

#define PAIRS_MAX 6
#define NOT_MEASURED -1.0
#define UNANSWERED INFINITY /* the value lies among requests without an answer */

static struct estimates trial_of(const struct comparable *what, double value)
{
        struct estimates estimates = {0};

        estimates.of[what - comparables] = (struct estimate){
                .known = value >= 0,
                .censored = isinf(value),
                .value = isinf(value) || value < 0 ? 0 : what->is_share ? value : value * 1e6,
                .rounding = 0.001,
        };
        return estimates;
}

static void compare_values(const char *metric, size_t pairs, const double *a, const double *b, struct compared *ret_compared)
{
        const struct comparable *what = comparable_find(metric);
        struct compare_question question = {.primary = metric};
        struct estimates of_a[PAIRS_MAX], of_b[PAIRS_MAX];

        for (size_t i = 0; i < comparables_len; i++)
                question.tolerance[i] = comparables[i].tolerance;
        for (size_t i = 0; i < pairs; i++) {
                of_a[i] = trial_of(what, a[i]);
                of_b[i] = trial_of(what, b[i]);
        }
        compare_pairs(&(struct compare_side){"plain", of_a, pairs}, &(struct compare_side){"mtls", of_b, pairs}, pairs, &question, ret_compared);
}

static void each_has_a_sentence_and_an_honest_verdict(void **state)
{
        static const struct {
                const char *metric;
                size_t pairs;
                double a[PAIRS_MAX], b[PAIRS_MAX];
                enum comparison_word word;
                const char *says;
                enum verdict verdict;
                const char *reason;
        } rows[] = {
                /* fewer than a method needs */
                {"latency.p99", 1, {10}, {30}, COMPARISON_INCONCLUSIVE, "one pair says nothing about how pairs differ", VERDICT_INCONCLUSIVE,
                 "ComparisonInconclusive"},
                {"latency.p99", 2, {10, 10}, {20, 20}, COMPARISON_WORSE, "indicative, fewer than 4 pairs", VERDICT_INCONCLUSIVE, "RegressionUnconfirmed"},
                /* no spread at all: what rounding leaves open is all that is open */
                {"latency.p99", 6, {10, 10, 10, 10, 10, 10}, {10, 10, 10, 10, 10, 10}, COMPARISON_EQUIVALENT, "the same as plain", VERDICT_PASS, "NoRegression"},
                {"latency.p99", 6, {10, 10, 10, 10, 10, 10}, {12, 12, 12, 12, 12, 12}, COMPARISON_WORSE, "20 % slower", VERDICT_FAIL, "Regression"},
                {"errors.ratio", 4, {0, 0, 0, 0}, {0, 0, 0, 0}, COMPARISON_EQUIVALENT, "the same as plain", VERDICT_PASS, "NoRegression"},
                /* nothing but errors */
                {"errors.ratio", 4, {0, 0, 0, 0}, {1, 1, 1, 1}, COMPARISON_WORSE, "100 points", VERDICT_FAIL, "Regression"},
                {"latency.p99", 4, {10, 11, 10, 11}, {NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED}, COMPARISON_INCONCLUSIVE,
                 "it was not measured, or its tail holds too few requests", VERDICT_INCONCLUSIVE, "ComparisonInconclusive"},
                {"latency.p99", 4, {10, 11, 10, 11}, {20, 20, UNANSWERED, 20}, COMPARISON_INCONCLUSIVE, "it lies among requests without an answer",
                 VERDICT_INCONCLUSIVE, "ComparisonInconclusive"},
                /* a baseline of 0 */
                {"latency.p99", 4, {0, 0, 0, 0}, {10, 10, 11, 10}, COMPARISON_INCONCLUSIVE, "it is 0, and nothing is a multiple of that",
                 VERDICT_INCONCLUSIVE, "ComparisonInconclusive"},
                {"rate.achieved", 4, {100, 0, 100, 100}, {100, 100, 100, 100}, COMPARISON_INCONCLUSIVE, "it is 0, and nothing is a multiple of that",
                 VERDICT_INCONCLUSIVE, "ComparisonInconclusive"},
        };
        const struct fold fold = {.whole = {.counters = {.done = 9, .ok = 9}}};
        const struct gates gates = {.validity = VALIDITY_VALID};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_free struct compared *compared = xnew(struct compared);
                auto_free struct verdict_judged *judged = xnew(struct verdict_judged);
                compare_values(rows[i].metric, rows[i].pairs, rows[i].a, rows[i].b, compared);
                verdict_judge(&(struct verdict_case){.fold = &fold, .gates = &gates, .compared = compared}, judged);
                if (compared->word != rows[i].word || judged->verdict != rows[i].verdict || strcmp(judged->reason, rows[i].reason) != 0 ||
                    !strstr(compared->text, rows[i].says))
                        fail_msg("row %zu: %s: %s; %s %s", i, comparison_word_name(compared->word), compared->text, verdict_name(judged->verdict),
                                 judged->reason);
                assert_null(strstr(compared->text, "nan"));
                assert_null(strstr(compared->change, "nan"));
        }
}

/* A stored result that somebody wrote by hand. */
static void what_is_no_number_is_not_known(void **state)
{
        static const char *const refused[] = {"{\"latency.p99\":{\"value\":NaN}}", "{\"latency.p99\":{\"value\":-Infinity}}",
                                              "{\"latency.p99\":{\"value\":1e999}}"};
        auto_json struct json_object *doc = doc_object(), *none = NULL;
        struct estimates estimates;
        struct fail fail = {0};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(refused); i++)
                assert_int_equal(doc_parse(refused[i], strlen(refused[i]), &none, &fail), FAIL_INVALID);
        doc_set(doc_object_at(doc, "latency.p99"), "value", json_object_new_double(NAN));
        estimates_decode(doc, &estimates);
        assert_false(estimates_find(&estimates, "latency.p99")->known);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_has_a_sentence_and_an_honest_verdict),
                cmocka_unit_test(what_is_no_number_is_not_known),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
