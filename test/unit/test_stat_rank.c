/* SPDX-License-Identifier: Apache-2.0
 *
 * Rank methods against every way to deal the values (stat_reference.h), R's printed outputs and fractions counted by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "base/mem.h"
#include "stat/rank.h"
#include "unit/stat_fixture.h"
#include "unit/stat_reference.h"

static void p_is_the_share_of_ways_to_deal(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(methods_of); i++) {
                const __typeof__(methods_of[0]) *want = &methods_of[i];
                struct rank_test test;

                assert_int_equal(rank_mann_whitney(want->a, want->a_len, want->b, want->b_len, &test), STAT_OK);
                assert_true(test.exact && test.u == want->u);
                assert_close(test.p_above, want->p_above, 1e-13);
                assert_close(test.p_below, want->p_below, 1e-13);
                assert_close(test.p, fmin(1, 2 * fmin(want->p_above, want->p_below)), 1e-13);
        }
}

struct known {
        size_t a_len, b_len;
        double a[10], b[10];
        double u, p;
        double confidence, estimate, low, high, achieved;
};

/* a and b here are y and x of the usual notation: u counts x > y. Row 1: R's example(wilcox.test), Hollander and Wolfe 1973, p. 69. */
static const struct known known[] = {
        {5, 10, {1.15, 0.88, 0.90, 0.74, 1.21}, {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46},
         35, 2 * 382.0 / 3003, 0.95, 0.305, -0.15, 0.76, 0.960},
        {4, 4, {12, 11, 13, 15}, {2, 1, 3, 5}, 0, 2.0 / 70, 0.95, -10, -14, -6, 0.971},
        {4, 4, {0, 4, 6, 7}, {2, 1, 3, 5}, 5, 2 * 17.0 / 70, 0.95, -2, -6, 5, 0.971},
        {4, 4, {2, 2, 2, 2}, {2, 1, 3, 5}, 10, 2 * 5.0 / 14, 0.95, 0.5, -1, 3, 0.971},
        {5, 5, {101.2, 99.8, 100.5, 102.1, 100.0}, {106.0, 104.7, 107.3, 105.1, 106.6}, 25, 2.0 / 252, 0.95, 5.2, 3.5, 6.8, 0.968},
        {6, 6, {101.2, 99.8, 100.5, 102.1, 100.0, 103.3}, {102.0, 104.7, 107.3, 101.1, 106.6, 105.5}, 31, 38.0 / 924, 0.95, 3.75, 0.6, 6.1, 0.959},
        {6, 6, {101.2, 99.8, 100.5, 102.1, 100.0, 103.3}, {102.0, 104.7, 107.3, 101.1, 106.6, 105.5}, 31, 38.0 / 924, 0.98, 3.75, -0.1, 6.8, 0.985},
};

static void known_tests_and_shifts_come_out(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(known); i++) {
                const struct known *want = &known[i];
                struct rank_test test;
                struct rank_shift shift;

                assert_int_equal(rank_mann_whitney(want->a, want->a_len, want->b, want->b_len, &test), STAT_OK);
                assert_true(test.u == want->u);
                assert_close(test.p, want->p, 1e-13);
                assert_int_equal(rank_hodges_lehmann(want->a, want->a_len, want->b, want->b_len, want->confidence, &shift), STAT_OK);
                assert_float_equal(shift.estimate, want->estimate, 1e-9);
                assert_float_equal(shift.low, want->low, 1e-9);
                assert_float_equal(shift.high, want->high, 1e-9);
                assert_float_equal(shift.achieved, want->achieved, 5.1e-4);
        }
}

static void the_smallest_p_is_one_way_of_all(void **state)
{
        (void)state;
        static const struct { size_t a_len, b_len; double want; } rows[] = {
                {2, 2, 2.0 / 6}, {3, 3, 2.0 / 20}, {6, 6, 2.0 / 924}, {10, 10, 2.0 / 184756}, {20, 1, 2.0 / 21},
                {30, 3, 2.0 / 5456}, {50, 50, 2 / 1.0089134454556415e29},
        };

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                double a[50], b[50];
                struct rank_test test;
                for (int k = 0; k < 50; k++)
                        a[k] = k, b[k] = 100 + k;
                assert_int_equal(rank_mann_whitney(a, rows[i].a_len, b, rows[i].b_len, &test), STAT_OK);
                assert_close(test.p, rows[i].want, 1e-11);
                assert_close(test.p_below, 1, 1e-11);
        }
}

/* With ties the distribution is not symmetric; a doubled small tail is still never nothing. */
static void ties_never_make_p_zero(void **state)
{
        (void)state;
        struct rank_test test;

        assert_int_equal(rank_mann_whitney((const double[]){1, 1, 1, 1, 1}, 5, (const double[]){2, 1, 3, 5}, 4, &test), STAT_OK);
        assert_true(test.u == 17.5);
        assert_close(test.p_above, 1.0 / 21, 1e-13);
        assert_close(test.p, 2.0 / 21, 1e-13);
}

/* The figures are go-moremath's, for the same 500 and 600 values. */
static void large_groups_are_approximated(void **state)
{
        (void)state;
        static double x[500], y[600];
        struct rank_test test;
        struct rank_shift shift;

        for (int i = 0; i < 500; i++)
                x[i] = 2 * i;
        for (int i = 0; i < 600; i++)
                y[i] = 2 * i - 41;
        assert_int_equal(rank_mann_whitney(y, 600, x, 500, &test), STAT_OK);
        assert_false(test.exact);
        assert_true(test.u == 135250);
        assert_close(test.p_below, 0.00246677, 1e-5);
        assert_close(test.p, 0.00493354, 1e-5);
        assert_int_equal(rank_hodges_lehmann(y, 600, x, 500, 0.95, &shift), STAT_OK);
        assert_true(shift.low < shift.estimate && shift.estimate < shift.high && shift.high < 0);
        assert_true(shift.achieved >= 0.95 && shift.achieved < 0.951);
}

/* Where exact and approximate meet they say nearly the same. */
static void the_step_to_the_approximation_is_small(void **state)
{
        (void)state;
        double a[51], b[51];
        struct rank_test exact, near;

        for (int i = 0; i < 51; i++)
                a[i] = (i * 37) % 51, b[i] = (i * 29) % 51 + 6.5;
        assert_int_equal(rank_mann_whitney(a, 50, b, 50, &exact), STAT_OK);
        assert_int_equal(rank_mann_whitney(a, 51, b, 51, &near), STAT_OK);
        assert_true(exact.exact && !near.exact);
        assert_close(near.p, exact.p, 0.2);
}

static void data_that_cannot_answer_say_why(void **state)
{
        (void)state;
        static const double plain[] = {1, 2, 4}, holed[] = {1, NAN, 4}, flat[] = {2, 2, 2};
        static const double many[RANK_LEN_MAX + 1];
        struct rank_test test;
        struct rank_shift shift;

        assert_int_equal(rank_mann_whitney(plain, 0, plain, 3, &test), STAT_TOO_FEW);
        assert_int_equal(rank_mann_whitney(plain, 3, holed, 3, &test), STAT_NOT_FINITE);
        assert_int_equal(rank_mann_whitney(flat, 3, flat, 2, &test), STAT_NO_SPREAD);
        assert_int_equal(rank_mann_whitney(plain, 3, many, RANK_LEN_MAX + 1, &test), STAT_TOO_MANY);
        assert_int_equal(rank_hodges_lehmann(plain, 3, plain, 3, 0.95, &shift), STAT_TOO_FEW);
        assert_int_equal(rank_hodges_lehmann(plain, 3, plain, 3, 0.90, &shift), STAT_OK);
        assert_int_equal(rank_hodges_lehmann((const double[]){1e308, 1, 2}, 3, (const double[]){-1e308, 1, 2}, 3, 0.9, &shift),
                         STAT_NOT_FINITE);
        assert_int_equal(rank_hodges_lehmann(flat, 3, flat, 3, 0.90, &shift), STAT_OK);
        assert_true(shift.estimate == 0 && shift.low == 0 && shift.high == 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(p_is_the_share_of_ways_to_deal),
                cmocka_unit_test(known_tests_and_shifts_come_out),
                cmocka_unit_test(the_smallest_p_is_one_way_of_all),
                cmocka_unit_test(ties_never_make_p_zero),
                cmocka_unit_test(large_groups_are_approximated),
                cmocka_unit_test(the_step_to_the_approximation_is_small),
                cmocka_unit_test(data_that_cannot_answer_say_why),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
