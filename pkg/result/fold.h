/* SPDX-License-Identifier: Apache-2.0
 *
 * The merged result of one trial: the workers' records summed bucket by bucket, per piece, per request, per point of
 * time and over the whole shape. Folding the records of two workers equals folding one worker that saw both.
 *
 * Which lane counts: a worker whose log is complete is taken from its log. A worker of which only the termination
 * message arrived is taken from that: whole shape only, two digits, so the measured window of the fold becomes the whole shape
 * ('reduced'). A worker of which nothing arrived is missing ('covered' < 'workers'). When no worker is covered the
 * results are lost ('lost'); what interval records had shown until then is kept as 'whole', with 'partial'. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load/limit.h"
#include "load/plan.h"
#include "load/record.h"
#include "result/harvest.h"
#include "stat/hist.h"

/* ---- values that may be censored ---- */

/* A latency: unknown, known, or "more than 'ns'" (censored). */
struct fold_value {
        bool known, censored;
        int64_t ns;
};

/* No percentile whose tail holds too few samples: one with (1 - q) * count < FOLD_TAIL_MIN is not known. */
#define FOLD_TAIL_MIN 10

/* The q-quantile over ok and censored entries together (each may be NULL). A censored entry is worse than any number:
 * when the rank falls among them the value is {censored, ns = timeout_ns}. Unknown by the rule above, or when empty. */
struct fold_value fold_quantile(const struct hist *ok, const struct hist *censored, double q, int64_t timeout_ns);
/* Mean with censored entries at their age: a lower bound then, marked censored. */
struct fold_value fold_mean(const struct hist *ok, const struct hist *censored);
struct fold_value fold_min(const struct hist *ok, const struct hist *censored, int64_t timeout_ns);
struct fold_value fold_max(const struct hist *ok, const struct hist *censored, int64_t timeout_ns);

#define FOLD_TEXT_MAX 32
/* "11.200ms", "> 5s", "-" when unknown. */
const char *fold_format(struct fold_value value, char text[static FOLD_TEXT_MAX]);

/* ---- the fold ---- */

#define FOLD_LIMIT_RATIO 0.1

struct fold_span {
        int64_t from_ms, to_ms; /* shape time; rates are per this span */
        int64_t total_ms;       /* of several trials: the sum of their spans, which rates are per; 0: to_ms - from_ms */
        struct record_counters counters;
        struct hist *latency, *service, *error, *censored, *ttfb, *pacing, *backlog; /* NULL when empty or not recorded */
        bool unresolved; /* some worker gave counts without a histogram: there are no percentiles */
        int digits;      /* least resolution that went in: 3 or 2; 0 when empty */
};

struct fold_piece {
        enum load_piece_kind kind;
        uint32_t workers;      /* how many workers' records are in it */
        struct fold_span span; /* from_ms, to_ms: as planned; when the run was stopped, as far as it came */
};

struct fold_request {
        char *name;
        struct fold_span span;
};

struct fold {
        uint32_t workers, covered, reduced; /* wanted; with a result; of those, by termination message only */
        bool lost;      /* not a single worker is covered */
        bool partial;   /* some worker was told to stop before its shape ended, or 'lost' with intervals kept */
        bool closed;
        bool mismatch, tainted;
        int64_t timeout_ns;

        struct fold_span whole;
        struct fold_piece *pieces; size_t pieces_len;
        struct fold_request *requests; size_t requests_len; /* their records cover the whole shape */
        /* The piece that is judged: the longest hold (the first of equals), or the closed piece. -1: none such, or 'reduced'
         * or 'lost', when only the whole shape is known. */
        int window;

        uint64_t connects, connect_errors, handshakes;
        uint64_t refused; /* requests sent again because an HTTP/2 server had sent them back unread */
        uint64_t connections; /* that stood before the start: more connects than these were made later */
        struct hist *connect, *handshake; /* 2 digits; NULL when empty */
        const struct harvest_point *points; size_t points_len; /* borrowed from the harvest */
        int64_t point_ms;

        /* about the generator */
        int64_t start_wall_ms;   /* 0 unknown */
        int64_t warmup_ms;       /* -1 unknown */
        bool warmup_told, settled; /* its end was for the worker to find; it did, before the limit */
        double stolen_max;       /* share of a worker's node's CPU time that a hypervisor took, the worst; -1 unknown */
        int64_t start_skew_us;   /* most of (wake-up lateness + clock error bound, if there are several clocks); -1 unknown */
        uint32_t clocks;         /* kernels among the workers that started; one that does not say which is one of its own */
        int64_t clock_shift_us;  /* of the worker whose wall clock was set by most, with its sign */
        int64_t floor_p50_ns, floor_p99_ns; /* the generator's own latency (load/floor.h), the worst worker's; 0 unknown */
        uint32_t unsynchronised; /* workers whose kernel clock is not disciplined */
        uint64_t skipped;
        int64_t deferred_ms;     /* by which the load began after the instant that was set for it; of several trials, the most */
        int64_t pacing_p99_ns;   /* of the window; the worst worker's when reduced; -1 unknown (closed loop) */
        double cpu_ratio_max;    /* CPU time / (span * cores) of the busiest worker; -1 unknown */
        double throttled_ratio_max; /* -1 unknown */
        const char *pacing;         /* "precise", "narrowed" (load/pacer.h) or "coarse": of the least exact worker; NULL in a closed loop */
        enum load_limit limit;      /* of the window: the client, or else the server, if it was so for FOLD_LIMIT_RATIO of the time */
        double limit_ratio;         /* for how much of the workers' time in the window, 0..1; 0 with LOAD_LIMIT_NONE */
        uint32_t failed;         /* workers that ended with reason "failed" */
        uint32_t braked;         /* ... "braked" */
        char end_text[160];      /* what the first of those said */
        char lost_text[160];     /* of the first worker without a result: why */
};

/* Folds what the harvest holds now; may be called at any time and again. 'plan' gives shape and request names.
 * The fold borrows the points of 'harvest' until the harvest is fed or freed; 'plan' only for the call. */
struct fold *fold_new(const struct harvest *harvest, const struct load_plan *plan);
struct fold *fold_free(struct fold *fold); /* NULL is fine; returns NULL */

/* Its rate (or, closed, its number of users) stays what it is: percentiles of it mean something by themselves. */
static inline bool fold_is_steady(const struct fold_piece *piece)
{
        return piece->kind == LOAD_HOLD || piece->kind == LOAD_CLOSED;
}

/* The span that results show: the window's piece, else the whole shape. */
const struct fold_span *fold_window(const struct fold *fold);

/* Rates over a span: due, and answered (ok and missed), per second; 0 when the span is empty. */
double fold_offered_rps(const struct fold_span *span);
double fold_achieved_rps(const struct fold_span *span);
/* (missed + censored) / done, 0..1; 0 when nothing was done. */
double fold_error_ratio(const struct fold_span *span);
