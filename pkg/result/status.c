/* SPDX-License-Identifier: Apache-2.0 */
#include "result/status.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "data/doc.h"
#include "data/unit.h"

enum stat { STAT_MIN, STAT_MEAN, STAT_QUANTILE, STAT_MAX };

struct stat_row {
        const char *name;
        enum stat stat;
        double q;
};

static const struct stat_row all_stats[] = {
        {"min", STAT_MIN, 0},          {"mean", STAT_MEAN, 0},        {"p50", STAT_QUANTILE, 0.5},
        {"p75", STAT_QUANTILE, 0.75},  {"p90", STAT_QUANTILE, 0.9},   {"p95", STAT_QUANTILE, 0.95},
        {"p99", STAT_QUANTILE, 0.99},  {"p999", STAT_QUANTILE, 0.999}, {"p9999", STAT_QUANTILE, 0.9999},
        {"max", STAT_MAX, 0},
};

static const struct stat_row detail_stats[] = {
        {"mean", STAT_MEAN, 0}, {"p50", STAT_QUANTILE, 0.5}, {"p99", STAT_QUANTILE, 0.99}, {"max", STAT_MAX, 0}};

static const struct stat_row short_stats[] = {{"p50", STAT_QUANTILE, 0.5}, {"p99", STAT_QUANTILE, 0.99}, {"max", STAT_MAX, 0}};

/* Two histograms that are read as one: answers, and requests without one (NULL: none). */
struct pair {
        const struct hist *ok, *censored;
        int64_t timeout_ns;
};

static struct fold_value value_of(const struct pair *pair, const struct stat_row *row)
{
        switch (row->stat) {
        case STAT_MIN:
                return fold_min(pair->ok, pair->censored, pair->timeout_ns);
        case STAT_MEAN:
                return fold_mean(pair->ok, pair->censored);
        case STAT_QUANTILE:
                return fold_quantile(pair->ok, pair->censored, row->q, pair->timeout_ns);
        case STAT_MAX:
                return fold_max(pair->ok, pair->censored, pair->timeout_ns);
        }
        return (struct fold_value){0};
}

static void set_micros(struct json_object *object, const char *name, struct fold_value value)
{
        char text[FOLD_TEXT_MAX];

        if (!value.known)
                return;
        if (value.censored)
                doc_set_text(object, name, fold_format(value, text));
        else
                doc_set_int(object, name, (value.ns + 500) / 1000);
}

/* NULL when nothing is known. */
static struct json_object *encode_stats(const struct pair *pair, const struct stat_row *rows, size_t len)
{
        auto_json struct json_object *object = doc_object();

        for (size_t i = 0; i < len; i++)
                set_micros(object, rows[i].name, value_of(pair, &rows[i]));
        return json_object_object_length(object) ? take(object) : NULL;
}

static struct pair latency_of(const struct fold *fold, const struct fold_span *span)
{
        if (span->unresolved)
                return (struct pair){0};
        return (struct pair){.ok = span->latency, .censored = span->censored, .timeout_ns = fold->timeout_ns};
}

static void set_detail(struct json_object *results, const char *name, const struct hist *hist)
{
        struct pair pair = {.ok = hist};

        doc_set(results, name, encode_stats(&pair, detail_stats, ARRAY_LEN(detail_stats)));
}

static void set_duration(struct json_object *object, const char *name, int64_t ms)
{
        char text[UNIT_TEXT_MAX];

        unit_format_duration(ms * 1000000, text);
        doc_set_text(object, name, text);
}

static void set_rate(struct json_object *object, const char *name, double rps)
{
        char text[UNIT_TEXT_MAX];

        unit_format_rate(rps, text);
        doc_set_text(object, name, text);
}

static void set_percent(struct json_object *object, const char *name, double ratio)
{
        char text[UNIT_TEXT_MAX];

        unit_format_percent(ratio, text);
        doc_set_text(object, name, text);
}

static void set_counts(struct json_object *object, const struct fold_span *span)
{
        const struct record_counters *counters = &span->counters;

        doc_set_int(object, "requests", (int64_t)counters->done);
        doc_set_int(object, "errors", (int64_t)(counters->missed + counters->censored));
        set_percent(object, "errorRatio", fold_error_ratio(span));
}

static struct json_object *encode_by_status(const struct record_counters *counters)
{
        struct json_object *object = doc_object();
        char text[RECORD_STATUS_TEXT];

        for (size_t i = 0; i < RECORD_STATUS_CODES_MAX && counters->statuses[i].code; i++) {
                const char *code = record_format_status(counters->statuses[i].code, text);
                doc_set_int(object, code, (int64_t)counters->statuses[i].count);
        }
        if (counters->statuses_other)
                doc_set_int(object, "other", (int64_t)counters->statuses_other);
        return object;
}

static struct json_object *encode_by_class(const struct record_counters *counters)
{
        struct json_object *object = doc_object();

        for (size_t i = 0; i < RECORD_ERRORS; i++)
                if (counters->errors[i])
                        doc_set_int(object, record_error_names[i], (int64_t)counters->errors[i]);
        return object;
}

static struct json_object *encode_window(const struct fold *fold, const struct fold_span *span, int piece)
{
        struct json_object *window = doc_object();

        if (piece >= 0) {
                doc_set_int(window, "piece", piece);
                doc_set_text(window, "kind", load_piece_names[fold->pieces[piece].kind]);
        }
        set_duration(window, "from", span->from_ms);
        set_duration(window, "to", span->to_ms);
        return window;
}

/* The figures of one span in full; 'piece' -1 for the whole shape. */
static struct json_object *encode_span(const struct fold *fold, const struct fold_span *span, int piece)
{
        struct json_object *results = doc_object();
        struct pair latency = latency_of(fold, span);

        doc_set(results, "window", encode_window(fold, span, piece));
        set_counts(results, span);
        doc_set_int(results, "succeeded", (int64_t)span->counters.ok);
        doc_set_int(results, "censored", (int64_t)span->counters.censored);
        doc_set_int(results, "offered", (int64_t)span->counters.offered);
        doc_set_int(results, "bytesIn", (int64_t)span->counters.bytes_in);
        set_rate(results, "rateOffered", fold_offered_rps(span));
        set_rate(results, "rateAchieved", fold_achieved_rps(span));
        doc_set(results, "latencyMicros", encode_stats(&latency, all_stats, ARRAY_LEN(all_stats)));
        doc_set_text(results, "latencyKind", fold->closed ? "uncorrected" : "intended");
        set_detail(results, "serviceMicros", span->service);
        set_detail(results, "errorLatencyMicros", span->error);
        set_detail(results, "ttfbMicros", span->ttfb);
        set_detail(results, "pacingMicros", span->pacing);
        set_detail(results, "backlogMicros", span->backlog);
        doc_set(results, "byStatus", encode_by_status(&span->counters));
        doc_set(results, "errorsByClass", encode_by_class(&span->counters));
        return results;
}

static struct json_object *encode_piece(const struct fold *fold, size_t index)
{
        const struct fold_span *span = &fold->pieces[index].span;
        struct json_object *piece = doc_object();
        struct pair latency = latency_of(fold, span);

        doc_set_int(piece, "index", (int64_t)index);
        doc_set_text(piece, "kind", load_piece_names[fold->pieces[index].kind]);
        set_duration(piece, "from", span->from_ms);
        set_duration(piece, "to", span->to_ms);
        set_counts(piece, span);
        set_rate(piece, "rateOffered", fold_offered_rps(span));
        set_rate(piece, "rateAchieved", fold_achieved_rps(span));
        return doc_set(piece, "latencyMicros", encode_stats(&latency, short_stats, ARRAY_LEN(short_stats)));
}

static struct json_object *encode_request(const struct fold *fold, size_t index)
{
        const struct fold_span *span = &fold->requests[index].span;
        struct json_object *request = doc_object();
        struct pair latency = latency_of(fold, span);

        doc_set_text(request, "name", fold->requests[index].name);
        set_counts(request, span);
        set_rate(request, "rateAchieved", fold_achieved_rps(span));
        return doc_set(request, "latencyMicros", encode_stats(&latency, short_stats, ARRAY_LEN(short_stats)));
}

static void set_floor(struct json_object *results, const struct fold *fold)
{
        struct json_object *floor = doc_object();

        if (fold->floor_p50_ns > 0) {
                doc_set_int(floor, "p50", (fold->floor_p50_ns + 500) / 1000);
                doc_set_int(floor, "p99", (fold->floor_p99_ns + 500) / 1000);
                doc_set(results, "floorMicros", json_object_get(floor));
        }
        json_object_put(floor);
}

/* A warm-up whose length the profile does not say. */
static void set_warmup(struct json_object *results, const struct fold *fold)
{
        if (!fold->warmup_told)
                return;
        set_duration(results, "warmupTrimmed", fold->warmup_ms);
        doc_set_text(results, "warmupEnd", fold->settled ? "Settled" : "LimitReached");
}

static size_t cut(size_t len, size_t most, const char *name, struct json_object *truncated)
{
        if (len <= most)
                return len;
        if (truncated)
                doc_push_text(truncated, name);
        return most;
}

static struct json_object *encode_results(const struct fold *fold, size_t pieces_max, size_t requests_max,
                                          struct json_object *truncated)
{
        struct json_object *results = encode_span(fold, fold_window(fold), fold->window);
        bool detailed = fold->reduced == 0 && !fold->lost;
        size_t pieces = detailed ? cut(fold->pieces_len, pieces_max, "results.byPiece", truncated) : 0;
        size_t requests = detailed ? cut(fold->requests_len, requests_max, "results.byRequest", truncated) : 0;
        struct json_object *by_piece = doc_array(), *by_request = doc_array();

        set_detail(results, "connectMicros", fold->connect);
        set_detail(results, "handshakeMicros", fold->handshake);
        for (size_t i = 0; i < pieces; i++)
                doc_push(by_piece, encode_piece(fold, i));
        for (size_t i = 0; i < requests; i++)
                doc_push(by_request, encode_request(fold, i));
        doc_set_text(results, "saturated", load_limit_names[fold->limit]);
        doc_set_text(results, "pacing", fold->pacing);
        set_floor(results, fold);
        set_warmup(results, fold);
        doc_set(results, "byPiece", by_piece);
        return doc_set(results, "byRequest", by_request);
}

struct json_object *status_encode_results(const struct fold *fold, struct json_object *truncated)
{
        return encode_results(fold, STATUS_PIECES_MAX, STATUS_REQUESTS_MAX, truncated);
}

struct json_object *status_encode_full(const struct fold *fold)
{
        struct json_object *results = encode_results(fold, SIZE_MAX, SIZE_MAX, NULL);

        doc_set_int(results, "connects", (int64_t)fold->connects);
        doc_set_int(results, "connectErrors", (int64_t)fold->connect_errors);
        doc_set_int(results, "handshakes", (int64_t)fold->handshakes);
        if (fold->refused)
                doc_set_int(results, "refused", (int64_t)fold->refused);
        doc_set_int(results, "workersCovered", fold->covered);
        doc_set_int(results, "workersReduced", fold->reduced);
        doc_set_int(results, "skipped", (int64_t)fold->skipped);
        if (fold->deferred_ms)
                doc_set_int(results, "deferredMs", fold->deferred_ms);
        return doc_set(results, "whole", encode_span(fold, &fold->whole, -1));
}

/* ---- summary, progress, workers ---- */

struct json_object *status_encode_summary(const struct fold *fold)
{
        const struct fold_span *span = fold_window(fold);
        const struct pair latency = latency_of(fold, span);
        struct json_object *summary = doc_object();
        char text[FOLD_TEXT_MAX];

        set_rate(summary, "rate", fold_achieved_rps(span));
        doc_set_text(summary, "p50", fold_format(value_of(&latency, &short_stats[0]), text));
        doc_set_text(summary, "p99", fold_format(value_of(&latency, &short_stats[1]), text));
        if (span->counters.done)
                set_percent(summary, "errors", fold_error_ratio(span));
        else
                doc_set_text(summary, "errors", "-");
        return summary;
}

struct json_object *status_encode_live_summary(const struct harvest_live *live)
{
        struct json_object *summary = doc_object();
        struct fold_value p50 = {.known = live->p50.known, .censored = live->p50.censored, .ns = live->p50.ns};
        struct fold_value p99 = {.known = live->p99.known, .censored = live->p99.censored, .ns = live->p99.ns};
        const struct fold_span span = {.counters = live->total};
        char text[FOLD_TEXT_MAX];

        if (live->rate_span_ms > 0)
                set_rate(summary, "rate", live->achieved_rps);
        else
                doc_set_text(summary, "rate", "-");
        doc_set_text(summary, "p50", fold_format(p50, text));
        doc_set_text(summary, "p99", fold_format(p99, text));
        if (live->total.done)
                set_percent(summary, "errors", fold_error_ratio(&span));
        else
                doc_set_text(summary, "errors", "-");
        return summary;
}

struct json_object *status_encode_progress(const struct harvest_live *live, int trial, int trials)
{
        struct json_object *progress = doc_object();

        doc_set_int(progress, "trial", trial);
        doc_set_int(progress, "trials", trials);
        doc_set_int(progress, "percent", live->percent);
        if (live->rate_span_ms > 0) {
                set_rate(progress, "offered", live->offered_rps);
                set_rate(progress, "achieved", live->achieved_rps);
        }
        return progress;
}

struct json_object *status_encode_workers(const struct harvest *harvest, const struct fold *fold)
{
        struct json_object *workers = doc_object();

        doc_set_int(workers, "wanted", harvest_workers(harvest));
        doc_set_int(workers, "ready", harvest_count(harvest, HARVEST_READY));
        doc_set_int(workers, "finished", harvest_count(harvest, HARVEST_ENDED));
        if (fold && fold->start_skew_us >= 0)
                doc_set_int(workers, "startSkewMicros", fold->start_skew_us);
        return workers;
}

/* ---- the end ---- */

/* What the comparison says, unless the verdict's own sentence is it. */
static void put_comparison(struct buf *text, const struct status_end *end)
{
        for (size_t i = 0; i < end->compared_len; i++)
                if (strcmp(end->compared[i].text, end->judged->text) != 0)
                        buf_format(text, "; %s", end->compared[i].text);
}

char *status_message(const struct status_end *end)
{
        const struct fold *fold = end->fold;
        const struct gates *gates = end->gates;
        const struct verdict_judged *judged = end->judged;
        struct buf text = buf_bounded(1000);
        auto_json struct json_object *summary = status_encode_summary(fold);

        if (end->variant)
                buf_format(&text, "%s: ", end->variant);
        if (fold_window(fold)->counters.done == 0)
                buf_text(&text, "no request was completed");
        else
                buf_format(&text, "%s, p99 %s, errors %s", doc_text(summary, "rate"), doc_text(summary, "p99"),
                           doc_text(summary, "errors"));
        /* That the client was is a reason of validity, which stands below. */
        if (fold->limit == LOAD_LIMIT_SERVER && !fold->closed)
                buf_text(&text, "; the target was the limit");
        if (judged->verdict != VERDICT_NONE)
                buf_format(&text, "; %s: %s", verdict_name(judged->verdict), judged->text);
        put_comparison(&text, end);
        if (gates->len > 0)
                buf_format(&text, "; %s: %s", validity_name(gates->validity), gates->reasons[0].text);
        for (size_t i = 1; i < gates->len && i < 3; i++)
                buf_format(&text, "; %s", gates->reasons[i].text);
        if (gates->len > 3)
                buf_format(&text, "; %zu more", gates->len - 3);
        return buf_take(&text);
}

/* Intervals of latencyMicros, in whole microseconds. */
static struct json_object *encode_intervals(const struct estimates *estimates)
{
        static const char *const names[] = {"mean", "p50", "p75", "p90", "p95", "p99", "p999"};
        auto_json struct json_object *out = doc_object();
        char metric[32];

        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
                snprintf(metric, sizeof metric, "latency.%s", names[i]);
                const struct estimate *one = estimates_find(estimates, metric);
                if (!(one->se > 0))
                        continue;
                struct json_object *pair = doc_push(doc_array(), json_object_new_int64((int64_t)(one->low / 1000)));
                if (one->high_open)
                        doc_push_text(pair, "open");
                else
                        doc_push(pair, json_object_new_int64((int64_t)(one->high / 1000) + 1));
                doc_set(out, names[i], pair);
        }
        return json_object_object_length(out) ? take(out) : NULL;
}

struct json_object *status_encode_brief(const struct fold *fold, const struct estimates *estimates)
{
        const struct fold_span *span = fold_window(fold);
        const struct pair latency = latency_of(fold, span);
        struct json_object *brief = doc_object();

        set_counts(brief, span);
        set_rate(brief, "rateOffered", fold_offered_rps(span));
        set_rate(brief, "rateAchieved", fold_achieved_rps(span));
        doc_set(brief, "latencyMicros", encode_stats(&latency, all_stats, ARRAY_LEN(all_stats)));
        return doc_set(brief, "interval95", encode_intervals(estimates));
}

struct json_object *status_encode_end(const struct status_end *end, struct json_object *truncated)
{
        struct json_object *out = doc_object(), *summary = status_encode_summary(end->fold);
        struct json_object *results = status_encode_results(end->fold, truncated);
        auto_free char *message = status_message(end);

        doc_set_text(doc_set_text(out, "validity", validity_name(end->gates->validity)), "verdict", verdict_name(end->judged->verdict));
        doc_set(out, "reasons", doc_push(gates_encode(end->gates), verdict_encode_reason(end->judged)));
        doc_set_text(out, "message", message);
        doc_set(results, "interval95", encode_intervals(end->estimates));
        if (end->compared_len > 0) {
                doc_set_text(summary, "change", compare_gravest(end->compared, end->compared_len)->change);
                doc_set(out, "comparison", compare_encode(end->compared, end->compared_len, end->run, truncated));
        }
        doc_set(doc_set(out, "summary", summary), "results", results);
        return doc_set(out, "objectives", verdict_encode_objectives(end->judged));
}
