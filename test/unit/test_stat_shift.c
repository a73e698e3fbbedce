/* SPDX-License-Identifier: Apache-2.0
 *
 * Comparisons of trials against scipy and statsmodels (stat_reference.h), and every answer that is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "base/mem.h"
#include "stat/holm.h"
#include "stat/plan.h"
#include "stat/shift.h"
#include "unit/stat_fixture.h"
#include "unit/stat_reference.h"

static void welch_and_pairs_agree_with_scipy(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(methods_of); i++) {
                const __typeof__(methods_of[0]) *want = &methods_of[i];
                struct shift shift;
                struct shift_interval interval;

                assert_int_equal(shift_welch(want->a, want->a_len, want->b, want->b_len, &shift), STAT_OK);
                interval = shift_interval(&shift, 0.95);
                assert_close(shift.estimate / shift.se, want->welch_t, 1e-9);
                assert_close(shift.df, want->welch_df, 1e-9);
                assert_close(shift_p_above(&shift, 0), want->welch_p_above, 1e-9);
                assert_close(1 - shift_p_below(&shift, 0), want->welch_p_above, 1e-9);
                assert_close(interval.low, want->welch_low, 1e-9);
                assert_close(interval.high, want->welch_high, 1e-9);
                if (want->a_len != want->b_len)
                        continue;
                assert_int_equal(shift_paired(want->a, want->b, want->a_len, &shift), STAT_OK);
                interval = shift_interval(&shift, 0.95);
                assert_close(shift.estimate / shift.se, want->paired_t, 1e-9);
                assert_close(interval.low, want->paired_low, 1e-9);
                assert_close(interval.high, want->paired_high, 1e-9);
                assert_close(shift_p_outside(&shift, 0.03), want->paired_p_outside, 1e-9);
        }
}

static void a_ratio_of_two_groups_has_its_interval(void **state)
{
        (void)state;
        static const double a[] = {101.2, 99.8, 100.5, 102.1, 100.0}, b[] = {106.0, 104.7, 107.3, 105.1, 106.6};
        double log_a[5], log_b[5];
        struct shift shift;

        assert_int_equal(shift_log(a, 5, log_a), STAT_OK);
        assert_int_equal(shift_log(b, 5, log_b), STAT_OK);
        assert_int_equal(shift_welch(log_a, 5, log_b, 5, &shift), STAT_OK);
        struct shift_interval interval = shift_interval(&shift, 0.95);
        assert_float_equal(shift.df, 7.956876, 5e-7);
        assert_float_equal(2 * shift_p_above(&shift, 0), 3.63958e-5, 5e-11);
        assert_float_equal(exp(shift.estimate), 1.051821, 5e-7);
        assert_float_equal(exp(interval.low), 1.037041, 5e-7);
        assert_float_equal(exp(interval.high), 1.066812, 5e-7);
}

static void pairs_have_a_one_sided_limit(void **state)
{
        (void)state;
        static const double a[6] = {0}, b[] = {0.051, 0.048, 0.062, 0.039, 0.055, 0.047};
        struct shift shift;

        assert_int_equal(shift_paired(a, b, 6, &shift), STAT_OK);
        assert_float_equal(exp(shift.estimate), 1.0516216, 5e-8);
        assert_float_equal(shift_p_above(&shift, 0), 9.15374e-6, 5e-12);
        assert_float_equal(exp(shift_interval(&shift, 0.98).low), 1.0404294, 5e-8);
}

/* The two ways to say "equivalent" are one. */
static void equivalence_is_the_ninety_percent_interval_inside(void **state)
{
        (void)state;
        for (double estimate = -0.06; estimate < 0.06; estimate += 0.0037)
                for (double se = 0.001; se < 0.05; se *= 1.3) {
                        struct shift shift = {.estimate = estimate, .se = se, .df = 5};
                        struct shift_interval interval = shift_interval(&shift, 0.90);
                        assert_int_equal(shift_p_outside(&shift, 0.04) < 0.05, interval.low > -0.04 && interval.high < 0.04);
                }
}

static void data_that_cannot_answer_say_why(void **state)
{
        (void)state;
        static const double flat[] = {2, 2, 2}, plain[] = {1, 2, 4}, holed[] = {1, NAN, 4}, endless[] = {1, INFINITY, 2},
                            huge[] = {-1e308, 1e308, 1e308}, zero[] = {1, 0, 2};
        struct shift shift = {.estimate = 7};
        double logs[3] = {7, 7, 7};

        assert_int_equal(shift_welch(plain, 1, plain, 3, &shift), STAT_TOO_FEW);
        assert_int_equal(shift_welch(plain, 3, plain, 0, &shift), STAT_TOO_FEW);
        assert_int_equal(shift_welch(flat, 3, flat, 2, &shift), STAT_NO_SPREAD);
        assert_int_equal(shift_welch(plain, 3, holed, 3, &shift), STAT_NOT_FINITE);
        assert_int_equal(shift_welch(endless, 3, plain, 3, &shift), STAT_NOT_FINITE);
        assert_int_equal(shift_welch(huge, 3, plain, 3, &shift), STAT_NOT_FINITE);
        assert_int_equal(shift_paired(plain, plain, 1, &shift), STAT_TOO_FEW);
        assert_int_equal(shift_paired(plain, plain, 3, &shift), STAT_NO_SPREAD);
        assert_int_equal(shift_paired(holed, plain, 3, &shift), STAT_NOT_FINITE);
        assert_int_equal(shift_log(zero, 3, logs), STAT_NOT_POSITIVE);
        assert_int_equal(shift_log(holed, 3, logs), STAT_NOT_FINITE);
        assert_true(shift.estimate == 7 && logs[0] == 7); /* untouched */
        assert_int_equal(shift_welch(flat, 3, plain, 3, &shift), STAT_OK); /* one group may be flat */
        assert_true(shift.df == 2);
}

/* A spread so small that its fourth power is zero still has degrees of freedom. */
static void tiny_spreads_do_not_vanish(void **state)
{
        (void)state;
        static const double a[] = {0, 1e-100, 2e-100}, b[] = {1, 1, 1};
        struct shift shift;

        assert_int_equal(shift_welch(a, 3, b, 3, &shift), STAT_OK);
        assert_true(isfinite(shift.df) && shift.df == 2 && shift.se > 0);
        assert_true(isfinite(shift_p_above(&shift, 0)) && isfinite(shift_interval(&shift, 0.99).high));
}

/* ---- plans ---- */

static void abba_balances_two_arms_and_more(void **state)
{
        (void)state;
        static const char *const orders[] = {"AAAAAAAAAAAA", "ABBABAABABBA", "ABCCBACBAABC", "ABCDDCBADCBA"};

        for (uint32_t arms = 1; arms <= 4; arms++)
                for (uint32_t trial = 0; trial < 12; trial++)
                        assert_int_equal(plan_arm(trial, arms), orders[arms - 1][trial] - 'A');
}

static void a_random_order_has_each_arm_once_in_every_pass(void **state)
{
        uint32_t first[4] = {0};
        (void)state;

        for (uint32_t pass = 0; pass < 400; pass++) {
                uint32_t seen = 0;
                for (uint32_t i = 0; i < 4; i++)
                        seen |= 1u << plan_arm_random(4 * pass + i, 4, 42);
                assert_int_equal(seen, 15);
                first[plan_arm_random(4 * pass, 4, 42)]++;
                assert_int_equal(plan_arm_random(4 * pass, 4, 42), plan_arm_random(4 * pass, 4, 42));
        }
        for (uint32_t arm = 0; arm < 4; arm++) /* binomial(400, 1/4): sd 8.7 */
                assert_in_range(first[arm], 65, 135);
}

static void drift_cancels_within_four_passes(void **state)
{
        (void)state;
        for (uint32_t arms = 2; arms <= 8; arms++)
                for (uint32_t arm = 0; arm < arms; arm++) {
                        int64_t sum = 0, squares = 0;
                        for (uint32_t trial = 0; trial < 4 * arms; trial++)
                                if (plan_arm(trial, arms) == arm) {
                                        sum += trial;
                                        squares += (int64_t)trial * trial;
                                }
                        assert_int_equal(sum, 2 * (4 * (int64_t)arms - 1));
                        if (arms == 2)
                                assert_int_equal(squares, 70);
                }
}

static void a_plan_is_the_smallest_that_suffices(void **state)
{
        (void)state;
        uint32_t pairs;
        /* Pairs for +5 % and +3 % at 80 % power, one-sided 1 %, when trials vary by 'sd'. The noncentral t of scipy gives each of these
         * numbers a power of 0.80 to 0.88, and one pair less under 0.80. */
        static const struct { double sd, ratio; uint32_t want; } rows[] = {
                {0.02, 1.05, 7}, {0.03, 1.05, 11}, {0.05, 1.05, 24}, {0.08, 1.05, 57}, {0.03, 1.03, 24}, {0.08, 1.03, 150},
        };

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                assert_int_equal(plan_pairs(rows[i].sd * M_SQRT2, log(rows[i].ratio), 0.01, 0.8, &pairs), STAT_OK);
                assert_int_equal(pairs, rows[i].want);
        }
        assert_int_equal(plan_pairs(0, 0.05, 0.01, 0.8, &pairs), STAT_OK);
        assert_int_equal(pairs, 2);
        assert_int_equal(plan_pairs(1, 1e-6, 0.01, 0.8, &pairs), STAT_TOO_MANY);
        assert_int_equal(plan_pairs(1, 0, 0.01, 0.8, &pairs), STAT_NOT_POSITIVE);
        assert_int_equal(plan_pairs(NAN, 1, 0.01, 0.8, &pairs), STAT_NOT_FINITE);
}

static void a_detectable_change_needs_what_the_formula_says(void **state)
{
        (void)state;
        /* n = 6: t(0.975, 10) = 2.22814, t(0.8, 10) = 0.87906, sqrt(2 / 6) = 0.57735 */
        assert_float_equal(plan_detectable_change(0.03, 6, 0.05, 0.8), exp((2.228139 + 0.879058) * 0.03 * 0.5773503) - 1, 1e-7);
}

static void steins_second_stage_is_asked_once_and_bounded(void **state)
{
        (void)state;
        uint32_t pairs;

        /* t(0.975, 4) = 2.776445: (2.776445 * 0.04 / 0.02)^2 = 30.8 */
        assert_int_equal(plan_stein_pairs(0.04, 5, 0.02, 0.95, 100, &pairs), STAT_OK);
        assert_int_equal(pairs, 31);
        assert_int_equal(plan_stein_pairs(0.04, 5, 0.02, 0.95, 12, &pairs), STAT_OK);
        assert_int_equal(pairs, 12);
        assert_int_equal(plan_stein_pairs(0, 5, 0.02, 0.95, 12, &pairs), STAT_OK);
        assert_int_equal(pairs, 5);
        assert_int_equal(plan_stein_pairs(1e300, 5, 1e-300, 0.95, 12, &pairs), STAT_OK);
        assert_int_equal(pairs, 12);
        assert_int_equal(plan_stein_pairs(1, 5, 0, 0.95, 12, &pairs), STAT_NOT_POSITIVE);
        assert_int_equal(plan_stein_pairs(INFINITY, 5, 1, 0.95, 12, &pairs), STAT_NOT_FINITE);
}

static void steins_interval_keeps_the_first_spread(void **state)
{
        (void)state;
        static const double a[5] = {0}, b[] = {1, 2, 3, 100, -90};
        struct shift shift;

        assert_int_equal(shift_stein(a, b, 3, 5, &shift), STAT_OK);
        assert_true(shift.df == 2);
        assert_close(shift.estimate, 16.0 / 5, 1e-14);
        assert_close(shift.se, 1 / sqrt(5), 1e-14);
        assert_int_equal(shift_stein(a, b, 1, 5, &shift), STAT_TOO_FEW);
        assert_int_equal(shift_stein(a, (const double[]){1, 1, 1, 2, 3}, 3, 5, &shift), STAT_NO_SPREAD);
}

/* ---- many questions ---- */

static void holm_agrees_with_statsmodels(void **state)
{
        (void)state;
        double adjusted[ARRAY_LEN(holm_p)];

        assert_int_equal(holm_adjust(holm_p, ARRAY_LEN(holm_p), adjusted), STAT_OK);
        for (size_t i = 0; i < ARRAY_LEN(holm_p); i++)
                assert_close(adjusted[i], holm_want[i], 1e-14);
        assert_int_equal(holm_adjust(holm_p, 0, adjusted), STAT_OK);
        assert_int_equal(holm_adjust(holm_p, HOLM_LEN_MAX + 1, adjusted), STAT_TOO_MANY);
        assert_int_equal(holm_adjust((const double[]){0.1, NAN}, 2, adjusted), STAT_NOT_FINITE);
        assert_int_equal(holm_adjust((const double[]){0.1, -0.1}, 2, adjusted), STAT_NOT_FINITE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(welch_and_pairs_agree_with_scipy),
                cmocka_unit_test(a_ratio_of_two_groups_has_its_interval),
                cmocka_unit_test(pairs_have_a_one_sided_limit),
                cmocka_unit_test(equivalence_is_the_ninety_percent_interval_inside),
                cmocka_unit_test(data_that_cannot_answer_say_why),
                cmocka_unit_test(tiny_spreads_do_not_vanish),
                cmocka_unit_test(abba_balances_two_arms_and_more),
                cmocka_unit_test(a_random_order_has_each_arm_once_in_every_pass),
                cmocka_unit_test(drift_cancels_within_four_passes),
                cmocka_unit_test(a_plan_is_the_smallest_that_suffices),
                cmocka_unit_test(a_detectable_change_needs_what_the_formula_says),
                cmocka_unit_test(steins_second_stage_is_asked_once_and_bounded),
                cmocka_unit_test(steins_interval_keeps_the_first_spread),
                cmocka_unit_test(holm_agrees_with_statsmodels),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
