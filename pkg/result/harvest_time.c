/* SPDX-License-Identifier: Apache-2.0
 *
 * What a harvest knows along the time axis: the grid of points, and the figures shown while the run goes on.
 * Every operation is a sum, a bitwise or, or a maximum, so that the order in which workers report does not matter. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "result/fold.h"
#include "result/harvest_internal.h"

#define LIVE_SPAN_MS 5000
#define HIST_DIGITS 2

void harvest_time_init(struct harvest *harvest)
{
        int64_t intervals = (harvest->shape_ms + harvest->interval_ms - 1) / harvest->interval_ms +
                            (harvest->timeout_ms + harvest->interval_ms - 1) / harvest->interval_ms + 1;

        harvest->width_ms = harvest->interval_ms * ((intervals + HARVEST_POINTS_MAX - 1) / HARVEST_POINTS_MAX);
}

static void point_done(struct harvest_point *point)
{
        hist_free(point->latency);
        hist_free(point->error);
        hist_free(point->censored);
}

void harvest_time_done(struct harvest *harvest)
{
        for (size_t i = 0; i < harvest->points_len; i++)
                point_done(&harvest->points[i]);
        free(harvest->points);
        free(harvest->seen);
        hist_free(harvest->latency);
        hist_free(harvest->censored);
}

static void add_hist(struct hist **into, const struct hist *from)
{
        if (!from || hist_count(from) == 0)
                return;
        if (!*into)
                *into = hist_new(HIST_DIGITS);
        hist_add(*into, from);
}

static int64_t sum_ns(const struct hist *hist)
{
        return hist ? llround(fmin(hist_sum(hist), 9e18)) : 0;
}

/* Of numbers that are not negative: sums of forged records end at the greatest one. */
static void add_capped(int64_t *into, int64_t more)
{
        if (__builtin_add_overflow(*into, more, into))
                *into = INT64_MAX;
}

void harvest_point_add(struct harvest_point *into, const struct harvest_point *from)
{
        record_add_counters(&into->counters, &from->counters);
        add_hist(&into->latency, from->latency);
        add_hist(&into->error, from->error);
        add_hist(&into->censored, from->censored);
        add_capped(&into->latency_sum_ns, from->latency_sum_ns);
        add_capped(&into->cpu_us, from->cpu_us);
        add_capped(&into->throttled_us, from->throttled_us);
        into->in_flight_ms += from->in_flight_ms;
        into->backlog_ms += from->backlog_ms;
        for (size_t i = 0; i < LOAD_LIMITS; i++)
                into->limited_ms[i] += from->limited_ms[i];
        if (into->to_ms < from->to_ms)
                into->to_ms = from->to_ms;
}

static uint32_t count_bits(const uint64_t bits[WORKER_WORDS])
{
        int count = 0;

        for (size_t i = 0; i < WORKER_WORDS; i++)
                count += __builtin_popcountll(bits[i]);
        return (uint32_t)count;
}

/* Doubles the width: pairs of neighbours become one. */
static void widen(struct harvest *harvest)
{
        size_t len = 0;

        harvest->width_ms *= 2;
        for (size_t i = 0; i < harvest->points_len; i++) {
                struct harvest_point *from = &harvest->points[i];
                int64_t from_ms = from->from_ms / harvest->width_ms * harvest->width_ms;
                if (len > 0 && harvest->points[len - 1].from_ms == from_ms) {
                        harvest_point_add(&harvest->points[len - 1], from);
                        point_done(from);
                        for (size_t w = 0; w < WORKER_WORDS; w++)
                                harvest->seen[len - 1][w] |= harvest->seen[i][w];
                        harvest->points[len - 1].workers = count_bits(harvest->seen[len - 1]);
                        continue;
                }
                from->from_ms = from_ms;
                harvest->points[len] = *from;
                memmove(harvest->seen[len], harvest->seen[i], sizeof harvest->seen[len]);
                len++;
        }
        harvest->points_len = len;
}

/* The place of the point that begins at 'from_ms'; made when it is not there yet. */
static size_t place_of(struct harvest *harvest, int64_t from_ms)
{
        size_t at = harvest->points_len;

        while (at > 0 && harvest->points[at - 1].from_ms > from_ms)
                at--;
        if (at > 0 && harvest->points[at - 1].from_ms == from_ms)
                return at - 1;
        harvest->points = xrealloc(harvest->points, (harvest->points_len + 1) * sizeof *harvest->points);
        harvest->seen = xrealloc(harvest->seen, (harvest->points_len + 1) * sizeof *harvest->seen);
        size_t behind = harvest->points_len - at;
        memmove(harvest->points + at + 1, harvest->points + at, behind * sizeof *harvest->points);
        memmove(harvest->seen + at + 1, harvest->seen + at, behind * sizeof *harvest->seen);
        harvest->points[at] = (struct harvest_point){.from_ms = from_ms, .to_ms = from_ms};
        memset(harvest->seen[at], 0, sizeof harvest->seen[at]);
        harvest->points_len++;
        return at;
}

static int64_t min_ms(int64_t a, int64_t b)
{
        return a < b ? a : b;
}

static void add_to_grid(struct harvest *harvest, uint32_t worker, const struct interval *interval)
{
        /* What lies behind the shape is waiting for answers; such a record belongs to the end of the shape. */
        int64_t end_ms = interval->from_ms < harvest->shape_ms ? min_ms(interval->to_ms, harvest->shape_ms) : interval->to_ms;
        int64_t middle_ms = interval->from_ms + (end_ms - interval->from_ms) / 2;

        while (harvest->width_ms < end_ms - interval->from_ms && harvest->width_ms < harvest->shape_ms)
                widen(harvest);
        int64_t last_ms = (HARVEST_POINTS_MAX - 1) * harvest->width_ms;
        int64_t from_ms = min_ms(middle_ms / harvest->width_ms * harvest->width_ms, last_ms);
        size_t at = place_of(harvest, from_ms);
        struct harvest_point *point = &harvest->points[at];
        uint64_t span_ms = (uint64_t)(interval->to_ms - interval->from_ms);

        if (point->to_ms < end_ms)
                point->to_ms = end_ms;
        harvest->seen[at][worker / 64] |= UINT64_C(1) << worker % 64;
        point->workers = count_bits(harvest->seen[at]);
        record_add_counters(&point->counters, &interval->counters);
        add_hist(&point->latency, interval->latency);
        add_hist(&point->error, interval->error);
        add_hist(&point->censored, interval->censored);
        add_capped(&point->latency_sum_ns, sum_ns(interval->latency));
        add_capped(&point->cpu_us, interval->cpu_us);
        add_capped(&point->throttled_us, interval->throttled_us);
        point->in_flight_ms += interval->in_flight * span_ms;
        point->backlog_ms += interval->backlog * span_ms;
        /* A further part of a record is the same time once more. */
        if (!interval->part)
                point->limited_ms[interval->limit] += (uint64_t)(end_ms - interval->from_ms);
}

static void add_to_total(struct harvest *harvest, const struct interval *interval)
{
        if (interval->shape && !harvest->shape_seen) {
                harvest->shape_seen = true;
                harvest->total = (struct record_counters){0};
                harvest->latency = hist_free(harvest->latency);
                harvest->censored = hist_free(harvest->censored);
        }
        if (interval->shape != harvest->shape_seen)
                return;
        record_add_counters(&harvest->total, &interval->counters);
        add_hist(&harvest->latency, interval->latency);
        add_hist(&harvest->censored, interval->censored);
}

void harvest_add_interval(struct harvest *harvest, uint32_t worker, const struct interval *interval)
{
        struct worker *from = &harvest->workers[worker];
        struct harvest_worker *view = &from->view;

        assert(interval->from_ms < interval->to_ms);
        if (view->seen_ms < interval->to_ms)
                view->seen_ms = interval->to_ms;
        if (!interval->part)
                from->recent[from->recent_len++ % RECENT_LEN] = (struct recent){
                        .from_ms = interval->from_ms,
                        .to_ms = interval->to_ms,
                        .offered = interval->counters.offered,
                        .answered = interval->counters.ok + interval->counters.missed,
                };
        add_to_total(harvest, interval);
        if (!interval->shape)
                return;
        add_capped(&view->cpu_us, interval->cpu_us);
        add_capped(&view->throttled_us, interval->throttled_us);
        if (!interval->part)
                view->cpu_span_us += (interval->to_ms - interval->from_ms) * 1000;
        add_to_grid(harvest, worker, interval);
}

size_t harvest_points(const struct harvest *harvest, const struct harvest_point **ret_points)
{
        *ret_points = harvest->points;
        return harvest->points_len;
}

int64_t harvest_point_ms(const struct harvest *harvest)
{
        return harvest->width_ms;
}

/* Adds this worker's rates over the last LIVE_SPAN_MS before 'newest_ms'. */
static void add_rates(const struct worker *worker, int64_t newest_ms, bool warming, struct harvest_live *live)
{
        uint64_t len = worker->recent_len < RECENT_LEN ? worker->recent_len : RECENT_LEN;
        uint64_t offered = 0, answered = 0;
        int64_t span_ms = 0;

        for (uint64_t i = 0; i < len; i++) {
                const struct recent *recent = &worker->recent[i];
                if (recent->to_ms <= newest_ms - LIVE_SPAN_MS || (recent->from_ms < 0) != warming)
                        continue;
                offered += recent->offered;
                answered += recent->answered;
                span_ms += recent->to_ms - recent->from_ms;
        }
        if (span_ms == 0)
                return;
        live->offered_rps += (double)offered * 1e3 / (double)span_ms;
        live->achieved_rps += (double)answered * 1e3 / (double)span_ms;
        if (live->rate_span_ms < span_ms)
                live->rate_span_ms = span_ms;
}

struct harvest_live harvest_live(const struct harvest *harvest)
{
        struct harvest_live live = {.warming = !harvest->shape_seen, .total = harvest->total};
        int64_t newest_ms = INT64_MIN, least_ms = INT64_MAX;

        for (uint32_t i = 0; i < harvest->workers_len; i++) {
                const struct harvest_worker *view = &harvest->workers[i].view;
                if (view->seen_ms > newest_ms)
                        newest_ms = view->seen_ms;
                if (view->state != HARVEST_ENDED && view->state != HARVEST_LOST)
                        least_ms = min_ms(least_ms, view->seen_ms);
        }
        if (newest_ms != INT64_MIN) {
                for (uint32_t i = 0; i < harvest->workers_len; i++)
                        add_rates(&harvest->workers[i], newest_ms, live.warming, &live);
        }
        live.shape_ms_done = min_ms(least_ms == INT64_MAX ? newest_ms : least_ms, harvest->shape_ms);
        if (live.shape_ms_done < 0)
                live.shape_ms_done = 0;
        live.percent = (int)(live.shape_ms_done * 100 / harvest->shape_ms);
        int64_t timeout_ns = harvest->timeout_ms * INT64_C(1000000);
        struct fold_value p50 = fold_quantile(harvest->latency, harvest->censored, 0.5, timeout_ns);
        struct fold_value p99 = fold_quantile(harvest->latency, harvest->censored, 0.99, timeout_ns);
        live.p50.known = p50.known, live.p50.censored = p50.censored, live.p50.ns = p50.ns;
        live.p99.known = p99.known, live.p99.censored = p99.censored, live.p99.ns = p99.ns;
        return live;
}
