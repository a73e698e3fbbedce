/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
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

static struct load_piece step(double from_rps, double to_rps, uint32_t steps, int64_t for_ms)
{
        return (struct load_piece){LOAD_STEP, from_rps, to_rps, for_ms, .steps = steps};
}

static struct load_piece spike(double base_rps, double peak_rps, int64_t at_ms, int64_t width_ms, int64_t for_ms)
{
        return (struct load_piece){LOAD_SPIKE, base_rps, base_rps, for_ms, peak_rps, .at_ms = at_ms, .width_ms = width_ms};
}

static struct load_piece sine(double mean_rps, double amplitude_rps, int64_t period_ms, int64_t for_ms)
{
        return (struct load_piece){LOAD_SINE, mean_rps, mean_rps, for_ms, mean_rps + amplitude_rps, .period_ms = period_ms};
}

/* The rate at a time of the piece, as a user reads it off the profile. */
static double rate_at(const struct load_piece *piece, double t)
{
        double for_s = (double)piece->for_ms / 1000;

        switch (piece->kind) {
        case LOAD_RAMP:
                return piece->from_rps + (piece->to_rps - piece->from_rps) * t / for_s;
        case LOAD_STEP:
                return piece->from_rps + (piece->to_rps - piece->from_rps) * floor(t / for_s * piece->steps) / (piece->steps - 1);
        case LOAD_SPIKE:
                return t * 1000 >= (double)piece->at_ms && t * 1000 < (double)(piece->at_ms + piece->width_ms) ? piece->peak_rps
                                                                                                          : piece->from_rps;
        case LOAD_SINE:
                return piece->from_rps + (piece->peak_rps - piece->from_rps) * sin(2 * M_PI * t * 1000 / (double)piece->period_ms);
        default:
                return piece->from_rps;
        }
}

/* The rate, added up in small steps of time, reaches a request's place when the request is due: in every piece, across all of
 * their borders. */
static void must_follow_its_rate(const struct load_plan *plan, uint64_t requests)
{
        const double grid_s = 10e-6;
        struct schedule schedule;
        struct schedule_cursor cursor;
        double count = 0, begins_s = 0;

        schedule_init(&schedule, plan);
        if (requests)
                assert_int_equal(schedule.requests, requests);
        schedule_begin(&cursor, &schedule, false, 0, 1);
        for (size_t i = 0; i < plan->shape_len; i++) {
                const struct load_piece *piece = &plan->shape[i];
                int64_t steps = llround((double)piece->for_ms / 1000 / grid_s);
                for (int64_t k = 0; k < steps; k++) {
                        double t = ((double)k + 0.5) * grid_s, rate_rps = rate_at(piece, t);
                        count += rate_rps * grid_s;
                        for (; !schedule_ended(&cursor) && count >= cursor.place + 1e-6; schedule_advance(&cursor)) {
                                double reached_s = begins_s + t + grid_s / 2 - (count - cursor.place) / rate_rps;
                                double due_s = (double)cursor.due_ns / 1e9;
                                assert_int_equal(cursor.piece, i);
                                assert_true(due_s > begins_s + t - grid_s && due_s < begins_s + t + grid_s);
                                if (fabs(due_s - reached_s) > 2e-6 + 1e-6 / rate_rps)
                                        fail_msg("request %d of piece %zu: due %.9f s, not %.9f s", (int)cursor.index, i, due_s, reached_s);
                        }
                }
                begins_s += (double)piece->for_ms / 1000;
        }
        assert_true(schedule_ended(&cursor));
}

static void requests_are_due_as_the_rate_of_each_piece_says(void **state)
{
        (void)state;
        const struct load_piece pieces[] = {
                hold(10.5, 1500),     ramp(10.5, 2000, 3000),           ramp(2000, 0, 2500),       hold(0, 500),
                ramp(0, 100, 1000),   step(0, 300, 4, 2000),            step(900, 100, 3, 1500),   spike(50, 2000, 700, 250, 2000),
                spike(0, 400, 0, 500, 1000), sine(300, 300, 700, 3100), sine(1000, 50, 20000, 3000), hold(77.7, 3000),
        };
        struct load_plan plan = plan_of(pieces, ARRAY_LEN(pieces));

        must_follow_its_rate(&plan, 0);
}

static void counts_of_pieces_are_exact(void **state)
{
        (void)state;
        const struct { struct load_piece piece; uint64_t requests; } cases[] = {
                {ramp(500, 2000, 60000), 75000},
                {step(500, 2000, 4, 80000), 100000},
                {spike(500, 5000, 20000, 5000, 60000), 52500},
                {sine(800, 300, 30000, 120000), 96000},
                {sine(800, 800, 30000, 15000), 12000 + 7640}, /* half a turn: 800 * 30 / pi = 7639.44 more */
        };

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                struct load_plan plan = plan_of(&cases[i].piece, 1);
                struct schedule schedule;
                schedule_init(&schedule, &plan);
                assert_int_equal(schedule.requests, cases[i].requests);
        }
}

static void poisson_arrivals_are_independent_and_keep_the_rate(void **state)
{
        (void)state;
        struct load_plan plan = plan_of((struct load_piece[]){hold(1000, 100000)}, 1);
        struct schedule schedule;
        struct schedule_cursor cursor;
        double before_s = 0, squares = 0, product = 0, before_gap = 0;
        size_t count = 0, short_gaps = 0;

        plan.poisson = true;
        plan.seed = 7;
        schedule_init(&schedule, &plan);
        schedule_begin(&cursor, &schedule, false, 0, 1);
        for (; !schedule_ended(&cursor); schedule_advance(&cursor), count++) {
                double now_s = (double)cursor.due_ns / 1e9, gap = (now_s - before_s) * 1000;
                squares += gap * gap;
                product += (gap - 1) * (before_gap - 1);
                short_gaps += gap < 0.1;
                before_gap = gap;
                before_s = now_s;
        }
        /* 100,000 expected, standard deviation 316; gaps are exponential: mean square 2, a tenth of the mean or less in 9.5 %;
         * neighbours are not correlated. Bounds of five standard deviations. */
        assert_in_range(count, 98400, 101600);
        assert_true(fabs(squares / (double)count - 2) < 0.1);
        assert_true(fabs((double)short_gaps / (double)count - 0.09516) < 0.005);
        assert_true(fabs(product / (double)count) < 0.016);
}

static void poisson_arrivals_follow_the_shape(void **state)
{
        (void)state;
        const struct load_piece pieces[] = {spike(100, 3000, 700, 250, 2000), sine(300, 300, 700, 1400), ramp(0, 500, 1000)};
        struct load_plan plan = plan_of(pieces, ARRAY_LEN(pieces));

        plan.poisson = true;
        plan.seed = 3;
        must_follow_its_rate(&plan, 0);
}

static void another_seed_is_another_arrival(void **state)
{
        (void)state;
        struct load_plan plan = plan_of((struct load_piece[]){hold(100, 10000)}, 1);
        struct schedule schedules[2];
        struct schedule_cursor cursors[2];
        size_t equal = 0;

        plan.poisson = true;
        for (uint64_t i = 0; i < 2; i++) {
                plan.seed = i;
                schedule_init(&schedules[i], &plan);
                schedule_begin(&cursors[i], &schedules[i], false, 0, 1);
        }
        for (int i = 0; i < 500; i++) {
                equal += cursors[0].due_ns == cursors[1].due_ns;
                schedule_advance(&cursors[0]);
                schedule_advance(&cursors[1]);
        }
        assert_int_equal(equal, 0);
}

static void must_be_shared(const struct load_plan *plan, bool warmup)
{
        struct schedule schedule;
        struct schedule_cursor whole, parts[7];

        schedule_init(&schedule, plan);
        schedule_begin(&whole, &schedule, warmup, 0, 1);
        for (uint64_t k = 0; k < 7; k++)
                schedule_begin(&parts[k], &schedule, warmup, k, 7);
        assert_false(schedule_ended(&whole));
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

static void workers_together_are_the_one_schedule(void **state)
{
        (void)state;
        const struct load_piece pieces[] = {hold(333, 1000), ramp(333, 1000, 2000), step(10, 1000, 9, 900),
                                            spike(5, 900, 300, 100, 1000), sine(400, 399, 130, 1000)};
        struct load_plan plan = plan_of(pieces, ARRAY_LEN(pieces));

        plan.warmup_ms = 1500;
        for (int poisson = 0; poisson < 2; poisson++) {
                plan.poisson = poisson;
                must_be_shared(&plan, false);
                must_be_shared(&plan, true);
        }
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
                cmocka_unit_test(requests_are_due_as_the_rate_of_each_piece_says),
                cmocka_unit_test(counts_of_pieces_are_exact),
                cmocka_unit_test(poisson_arrivals_are_independent_and_keep_the_rate),
                cmocka_unit_test(poisson_arrivals_follow_the_shape),
                cmocka_unit_test(another_seed_is_another_arrival),
                cmocka_unit_test(workers_together_are_the_one_schedule),
                cmocka_unit_test(the_warm_up_comes_before_with_its_own_numbers),
                cmocka_unit_test(the_mix_follows_weights_and_seed),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
