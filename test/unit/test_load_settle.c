/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "load/settle.h"

/* 'seconds' of 100 answers each, all of 'ms'. */
static void add(struct settle *settle, int seconds, double ms)
{
        for (int i = 0; i < seconds; i++)
                settle_add(settle, &(struct settle_cell){.ms = 1000, .log_sum = 100 * log(ms * 1e6), .count = 100});
}

static void what_did_not_change_has_settled(void **state)
{
        (void)state;
        struct settle settle = {0};
        double change;

        add(&settle, 10, 5);
        assert_false(settle_holds(&settle, &change)); /* nothing to compare with */
        assert_true(isnan(change));
        add(&settle, 1, 5);
        assert_true(settle_holds(&settle, &change));
        assert_true(fabs(change) < 1e-9);
}

static void the_last_ten_seconds_are_compared_with_those_before(void **state)
{
        (void)state;
        struct settle settle = {0};
        double change;

        add(&settle, 10, 50);
        add(&settle, 10, 10);
        assert_false(settle_holds(&settle, &change));
        assert_true(fabs(change + 0.8) < 1e-9);
        add(&settle, 9, 10);
        assert_false(settle_holds(&settle, &change)); /* one second of before is still in it */
        add(&settle, 1, 10);
        assert_true(settle_holds(&settle, &change));
}

static void the_edge_is_five_percent_either_way(void **state)
{
        (void)state;
        const struct { double ratio; bool settled; } cases[] = {{1.049, true}, {1.051, false}, {0.951, true}, {0.949, false}};
        double change;

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct settle settle = {0};
                add(&settle, 10, 10);
                add(&settle, 10, 10 * cases[i].ratio);
                assert_int_equal(settle_holds(&settle, &change), cases[i].settled);
        }
}

static void time_without_answers_is_never_settled(void **state)
{
        (void)state;
        struct settle settle = {0};
        double change;

        for (int i = 0; i < 30; i++)
                settle_add(&settle, &(struct settle_cell){.ms = 1000});
        assert_false(settle_holds(&settle, &change));
        add(&settle, 10, 5);
        assert_false(settle_holds(&settle, &change));
        add(&settle, 10, 5);
        assert_true(settle_holds(&settle, &change));
}

/* Short intervals are put together, long ones stand alone, and of a long warm-up the beginning is forgotten. */
static void any_length_of_interval_will_do(void **state)
{
        (void)state;
        const int64_t lengths_ms[] = {10, 300, 1000, 4000, 15000};
        double change;

        for (size_t i = 0; i < sizeof lengths_ms / sizeof *lengths_ms; i++) {
                struct settle settle = {0};
                for (int64_t at_ms = 0; at_ms < 200000; at_ms += lengths_ms[i])
                        settle_add(&settle, &(struct settle_cell){.ms = lengths_ms[i], .log_sum = at_ms < 100000 ? 90.0 : 20.0, .count = 10});
                assert_true(settle_holds(&settle, &change));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_did_not_change_has_settled),
                cmocka_unit_test(the_last_ten_seconds_are_compared_with_those_before),
                cmocka_unit_test(the_edge_is_five_percent_either_way),
                cmocka_unit_test(time_without_answers_is_never_settled),
                cmocka_unit_test(any_length_of_interval_will_do),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
