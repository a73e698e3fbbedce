/* SPDX-License-Identifier: Apache-2.0
 *
 * What one trial says about each metric that can be compared (api/comparable.h): its value, and, where the window is long enough to
 * be cut into sections, how well the trial knows it (stat/section.h). Stored with the result, so that a later run can be compared
 * without the histograms.
 *
 * JSON: {"latency.p99":{"value":11200000,"se":0.0132,"df":9,"low":10900000,"high":11500000}, …}; "se" and "df" only with an interval,
 * "high" absent where the upper limit is open, "censored":true instead of all of them where the value falls among unanswered
 * requests. Metrics without a value are absent. Values in nanoseconds, per second, or as a share. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "api/comparable.h"
#include "result/fold.h"

struct estimate {
        bool known;      /* there is a value, or it is censored */
        bool censored;   /* beyond the timeout: worse than any number, and no number */
        double value;    /* nanoseconds, requests per second, or a share 0..1 */
        double rounding; /* > 0: how finely the value is known, relative, or of a share absolutely */
        double se, df;   /* of ln(value), of a share itself; 0: no interval */
        double low, high; /* 95 %; both 0: no interval */
        bool high_open;  /* no upper limit could be told: 'high' is the largest value seen */
};

struct estimates {
        struct estimate of[COMPARABLE_MAX]; /* of[i] belongs to comparables[i] */
};

/* *ret_estimates is filled whole. An interval needs a window of SECTION_LEN * SECTION_SECONDS_MIN seconds, known from complete
 * logs, and enough requests in every section. */
void estimates_of(const struct fold *fold, struct estimates *ret_estimates);

/* The one of that metric; 'metric' must be one of comparables. */
const struct estimate *estimates_find(const struct estimates *estimates, const char *metric);

struct json_object *estimates_encode(const struct estimates *estimates); /* caller owns */
/* Bounded and forgiving: what is missing, of another type, negative or not finite is not known. */
void estimates_decode(struct json_object *doc, struct estimates *ret_estimates);
