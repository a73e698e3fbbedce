/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "stat/hist.h"

static void an_empty_histogram_has_no_values(void **state)
{
        (void)state;
        struct hist *hist = hist_new(3);
        uint32_t at = 0;
        int64_t value;
        uint64_t count;

        assert_int_equal(hist_count(hist), 0);
        assert_int_equal(hist_min(hist), 0);
        assert_int_equal(hist_max(hist), 0);
        assert_int_equal(hist_quantile(hist, 0.99), 0);
        assert_false(hist_next(hist, &at, &value, &count));
        hist_free(hist);
}

static void values_up_to_2047_are_exact_at_three_digits(void **state)
{
        (void)state;
        struct hist *hist = hist_new(3);

        for (int64_t value = 0; value < 2048; value++)
                hist_record(hist, value);
        for (uint64_t rank = 1; rank <= 2048; rank++)
                assert_int_equal(hist_at_rank(hist, rank), rank - 1);
        hist_free(hist);
}

static void a_value_is_reported_within_its_precision(void **state)
{
        (void)state;
        for (int digits = 2; digits <= 3; digits++)
                for (int64_t value = 1; value < HIST_VALUE_MAX_NS; value += value / 7 + 1) {
                        struct hist *hist = hist_new(digits);
                        hist_record(hist, value);
                        hist_record(hist, HIST_VALUE_MAX_NS);
                        int64_t reported = hist_at_rank(hist, 1);
                        assert_true(reported >= value);
                        assert_true((double)(reported - value) <= (double)value / (digits == 2 ? 100 : 1000));
                        hist_free(hist);
                }
}

static void the_rank_of_a_quantile_is_the_ceiling(void **state)
{
        (void)state;
        struct hist *hist = hist_new(3);

        for (int64_t value = 1; value <= 100; value++)
                hist_record(hist, value);
        assert_int_equal(hist_quantile(hist, 0), 1);
        assert_int_equal(hist_quantile(hist, 0.07), 7); /* 0.07 * 100 = 7.000000000000001 */
        assert_int_equal(hist_quantile(hist, 0.071), 8);
        assert_int_equal(hist_quantile(hist, 0.5), 50);
        assert_int_equal(hist_quantile(hist, 0.999), 100);
        assert_int_equal(hist_quantile(hist, 1), 100);
        hist_free(hist);
}

static void what_lies_outside_is_clamped_and_counted(void **state)
{
        (void)state;
        struct hist *hist = hist_new(2);

        hist_record(hist, -5);
        hist_record(hist, HIST_VALUE_MAX_NS);
        hist_record_many(hist, INT64_MAX, 3);
        assert_int_equal(hist_count(hist), 5);
        assert_int_equal(hist_clamped(hist), 3);
        assert_int_equal(hist_min(hist), 0);
        assert_int_equal(hist_max(hist), HIST_VALUE_MAX_NS);
        assert_int_equal(hist_quantile(hist, 1), HIST_VALUE_MAX_NS);
        hist_free(hist);
}

static void assert_same(const struct hist *a, const struct hist *b)
{
        uint32_t at_a = 0, at_b = 0;
        int64_t value_a = 0, value_b = 0;
        uint64_t count_a = 0, count_b = 0;
        bool more;

        do {
                more = hist_next(a, &at_a, &value_a, &count_a);
                assert_int_equal(hist_next(b, &at_b, &value_b, &count_b), more);
                assert_int_equal(value_a, value_b);
                assert_int_equal(count_a, count_b);
        } while (more);
        assert_int_equal(hist_count(a), hist_count(b));
        assert_int_equal(hist_clamped(a), hist_clamped(b));
        assert_int_equal(hist_min(a), hist_min(b));
        assert_int_equal(hist_max(a), hist_max(b));
        assert_true(hist_sum(a) == hist_sum(b));
}

static int64_t sample(uint64_t *seed)
{
        *seed = *seed * UINT64_C(6364136223846793005) + 1;
        return (int64_t)((*seed >> 20) >> (*seed >> 58) % 40);
}

static void merging_is_recording_the_union(void **state)
{
        (void)state;
        struct hist *a = hist_new(3), *b = hist_new(3), *both = hist_new(3);
        uint64_t seed = 1;

        for (int i = 0; i < 20000; i++) {
                int64_t value = sample(&seed);
                hist_record(i % 3 ? a : b, value);
                hist_record(both, value);
        }
        hist_add(a, b);
        /* Sums are of whole numbers below 2^53: exact in any order. */
        assert_same(a, both);
        hist_free(a);
        hist_free(b);
        hist_free(both);
}

static void coarsening_is_recording_with_fewer_digits(void **state)
{
        (void)state;
        struct hist *fine = hist_new(3), *coarse = hist_new(2), *coarsened = hist_new(2);
        uint64_t seed = 2;

        for (int i = 0; i < 20000; i++) {
                int64_t value = sample(&seed);
                hist_record(fine, value);
                hist_record(coarse, value);
        }
        hist_add(coarsened, fine);
        assert_same(coarsened, coarse);
        hist_free(fine);
        hist_free(coarse);
        hist_free(coarsened);
}

static void a_reset_histogram_is_a_new_one(void **state)
{
        (void)state;
        struct hist *used = hist_new(2), *fresh = hist_new(2);

        hist_record_many(used, 123456, 9);
        hist_record(used, INT64_MAX);
        hist_reset(used);
        assert_same(used, fresh);
        hist_record(used, 7);
        hist_record(fresh, 7);
        assert_same(used, fresh);
        hist_free(used);
        hist_free(fresh);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_empty_histogram_has_no_values),
                cmocka_unit_test(values_up_to_2047_are_exact_at_three_digits),
                cmocka_unit_test(a_value_is_reported_within_its_precision),
                cmocka_unit_test(the_rank_of_a_quantile_is_the_ceiling),
                cmocka_unit_test(what_lies_outside_is_clamped_and_counted),
                cmocka_unit_test(merging_is_recording_the_union),
                cmocka_unit_test(coarsening_is_recording_with_fewer_digits),
                cmocka_unit_test(a_reset_histogram_is_a_new_one),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
