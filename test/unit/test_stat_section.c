/* SPDX-License-Identifier: Apache-2.0
 *
 * What one run says about its own percentile, its warm-up and its steadiness. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "base/mem.h"
#include "stat/section.h"
#include "stat/steady.h"
#include "unit/stat_fixture.h"

static const double parts_a[] = {50, 52, 49, 51, 53, 50, 48, 52, 51, 50}, parts_b[] = {54, 55, 53, 57, 56, 54, 55, 58, 53, 55};

static void the_formula_gives_the_interval_worked_by_hand(void **state)
{
        (void)state;
        struct section_value a, b;

        assert_int_equal(section_values(50.6, parts_a, 10, 0, 0.95, &a), STAT_OK);
        assert_int_equal(section_values(55.1, parts_b, 10, 0, 0.95, &b), STAT_OK);
        assert_float_equal(a.low_ns, 49.53204, 5e-6);
        assert_float_equal(a.high_ns, 51.69099, 5e-6);
        assert_true(a.df == 9 && !a.memory_long);
        struct shift shift = section_shift(&a, &b);
        struct shift_interval interval = shift_interval(&shift, 0.95);
        assert_float_equal(exp(shift.estimate), 1.0889328, 5e-8);
        assert_float_equal(shift.df, 17.99902, 5e-6);
        assert_float_equal(shift.se, 0.01328698, 5e-9);
        assert_float_equal(exp(interval.low), 1.0589556, 5e-8);
        assert_float_equal(exp(interval.high), 1.1197586, 5e-8);
}

static void a_run_with_long_memory_is_told(void **state)
{
        (void)state;
        static const double wandering[] = {50, 51, 52, 53, 54, 54, 53, 52, 51, 50};
        struct section_value value;

        assert_int_equal(section_values(52, wandering, 10, 0, 0.95, &value), STAT_OK);
        assert_true(value.memory_long);
        assert_float_equal(value.memory, 0.5960340, 5e-8);
}

/* Ten sections; section i holds 'per_section' values spread evenly over 1 … 2 ms, shifted by i * step. */
static struct hist *fill(struct hist **sections, int64_t per_section, int64_t step_ns)
{
        struct hist *whole = hist_new(3);

        for (int i = 0; i < SECTION_LEN; i++) {
                sections[i] = hist_new(3);
                for (int64_t k = 0; k < per_section; k++)
                        hist_record(sections[i], 1000000 + k * 1000000 / per_section + i * step_ns);
                hist_add(whole, sections[i]);
        }
        return whole;
}

static void drain(struct hist **sections, struct hist *whole)
{
        for (int i = 0; i < SECTION_LEN; i++)
                hist_free(sections[i]);
        hist_free(whole);
}

static void histograms_give_what_their_percentiles_give(void **state)
{
        (void)state;
        struct hist *sections[SECTION_LEN], *whole = fill(sections, 2000, 20000);
        double parts[SECTION_LEN];
        struct section_value direct, by_hist;

        for (int i = 0; i < SECTION_LEN; i++)
                parts[i] = (double)hist_quantile(sections[i], 0.9);
        assert_int_equal(section_values((double)hist_quantile(whole, 0.9), parts, SECTION_LEN, 0.001, 0.95, &direct), STAT_OK);
        assert_int_equal(section_quantile(whole, (const struct hist *const *)sections, SECTION_LEN, 0.9, 0.95, &by_hist), STAT_OK);
        assert_true(by_hist.low_ns == direct.low_ns && by_hist.high_ns == direct.high_ns && by_hist.se == direct.se);
        drain(sections, whole);
}

/* All sections alike: the interval is the rounding of the histogram, not nothing. */
static void sections_that_agree_are_as_sure_as_the_buckets(void **state)
{
        (void)state;
        struct hist *sections[SECTION_LEN], *whole = fill(sections, 2000, 0);
        struct section_value value;

        assert_int_equal(section_quantile(whole, (const struct hist *const *)sections, SECTION_LEN, 0.5, 0.95, &value), STAT_OK);
        assert_close(value.se, 0.001 / sqrt(12), 1e-9);
        assert_int_equal(section_tail(whole, (const struct hist *const *)sections, SECTION_LEN, 0.5, 0.95, &value), STAT_NO_SPREAD);
        drain(sections, whole);
}

/* 40 of 4000 values are slow; where they lie decides what they are worth. */
static struct hist *with_tail(struct hist **sections, const int slow[SECTION_LEN])
{
        struct hist *whole = hist_new(3);

        for (int i = 0; i < SECTION_LEN; i++) {
                sections[i] = hist_new(3);
                hist_record_many(sections[i], 1000, (uint64_t)(400 - slow[i]));
                for (int k = 0; k < slow[i]; k++)
                        hist_record(sections[i], 2000 + 10 * i + k);
                hist_add(whole, sections[i]);
        }
        return whole;
}

static void a_tail_is_counted_section_by_section(void **state)
{
        (void)state;
        struct hist *sections[SECTION_LEN], *whole = with_tail(sections, (const int[]){3, 5, 4, 4, 6, 2, 4, 4, 3, 5});
        struct section_value value;
        double worth;

        /* Q(0.99) is the fast value itself: beyond it lie 3, 5, 4, … of 40; variance 12 / 9, s = sqrt(10 * 12 / 9) / 4000. */
        assert_int_equal(section_tail(whole, (const struct hist *const *)sections, SECTION_LEN, 0.99, 0.95, &value), STAT_OK);
        assert_close(value.se, sqrt(10 * 12.0 / 9) / 4000, 1e-12);
        assert_true(value.value_ns == 1000 && value.low_ns == 1000 && value.high_ns >= 2000 && !value.high_open);
        assert_int_equal(section_tail_worth(whole, (const struct hist *const *)sections, SECTION_LEN, 0.99, &worth), STAT_OK);
        assert_close(worth, 40, 1e-9); /* steadier than chance is not worth more than chance */
        drain(sections, whole);

        whole = with_tail(sections, (const int[]){0, 0, 40, 0, 0, 0, 0, 0, 0, 0});
        assert_int_equal(section_tail_worth(whole, (const struct hist *const *)sections, SECTION_LEN, 0.99, &worth), STAT_OK);
        assert_true(worth < SECTION_TAIL_SHOWN); /* one burst of forty is one event */
        assert_int_equal(section_tail(whole, (const struct hist *const *)sections, SECTION_LEN, 0.99, 0.95, &value), STAT_OK);
        assert_true(value.high_open && value.high_ns == (double)hist_max(whole));
        drain(sections, whole);
}

static void a_run_that_cannot_answer_says_why(void **state)
{
        (void)state;
        struct hist *sections[SECTION_LEN], *whole = fill(sections, 999, 100);
        const struct hist *const *all = (const struct hist *const *)sections;
        struct section_value value;
        double worth;

        assert_int_equal(section_quantile(whole, all, SECTION_LEN, 0.99, 0.95, &value), STAT_TOO_FEW); /* 9.99 beyond */
        assert_int_equal(section_quantile(whole, all, SECTION_LEN, 0.01, 0.95, &value), STAT_TOO_FEW);
        assert_int_equal(section_quantile(whole, all, SECTION_LEN, 0.98, 0.95, &value), STAT_OK);
        assert_int_equal(section_quantile(whole, all, 2, 0.5, 0.95, &value), STAT_TOO_FEW);
        assert_int_equal(section_tail(whole, all, 2, 0.5, 0.95, &value), STAT_TOO_FEW);
        assert_int_equal(section_tail(whole, all, SECTION_LEN, 0.9999, 0.95, &value), STAT_TOO_FEW);
        assert_int_equal(section_tail_worth(whole, all, SECTION_LEN, 0.9999, &worth), STAT_TOO_FEW);
        hist_reset(sections[3]);
        assert_int_equal(section_quantile(whole, all, SECTION_LEN, 0.5, 0.95, &value), STAT_TOO_FEW);
        assert_int_equal(section_tail(whole, all, SECTION_LEN, 0.5, 0.95, &value), STAT_TOO_FEW);
        drain(sections, whole);

        assert_int_equal(section_values(1, (const double[]){1, 1, 1}, 3, 0, 0.95, &value), STAT_NO_SPREAD);
        assert_int_equal(section_values(1, (const double[]){1, 0, 1}, 3, 0, 0.95, &value), STAT_NOT_POSITIVE);
        assert_int_equal(section_values(0, (const double[]){1, 2, 1}, 3, 0, 0.95, &value), STAT_NOT_POSITIVE);
        assert_int_equal(section_values(1, (const double[]){1, NAN, 1}, 3, 0, 0.95, &value), STAT_NOT_FINITE);
        assert_int_equal(section_values(1, (const double[]){1e-300, 1e300, 1}, 3, 0, 0.95, &value), STAT_NOT_FINITE);
}

/* ---- warm-up and steadiness ---- */

/* The statistic for d = 0 … 7, by numpy: 0.36001202 0.08407378 0.01687177 0.00584272 0.00158765 0.00181774 0.00152492 0.00199371. */
static void mser_cuts_where_the_statistic_is_least(void **state)
{
        (void)state;
        double values[60];
        struct steady_cut cut;

        for (int t = 0; t < 60; t++)
                values[t] = 10 * exp(-t / 6.0) + (t % 2 ? 0.5 : -0.5);
        assert_int_equal(steady_mser5(values, 60, &cut), STAT_OK);
        assert_int_equal(cut.len, 30);
        assert_true(cut.settled);
        assert_float_equal(cut.mser, 0.00152492, 5e-9);
        /* Without its first batches the same series is cut at the same place; what is left over of a last batch is not looked at. */
        assert_int_equal(steady_mser5(values + 10, 50, &cut), STAT_OK);
        assert_int_equal(cut.len, 20);
        assert_int_equal(steady_mser5(values, 59, &cut), STAT_OK);
        assert_int_equal(cut.len, 30);
        assert_false(cut.settled); /* six of eleven batches */
}

static void a_run_that_never_settles_is_told(void **state)
{
        (void)state;
        double values[300];
        struct steady_cut cut;

        for (int i = 0; i < 300; i++)
                values[i] = i;
        assert_int_equal(steady_mser5(values, 300, &cut), STAT_OK);
        assert_false(cut.settled);
        for (int i = 0; i < 300; i++)
                values[i] = 3;
        assert_int_equal(steady_mser5(values, 300, &cut), STAT_OK);
        assert_true(cut.settled && cut.len == 0 && cut.mser == 0);
        values[17] = NAN;
        assert_int_equal(steady_mser5(values, 300, &cut), STAT_NOT_FINITE);
        assert_int_equal(steady_mser5(values, 49, &cut), STAT_TOO_FEW);
}

static void a_trend_must_be_sure_and_large(void **state)
{
        (void)state;
        double level[10], steep[10], flat_line[10];
        struct steady_trend trend;

        for (int i = 0; i < 10; i++) {
                level[i] = 5 + (i % 2 ? 0.01 : -0.01);
                steep[i] = level[i] + 0.02 * i;
                flat_line[i] = 5 + 0.002 * i;
        }
        assert_int_equal(steady_trend(level, 10, 0.03, &trend), STAT_OK);
        assert_true(trend.steady && trend.p > 0.3);
        assert_int_equal(steady_trend(steep, 10, 0.03, &trend), STAT_OK);
        assert_true(!trend.steady && trend.p < 1e-4);
        assert_float_equal(trend.drift, 0.2, 0.02);
        assert_int_equal(steady_trend(steep, 10, 0.3, &trend), STAT_OK);
        assert_true(trend.steady); /* sure, but small */
        assert_int_equal(steady_trend(flat_line, 10, 0.03, &trend), STAT_OK);
        assert_true(trend.steady && trend.p < 1e-6);
}

/* scipy.stats.linregress(range(6), [1, 2, 1.5, 3, 2.5, 4]): slope 0.5142857142857142, p 0.01724548114919929 */
static void a_trend_agrees_with_scipy(void **state)
{
        (void)state;
        struct steady_trend trend;

        assert_int_equal(steady_trend((const double[]){1, 2, 1.5, 3, 2.5, 4}, 6, 0, &trend), STAT_OK);
        assert_close(trend.drift, 6 * 0.5142857142857142, 1e-12);
        assert_close(trend.p, 0.01724548114919929, 1e-9);
        assert_int_equal(steady_trend((const double[]){1, 1, 1, 1}, 4, 0, &trend), STAT_OK);
        assert_true(trend.p == 1 && trend.steady);
        assert_int_equal(steady_trend((const double[]){1, 2, 3, 4}, 4, 0, &trend), STAT_OK);
        assert_true(trend.p < 1e-12 && !trend.steady);
        assert_int_equal(steady_trend((const double[]){1, 2, 3}, 3, 0, &trend), STAT_TOO_FEW);
        assert_int_equal(steady_trend((const double[]){1, 2, 3, INFINITY}, 4, 0, &trend), STAT_NOT_FINITE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_formula_gives_the_interval_worked_by_hand),
                cmocka_unit_test(a_run_with_long_memory_is_told),
                cmocka_unit_test(histograms_give_what_their_percentiles_give),
                cmocka_unit_test(sections_that_agree_are_as_sure_as_the_buckets),
                cmocka_unit_test(a_tail_is_counted_section_by_section),
                cmocka_unit_test(a_run_that_cannot_answer_says_why),
                cmocka_unit_test(mser_cuts_where_the_statistic_is_least),
                cmocka_unit_test(a_run_that_never_settles_is_told),
                cmocka_unit_test(a_trend_must_be_sure_and_large),
                cmocka_unit_test(a_trend_agrees_with_scipy),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
