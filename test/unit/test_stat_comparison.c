/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of stat/comparison.h, row by row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "base/mem.h"
#include "stat/comparison.h"
#include "unit/stat_fixture.h"

/* A latency of six pairs with 5 % tolerance. t(0.99, 5) = 3.365, t(0.975, 5) = 2.571, t(0.95, 5) = 2.015. */
static struct comparison_metric latency(enum comparison_role role, double estimate, double se)
{
        return (struct comparison_metric){
                .role = role,
                .tolerance = log(1.05), /* 0.0488 */
                .rounding = 0.001,
                .pairs = 6,
                .shift = {.estimate = estimate, .se = se, .df = 5},
        };
}

static struct comparison_judged judge_one(struct comparison_metric metric)
{
        struct comparison_judged judged;

        comparison_judge(&metric, 1, &judged);
        return judged;
}

struct row {
        double estimate, se;
        enum comparison_word word;
        enum comparison_reason reason;
        enum comparison_lean lean;
};

static const struct row rows[] = {
        {+0.100, 0.020, COMPARISON_WORSE, COMPARISON_BEYOND_TOLERANCE, COMPARISON_LEAN_WORSE},
        {-0.100, 0.020, COMPARISON_BETTER, COMPARISON_BEYOND_TOLERANCE, COMPARISON_LEAN_BETTER},
        {+0.100, 0.032, COMPARISON_INCONCLUSIVE, COMPARISON_NEAR_TOLERANCE, COMPARISON_LEAN_WORSE}, /* at 5 %, not at 1 % */
        {-0.100, 0.032, COMPARISON_INCONCLUSIVE, COMPARISON_NEAR_TOLERANCE, COMPARISON_LEAN_BETTER},
        {+0.045, 0.004, COMPARISON_INCONCLUSIVE, COMPARISON_NEAR_TOLERANCE, COMPARISON_LEAN_WORSE}, /* sure, but within: up to 0.053 */
        {+0.030, 0.004, COMPARISON_EQUIVALENT, COMPARISON_WITHIN_TOLERANCE, COMPARISON_LEAN_WORSE}, /* equivalent, a tiny shift */
        {+0.001, 0.010, COMPARISON_EQUIVALENT, COMPARISON_WITHIN_TOLERANCE, COMPARISON_LEAN_NONE},
        {+0.001, 0.040, COMPARISON_INCONCLUSIVE, COMPARISON_WITHIN_NOISE, COMPARISON_LEAN_NONE},
        {+0.100, 0.200, COMPARISON_INCONCLUSIVE, COMPARISON_WITHIN_NOISE, COMPARISON_LEAN_NONE},
};

static void each_row_of_the_table_has_its_word(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                struct comparison_judged judged = judge_one(latency(COMPARISON_PRIMARY, rows[i].estimate, rows[i].se));
                if (judged.word != rows[i].word || judged.reason != rows[i].reason || judged.lean != rows[i].lean)
                        fail_msg("row %zu: %s, %s, lean %d", i, comparison_word_name(judged.word), comparison_reason_name(judged.reason),
                                 judged.lean);
        }
}

static void a_higher_rate_is_better(void **state)
{
        (void)state;
        struct comparison_metric rate = latency(COMPARISON_PRIMARY, 0.1, 0.02);

        rate.higher_is_better = true;
        struct comparison_judged judged = judge_one(rate);
        assert_int_equal(judged.word, COMPARISON_BETTER);
        assert_int_equal(judged.lean, COMPARISON_LEAN_BETTER);
        assert_true(judged.interval.low > 0 && judged.interval.low < 0.1 && judged.interval.high > 0.1); /* of the rate itself */
        rate.shift.estimate = -0.1;
        assert_int_equal(judge_one(rate).word, COMPARISON_WORSE);
}

/* The worse the estimate, the never better the word, whatever the spread. */
static void words_are_in_the_order_of_the_estimate(void **state)
{
        (void)state;
        for (double se = 0.0002; se < 0.3; se *= 1.2) {
                bool was_worse = false;
                for (double estimate = -0.3; estimate < 0.3; estimate += 0.001) {
                        enum comparison_word word = judge_one(latency(COMPARISON_PRIMARY, estimate, se)).word;
                        assert_false(was_worse && word != COMPARISON_WORSE);
                        assert_false(word == COMPARISON_BETTER && estimate > -0.0488);
                        was_worse = word == COMPARISON_WORSE;
                }
        }
}

static void what_is_missing_is_told(void **state)
{
        (void)state;
        struct comparison_metric small = latency(COMPARISON_PRIMARY, 0.03, 0.03);
        struct comparison_judged judged = judge_one(small);

        /* (3.3649 + 0.9195) * 0.03 */
        assert_float_equal(judged.smallest_visible, 0.128533, 1e-5);
        assert_int_equal(judged.word, COMPARISON_INCONCLUSIVE);
        assert_int_equal(judged.pairs_needed, 20); /* sd 0.0735 asks for 26 pairs in all */
        assert_int_equal(judge_one(latency(COMPARISON_PRIMARY, 0.001, 0.01)).pairs_needed, 0);
        small.tolerance = 0;
        assert_int_equal(judge_one(small).pairs_needed, 0); /* no number of pairs shows that nothing changed */
}

static void no_estimate_is_inconclusive_and_says_so(void **state)
{
        (void)state;
        static const enum stat_kind kinds[] = {STAT_TOO_FEW, STAT_TOO_MANY, STAT_NOT_FINITE, STAT_NOT_POSITIVE};

        for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
                struct comparison_metric metric = latency(COMPARISON_PRIMARY, NAN, NAN);
                metric.kind = kinds[i];
                metric.pairs = 0;
                struct comparison_judged judged = judge_one(metric);
                assert_int_equal(judged.word, COMPARISON_INCONCLUSIVE);
                assert_int_equal(judged.reason, COMPARISON_NO_ESTIMATE);
                assert_true(judged.interval.low == 0 && judged.p_worse == 0 && judged.pairs_needed == 0);
        }
}

/* No error in any trial is the usual case, and a policy that refuses everything the other. */
static void the_same_difference_in_every_pair_is_judged_by_rounding(void **state)
{
        (void)state;
        struct comparison_metric errors = {
                .role = COMPARISON_GATE, .tolerance = 0.001, .rounding = 1e-4, .pairs = 4, .kind = STAT_NO_SPREAD};

        assert_int_equal(judge_one(errors).word, COMPARISON_EQUIVALENT);
        errors.shift.estimate = 1;
        assert_int_equal(judge_one(errors).word, COMPARISON_WORSE);
        assert_true(isfinite(judge_one(errors).interval.high));
        errors.shift.estimate = 0;
        errors.rounding = 0.01; /* a hundred requests cannot show 0.1 points */
        assert_int_equal(judge_one(errors).word, COMPARISON_INCONCLUSIVE);
}

/* p = 0.6 % each: one gate alone is worse, one of two is not. */
static void gates_share_one_percent_and_the_primary_has_its_own(void **state)
{
        (void)state;
        struct comparison_metric metrics[] = {
                latency(COMPARISON_PRIMARY, 0.001, 0.01), latency(COMPARISON_GATE, 0.0765, 0.02), latency(COMPARISON_GATE, 0.001, 0.01)};
        struct comparison_judged judged[3];

        assert_int_equal(comparison_judge(metrics, 2, judged), COMPARISON_WORSE);
        assert_int_equal(comparison_judge(metrics, 3, judged), COMPARISON_INCONCLUSIVE);
        assert_true(judged[1].p_worse > 0.01 && judged[1].lean == COMPARISON_LEAN_WORSE);
        metrics[2].role = COMPARISON_EXPLORATORY;
        assert_int_equal(comparison_judge(metrics, 3, judged), COMPARISON_WORSE);
        metrics[2].role = COMPARISON_GATE;
        metrics[2].kind = STAT_TOO_FEW; /* not a question that was asked */
        assert_int_equal(comparison_judge(metrics, 3, judged), COMPARISON_WORSE);
        metrics[2] = metrics[0];
        metrics[2].role = COMPARISON_GATE;
        metrics[0] = latency(COMPARISON_PRIMARY, 0.0765, 0.02);
        assert_int_equal(comparison_judge(metrics, 3, judged), COMPARISON_WORSE);
        assert_int_equal(judged[0].word, COMPARISON_WORSE);
}

static void the_whole_takes_the_first_row_that_holds(void **state)
{
        (void)state;
        struct comparison_metric good = latency(COMPARISON_PRIMARY, -0.1, 0.01), open = latency(COMPARISON_GATE, 0, 0.1),
                                 bad = latency(COMPARISON_GATE, 0.2, 0.01), same = latency(COMPARISON_GATE, 0, 0.005);
        struct comparison_judged judged[3];

        assert_int_equal(comparison_judge((struct comparison_metric[]){good, open, bad}, 3, judged), COMPARISON_WORSE);
        assert_int_equal(comparison_judge((struct comparison_metric[]){good, open, same}, 3, judged), COMPARISON_INCONCLUSIVE);
        assert_int_equal(comparison_judge((struct comparison_metric[]){good, same}, 2, judged), COMPARISON_BETTER);
        assert_int_equal(comparison_judge((struct comparison_metric[]){same}, 1, judged), COMPARISON_EQUIVALENT);
        bad.role = good.role = COMPARISON_EXPLORATORY;
        assert_int_equal(comparison_judge((struct comparison_metric[]){bad, same}, 2, judged), COMPARISON_EQUIVALENT);
        assert_int_equal(comparison_judge((struct comparison_metric[]){bad, good}, 2, judged), COMPARISON_INCONCLUSIVE);
        assert_int_equal(comparison_judge(NULL, 0, judged), COMPARISON_INCONCLUSIVE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_row_of_the_table_has_its_word),
                cmocka_unit_test(a_higher_rate_is_better),
                cmocka_unit_test(words_are_in_the_order_of_the_estimate),
                cmocka_unit_test(what_is_missing_is_told),
                cmocka_unit_test(no_estimate_is_inconclusive_and_says_so),
                cmocka_unit_test(the_same_difference_in_every_pair_is_judged_by_rounding),
                cmocka_unit_test(gates_share_one_percent_and_the_primary_has_its_own),
                cmocka_unit_test(the_whole_takes_the_first_row_that_holds),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
