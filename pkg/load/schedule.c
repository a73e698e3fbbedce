/* SPDX-License-Identifier: Apache-2.0 */
#include "load/schedule.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "load/shape.h"

/* 0.1 * 3 is a little more than 0.3: a cumulative count that is an integer but for rounding is that integer, or a
 * piece would end with one request too many. */
static double snapped(double count)
{
        double nearest = nearbyint(count);
        return fabs(count - nearest) < 1e-6 + count * 1e-14 ? nearest : count;
}

/* splitmix64: every bit of the value reaches every bit of the result. */
static uint64_t mixed(uint64_t value)
{
        value += UINT64_C(0x9e3779b97f4a7c15);
        value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
        return value ^ value >> 31;
}

void schedule_init(struct schedule *schedule, const struct load_plan *plan)
{
        double count = 0;
        int64_t at_ns = 0;

        *schedule = (struct schedule){
                .pieces_len = plan->shape_len,
                .poisson = plan->poisson,
                .mix_key = mixed(plan->seed),
                .arrival_key = mixed(mixed(plan->seed) + 1),
                .weights_len = plan->requests_len,
        };
        for (size_t i = 0; i < plan->shape_len; i++) {
                struct schedule_piece *piece = &schedule->pieces[i];
                *piece = (struct schedule_piece){.shape = plan->shape[i], .from_ns = at_ns, .from_count = count};
                piece->to_ns = at_ns += piece->shape.for_ms * NS_PER_MS;
                piece->to_count = count = snapped(count + shape_count(&piece->shape));
        }
        schedule->count = count;
        schedule->requests = (uint64_t)ceil(count);
        schedule->warmup_ns = plan->warmup_ms * NS_PER_MS;
        schedule->warmup_rps = plan->shape[0].from_rps;
        schedule->warmup_count = snapped(schedule->warmup_rps * (double)plan->warmup_ms / 1000);
        schedule->warmup_requests = (uint64_t)ceil(schedule->warmup_count);

        uint64_t total = 0;
        for (size_t i = 0; i < plan->requests_len; i++)
                schedule->weights[i] = total += plan->requests[i].weight;
}

/* Between the places of request index - 1 and request 'index'. The warm-up's numbers are other draws than the shape's. */
static double gap(const struct schedule_cursor *cursor, uint64_t index)
{
        uint64_t key = cursor->schedule->arrival_key + (cursor->piece < 0);
        double uniform = (double)((mixed(mixed(key) ^ index) >> 11) + 1) * 0x1p-53; /* above 0, up to 1 */

        return -log(uniform);
}

static void place(struct schedule_cursor *cursor)
{
        const struct schedule *schedule = cursor->schedule;
        bool warmup = cursor->piece < 0;

        if (cursor->place >= (warmup ? schedule->warmup_count : schedule->count)) {
                cursor->due_ns = INT64_MAX;
                return;
        }
        if (warmup) {
                cursor->due_ns = llround(cursor->place / schedule->warmup_rps * NS_PER_S) - schedule->warmup_ns;
                return;
        }
        while (cursor->place >= schedule->pieces[cursor->piece].to_count)
                cursor->piece++;
        const struct schedule_piece *piece = &schedule->pieces[cursor->piece];
        double count = cursor->place - piece->from_count;
        int64_t due_ns = piece->from_ns + llround(shape_seconds(&piece->shape, count > 0 ? count : 0) * NS_PER_S);
        cursor->due_ns = due_ns < piece->to_ns ? due_ns : piece->to_ns;
}

void schedule_begin(struct schedule_cursor *cursor, const struct schedule *schedule, bool warmup, uint64_t first,
                    uint64_t step)
{
        *cursor = (struct schedule_cursor){
                .schedule = schedule, .index = first, .step = step, .place = (double)first, .piece = warmup ? -1 : 0};
        if (schedule->poisson) {
                cursor->place = 0;
                for (uint64_t i = 0; i <= first; i++)
                        cursor->place += gap(cursor, i);
        }
        place(cursor);
}

void schedule_advance(struct schedule_cursor *cursor)
{
        uint64_t before = cursor->index;

        cursor->index += cursor->step;
        if (!cursor->schedule->poisson)
                cursor->place = (double)cursor->index;
        for (uint64_t i = before; cursor->schedule->poisson && i < cursor->index; i++)
                cursor->place += gap(cursor, i + 1);
        place(cursor);
}

size_t schedule_choose(const struct schedule *schedule, uint64_t index)
{
        if (schedule->weights_len == 1)
                return 0;
        uint64_t total = schedule->weights[schedule->weights_len - 1];
        uint64_t ticket = (uint64_t)((__uint128_t)mixed(schedule->mix_key ^ index) * total >> 64);
        size_t i = 0;
        while (ticket >= schedule->weights[i])
                i++;
        return i;
}
