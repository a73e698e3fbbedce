/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "kube/traffic.h"

static struct traffic traffic;

static int set_up(void **state)
{
        (void)state;
        traffic_init(&traffic);
        return 0;
}

static void requests_are_counted_by_method_and_status(void **state)
{
        (void)state;
        traffic_record(&traffic, "GET", 200, NS_PER_MS);
        traffic_record(&traffic, "GET", 200, 5 * NS_PER_MS);
        traffic_record(&traffic, "GET", TRAFFIC_CODE_NONE, 100 * NS_PER_S);
        traffic_record(&traffic, "PATCH", 409, -1);
        const struct traffic_method *get = &traffic.methods[0], *patch = &traffic.methods[3];
        assert_int_equal(get->len, 2);
        assert_int_equal(get->counts[0].count, 2);
        assert_int_equal(get->durations.counts[0], 2); /* a bound belongs to what is below it */
        assert_int_equal(get->durations.counts[12], 1);
        assert_int_equal(patch->counts[0].code, 409);
        assert_true(patch->durations.sum_s == 0);
}

static void a_server_with_many_statuses_fills_no_more_than_the_table(void **state)
{
        uint64_t sum = 0;

        (void)state;
        for (int code = 100; code < 600; code++)
                traffic_record(&traffic, "POST", code, 0);
        const struct traffic_method *post = &traffic.methods[1];
        assert_int_equal(post->len, TRAFFIC_CODES_MAX);
        assert_int_equal(post->counts[TRAFFIC_CODES_MAX - 1].code, TRAFFIC_CODE_OTHER);
        for (size_t i = 0; i < post->len; i++)
                sum += post->counts[i].count;
        assert_int_equal(sum, 500);
        traffic_record(&traffic, "POST", 101, 0); /* one that has a place keeps it */
        assert_int_equal(post->counts[1].count, 2);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(requests_are_counted_by_method_and_status, set_up),
                cmocka_unit_test_setup(a_server_with_many_statuses_fills_no_more_than_the_table, set_up),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
