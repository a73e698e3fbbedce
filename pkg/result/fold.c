/* SPDX-License-Identifier: Apache-2.0
 *
 * Sums the workers' records, in the order of the workers, so that the same records give the same sums to the last bit. */
#include "result/fold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "data/doc.h"
#include "result/fold_internal.h"

static void span_done(struct fold_span *span)
{
        hist_free(span->latency);
        hist_free(span->service);
        hist_free(span->error);
        hist_free(span->censored);
        hist_free(span->ttfb);
        hist_free(span->pacing);
        hist_free(span->backlog);
}

struct fold *fold_free(struct fold *fold)
{
        if (!fold)
                return NULL;
        span_done(&fold->whole);
        for (size_t i = 0; i < fold->pieces_len; i++)
                span_done(&fold->pieces[i].span);
        for (size_t i = 0; i < fold->requests_len; i++) {
                span_done(&fold->requests[i].span);
                free(fold->requests[i].name);
        }
        free(fold->pieces);
        free(fold->requests);
        hist_free(fold->connect);
        hist_free(fold->handshake);
        free(fold);
        return NULL;
}

/* ---- sums ---- */

void fold_add_hist(struct hist **into, const struct hist *from)
{
        if (!from || hist_count(from) == 0)
                return;
        if (!*into) {
                *into = hist_new(hist_digits(from));
        } else if (hist_digits(*into) > hist_digits(from)) {
                struct hist *coarse = hist_new(hist_digits(from));
                hist_add(coarse, *into);
                hist_free(*into);
                *into = coarse;
        }
        hist_add(*into, from);
}

static void note_digits(struct fold_span *span, const struct hist *hist)
{
        if (hist && hist_count(hist) && (span->digits == 0 || hist_digits(hist) < span->digits))
                span->digits = hist_digits(hist);
}

const struct fold_hist_row fold_hists[FOLD_HISTS] = {
        {"latency", offsetof(struct fold_span, latency)},   {"service", offsetof(struct fold_span, service)},
        {"error", offsetof(struct fold_span, error)},       {"censored", offsetof(struct fold_span, censored)},
        {"ttfb", offsetof(struct fold_span, ttfb)},         {"pacing", offsetof(struct fold_span, pacing)},
        {"backlog", offsetof(struct fold_span, backlog)},
};

struct hist **fold_hist_at(struct fold_span *span, size_t i)
{
        return (struct hist **)((char *)span + fold_hists[i].offset);
}

void fold_add_span(struct fold_span *into, struct fold_span *from)
{
        record_add_counters(&into->counters, &from->counters);
        into->unresolved |= from->unresolved;
        for (size_t i = 0; i < FOLD_HISTS; i++) {
                fold_add_hist(fold_hist_at(into, i), *fold_hist_at(from, i));
                note_digits(into, *fold_hist_at(from, i));
        }
}

void fold_add_record(struct fold_span *span, struct json_object *record)
{
        struct record_counters counters = {0};

        if (doc_at(record, "C") && record_decode_counters(doc_at(record, "C"), &counters, NULL) == FAIL_NONE)
                record_add_counters(&span->counters, &counters);
        for (size_t i = 0; i < FOLD_HISTS; i++) {
                struct json_object *at = doc_at(doc_at(record, "hists"), fold_hists[i].name);
                struct hist *hist = NULL;
                if (!at)
                        continue;
                if (record_decode_hist(at, &hist, NULL))
                        span->unresolved = true;
                fold_add_hist(fold_hist_at(span, i), hist);
                note_digits(span, hist);
                hist_free(hist);
        }
}

/* Numbers as a worker wrote them: sums over all workers cannot wrap, and none is negative. */
static int64_t read_number(struct json_object *doc, const char *name)
{
        static const int64_t most = INT64_C(1) << 53;
        int64_t value = doc_int(doc, name, 0);

        return value < 0 ? 0 : value > most ? most : value;
}

static void add_connect(struct fold *fold, struct json_object *record)
{
        struct hist *connect = NULL, *handshake = NULL;

        fold->connects += (uint64_t)read_number(record, "connects");
        fold->connect_errors += (uint64_t)read_number(record, "connectErrors");
        fold->handshakes += (uint64_t)read_number(record, "handshakes");
        fold->refused += (uint64_t)read_number(record, "refused");
        if (doc_at(record, "hists.connect") && !record_decode_hist(doc_at(record, "hists.connect"), &connect, NULL))
                fold_add_hist(&fold->connect, connect);
        if (doc_at(record, "hists.handshake") && !record_decode_hist(doc_at(record, "hists.handshake"), &handshake, NULL))
                fold_add_hist(&fold->handshake, handshake);
        hist_free(connect);
        hist_free(handshake);
}

/* ---- workers ---- */

/* A worker whose log is complete: every piece, request and connection it recorded. */
static void add_log(struct fold *fold, const struct harvest *harvest, uint32_t worker)
{
        const struct harvest_kept *kept;
        size_t len = harvest_kept(harvest, worker, &kept);

        for (size_t i = 0; i < len; i++) {
                auto_json struct json_object *record = NULL;
                if (doc_parse(kept[i].text, kept[i].size, &record, NULL))
                        continue;
                if (kept[i].kind == HARVEST_CONNECT) {
                        add_connect(fold, record);
                } else if (kept[i].kind == HARVEST_PIECE && kept[i].index < fold->pieces_len) {
                        fold->pieces[kept[i].index].workers += kept[i].part == 0;
                        fold_add_record(&fold->pieces[kept[i].index].span, record);
                } else if (kept[i].kind == HARVEST_REQUEST && kept[i].index < fold->requests_len) {
                        fold_add_record(&fold->requests[kept[i].index].span, record);
                }
        }
}

/* One of the message's histograms, which may have lost its buckets for want of room. */
static void add_message_hist(struct fold_span *span, struct hist **into, struct json_object *at, uint64_t count)
{
        struct hist *hist = NULL;

        if (count == 0)
                return;
        if (!doc_text(at, "hdr") || record_decode_hist(at, &hist, NULL))
                span->unresolved = true;
        fold_add_hist(into, hist);
        note_digits(span, hist);
        hist_free(hist);
}

static void add_message(struct fold *fold, struct json_object *message)
{
        struct record_counters total = {0};

        if (record_decode_counters(doc_at(message, "total"), &total, NULL))
                return;
        record_add_counters(&fold->whole.counters, &total);
        add_message_hist(&fold->whole, &fold->whole.latency, doc_at(message, "latency"), total.ok);
        add_message_hist(&fold->whole, &fold->whole.censored, doc_at(message, "censored"), total.censored);
        /* Latencies of errors are a detail: without them the rest still has its percentiles. */
        struct hist *error = NULL;
        if (doc_text(message, "error.hdr") && !record_decode_hist(doc_at(message, "error"), &error, NULL))
                fold_add_hist(&fold->whole.error, error);
        hist_free(error);
}

static void note_ratio(double *most, double part, double of)
{
        if (of > 0 && part / of > *most)
                *most = part / of;
}

static bool is_early(const char *reason)
{
        return strcmp(reason, "terminated") == 0 || strcmp(reason, "failed") == 0 || strcmp(reason, "braked") == 0;
}

/* Workers on one node read one clock: nothing can be wrong between them. */
static bool is_another_clock(const struct harvest *harvest, uint32_t worker)
{
        const struct harvest_worker *view = harvest_worker(harvest, worker);

        if (!view->started)
                return false;
        for (uint32_t i = 0; view->boot[0] && i < worker; i++) {
                const struct harvest_worker *other = harvest_worker(harvest, i);
                if (other->started && strcmp(other->boot, view->boot) == 0)
                        return false;
        }
        return true;
}

static void note_generator(struct fold *fold, const struct harvest *harvest, uint32_t worker)
{
        const struct harvest_worker *view = harvest_worker(harvest, worker);
        struct json_object *message = harvest_message_doc(harvest, worker);

        if (view->cpu_span_us > 0) {
                note_ratio(&fold->cpu_ratio_max, (double)view->cpu_us, (double)view->cpu_span_us * view->cores);
                note_ratio(&fold->throttled_ratio_max, (double)view->throttled_us, (double)view->cpu_span_us);
        } else if (message) {
                double elapsed = (double)read_number(message, "elapsedMicros");
                note_ratio(&fold->cpu_ratio_max, (double)read_number(message, "cpuMicros"), elapsed * view->cores);
                note_ratio(&fold->throttled_ratio_max, (double)read_number(message, "throttledMicros"), elapsed);
        }
        if (view->stolen > fold->stolen_max)
                fold->stolen_max = view->stolen;
        if (view->warmup_ms > fold->warmup_ms)
                fold->warmup_ms = view->warmup_ms;
        fold->settled = view->settled && (fold->settled || !fold->warmup_told);
        fold->warmup_told |= view->warmup_told;
        fold->skipped += view->skipped;
        if (view->deferred_ms > fold->deferred_ms)
                fold->deferred_ms = view->deferred_ms;
        fold->connections += view->connections;
        fold->failed += strcmp(view->reason, "failed") == 0;
        fold->braked += strcmp(view->reason, "braked") == 0;
        fold->partial |= is_early(view->reason);
        if (!fold->end_text[0])
                snprintf(fold->end_text, sizeof fold->end_text, "%s", view->text);
        if (!view->started)
                return;
        if (view->start_wall_ms > 0)
                fold->start_wall_ms = view->start_wall_ms;
        fold->unsynchronised += view->clock_error_us < 0;
        if (view->coarse)
                fold->pacing = "coarse";
        else if (view->narrowed && strcmp(fold->pacing, "precise") == 0)
                fold->pacing = "narrowed";
        if (llabs(view->clock_shift_us) > llabs(fold->clock_shift_us))
                fold->clock_shift_us = view->clock_shift_us;
        if (view->floor_p50_ns > fold->floor_p50_ns)
                fold->floor_p50_ns = view->floor_p50_ns;
        if (view->floor_p99_ns > fold->floor_p99_ns)
                fold->floor_p99_ns = view->floor_p99_ns;
        int64_t skew_us = view->wake_us + (fold->clocks > 1 && view->clock_error_us > 0 ? view->clock_error_us : 0);
        if (skew_us > fold->start_skew_us)
                fold->start_skew_us = skew_us;
}

static void add_worker(struct fold *fold, const struct harvest *harvest, uint32_t worker)
{
        const struct harvest_worker *view = harvest_worker(harvest, worker);
        struct json_object *message = harvest_message_doc(harvest, worker);

        fold->mismatch |= view->mismatch;
        fold->tainted |= view->tainted;
        if (view->log_complete) {
                add_log(fold, harvest, worker);
        } else if (message) {
                add_message(fold, message);
                fold->reduced++;
        } else {
                if (!fold->lost_text[0])
                        snprintf(fold->lost_text, sizeof fold->lost_text, "worker %u: %s", worker,
                                 view->text[0] ? view->text : harvest_state_name(view->state));
                return;
        }
        fold->covered++;
        note_generator(fold, harvest, worker);
}

/* ---- spans of time ---- */

static int64_t clip_ms(int64_t value, int64_t low, int64_t high)
{
        return value < low ? low : value > high ? high : value;
}

/* How far the workers came: the whole shape, unless they were stopped. */
static int64_t end_ms(const struct fold *fold, const struct harvest *harvest, const struct load_plan *plan)
{
        int64_t seen_ms = 0;

        if (!fold->partial)
                return plan->shape_ms;
        for (uint32_t i = 0; i < fold->workers; i++) {
                const struct harvest_worker *view = harvest_worker(harvest, i);
                int64_t at_ms = view->seen_ms;
                struct json_object *message = harvest_message_doc(harvest, i);
                if (message && !view->log_complete)
                        at_ms = read_number(message, "elapsedMicros") / 1000 - (view->warmup_ms >= 0 ? view->warmup_ms : plan->warmup_ms);
                if (at_ms > seen_ms)
                        seen_ms = at_ms;
        }
        return clip_ms(seen_ms, 0, plan->shape_ms);
}

static void cut_spans(struct fold *fold, int64_t at_ms)
{
        fold->whole.to_ms = clip_ms(at_ms, 0, fold->whole.to_ms);
        for (size_t i = 0; i < fold->pieces_len; i++) {
                struct fold_span *span = &fold->pieces[i].span;
                span->to_ms = clip_ms(at_ms, span->from_ms, span->to_ms);
        }
        for (size_t i = 0; i < fold->requests_len; i++)
                fold->requests[i].span.to_ms = fold->whole.to_ms;
}

/* Nobody came to the end: what the interval records had shown until then. */
static void keep_partial(struct fold *fold)
{
        for (size_t i = 0; i < fold->points_len; i++) {
                const struct harvest_point *point = &fold->points[i];
                record_add_counters(&fold->whole.counters, &point->counters);
                fold_add_hist(&fold->whole.latency, point->latency);
                fold_add_hist(&fold->whole.error, point->error);
                fold_add_hist(&fold->whole.censored, point->censored);
                note_digits(&fold->whole, point->latency);
        }
        fold->partial = fold->points_len > 0;
}

void fold_plan_spans(struct fold *fold, const struct load_plan *plan)
{
        int64_t at_ms = 0;

        fold->pieces_len = plan->shape_len;
        fold->pieces = xcalloc(plan->shape_len, sizeof *fold->pieces);
        for (size_t i = 0; i < plan->shape_len; i++) {
                const struct load_piece *piece = &plan->shape[i];
                fold->pieces[i] = (struct fold_piece){
                        .kind = piece->kind,
                        .span = {.from_ms = at_ms, .to_ms = at_ms + piece->for_ms},
                };
                at_ms += piece->for_ms;
        }
        fold->whole.to_ms = at_ms;
        fold->requests_len = plan->requests_len;
        fold->requests = xcalloc(plan->requests_len, sizeof *fold->requests);
        for (size_t i = 0; i < plan->requests_len; i++) {
                fold->requests[i].name = xstrdup(plan->requests[i].name ? plan->requests[i].name : "");
                fold->requests[i].span.to_ms = at_ms;
        }
}

int fold_choose_window(const struct fold *fold)
{
        int chosen = -1;

        if (fold->reduced > 0 || fold->lost)
                return -1;
        for (size_t i = 0; i < fold->pieces_len; i++) {
                const struct fold_piece *piece = &fold->pieces[i];
                int64_t ms = piece->span.to_ms - piece->span.from_ms;
                if (!fold_is_steady(piece))
                        continue;
                if (chosen < 0 || ms > fold->pieces[chosen].span.to_ms - fold->pieces[chosen].span.from_ms)
                        chosen = (int)i;
        }
        return chosen;
}

static int64_t pacing_p99_ns(const struct fold *fold, const struct harvest *harvest)
{
        const struct hist *pacing = fold_window(fold)->pacing;
        int64_t worst_ns = pacing ? hist_quantile(pacing, 0.99) : -1;

        if (fold->closed)
                return -1;
        for (uint32_t i = 0; i < fold->workers; i++) {
                struct json_object *message = harvest_message_doc(harvest, i);
                if (harvest_worker(harvest, i)->log_complete || !message)
                        continue;
                int64_t ns = read_number(message, "pacingP99Nanos");
                if (doc_at(message, "pacingP99Nanos") && ns > worst_ns)
                        worst_ns = ns;
        }
        return worst_ns;
}

static void note_limit(struct fold *fold)
{
        static const enum load_limit order[] = {LOAD_LIMIT_CLIENT, LOAD_LIMIT_SERVER};
        const struct fold_span *window = fold_window(fold);
        double all_ms = 0, limited_ms[LOAD_LIMITS] = {0};

        for (size_t i = 0; i < fold->points_len; i++) {
                const struct harvest_point *point = &fold->points[i];
                if (point->from_ms < window->from_ms || point->from_ms >= window->to_ms)
                        continue;
                for (size_t k = 0; k < LOAD_LIMITS; k++) {
                        limited_ms[k] += (double)point->limited_ms[k];
                        all_ms += (double)point->limited_ms[k];
                }
        }
        for (size_t i = 0; i < ARRAY_LEN(order) && fold->limit == LOAD_LIMIT_NONE; i++)
                if (all_ms > 0 && limited_ms[order[i]] >= FOLD_LIMIT_RATIO * all_ms) {
                        fold->limit = order[i];
                        fold->limit_ratio = limited_ms[order[i]] / all_ms;
                }
}

struct fold *fold_new(const struct harvest *harvest, const struct load_plan *plan)
{
        struct fold *fold = xnew(struct fold);

        fold->workers = harvest_workers(harvest);
        fold->closed = plan->closed;
        fold->timeout_ns = plan->timeout_ms * NS_PER_MS;
        fold->start_skew_us = -1;
        fold->pacing = "precise";
        fold->cpu_ratio_max = -1;
        fold->throttled_ratio_max = -1;
        fold->stolen_max = fold->warmup_ms = -1;
        fold->points_len = harvest_points(harvest, &fold->points);
        fold->point_ms = harvest_point_ms(harvest);
        fold_plan_spans(fold, plan);
        for (uint32_t i = 0; i < fold->workers; i++)
                fold->clocks += is_another_clock(harvest, i);
        for (uint32_t i = 0; i < fold->workers; i++)
                add_worker(fold, harvest, i);
        fold->lost = fold->covered == 0;
        for (size_t i = 0; i < fold->pieces_len; i++)
                fold_add_span(&fold->whole, &fold->pieces[i].span);
        if (fold->lost)
                keep_partial(fold);
        cut_spans(fold, end_ms(fold, harvest, plan));
        fold->window = fold_choose_window(fold);
        fold->pacing_p99_ns = pacing_p99_ns(fold, harvest);
        note_limit(fold);
        if (fold->closed)
                fold->pacing = NULL;
        return fold;
}

const struct fold_span *fold_window(const struct fold *fold)
{
        return fold->window >= 0 ? &fold->pieces[fold->window].span : &fold->whole;
}
