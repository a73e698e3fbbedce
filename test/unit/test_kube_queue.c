/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "kube/queue.h"

static struct queue *queue;

static int set_up(void **state)
{
        (void)state;
        queue = queue_new();
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        queue = queue_free(queue);
        return 0;
}

static void expect_take(int64_t now_ns, const char *name)
{
        const char *taken = queue_take(queue, now_ns);

        if (!name) {
                assert_null(taken);
                return;
        }
        assert_non_null(taken);
        assert_string_equal(taken, name);
}

static void adding_twice_is_adding_once_and_the_earlier_time_holds(void **state)
{
        (void)state;
        queue_add(queue, "a", 50);
        queue_add(queue, "a", 10);
        queue_add(queue, "a", 90);
        assert_int_equal(queue_len(queue), 1);
        assert_int_equal(queue_next_ns(queue), 10);
        expect_take(9, NULL);
        expect_take(10, "a");
        expect_take(1000, NULL);
}

static void a_name_being_worked_is_not_handed_out_again(void **state)
{
        (void)state;
        queue_add(queue, "a", 0);
        expect_take(0, "a");
        queue_add(queue, "a", 0);
        expect_take(100, NULL);
        assert_int_equal(queue_next_ns(queue), INT64_MAX);
        queue_finish(queue, "a", 100);
        expect_take(100, "a");
        queue_finish(queue, "a", 100);
        expect_take(100, NULL);
}

static void equal_times_are_first_come_first_served(void **state)
{
        (void)state;
        queue_add(queue, "c", 5);
        queue_add(queue, "a", 5);
        queue_add(queue, "b", 5);
        queue_add(queue, "d", 4);
        expect_take(5, "d");
        expect_take(5, "c");
        expect_take(5, "a");
        expect_take(5, "b");
}

static void failures_wait_longer_each_time_up_to_a_bound(void **state)
{
        int64_t before_ns = 0;
        (void)state;

        for (int i = 0; i < 12; i++) {
                queue_retry(queue, "a", 0, 0);
                int64_t due_ns = queue_next_ns(queue);
                assert_true(due_ns >= before_ns && due_ns <= 30 * NS_PER_S);
                assert_true(i > 0 || due_ns == 50 * NS_PER_MS);
                before_ns = due_ns;
                expect_take(due_ns, "a");
                queue_finish(queue, "a", 100);
        }
        assert_true(before_ns == 30 * NS_PER_S);
        queue_retry(queue, "b", 0, UINT64_MAX);
        assert_true(queue_next_ns(queue) <= 75 * NS_PER_MS);
        queue_succeeded(queue, "a");
        queue_retry(queue, "a", 0, 0);
        assert_true(queue_next_ns(queue) == 50 * NS_PER_MS);
}

static void a_retry_asked_for_while_working_is_kept(void **state)
{
        (void)state;
        queue_add(queue, "a", 0);
        expect_take(0, "a");
        queue_retry(queue, "a", 1000, 0);
        queue_finish(queue, "a", 100);
        assert_true(queue_next_ns(queue) == 1000 + 50 * NS_PER_MS);
        /* A change that comes meanwhile does not wait for it. */
        queue_add(queue, "a", 1500);
        assert_int_equal(queue_next_ns(queue), 1500);
}

/* Each attempt may make news of its own: a name that goes on failing is not worked more than once a second. */
static void news_does_not_hurry_a_name_that_goes_on_failing(void **state)
{
        int64_t now_ns = 0, taken_ns = 0;
        (void)state;

        queue_add(queue, "a", 0);
        for (int failures = 1; failures <= 12; failures++) {
                expect_take(now_ns, "a");
                queue_add(queue, "a", now_ns); /* in the midst of it */
                queue_retry(queue, "a", now_ns, 0);
                queue_finish(queue, "a", now_ns);
                queue_add(queue, "a", now_ns); /* and right after it */
                taken_ns = now_ns;
                now_ns = queue_next_ns(queue);
                assert_true(failures > 1 || now_ns == taken_ns);
        }
        assert_true(now_ns == taken_ns + NS_PER_S);
        expect_take(now_ns, "a");
        queue_succeeded(queue, "a");
        queue_add(queue, "a", now_ns);
        queue_finish(queue, "a", now_ns);
        assert_true(queue_next_ns(queue) == now_ns);
}

static void what_happened_is_counted(void **state)
{
        const struct queue_stats *stats = queue_stats(queue);

        (void)state;
        queue_add(queue, "a", 2 * NS_PER_S);
        queue_add(queue, "a", 1 * NS_PER_S); /* still one */
        expect_take(4 * NS_PER_S, "a");
        assert_int_equal(queue_taken_ns(queue, "a"), 4 * NS_PER_S);
        queue_add(queue, "a", 5 * NS_PER_S); /* while it is being worked: once more, once */
        queue_add(queue, "a", 5 * NS_PER_S);
        queue_finish(queue, "a", 4 * NS_PER_S + 500 * NS_PER_MS);
        assert_true(queue_taken_ns(queue, "a") == INT64_MAX);
        queue_retry(queue, "b", 0, 0);
        assert_int_equal(stats->adds, 3);
        assert_int_equal(stats->retries, 1);
        assert_int_equal(stats->waited.total, 1);
        assert_true(stats->waited.sum_s == 3 && stats->worked.sum_s == 0.5);
        assert_int_equal(stats->worked.counts[8], 1); /* 0.1 s < 0.5 s <= 1 s */
}

/* Against the plainest model there is: an array that is searched. */
static void any_sequence_of_calls_agrees_with_a_plain_model(void **state)
{
        enum { NAMES = 40 };
        int64_t due_ns[NAMES];
        uint64_t order[NAMES], next_order = 0, random = 42;
        (void)state;

        for (int i = 0; i < NAMES; i++)
                due_ns[i] = INT64_MAX;
        for (int step = 0; step < 200000; step++) {
                random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
                int which = (int)(random >> 33) % NAMES, action = (int)(random >> 50) % 8;
                char name[16];
                snprintf(name, sizeof name, "n%d", which);
                if (action < 4) {
                        int64_t at_ns = (int64_t)(random >> 40) % 1000;
                        queue_add(queue, name, at_ns);
                        if (due_ns[which] == INT64_MAX)
                                order[which] = ++next_order;
                        due_ns[which] = at_ns < due_ns[which] ? at_ns : due_ns[which];
                } else {
                        int first = 0;
                        for (int i = 1; i < NAMES; i++)
                                if (due_ns[i] < due_ns[first] || (due_ns[i] == due_ns[first] && due_ns[i] != INT64_MAX &&
                                                                  order[i] < order[first]))
                                        first = i;
                        assert_true(queue_next_ns(queue) == due_ns[first]);
                        const char *taken = queue_take(queue, 500);
                        assert_true((taken != NULL) == (due_ns[first] <= 500));
                        if (taken) {
                                assert_int_equal(atoi(taken + 1), first);
                                due_ns[first] = INT64_MAX;
                                queue_finish(queue, taken, 500);
                        }
                }
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(adding_twice_is_adding_once_and_the_earlier_time_holds, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_name_being_worked_is_not_handed_out_again, set_up, tear_down),
                cmocka_unit_test_setup_teardown(equal_times_are_first_come_first_served, set_up, tear_down),
                cmocka_unit_test_setup_teardown(failures_wait_longer_each_time_up_to_a_bound, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_retry_asked_for_while_working_is_kept, set_up, tear_down),
                cmocka_unit_test_setup_teardown(news_does_not_hurry_a_name_that_goes_on_failing, set_up, tear_down),
                cmocka_unit_test_setup_teardown(what_happened_is_counted, set_up, tear_down),
                cmocka_unit_test_setup_teardown(any_sequence_of_calls_agrees_with_a_plain_model, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
