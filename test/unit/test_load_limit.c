/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "load/limit.h"

/* A second of a worker with two threads that has nothing to complain about. */
static struct load_sight quiet(void)
{
        return (struct load_sight){.span_us = 1000000, .cpu_us = 300000, .threads = 2, .pacing_p90_ns = 100000, .offered = 1000, .in_flight = 10};
}

static void each_row_has_its_edge(void **state)
{
        (void)state;
        struct load_sight sight;

#define CHECK(change, limit)    \
        sight = quiet();        \
        change;                 \
        assert_int_equal(load_limit_of(&sight), limit)
        CHECK((void)0, LOAD_LIMIT_NONE);
        CHECK(sight.cpu_us = 2000000, LOAD_LIMIT_NONE); /* it polls */
        CHECK(sight.pacing_p90_ns = 2000000, LOAD_LIMIT_NONE);
        CHECK(sight.pacing_p90_ns = 2000001, LOAD_LIMIT_CLIENT);
        CHECK(sight.throttled_us = 10000, LOAD_LIMIT_NONE);
        CHECK(sight.throttled_us = 10001, LOAD_LIMIT_CLIENT);
        CHECK(sight.backlog = 10, LOAD_LIMIT_NONE);
        CHECK(sight.backlog = 11, LOAD_LIMIT_SERVER);
        CHECK((sight.in_flight = 0, sight.backlog = 1), LOAD_LIMIT_SERVER); /* not even a connection */
        CHECK(sight.shed = 10, LOAD_LIMIT_NONE);
        CHECK(sight.shed = 11, LOAD_LIMIT_SERVER);
        CHECK((sight.backlog = 11, sight.pacing_p90_ns = 2000001), LOAD_LIMIT_CLIENT); /* who is late says nothing of others */
        CHECK(sight.closed = true, LOAD_LIMIT_SERVER);
        CHECK((sight.closed = true, sight.cpu_us = 1800000), LOAD_LIMIT_SERVER);
        CHECK((sight.closed = true, sight.cpu_us = 1800001), LOAD_LIMIT_CLIENT);
        CHECK((sight.closed = true, sight.pacing_p90_ns = 9000000), LOAD_LIMIT_SERVER);
        CHECK((sight.closed = true, sight.throttled_us = 10001), LOAD_LIMIT_CLIENT);
        CHECK(sight = (struct load_sight){0}, LOAD_LIMIT_NONE);
#undef CHECK
}

static void names_are_read_back(void **state)
{
        (void)state;
        for (int limit = 0; limit < LOAD_LIMITS; limit++)
                assert_int_equal(load_limit_named(load_limit_names[limit]), limit);
        assert_int_equal(load_limit_named("network"), LOAD_LIMIT_NONE);
        assert_int_equal(load_limit_named(NULL), LOAD_LIMIT_NONE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_row_has_its_edge),
                cmocka_unit_test(names_are_read_back),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
