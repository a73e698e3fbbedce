/* SPDX-License-Identifier: Apache-2.0
 *
 * A fold as the status shows it. Numbers are of the measured window (fold_window).
 *
 * Latencies are whole microseconds, rounded half up, as JSON integers; a value that falls among censored requests is the
 * string "> 5s". Their schema is therefore x-kubernetes-int-or-string: true. A percentile that is not known is absent.
 * Rates and ratios are JSON strings ("998.7/s", "0.0213%"), because structural schemas and clients disagree about floats.
 *
 * status.results = {
 *   "window": {"piece":0,"kind":"hold","from":"0s","to":"1m"}      (no "piece" and "kind": the whole shape)
 *   "requests", "succeeded", "errors", "censored", "offered", "bytesIn"   integers; requests were done, errors = missed + censored
 *   "errorRatio":"0.02%", "rateOffered":"1000.0/s", "rateAchieved":"998.7/s",
 *   "latencyMicros": {min, mean, p50, p75, p90, p95, p99, p999, p9999, max}, "latencyKind": "intended" | "uncorrected",
 *   "serviceMicros", "errorLatencyMicros", "ttfbMicros", "pacingMicros", "backlogMicros", "connectMicros", "handshakeMicros": {mean, p50, p99, max},
 *   "byPiece": [{"index","kind","from","to","requests","errors","errorRatio","rateOffered","rateAchieved","latencyMicros":{p50,p99,max}}],   <= 16
 *   "byRequest": [{"name","requests","errors","errorRatio","rateAchieved","latencyMicros":{p50,p99,max}}],                    <= 16
 *   "interval95": {"p99": [10900, 11500]}   of latencyMicros, 95 %, where the window is long enough; the second is "open" where it is
 *   "byStatus": {"200": 60000, …, "other": 1}, "errorsByClass": {"timeout": 3}
 * } */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "result/fold.h"
#include "result/gates.h"
#include "result/harvest.h"
#include "result/verdict.h"

#define STATUS_PIECES_MAX 16
#define STATUS_REQUESTS_MAX 16

/* status.results; caller owns. Adds "results.byPiece", "results.byRequest" to the array 'truncated' (may be NULL)
 * when the list was cut. */
struct json_object *status_encode_results(const struct fold *fold, struct json_object *truncated);

/* The same without the caps, with the whole shape as "whole" besides: for the result ConfigMap. Caller owns. */
struct json_object *status_encode_full(const struct fold *fold);

/* What stands for one variant in status.variants: requests, errors, rates, latencyMicros and interval95 of the window. Caller owns. */
struct json_object *status_encode_brief(const struct fold *fold, const struct estimates *estimates);

/* status.summary: {"rate":"998.7/s","p50":"1.234ms","p99":"> 5s","errors":"0.02%"}; "-" where not known. Caller owns. */
struct json_object *status_encode_summary(const struct fold *fold);
struct json_object *status_encode_live_summary(const struct harvest_live *live);

/* status.progress of a single trial: {"trial":1,"trials":1,"percent":41,"offered":"1000.0/s","achieved":"998.7/s"}. */
struct json_object *status_encode_progress(const struct harvest_live *live, int trial, int trials);

/* status.workers: {"wanted","ready","finished","startSkewMicros"}; the skew is absent while unknown. 'fold' may be NULL. */
struct json_object *status_encode_workers(const struct harvest *harvest, const struct fold *fold);

struct status_end { /* all borrowed for the call */
        const struct fold *fold;
        const struct gates *gates;
        const struct verdict_judged *judged;
        const struct estimates *estimates; /* of the same fold */
        const struct compared *compared;   /* with a baseline, or each variant with the first */
        size_t compared_len;               /* 0: with nothing */
        const char *run;                   /* its name; NULL with nothing compared */
        const char *variant;               /* whose fold it is, the reference; NULL: there are none */
};

/* What an end says about figures: {validity, verdict, reasons, message, summary, results, objectives, comparison}; of a run with variants
 * the figures of the reference. Adds to the array 'truncated' what was cut. Caller owns. */
struct json_object *status_encode_end(const struct status_end *end, struct json_object *truncated);

/* status.message at the end: "998.7/s, p99 11.200ms, errors 0.02%; Pass: …; Limited: …". New string, caller frees. */
char *status_message(const struct status_end *end);
