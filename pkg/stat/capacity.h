/* SPDX-License-Identifier: Apache-2.0
 *
 * The highest rate that a target carries, searched for by probes: each holds one rate for a while and says how the objectives fared. Pure:
 * what the probes so far came to goes in, the next one or the end comes out, and the same probes always lead to the same end.
 *
 *   ramp      from 'from' by a half until a rate does not hold, or 'limit' does
 *   bisect    between the highest rate that held and the lowest that did not, on logarithms, until they are within 'precision'. A probe whose
 *             interval reaches over the limit is run again, twice as long, and then its value decides
 *   confirm   the highest rate that held, by CAPACITY_CONFIRMATIONS fresh and longer probes, all of which have to hold with their interval;
 *             else by half of the precision down, and again
 *
 * Choosing the highest of several rates that seemed to hold favours those with luck; only fresh probes say whether it was any. What may be
 * claimed of the outcome, and for which targets, is what hack/bench stat-claims plays. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stat/kind.h"

#define CAPACITY_GROWTH 1.5
#define CAPACITY_AGAIN_LENGTHS 2   /* of a probe that was undecided */
#define CAPACITY_CONFIRMATIONS 2
#define CAPACITY_CONFIRM_LENGTHS 2 /* of each of them */
#define CAPACITY_LENGTHS_MAX 2     /* no probe is longer */
#define CAPACITY_STEPS_DOWN 10     /* by half of the precision each, before nothing is found */
#define CAPACITY_PRECISION_MIN 0.01
#define CAPACITY_PRECISION_MAX 0.25

/* ---- one probe ---- */

/* In order: of several objectives the greatest decides. */
enum capacity_outcome {
        CAPACITY_HELD,     /* the interval lies on the good side of the limit */
        CAPACITY_LIKELY,   /* the value does, the interval reaches over */
        CAPACITY_UNLIKELY, /* the value does not, the interval reaches over */
        CAPACITY_FAILED,   /* the interval lies on the bad side */
};

/* What a share of bad requests in each of 'len' equal parts of a probe says about an allowed share of 0..1: mean and Student's t of the
 * parts, one-sided 97.5 %. A percentile below a limit is such a share: p99 <= 250 ms says that at most 1 % take longer. Never surer than as
 * many independent requests would make it: 'count' of them in all; 0: it is a share of something else. STAT_TOO_FEW: under 3 parts.
 * STAT_TOO_MANY: more than 100. STAT_NOT_FINITE. */
enum stat_kind capacity_judge(const double *shares, size_t len, uint64_t count, double allowed, enum capacity_outcome *ret_outcome);

/* Do more and more requests wait? 'waiting': on their way in each of 'len' equal parts of a probe (the mean), of 'offered' > 0 requests in all.
 * That the trend is no chance (1 %) and comes to more than CAPACITY_LEFT of what was offered; a rate just above what a target carries shows
 * there long before it shows in a latency. False as well where it cannot be told: under 4 parts, not finite. */
#define CAPACITY_LEFT 0.0005
bool capacity_grows(const double *waiting, size_t len, double offered);

/* ---- the search ---- */

struct capacity_search {
        double from_rps, limit_rps; /* 0 < from <= limit */
        double precision;           /* CAPACITY_PRECISION_MIN..MAX: of the bracket, high / low - 1 */
};

enum capacity_end {
        CAPACITY_GOES_ON,
        CAPACITY_FOUND,
        CAPACITY_BELOW_FROM,  /* not even 'from' held */
        CAPACITY_ABOVE_LIMIT, /* 'limit' itself is confirmed */
        CAPACITY_UNCONFIRMED, /* no rate held with certainty, however far it went down */
};

struct capacity_step {
        enum capacity_end end;
        double rate_rps;         /* going on: of the next probe. Found, above the limit: the highest that is confirmed */
        uint32_t lengths;        /* going on: of the next probe */
        uint32_t confirmed;      /* how many fresh probes have held at that rate */
        double low_rps;          /* found, above the limit: 'rate_rps' with a margin of half the precision, for a target that is not the
                                  * same from probe to probe. Else the highest that held, 0: none */
        double high_rps;         /* the lowest that did not hold, 0: none */
};

/* The step after these probes, which are those that earlier steps asked for, in order. Rates are round to four digits. Probes beyond the end
 * are not looked at. */
struct capacity_step capacity_next(const struct capacity_search *search, const enum capacity_outcome *outcomes, size_t len);

/* The most probes that a search may take, and how many lengths they are together. */
struct capacity_cost {
        uint32_t probes, lengths;
};
struct capacity_cost capacity_most(const struct capacity_search *search);
