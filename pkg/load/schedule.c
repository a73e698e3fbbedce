/* SPDX-License-Identifier: Apache-2.0 */
#include "load/schedule.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"

/* 0.1 * 3 is a little more than 0.3: a cumulative count that is an integer but for rounding is that integer, or a
 * piece would end with one request too many. */
static double snapped(double count)
{
        double nearest = nearbyint(count);
        return fabs(count - nearest) < 1e-6 + count * 1e-14 ? nearest : count;
}

void schedule_init(struct schedule *schedule, const struct load_plan *plan)
{
        double count = 0;
        int64_t at_ns = 0;

        *schedule = (struct schedule){.pieces_len = plan->shape_len, .seed = plan->seed,
                                      .weights_len = plan->requests_len};
        for (size_t i = 0; i < plan->shape_len; i++) {
                const struct load_piece *from = &plan->shape[i];
                double for_s = (double)from->for_ms / 1000;
                struct schedule_piece *piece = &schedule->pieces[i];
                *piece = (struct schedule_piece){
                        .kind = from->kind,
                        .from_ns = at_ns,
                        .to_ns = at_ns + from->for_ms * NS_PER_MS,
                        .from_rps = from->from_rps,
                        .slope_rps_per_s = (from->to_rps - from->from_rps) / for_s,
                        .from_count = count,
                };
                at_ns = piece->to_ns;
                count = snapped(count + (from->from_rps + from->to_rps) / 2 * for_s);
                piece->end = (uint64_t)ceil(count);
        }
        schedule->requests = (uint64_t)ceil(count);
        schedule->warmup_ns = plan->warmup_ms * NS_PER_MS;
        schedule->warmup_rps = plan->shape[0].from_rps;
        schedule->warmup_requests = (uint64_t)ceil(snapped(schedule->warmup_rps * (double)plan->warmup_ms / 1000));

        uint64_t total = 0;
        for (size_t i = 0; i < plan->requests_len; i++)
                schedule->weights[i] = total += plan->requests[i].weight;
}

/* Seconds until 'count' more requests are due. For a ramp a*t + s*t*t/2 = count, in the form that does not cancel. */
static double seconds_until(const struct schedule_piece *piece, double count)
{
        double a = piece->from_rps, s = piece->slope_rps_per_s;

        if (s == 0)
                return count / a;
        double root = a * a + 2 * s * count;
        return 2 * count / (a + sqrt(root > 0 ? root : 0));
}

static void place(struct schedule_cursor *cursor)
{
        const struct schedule *schedule = cursor->schedule;

        if (cursor->index >= cursor->end) {
                cursor->due_ns = INT64_MAX;
                return;
        }
        if (cursor->piece < 0) {
                cursor->due_ns =
                        llround((double)cursor->index / schedule->warmup_rps * NS_PER_S) - schedule->warmup_ns;
                return;
        }
        while (cursor->index >= schedule->pieces[cursor->piece].end)
                cursor->piece++;
        const struct schedule_piece *piece = &schedule->pieces[cursor->piece];
        double count = (double)cursor->index - piece->from_count;
        int64_t due_ns = piece->from_ns + (count > 0 ? llround(seconds_until(piece, count) * NS_PER_S) : 0);
        cursor->due_ns = due_ns < piece->to_ns ? due_ns : piece->to_ns;
}

void schedule_begin(struct schedule_cursor *cursor, const struct schedule *schedule, bool warmup, uint64_t first,
                    uint64_t step)
{
        *cursor = (struct schedule_cursor){
                .schedule = schedule,
                .index = first,
                .step = step,
                .end = warmup ? schedule->warmup_requests : schedule->requests,
                .piece = warmup ? -1 : 0,
        };
        place(cursor);
}

void schedule_advance(struct schedule_cursor *cursor)
{
        cursor->index += cursor->step;
        place(cursor);
}

/* splitmix64: every bit of the index reaches every bit of the result. */
static uint64_t mixed(uint64_t value)
{
        value += UINT64_C(0x9e3779b97f4a7c15);
        value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
        return value ^ value >> 31;
}

size_t schedule_choose(const struct schedule *schedule, uint64_t index)
{
        if (schedule->weights_len == 1)
                return 0;
        uint64_t total = schedule->weights[schedule->weights_len - 1];
        uint64_t ticket = (uint64_t)((__uint128_t)mixed(mixed(schedule->seed) ^ index) * total >> 64);
        size_t i = 0;
        while (ticket >= schedule->weights[i])
                i++;
        return i;
}
