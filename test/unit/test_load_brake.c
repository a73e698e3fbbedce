/* SPDX-License-Identifier: Apache-2.0
 *
 * A brake is pulled by errors that last, by nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "load/brake.h"

static void errors_that_last_pull_it(void **state)
{
        struct brake brake = {.ratio = 0.5, .for_ms = 3000};
        (void)state;

        assert_false(brake_step(&brake, 100, 51, 1000));
        assert_false(brake_step(&brake, 100, 90, 1000));
        assert_true(brake_step(&brake, 100, 100, 1000));
        assert_true(brake_step(&brake, 100, 0, 1000)); /* for good */
}

static void half_is_not_more_than_half(void **state)
{
        struct brake brake = {.ratio = 0.5, .for_ms = 1000};
        (void)state;

        for (int i = 0; i < 100; i++)
                assert_false(brake_step(&brake, 100, 50, 1000));
}

static void one_good_interval_begins_anew(void **state)
{
        struct brake brake = {.ratio = 0.5, .for_ms = 3000};
        (void)state;

        for (int i = 0; i < 10; i++) {
                assert_false(brake_step(&brake, 10, 10, 1000));
                assert_false(brake_step(&brake, 10, 10, 1000));
                assert_false(brake_step(&brake, 10, 1, 1000));
        }
}

/* All connections wait for answers: nothing is completed until they time out. */
static void silence_prolongs_what_went_before(void **state)
{
        struct brake brake = {.ratio = 0.5, .for_ms = 4000}, quiet = brake;
        (void)state;

        assert_false(brake_step(&brake, 10, 10, 1000));
        assert_false(brake_step(&brake, 0, 0, 1000));
        assert_false(brake_step(&brake, 0, 0, 1000));
        assert_true(brake_step(&brake, 10, 10, 1000));
        for (int i = 0; i < 100; i++)
                assert_false(brake_step(&quiet, 0, 0, 1000));
}

static void without_a_time_there_is_none(void **state)
{
        struct brake brake = {0};
        (void)state;

        for (int i = 0; i < 100; i++)
                assert_false(brake_step(&brake, 10, 10, 1000));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(errors_that_last_pull_it),
                cmocka_unit_test(half_is_not_more_than_half),
                cmocka_unit_test(one_good_interval_begins_anew),
                cmocka_unit_test(silence_prolongs_what_went_before),
                cmocka_unit_test(without_a_time_there_is_none),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
