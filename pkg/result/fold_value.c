/* SPDX-License-Identifier: Apache-2.0
 *
 * Statistics over answered and censored requests together. */
#include <math.h>
#include <stdio.h>

#include "data/unit.h"
#include "result/fold.h"

static uint64_t count_of(const struct hist *hist)
{
        return hist ? hist_count(hist) : 0;
}

struct fold_value fold_quantile(const struct hist *ok, const struct hist *censored, double q, int64_t timeout_ns)
{
        uint64_t answered = count_of(ok), count = answered + count_of(censored);
        /* (1 - 0.99) * 1000 is a little less than 10 in binary. */
        double tail = (1 - q) * (double)count;

        if (count == 0 || tail < FOLD_TAIL_MIN - 1e-6)
                return (struct fold_value){0};
        uint64_t rank = (uint64_t)ceil(q * (double)count - 1e-6);
        if (rank < 1)
                rank = 1;
        if (rank > answered)
                return (struct fold_value){.known = true, .censored = true, .ns = timeout_ns};
        return (struct fold_value){.known = true, .ns = hist_at_rank(ok, rank)};
}

struct fold_value fold_mean(const struct hist *ok, const struct hist *censored)
{
        uint64_t count = count_of(ok) + count_of(censored);
        double sum = (ok ? hist_sum(ok) : 0) + (censored ? hist_sum(censored) : 0);

        if (count == 0)
                return (struct fold_value){0};
        return (struct fold_value){.known = true, .censored = count_of(censored) > 0, .ns = llround(sum / (double)count)};
}

struct fold_value fold_min(const struct hist *ok, const struct hist *censored, int64_t timeout_ns)
{
        if (count_of(ok) == 0)
                return fold_max(ok, censored, timeout_ns);
        return (struct fold_value){.known = true, .ns = hist_min(ok)};
}

struct fold_value fold_max(const struct hist *ok, const struct hist *censored, int64_t timeout_ns)
{
        if (count_of(censored) > 0)
                return (struct fold_value){.known = true, .censored = true, .ns = timeout_ns};
        if (count_of(ok) > 0)
                return (struct fold_value){.known = true, .ns = hist_max(ok)};
        return (struct fold_value){0};
}

const char *fold_format(struct fold_value value, char text[static FOLD_TEXT_MAX])
{
        char number[UNIT_TEXT_MAX];

        if (!value.known) {
                snprintf(text, FOLD_TEXT_MAX, "-");
        } else if (value.censored) {
                unit_format_duration(value.ns, number);
                snprintf(text, FOLD_TEXT_MAX, "> %.28s", number);
        } else {
                unit_format_latency(value.ns, number);
                snprintf(text, FOLD_TEXT_MAX, "%.30s", number);
        }
        return text;
}

static int64_t length_ms(const struct fold_span *span)
{
        return span->total_ms > 0 ? span->total_ms : span->to_ms - span->from_ms;
}

double fold_offered_rps(const struct fold_span *span)
{
        int64_t ms = length_ms(span);

        return ms > 0 ? (double)span->counters.offered * 1e3 / (double)ms : 0;
}

double fold_achieved_rps(const struct fold_span *span)
{
        int64_t ms = length_ms(span);

        return ms > 0 ? (double)(span->counters.ok + span->counters.missed) * 1e3 / (double)ms : 0;
}

double fold_error_ratio(const struct fold_span *span)
{
        uint64_t done = span->counters.done;

        return done ? (double)(span->counters.missed + span->counters.censored) / (double)done : 0;
}
