/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "load/pacer.h"

#define US INT64_C(1000)

static void the_window_follows_the_delay_within_bounds(void **state)
{
        (void)state;
        static const struct { int64_t late_ns, window_ns; } rows[] = {
                {0, 20 * US}, {12 * US, 20 * US}, {60 * US, 80 * US}, {200 * US, 255 * US}, {400 * US, 500 * US}, {9000 * US, 500 * US}};
        bool narrowed = true;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                assert_int_equal(pacer_window_ns(rows[i].late_ns, 0, &narrowed), rows[i].window_ns);
                assert_false(narrowed);
        }
}

static void polling_never_takes_more_than_half_of_the_time_between_sends(void **state)
{
        (void)state;
        bool narrowed = true;

        assert_int_equal(pacer_window_ns(60 * US, 160 * US, &narrowed), 80 * US);
        assert_false(narrowed);
        assert_int_equal(pacer_window_ns(60 * US, 158 * US, &narrowed), 79 * US);
        assert_true(narrowed);
        assert_int_equal(pacer_window_ns(60 * US, 10 * US, &narrowed), 5 * US);
        assert_true(narrowed);
}

static void a_delay_is_learned_quickly_and_forgotten_slowly(void **state)
{
        (void)state;
        int64_t known_ns = 60 * US;

        assert_int_equal(pacer_learn_ns(known_ns, 100 * US), 70 * US);
        assert_int_equal(pacer_learn_ns(known_ns, 28 * US), 59500);
        for (int i = 0; i < 1000; i++)
                known_ns = pacer_learn_ns(known_ns, i % 2 ? 40 * US : 30 * US);
        assert_in_range(known_ns, 35 * US, 40 * US);
        assert_int_equal(pacer_learn_ns(known_ns, 4000 * US), known_ns); /* another's time slice */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_window_follows_the_delay_within_bounds),
                cmocka_unit_test(a_delay_is_learned_quickly_and_forgotten_slowly),
                cmocka_unit_test(polling_never_takes_more_than_half_of_the_time_between_sends),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
