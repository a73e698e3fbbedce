/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "result/history.h"

/* Three runs of one profile, each with two maps, and one of another. */
static const struct history_item items[] = {
        {"a-result", "uid-a", "checkout", 1000, 10, false}, {"a-s0", "uid-a", "checkout", 999, 100, false},
        {"b-result", "uid-b", "checkout", 2000, 10, false}, {"b-s0", "uid-b", "checkout", 1999, 100, false},
        {"c-result", "uid-c", "checkout", 3000, 10, false}, {"c-s0", "uid-c", "checkout", 2999, 100, false},
        {"d-result", "uid-d", "other", 1, 10, false},       {"e-result", "uid-e", NULL, 1, 10, false},
};
#define LEN ARRAY_LEN(items)

static void check_marks(const bool marks[LEN], const char *expected)
{
        for (size_t i = 0; i < LEN; i++)
                assert_int_equal(marks[i], expected[i] == 'x');
}

static void the_newest_runs_stay_and_a_run_goes_as_a_whole(void **state)
{
        (void)state;
        const struct history_rule rule = {.profile = "checkout", .keep_runs = 2};
        bool marks[LEN];

        assert_int_equal(history_select(items, LEN, &rule, marks), 2);
        check_marks(marks, "xx......");
}

static void bytes_and_age_are_limits_too(void **state)
{
        (void)state;
        struct history_rule rule = {.profile = "checkout", .keep_runs = 50, .keep_bytes = 200};
        bool marks[LEN];

        assert_int_equal(history_select(items, LEN, &rule, marks), 4);
        check_marks(marks, "xxxx....");
        rule = (struct history_rule){.profile = "checkout", .keep_runs = 50, .max_age_ms = 1500, .now_wall_ms = 3000};
        assert_int_equal(history_select(items, LEN, &rule, marks), 2);
        check_marks(marks, "xx......");
}

static void a_kept_run_never_goes_but_counts(void **state)
{
        (void)state;
        struct history_item changed[LEN];
        bool marks[LEN];
        const struct history_rule rule = {.profile = "checkout", .keep_runs = 1};

        for (size_t i = 0; i < LEN; i++)
                changed[i] = items[i];
        changed[0].kept = true; /* the oldest, a baseline */
        assert_int_equal(history_select(changed, LEN, &rule, marks), 2);
        check_marks(marks, "..xx....");
}

static void other_profiles_are_left_alone_and_none_is_a_profile_of_its_own(void **state)
{
        (void)state;
        const struct history_rule none = {.keep_runs = 0}, empty = {.profile = "", .keep_runs = 0};
        bool marks[LEN];

        assert_int_equal(history_select(items, LEN, &none, marks), 1);
        check_marks(marks, ".......x");
        assert_int_equal(history_select(items, LEN, &empty, marks), 1);
        assert_int_equal(history_select(items, 0, &none, marks), 0);
}

/* The plan of b is as old as the result of a, by the second: with the oldest item of a gone first, b would be the older one. */
static void one_by_one_only_the_run_beyond_the_limit_goes(void **state)
{
        (void)state;
        struct history_item left[] = {
                {"z-plan", "uid-z", "checkout", 1000, 0, false}, {"z-result", "uid-z", "checkout", 9000, 0, false},
                {"a-plan", "uid-a", "checkout", 9000, 0, false}, {"a-result", "uid-a", "checkout", 17000, 0, false},
        };
        const struct history_rule rule = {.profile = "checkout", .keep_runs = 1};
        size_t len = ARRAY_LEN(left);
        bool marks[ARRAY_LEN(left)];

        while (history_select(left, len, &rule, marks) > 0) {
                size_t next = history_next(left, len, marks);
                assert_string_equal(left[next].run_uid, "uid-z");
                left[next] = left[--len];
        }
        assert_int_equal(len, 2);
        assert_int_equal(history_next(left, len, marks), len);
}

static void of_equally_old_runs_the_choice_is_the_same_in_any_order(void **state)
{
        (void)state;
        const struct history_item one[] = {{"a", "uid-a", "p", 5, 1, false}, {"b", "uid-b", "p", 5, 1, false}};
        const struct history_item two[] = {one[1], one[0]};
        const struct history_rule rule = {.profile = "p", .keep_runs = 1};
        bool first[2], second[2];

        assert_int_equal(history_select(one, 2, &rule, first), 1);
        assert_int_equal(history_select(two, 2, &rule, second), 1);
        assert_int_equal(first[0], second[1]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_newest_runs_stay_and_a_run_goes_as_a_whole),
                cmocka_unit_test(bytes_and_age_are_limits_too),
                cmocka_unit_test(a_kept_run_never_goes_but_counts),
                cmocka_unit_test(other_profiles_are_left_alone_and_none_is_a_profile_of_its_own),
                cmocka_unit_test(one_by_one_only_the_run_beyond_the_limit_goes),
                cmocka_unit_test(of_equally_old_runs_the_choice_is_the_same_in_any_order),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
