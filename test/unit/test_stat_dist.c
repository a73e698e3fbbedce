/* SPDX-License-Identifier: Apache-2.0
 *
 * The distributions against 50-digit values (stat_reference.h) and against published tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>

#include "base/mem.h"
#include "stat/dist.h"
#include "unit/stat_fixture.h"
#include "unit/stat_reference.h"

#define EXACT 1e-10 /* the accuracy that dist.h states */

static void values_agree_with_fifty_digits(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(log_gamma_of); i++)
                assert_close(dist_log_gamma(log_gamma_of[i].x), log_gamma_of[i].want, EXACT);
        for (size_t i = 0; i < ARRAY_LEN(beta_ratio_of); i++)
                assert_close(dist_beta_ratio(beta_ratio_of[i].a, beta_ratio_of[i].b, beta_ratio_of[i].x), beta_ratio_of[i].want, EXACT);
        for (size_t i = 0; i < ARRAY_LEN(normal_tail_of); i++)
                assert_close(dist_normal_tail(normal_tail_of[i].z), normal_tail_of[i].want, EXACT);
        for (size_t i = 0; i < ARRAY_LEN(t_tail_of); i++)
                assert_close(dist_t_tail(t_tail_of[i].t, t_tail_of[i].df), t_tail_of[i].want, EXACT);
        for (size_t i = 0; i < ARRAY_LEN(f_tail_of); i++)
                assert_close(dist_f_tail(f_tail_of[i].f, f_tail_of[i].above, f_tail_of[i].below), f_tail_of[i].want, EXACT);
}

static void quantiles_agree_with_fifty_digits(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(normal_quantile_of); i++)
                assert_close(dist_normal_quantile(normal_quantile_of[i].p), normal_quantile_of[i].want, EXACT);
        for (size_t i = 0; i < ARRAY_LEN(t_quantile_of); i++)
                assert_close(dist_t_quantile(t_quantile_of[i].p, t_quantile_of[i].df), t_quantile_of[i].want, EXACT);
        for (size_t i = 0; i < ARRAY_LEN(f_quantile_of); i++)
                assert_close(dist_f_quantile(f_quantile_of[i].p, f_quantile_of[i].above, f_quantile_of[i].below),
                             f_quantile_of[i].want, EXACT);
}

/* NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.1 to 1.3.6.7.3, as printed there. */
static void quantiles_agree_with_nists_tables(void **state)
{
        (void)state;
        static const struct { double p, df, want; } t[] = {
                {0.90, 1, 3.078}, {0.975, 4, 2.776}, {0.99, 9, 2.821}, {0.999, 20, 3.552}, {0.95, 60, 1.671}, {0.975, 100, 1.984},
        };
        static const struct { double p, above, below, want; } f[] = {
                {0.95, 1, 1, 161.448}, {0.95, 4, 9, 3.633}, {0.99, 3, 20, 4.938}, {0.90, 10, 10, 2.323},
        };

        for (size_t i = 0; i < ARRAY_LEN(t); i++)
                assert_float_equal(dist_t_quantile(t[i].p, t[i].df), t[i].want, 5.1e-4);
        for (size_t i = 0; i < ARRAY_LEN(f); i++)
                assert_float_equal(dist_f_quantile(f[i].p, f[i].above, f[i].below), f[i].want, 5.1e-4);
        assert_float_equal(1 - dist_normal_tail(1.96), 0.97500, 5.1e-6);
}

static void a_quantile_is_where_the_tail_says(void **state)
{
        (void)state;
        static const double dfs[] = {0.5, 1, 2, 3, 5.5, 9, 30, 200, 5000, 1e6};

        for (size_t i = 0; i < ARRAY_LEN(dfs); i++)
                for (double p = 1e-14; p < 0.5; p *= 3) {
                        assert_close(dist_t_tail(-dist_t_quantile(p, dfs[i]), dfs[i]), p, 1e-8);
                        assert_close(1 - dist_f_tail(dist_f_quantile(p + 1e-3, 3, dfs[i]), 3, dfs[i]), p + 1e-3, 1e-8);
                }
}

static void extremes_are_numbers(void **state)
{
        (void)state;
        assert_true(dist_t_tail(INFINITY, 3) == 0);
        assert_true(dist_t_tail(-INFINITY, 3) == 1);
        assert_true(dist_t_tail(1e300, 3) == 0);
        assert_true(dist_t_tail(0, 3) == 0.5);
        assert_true(dist_f_tail(0, 3, 4) == 1);
        assert_true(dist_f_tail(INFINITY, 3, 4) == 0);
        assert_true(dist_normal_tail(40) >= 0 && dist_normal_tail(-40) == 1);
        assert_true(isfinite(dist_t_quantile(DBL_MIN, 1)) && isfinite(dist_t_quantile(1 - DBL_EPSILON, 0.5)));
}

/* A t with one degree of freedom is Cauchy's: an arc tangent. */
static void one_degree_of_freedom_is_an_arc_tangent(void **state)
{
        (void)state;
        for (double t = 1e-6; t < 1e6; t *= 7)
                assert_close(dist_t_tail(t, 1), atan2(1, t) / M_PI, EXACT);
}

/* Clopper and Pearson's limits by adding up the binomial distribution itself. */
static void the_limits_of_a_share_are_where_the_binomial_says(void **state)
{
        (void)state;
        const uint64_t n = 40;

        for (uint64_t k = 1; k <= n; k++) {
                double low = dist_share_low(k, n, 0.99), at_least = 0;
                for (uint64_t j = k; j <= n; j++)
                        at_least += exp(lgamma(n + 1.0) - lgamma((double)j + 1) - lgamma((double)(n - j) + 1) + (double)j * log(low) +
                                        (double)(n - j) * log1p(-low));
                assert_close(at_least, 0.01, 1e-9);
        }
        assert_true(dist_share_low(0, n, 0.99) == 0 && dist_share_high(n, n, 0.99) == 1);
        assert_close(dist_share_high(0, 300, 0.95), 1 - pow(0.05, 1.0 / 300), 1e-9); /* the rule of three */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(values_agree_with_fifty_digits),
                cmocka_unit_test(quantiles_agree_with_fifty_digits),
                cmocka_unit_test(quantiles_agree_with_nists_tables),
                cmocka_unit_test(a_quantile_is_where_the_tail_says),
                cmocka_unit_test(extremes_are_numbers),
                cmocka_unit_test(one_degree_of_freedom_is_an_arc_tangent),
                cmocka_unit_test(the_limits_of_a_share_are_where_the_binomial_says),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
