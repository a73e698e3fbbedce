/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "load/schedule.h"

static struct load_plan plan_of(const struct load_piece *pieces, size_t len)
{
        struct load_plan plan = {.workers = 1, .requests_len = 1, .shape_len = len};

        plan.requests[0].weight = 1;
        memcpy(plan.shape, pieces, len * sizeof *pieces);
        return plan;
}

static struct load_piece hold(double rate_rps, int64_t for_ms)
{
        return (struct load_piece){LOAD_HOLD, rate_rps, rate_rps, for_ms};
}

static struct load_piece ramp(double from_rps, double to_rps, int64_t for_ms)
{
        return (struct load_piece){LOAD_RAMP, from_rps, to_rps, for_ms};
}

static void a_hold_is_evenly_spaced(void **state)
{
        (void)state;
        struct load_plan plan = plan_of((struct load_piece[]){hold(1000, 10000)}, 1);
        struct schedule schedule;
        struct schedule_cursor cursor;

        schedule_init(&schedule, &plan);
        assert_int_equal(schedule.requests, 10000);
        schedule_begin(&cursor, &schedule, false, 0, 1);
        for (int64_t i = 0; i < 10000; i++, schedule_advance(&cursor))
                assert_int_equal(cursor.due_ns, i * NS_PER_MS);
        assert_true(schedule_ended(&cursor));
        assert_true(cursor.due_ns == INT64_MAX);
}

/* Rates whose products are not exact in binary: the count must be the exact one, not one more. */
static void counts_do_not_depend_on_rounding(void **state)
{
        (void)state;
        const struct { double rate_rps; int64_t for_ms; uint64_t requests; } cases[] = {
                {0.1, 30000, 3}, {0.3, 10000, 3}, {1.1, 10000, 11}, {333.3, 10000, 3333}, {1e6 / 3, 3000, 1000000},
                {0.7, 1000, 1}, {2.5, 1000, 3}, {0, 5000, 0}, {1e7, 604800000, UINT64_C(6048000000000)},
        };

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct load_plan plan = plan_of((struct load_piece[]){hold(cases[i].rate_rps, cases[i].for_ms)}, 1);
                struct schedule schedule;
                schedule_init(&schedule, &plan);
                assert_int_equal(schedule.requests, cases[i].requests);
        }
}

/* The rate of a ramp integrates to the request's number, at its due time, in every piece. */
static void due_times_invert_the_cumulative_rate(void **state)
{
        (void)state;
        const struct load_piece pieces[] = {hold(10.5, 1500), ramp(10.5, 2000, 3000), ramp(2000, 0, 2500), hold(0, 500),
                                            ramp(0, 100, 1000), hold(77.7, 3000)};
        struct load_plan plan = plan_of(pieces, 6);
        struct schedule schedule;
        struct schedule_cursor cursor;
        int64_t before_ns = -1;

        schedule_init(&schedule, &plan);
        schedule_begin(&cursor, &schedule, false, 0, 1);
        for (; !schedule_ended(&cursor); schedule_advance(&cursor)) {
                const struct schedule_piece *piece = &schedule.pieces[cursor.piece];
                double t = (double)(cursor.due_ns - piece->from_ns) / NS_PER_S;
                double count = piece->from_count + piece->from_rps * t + piece->slope_rps_per_s * t * t / 2;
                double error = count - (double)cursor.index;
                assert_true(error < 1e-4 && error > -1e-4);
                assert_true(cursor.due_ns >= before_ns);
                assert_true(cursor.due_ns >= piece->from_ns && cursor.due_ns <= piece->to_ns);
                before_ns = cursor.due_ns;
        }
        /* 15.75 + 3015.75 + 2500 + 0 + 50 + 233.1 = 5814.6 */
        assert_int_equal(schedule.requests, 5815);
}

static void workers_together_are_the_one_schedule(void **state)
{
        (void)state;
        struct load_plan plan = plan_of((struct load_piece[]){hold(333, 1000), ramp(333, 1000, 2000)}, 2);
        struct schedule schedule;
        struct schedule_cursor whole, parts[7];

        schedule_init(&schedule, &plan);
        schedule_begin(&whole, &schedule, false, 0, 1);
        for (uint64_t k = 0; k < 7; k++)
                schedule_begin(&parts[k], &schedule, false, k, 7);
        for (; !schedule_ended(&whole); schedule_advance(&whole)) {
                struct schedule_cursor *part = &parts[whole.index % 7];
                assert_int_equal(part->index, whole.index);
                assert_int_equal(part->due_ns, whole.due_ns);
                assert_int_equal(part->piece, whole.piece);
                schedule_advance(part);
        }
        for (uint64_t k = 0; k < 7; k++)
                assert_true(schedule_ended(&parts[k]));
}

static void the_warm_up_comes_before_with_its_own_numbers(void **state)
{
        (void)state;
        struct load_plan plan = plan_of((struct load_piece[]){ramp(100, 200, 1000)}, 1);
        struct schedule schedule;
        struct schedule_cursor cursor;

        plan.warmup_ms = 2500;
        schedule_init(&schedule, &plan);
        assert_int_equal(schedule.warmup_requests, 250);
        schedule_begin(&cursor, &schedule, true, 0, 1);
        assert_int_equal(cursor.due_ns, -2500 * NS_PER_MS);
        assert_int_equal(cursor.piece, -1);
        int64_t last_ns = 0;
        for (; !schedule_ended(&cursor); schedule_advance(&cursor))
                last_ns = cursor.due_ns;
        assert_int_equal(last_ns, -10 * NS_PER_MS);
}

static void the_mix_follows_weights_and_seed(void **state)
{
        (void)state;
        struct load_plan plan = plan_of((struct load_piece[]){hold(1, 1000)}, 1);
        struct schedule schedule, other;
        size_t counts[3] = {0}, different = 0;

        plan.requests_len = 3;
        plan.requests[0].weight = 6;
        plan.requests[1].weight = 3;
        plan.requests[2].weight = 1;
        plan.seed = 42;
        schedule_init(&schedule, &plan);
        plan.seed = 43;
        schedule_init(&other, &plan);
        for (uint64_t i = 0; i < 100000; i++) {
                size_t kind = schedule_choose(&schedule, i);
                counts[kind]++;
                assert_int_equal(kind, schedule_choose(&schedule, i));
                different += kind != schedule_choose(&other, i);
        }
        assert_in_range(counts[0], 59000, 61000);
        assert_in_range(counts[1], 29000, 31000);
        assert_in_range(counts[2], 9500, 10500);
        assert_in_range(different, 50000, 60000);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_hold_is_evenly_spaced),
                cmocka_unit_test(counts_do_not_depend_on_rounding),
                cmocka_unit_test(due_times_invert_the_cumulative_rate),
                cmocka_unit_test(workers_together_are_the_one_schedule),
                cmocka_unit_test(the_warm_up_comes_before_with_its_own_numbers),
                cmocka_unit_test(the_mix_follows_weights_and_seed),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
