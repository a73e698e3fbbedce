/* SPDX-License-Identifier: Apache-2.0
 *
 * Whatever the data, an answer is a number or there is a kind that says why not: every method on values at the ends of what a double holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>

#include "base/mem.h"
#include "stat/comparison.h"
#include "stat/holm.h"
#include "stat/rank.h"
#include "stat/section.h"
#include "stat/shift.h"
#include "stat/steady.h"

enum { LEN = 6, ROUNDS = 20000 };

static const double odd[] = {0,   -0.0, 1,   1 + DBL_EPSILON, -1,       5e-324,   DBL_MIN, 1e-160, 1e-100, 1e100,
                             1e160, DBL_MAX, -DBL_MAX, NAN,     INFINITY, -INFINITY, 0.01,    2,      3,      -7};

static void draw(uint64_t *seed, double *values, size_t len, size_t kinds)
{
        for (size_t i = 0; i < len; i++) {
                *seed = *seed * UINT64_C(6364136223846793005) + 1;
                values[i] = odd[(*seed >> 33) % kinds];
        }
}

static void check_shift(const struct shift *shift)
{
        struct comparison_metric metric = {.tolerance = 0.05, .rounding = 1e-3, .pairs = LEN, .shift = *shift};
        struct comparison_judged judged;

        assert_true(isfinite(shift->estimate) && isfinite(shift->se) && shift->se > 0 && isfinite(shift->df) && shift->df > 0);
        for (double bound = -1e300; bound < 1e301; bound = bound < 0 ? 0 : bound + 1e300) {
                assert_in_range((int)(shift_p_above(shift, bound) * 1000), 0, 1000);
                assert_in_range((int)(shift_p_below(shift, bound) * 1000), 0, 1000);
        }
        assert_false(isnan(shift_interval(shift, 0.99).low) || isnan(shift_interval(shift, 0.99).high));
        assert_false(isnan(shift_p_outside(shift, 0.05)) || isnan(shift_smallest_visible(shift, 0.01, 0.8)));
        comparison_judge(&metric, 1, &judged);
        assert_false(isnan(judged.interval.low) || isnan(judged.p_worse) || isnan(judged.smallest_visible));
}

static void no_answer_is_not_a_number(void **state)
{
        (void)state;
        uint64_t seed = 7;
        uint32_t answered = 0;

        for (int round = 0; round < ROUNDS; round++) {
                double a[LEN], b[LEN], course[60], adjusted[LEN];
                struct shift shift;
                struct rank_test test;
                struct rank_shift rank;
                struct section_value value;
                struct steady_cut cut;
                struct steady_trend trend;
                size_t kinds = round % 2 ? ARRAY_LEN(odd) : 10; /* every other time nothing that is refused at once */

                draw(&seed, a, LEN, kinds);
                draw(&seed, b, LEN, kinds);
                draw(&seed, course, 60, round % 4 == 1 ? ARRAY_LEN(odd) : 12);
                if (!shift_welch(a, LEN, b, LEN, &shift))
                        check_shift(&shift), answered++;
                if (!shift_paired(a, b, LEN, &shift))
                        check_shift(&shift), answered++;
                if (!rank_mann_whitney(a, LEN, b, LEN, &test))
                        assert_true(test.p > 0 && test.p <= 1 && test.p_above > 0 && test.p_below > 0);
                if (!rank_hodges_lehmann(a, LEN, b, LEN, 0.95, &rank))
                        assert_true(rank.low <= rank.estimate && rank.estimate <= rank.high && isfinite(rank.low) && isfinite(rank.high));
                if (!section_values(a[0], b, LEN, 0.001, 0.95, &value))
                        assert_true(value.se > 0 && value.low_ns <= value.value_ns && isfinite(value.high_ns) && !isnan(value.memory));
                if (!steady_mser5(course, 60, &cut))
                        assert_true(cut.len <= 60 && isfinite(cut.mser));
                if (!steady_trend(course, 60, 0.03, &trend))
                        assert_true(isfinite(trend.drift) && trend.p >= 0 && trend.p <= 1);
                if (!holm_adjust(a, LEN, adjusted))
                        assert_true(adjusted[0] >= a[0] && adjusted[0] <= 1);
        }
        assert_true(answered > ROUNDS / 2);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(no_answer_is_not_a_number)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}
