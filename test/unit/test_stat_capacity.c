/* SPDX-License-Identifier: Apache-2.0
 *
 * The search for a target's capacity: which rates it asks for, where it ends, and what one probe says. How often its answer is right is what
 * test/stats plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "base/mem.h"
#include "stat/capacity.h"

#define H CAPACITY_HELD
#define L CAPACITY_LIKELY
#define U CAPACITY_UNLIKELY
#define F CAPACITY_FAILED

static const struct capacity_search search = {.from_rps = 100, .limit_rps = 1000, .precision = 0.1};

#define NEXT(...) capacity_next(&search, (const enum capacity_outcome[]){__VA_ARGS__}, sizeof(enum capacity_outcome[]){__VA_ARGS__} / sizeof(enum capacity_outcome))

static void asserts_asked(struct capacity_step step, double rate_rps, uint32_t lengths)
{
        assert_int_equal(step.end, CAPACITY_GOES_ON);
        assert_true(fabs(step.rate_rps - rate_rps) < 1e-9);
        assert_int_equal(step.lengths, lengths);
}

static void it_rises_by_a_half_and_halves_what_is_left(void **state)
{
        (void)state;
        asserts_asked(capacity_next(&search, NULL, 0), 100, 1);
        asserts_asked(NEXT(H), 150, 1);
        asserts_asked(NEXT(H, H), 225, 1);
        asserts_asked(NEXT(H, H, F), 183.7, 1);       /* sqrt(150 * 225) */
        asserts_asked(NEXT(H, H, F, H), 203.3, 1);    /* sqrt(183.7 * 225) */
        asserts_asked(NEXT(H, H, F, F), 166, 1);      /* sqrt(150 * 183.7) */
}

static void an_undecided_probe_is_run_again_twice_as_long_and_then_decides(void **state)
{
        (void)state;
        asserts_asked(NEXT(H, U), 150, CAPACITY_AGAIN_LENGTHS);
        asserts_asked(NEXT(H, L), 150, CAPACITY_AGAIN_LENGTHS);
        asserts_asked(NEXT(H, U, L), 225, 1);
        asserts_asked(NEXT(H, L, U), 122.5, 1);
}

static void what_is_found_has_held_in_fresh_probes(void **state)
{
        (void)state;
        /* 183.7 held, 203.3 did not: within 11 %; 193.2 in between does not either, and the bracket is narrow enough. */
        asserts_asked(NEXT(H, H, F, H, F), 193.3, 1);
        asserts_asked(NEXT(H, H, F, H, F, F), 183.7, CAPACITY_CONFIRM_LENGTHS);
        struct capacity_step once = NEXT(H, H, F, H, F, F, H), twice = NEXT(H, H, F, H, F, F, H, H);
        asserts_asked(once, 183.7, CAPACITY_CONFIRM_LENGTHS);
        assert_int_equal(once.confirmed, 1);
        assert_int_equal(twice.end, CAPACITY_FOUND);
        assert_true(fabs(twice.rate_rps - 183.7) < 1e-9 && fabs(twice.high_rps - 193.3) < 1e-9);
        assert_true(fabs(twice.low_rps - 175) < 1e-9);
}

static void likely_is_not_enough_to_confirm(void **state)
{
        (void)state;
        struct capacity_step down = NEXT(H, H, F, H, F, F, H, L);
        asserts_asked(down, 175, CAPACITY_CONFIRM_LENGTHS); /* half of the precision further down */
        assert_int_equal(down.confirmed, 0);
        assert_true(fabs(down.high_rps - 183.7) < 1e-9);
        assert_int_equal(NEXT(H, H, F, H, F, F, H, L, H, H).end, CAPACITY_FOUND);
}

static void the_ends_of_the_range_are_ends_of_the_search(void **state)
{
        enum capacity_outcome outcomes[64] = {H, H, H, H, H, H};
        (void)state;

        assert_int_equal(NEXT(F).end, CAPACITY_BELOW_FROM);
        asserts_asked(capacity_next(&search, outcomes, 6), 1000, 1); /* 759.4 * 1.5 is beyond */
        asserts_asked(capacity_next(&search, outcomes, 7), 1000, CAPACITY_CONFIRM_LENGTHS);
        struct capacity_step above = capacity_next(&search, outcomes, 9);
        assert_int_equal(above.end, CAPACITY_ABOVE_LIMIT);
        assert_true(above.rate_rps == 1000 && above.high_rps == 0);
}

static void a_search_that_cannot_confirm_anything_ends(void **state)
{
        enum capacity_outcome outcomes[256] = {H, H, F, H, F, F};
        struct capacity_step step = {0};
        size_t len = 6;
        (void)state;

        for (; len < ARRAY_LEN(outcomes) && !step.end; len++) {
                outcomes[len] = len % 2 ? L : H; /* the first of two holds, the second never */
                step = capacity_next(&search, outcomes, len + 1);
        }
        assert_int_equal(step.end, CAPACITY_UNCONFIRMED);
        assert_int_equal(len, 6 + CAPACITY_STEPS_DOWN * CAPACITY_CONFIRMATIONS);
}

/* Whatever happens, it takes no more than it said: the deadline of a run rests on that. */
static void no_search_takes_more_than_the_most(void **state)
{
        static const struct capacity_search searches[] = {{100, 1000, 0.1}, {200, 20000, 0.02}, {5, 5, 0.01}, {1, 1e6, 0.25}, {999.9, 1000, 0.013}};
        uint64_t seed = 1;
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(searches); i++) {
                struct capacity_cost most = capacity_most(&searches[i]);
                for (int round = 0; round < 2000; round++) {
                        enum capacity_outcome outcomes[512];
                        uint32_t len = 0, lengths = 0;
                        struct capacity_step step = capacity_next(&searches[i], NULL, 0);
                        while (!step.end) {
                                assert_true(len < most.probes && lengths + step.lengths <= most.lengths);
                                assert_true(step.lengths <= CAPACITY_LENGTHS_MAX && step.rate_rps > 0 && step.rate_rps <= searches[i].limit_rps);
                                seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
                                outcomes[len++] = (enum capacity_outcome)((seed >> 33) % (round % 2 ? 4 : 2)); /* also such that hold for long */
                                lengths += step.lengths;
                                step = capacity_next(&searches[i], outcomes, len);
                        }
                }
        }
}

static enum capacity_outcome judged(const double *shares, uint64_t count)
{
        enum capacity_outcome outcome = (enum capacity_outcome)-1;

        assert_int_equal(capacity_judge(shares, 5, count, 0.01, &outcome), STAT_OK);
        return outcome;
}

static void a_probe_is_judged_by_how_its_parts_differ(void **state)
{
        (void)state;
        assert_int_equal(judged((const double[]){0.004, 0.005, 0.004, 0.006, 0.005}, 100000), CAPACITY_HELD);
        assert_int_equal(judged((const double[]){0, 0, 0.024, 0, 0}, 100000), CAPACITY_LIKELY);
        assert_int_equal(judged((const double[]){0, 0, 0.1, 0, 0}, 100000), CAPACITY_UNLIKELY);
        assert_int_equal(judged((const double[]){0.1, 0.2, 0.3, 0.4, 0.5}, 100000), CAPACITY_FAILED);
}

/* 300 requests without a slow one do not show that at most 1 % are: one in a hundred of them would be missed too often. */
static void few_requests_show_nothing_however_alike_the_parts_are(void **state)
{
        static const double none[5] = {0}, all[5] = {1, 1, 1, 1, 1};
        (void)state;

        assert_int_equal(judged(none, 300), CAPACITY_LIKELY);
        assert_int_equal(judged(none, 400), CAPACITY_HELD);
        assert_int_equal(judged(all, 300), CAPACITY_FAILED);
        assert_int_equal(judged(none, 0), CAPACITY_HELD); /* a share of something else */
}

static void what_waits_grows_when_it_is_no_chance_and_matters(void **state)
{
        static const double growing[] = {8, 13, 17, 24, 27, 33}, level[] = {8, 9, 7, 8, 9, 8}, falling[] = {33, 27, 24, 17, 13, 8}, broken[] = {8, 13, INFINITY, 24};
        (void)state;

        assert_true(capacity_grows(growing, 6, 10000));
        assert_false(capacity_grows(growing, 6, 100000)); /* 30 of 100,000 */
        assert_false(capacity_grows(growing, 3, 10000));
        assert_false(capacity_grows(level, 6, 10000));
        assert_false(capacity_grows(falling, 6, 10000));
        assert_false(capacity_grows(broken, 4, 10000));
}

static void what_has_no_answer_says_why(void **state)
{
        static const double broken[5] = {0, 0, NAN, 0, 0}, zeros[101] = {0};
        enum capacity_outcome outcome;
        (void)state;

        assert_int_equal(capacity_judge(zeros, 2, 1000, 0.01, &outcome), STAT_TOO_FEW);
        assert_int_equal(capacity_judge(zeros, 101, 1000, 0.01, &outcome), STAT_TOO_MANY);
        assert_int_equal(capacity_judge(broken, 5, 1000, 0.01, &outcome), STAT_NOT_FINITE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(it_rises_by_a_half_and_halves_what_is_left),
                cmocka_unit_test(an_undecided_probe_is_run_again_twice_as_long_and_then_decides),
                cmocka_unit_test(what_is_found_has_held_in_fresh_probes),
                cmocka_unit_test(likely_is_not_enough_to_confirm),
                cmocka_unit_test(the_ends_of_the_range_are_ends_of_the_search),
                cmocka_unit_test(a_search_that_cannot_confirm_anything_ends),
                cmocka_unit_test(no_search_takes_more_than_the_most),
                cmocka_unit_test(a_probe_is_judged_by_how_its_parts_differ),
                cmocka_unit_test(few_requests_show_nothing_however_alike_the_parts_are),
                cmocka_unit_test(what_waits_grows_when_it_is_no_chance_and_matters),
                cmocka_unit_test(what_has_no_answer_says_why),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
