/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a series steps: against the definition itself, and what is no step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "base/mem.h"
#include "stat/step.h"

static double sign(double x)
{
        return (x > 0) - (x < 0);
}

/* K of the definition, with both sums written out. */
static double most_extreme(const double *values, size_t len)
{
        double most = 0;

        for (size_t t = 1; t < len; t++) {
                double u = 0;
                for (size_t i = 0; i < t; i++)
                        for (size_t j = t; j < len; j++)
                                u += sign(values[i] - values[j]);
                most = fmax(most, fabs(u));
        }
        return most;
}

/* A fixed, uneven series: the same on every machine. */
static double noise(size_t i)
{
        return (double)((i * 7919 + 104729) % 1009) / 1009;
}

static void it_is_what_the_definition_says(void **state)
{
        double values[60];
        (void)state;

        for (size_t len = STEP_LEN_MIN; len <= ARRAY_LEN(values); len++) {
                struct step step;
                for (size_t i = 0; i < len; i++)
                        values[i] = floor(noise(i * len) * 8) + (i >= len / 3 ? 2 : 0); /* with ties */
                double most = most_extreme(values, len), n = (double)len;
                assert_int_equal(step_find(values, len, &step), STAT_OK);
                assert_true(fabs(step.p - fmin(1, 2 * exp(-6 * most * most / (n * n * n + n * n)))) < 1e-12);
        }
}

static void a_step_is_found_at_its_first_value(void **state)
{
        double values[40];
        struct step step;
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(values); i++)
                values[i] = noise(i) * 0.1 + (i >= 25 ? 1 : 0);
        values[3] = 1e9; /* one value that is far out moves nothing */
        assert_int_equal(step_find(values, ARRAY_LEN(values), &step), STAT_OK);
        assert_int_equal(step.at, 25);
        assert_true(step.p < 0.001 && fabs(step.change - 1) < 0.1 && fabs(step.near - 1) < 0.1);
        values[25] = 1.4; /* by ranks alone this one is no less of the other side */
        for (size_t i = 0; i < ARRAY_LEN(values); i++)
                values[i] = -values[i];
        assert_int_equal(step_find(values, ARRAY_LEN(values), &step), STAT_OK);
        assert_int_equal(step.at, 25);
}

static void noise_alone_is_no_step(void **state)
{
        double values[60];
        struct step step;
        unsigned seen = 0;
        uint64_t seed = 1;
        (void)state;

        for (int series = 0; series < 1000; series++) {
                for (size_t i = 0; i < ARRAY_LEN(values); i++) {
                        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
                        values[i] = (double)(seed >> 33);
                }
                if (step_find(values, ARRAY_LEN(values), &step) == STAT_OK)
                        seen += step.p < 0.01;
        }
        assert_in_range(seen, 0, 20);
}

static void a_slow_trend_has_little_of_it_near_the_cut(void **state)
{
        double values[60];
        struct step step;
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(values); i++)
                values[i] = (double)i + noise(i);
        assert_int_equal(step_find(values, ARRAY_LEN(values), &step), STAT_OK);
        assert_true(step.p < 0.001 && step.change > 25 && fabs(step.near) < step.change / 2);
}

static void what_has_no_answer_says_why(void **state)
{
        double values[STEP_LEN_MIN] = {0};
        struct step step;
        (void)state;

        assert_int_equal(step_find(values, STEP_LEN_MIN - 1, &step), STAT_TOO_FEW);
        assert_int_equal(step_find(values, STEP_LEN_MAX + 1, &step), STAT_TOO_MANY);
        assert_int_equal(step_find(values, STEP_LEN_MIN, &step), STAT_NO_SPREAD);
        values[4] = NAN;
        assert_int_equal(step_find(values, STEP_LEN_MIN, &step), STAT_NOT_FINITE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(it_is_what_the_definition_says),
                cmocka_unit_test(a_step_is_found_at_its_first_value),
                cmocka_unit_test(noise_alone_is_no_step),
                cmocka_unit_test(a_slow_trend_has_little_of_it_near_the_cut),
                cmocka_unit_test(what_has_no_answer_says_why),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
