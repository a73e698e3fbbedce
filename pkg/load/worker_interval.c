/* SPDX-License-Identifier: Apache-2.0
 *
 * Interval records: the same span of time from every lane, added. */
#include "data/doc.h"
#include "load/limit.h"
#include "load/worker_inner.h"

#define BYTES_SLACK (256 * 1024)

void worker_merge_init(struct worker *worker)
{
        tally_set_init(&worker->merge.sum.set, 2, false);
        worker->merge.sum.warmup = worker->plan->warmup_ms > 0;
        worker_warmup_init(worker);
        worker->merge.cpu_micros = cpu_used_micros();
        worker->merge.throttled_micros = cpu_group_throttled_micros(&worker->cpu_group);
}

void worker_merge_done(struct worker *worker)
{
        tally_set_done(&worker->merge.sum.set);
}

static void add_span(struct worker *worker, struct tally_span *span)
{
        struct tally_span *sum = &worker->merge.sum;

        if (sum->warmup && !span->warmup) {
                tally_set_reset(&sum->set);
                sum->warmup = false;
        }
        worker->merge.done += span->set.counters.done;
        worker->merge.errors += span->set.counters.missed + span->set.counters.censored;
        if (span->warmup)
                worker_warmup_add(worker, span);
        if (span->warmup == sum->warmup)
                tally_set_add(&sum->set, &span->set);
        sum->in_flight += span->in_flight;
        sum->backlog += span->backlog;
        if (span->window_ns > sum->window_ns)
                sum->window_ns = span->window_ns;
        sum->narrowed |= span->narrowed;
        if (span->ended_ns > sum->ended_ns)
                sum->ended_ns = span->ended_ns;
}

/* Brings every lane to the same interval, the next that all have reached. False when one is not there yet. */
static bool align(struct worker *worker)
{
        int64_t target = worker->merge.at + 1;
        bool again = true;

        while (again) {
                again = false;
                for (size_t i = 0; i < worker->lanes_len; i++) {
                        int64_t *at = &worker->merge.lane_at[i];
                        struct tally *tally = lane_tally(worker->lanes[i]);
                        while (*at < target) {
                                bool ended = atomic_load(&lane_state(worker->lanes[i])->ended);
                                struct tally_span *span = tally_peek(tally);
                                if (!span && !ended)
                                        return false;
                                if (!span)
                                        break;
                                add_span(worker, span);
                                *at = span->to;
                                tally_consume(tally);
                        }
                        if (*at > target) {
                                target = *at;
                                again = true;
                        }
                }
        }
        worker->merge.at = target;
        return true;
}

static struct json_object *encode_hists(const struct tally_set *set)
{
        struct json_object *hists = doc_object();

        doc_set(hists, "latency", record_encode_hist_for_line(set->latency));
        doc_set(hists, "error", record_encode_hist_for_line(set->error));
        return doc_set(hists, "censored", record_encode_hist_for_line(set->censored));
}

/* Where interval 'index' begins, or the last of the warm-up ends: the shape may begin earlier, but that is another time. */
static int64_t edge_ms(const struct worker *worker, int64_t index)
{
        int64_t shape_from =
                worker->merge.sum.warmup ? lane_warmup_intervals(worker->plan, worker->interval_ms) : worker->warmup.shape_from;

        return lane_interval_from_ms(worker->plan, worker->interval_ms, shape_from, index);
}

static int64_t interval_end_ms(const struct worker *worker)
{
        int64_t to_ms = edge_ms(worker, worker->merge.at);
        int64_t ended_ms = (worker->merge.sum.ended_ns + 999999) / 1000000;

        return ended_ms > 0 && ended_ms < to_ms ? ended_ms : to_ms;
}

static const char *limit_of(const struct worker *worker, int64_t span_ms, int64_t cpu_micros, int64_t throttled_micros)
{
        const struct tally_span *sum = &worker->merge.sum;
        const struct record_counters *counters = &sum->set.counters;

        return load_limit_names[load_limit_of(&(struct load_sight){
                .closed = worker->plan->closed,
                .span_us = span_ms * 1000,
                .cpu_us = cpu_micros,
                .throttled_us = throttled_micros,
                .threads = (uint32_t)worker->lanes_len,
                .pacing_p90_ns = hist_quantile(sum->set.pacing, 0.9),
                .offered = counters->offered,
                .shed = counters->errors[RECORD_SHED],
                .in_flight = sum->in_flight,
                .backlog = sum->backlog,
        })];
}

static void write_interval(struct worker *worker, int64_t from_ms, int64_t to_ms)
{
        struct tally_span *sum = &worker->merge.sum;
        int64_t cpu_total = cpu_used_micros(), throttled_total = cpu_group_throttled_micros(&worker->cpu_group);
        int64_t cpu_micros = cpu_total - worker->merge.cpu_micros, throttled_micros = throttled_total - worker->merge.throttled_micros;
        struct json_object *record = doc_set_text(doc_object(), "type", "interval");

        doc_set_int(record, "index", worker->merge.index++);
        doc_set_int(record, "fromMs", from_ms);
        doc_set_int(record, "toMs", to_ms);
        doc_set_text(record, "phase", sum->warmup ? "warmup" : "shape");
        doc_set(record, "C", record_encode_counters(&sum->set.counters));
        doc_set_int(record, "cpuMicros", cpu_micros);
        doc_set_int(record, "throttledMicros", throttled_micros);
        doc_set_text(record, "saturated", limit_of(worker, to_ms - from_ms, cpu_micros, throttled_micros));
        doc_set_int(record, "inFlight", (int64_t)sum->in_flight);
        doc_set_int(record, "backlog", (int64_t)sum->backlog);
        doc_set_int(record, "pacingP99Nanos", hist_quantile(sum->set.pacing, 0.99));
        doc_set_int(record, "pacingMaxNanos", hist_max(sum->set.pacing));
        if (sum->window_ns > 0)
                doc_set_int(record, "pacingWindowNanos", sum->window_ns);
        if (sum->narrowed)
                doc_set_bool(record, "narrowed", true);
        doc_set(record, "hists", encode_hists(&sum->set));

        worker_watch_clock(worker);
        uint64_t bytes = worker->report.bytes;
        report_write(&worker->report, record);
        worker->merge.bytes += worker->report.bytes - bytes;
        worker->merge.cpu_micros = cpu_total;
        worker->merge.throttled_micros = throttled_total;
}

/* Long or colourful runs would outgrow the log: records are joined until their bytes keep step with the run. */
static bool within_budget(const struct worker *worker, int64_t to_ms)
{
        double total_ms = (double)(worker->plan->warmup_ms + worker->plan->shape_ms + worker->plan->timeout_ms);
        double share = (double)(to_ms + worker->plan->warmup_ms) / total_ms;

        return (double)worker->merge.bytes <= RECORD_INTERVAL_BYTES_MAX * share + BYTES_SLACK;
}

static void flush(struct worker *worker)
{
        struct tally_span *sum = &worker->merge.sum;
        const struct record_counters *counters = &sum->set.counters;
        int64_t from_ms = edge_ms(worker, worker->merge.from);
        int64_t to_ms = interval_end_ms(worker);

        /* The lanes wake a moment after the shape's end: that moment is no interval unless something happened in it, and a silence
         * before the last answers is part of the interval that they come in. */
        bool empty = counters->offered == 0 && counters->done == 0 && counters->sent == 0;
        if (empty && from_ms >= worker->plan->shape_ms)
                return;
        if (worker->merge.at > worker->merge.from)
                write_interval(worker, from_ms, to_ms);
        tally_set_reset(&sum->set);
        sum->ended_ns = sum->window_ns = 0;
        sum->narrowed = false;
        worker->merge.from = worker->merge.at;
}

static bool more_to_come(struct worker *worker)
{
        for (size_t i = 0; i < worker->lanes_len; i++)
                if (tally_peek(lane_tally(worker->lanes[i])) || !atomic_load(&lane_state(worker->lanes[i])->ended))
                        return true;
        return false;
}

/* After all lanes have reached 'merge.at', which was 'before'. What is censored at the end is no reason to stop. */
static void look_at_brake(struct worker *worker, int64_t before)
{
        const struct load_plan *plan = worker->plan;
        int64_t from_ms = edge_ms(worker, before), to_ms = edge_ms(worker, worker->merge.at);

        if (to_ms <= plan->shape_ms)
                brake_step(&worker->brake, worker->merge.done, worker->merge.errors, to_ms - from_ms);
        worker->merge.done = worker->merge.errors = 0;
}

void worker_merge(struct worker *worker, bool all)
{
        struct tally_span *sum = &worker->merge.sum;

        for (int64_t before = worker->merge.at; more_to_come(worker) && align(worker); before = worker->merge.at) {
                look_at_brake(worker, before);
                worker_warmup_look(worker, before, worker->merge.at);
                bool warmup_ends = worker->merge.from < worker->warmup.shape_from && worker->merge.at >= worker->warmup.shape_from;
                if (warmup_ends || within_budget(worker, interval_end_ms(worker)))
                        flush(worker);
                if (warmup_ends && worker->plan->warmup_least_ms > 0)
                        worker_warmup_tell(worker);
                /* The gauges are the lanes' state at the end, never a sum over time. */
                sum->in_flight = sum->backlog = 0;
        }
        if (all)
                flush(worker);
}
