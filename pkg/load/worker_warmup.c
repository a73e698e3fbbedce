/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of a warm-up that is as long as the target needs. */
#include <math.h>

#include "base/clock.h"
#include "data/doc.h"
#include "load/worker_inner.h"

static int64_t planned(const struct worker *worker)
{
        return lane_warmup_intervals(worker->plan, worker->interval_ms);
}

/* From the start to where interval 'index' of the warm-up begins. */
static int64_t elapsed_ms(const struct worker *worker, int64_t index)
{
        return worker->plan->warmup_ms + lane_interval_from_ms(worker->plan, worker->interval_ms, planned(worker), index);
}

void worker_warmup_init(struct worker *worker)
{
        worker->warmup.shape_from = planned(worker);
        worker->warmup.change = NAN;
}

void worker_warmup_add(struct worker *worker, const struct tally_span *span)
{
        if (worker->plan->warmup_least_ms == 0 || worker->warmup.settled)
                return;
        worker->warmup.span.log_sum += hist_log_sum(span->set.latency);
        worker->warmup.span.count += hist_count(span->set.latency);
}

/* The next interval that no lane can have begun when it hears of it. */
static int64_t next_to_begin(const struct worker *worker, int64_t at)
{
        int64_t now_ms = (clock_now_ns(clock_system()) - worker->start_ns) / NS_PER_MS;

        while (elapsed_ms(worker, at) < now_ms + worker->interval_ms / 2)
                at++;
        return at;
}

void worker_warmup_look(struct worker *worker, int64_t before, int64_t at)
{
        if (worker->plan->warmup_least_ms == 0 || worker->warmup.settled || at >= worker->warmup.shape_from)
                return;
        worker->warmup.span.ms = elapsed_ms(worker, at) - elapsed_ms(worker, before);
        settle_add(&worker->warmup.settle, &worker->warmup.span);
        worker->warmup.span = (struct settle_cell){0};
        bool holds = settle_holds(&worker->warmup.settle, &worker->warmup.change);
        int64_t from = next_to_begin(worker, at + 1);
        if (!holds || worker->plan->workers > 1 || elapsed_ms(worker, at) < worker->plan->warmup_least_ms || from >= worker->warmup.shape_from)
                return;
        worker->warmup.settled = true;
        worker->warmup.shape_from = from;
        atomic_store_explicit(&worker->gate.shape_from, from, memory_order_release);
}

int64_t worker_warmup_ms(const struct worker *worker)
{
        return elapsed_ms(worker, worker->warmup.shape_from);
}

void worker_warmup_tell(struct worker *worker)
{
        struct json_object *record = doc_set_text(doc_object(), "type", "warmup");

        doc_set_bool(doc_set_int(record, "ms", worker_warmup_ms(worker)), "settled", worker->warmup.settled);
        if (isfinite(worker->warmup.change))
                doc_set_double(record, "change", worker->warmup.change, 4);
        report_write(&worker->report, record);
}
