/* SPDX-License-Identifier: Apache-2.0
 *
 * How well one run knows its own percentile. The kept window is cut into sections of equal time, usually ten; how much the sections differ
 * says what memory the run has, which seconds or requests taken for independent would hide. None of this knows how runs differ
 * from each other: a difference of two single runs needs that as well.
 *
 * Two methods (batch means for quantiles: Seila 1982, Asmussen & Glynn 2007):
 * - section_quantile: the spread of the sections' own percentiles around the whole run's, on logarithms, Student t. For p50 and p90; its p99
 *   of a busy queue holds the truth in 90 of 100 runs instead of 95 (hack/bench stat-claims).
 * - section_tail: the spread of how many values of each section lie above the whole run's percentile, turned back into times through
 *   the merged histogram. For p99 and beyond; its upper limit may be open, and that is the answer. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stat/hist.h"
#include "stat/kind.h"
#include "stat/shift.h"

#define SECTION_LEN 10          /* sections of a run */
#define SECTION_LEN_MAX 100
#define SECTION_SECONDS_MIN 10  /* of one section: a kept window under 100 s has no interval of its own */
#define SECTION_BEYOND_MIN 10   /* values that each section needs on either side of a percentile for a percentile of its own */
#define SECTION_TAIL_SHOWN 10.0 /* effective values beyond a percentile to show it at all … */
#define SECTION_TAIL_GATE 100.0 /* … and to let it decide something */
#define SECTION_MEMORY 0.35     /* lag-1 autocorrelation above it: 5 % of ten independent values (simulated) */

struct section_value {
        double value_ns, low_ns, high_ns;
        bool high_open;        /* section_tail: the run holds no upper limit; high_ns is its largest value */
        double se;             /* section_quantile: of ln(value), > 0; section_tail: of the share beyond, > 0 */
        double df;             /* sections - 1 */
        double memory;         /* lag-1 autocorrelation of the sections, -1..1 */
        bool memory_long;      /* memory > SECTION_MEMORY: the run is too short for its memory, the interval is a lower bound */
};

/* s^2 = sum (ln parts[i] - ln whole)^2 / (len - 1) / len, to which the rounding of a value, uniform in a relative width 'rounding' >= 0,
 * adds rounding^2 / 12: values of a histogram never vary by less. low and high are whole * exp(-+ t s) at 'confidence'. STAT_TOO_FEW:
 * less than 3 parts. STAT_NO_SPREAD: no rounding and no difference. STAT_TOO_MANY, STAT_NOT_FINITE, STAT_NOT_POSITIVE. */
enum stat_kind section_values(double whole, const double *parts, size_t len, double rounding, double confidence,
                              struct section_value *ret_value);

/* The same for the percentile q (0 < q < 1) of 'whole', the merge of 'sections'. STAT_TOO_FEW also when a section has under
 * SECTION_BEYOND_MIN values above or below q. */
enum stat_kind section_quantile(const struct hist *whole, const struct hist *const *sections, size_t len, double q, double confidence,
                                struct section_value *ret_value);

/* C_i = values of section i above Q(q), less its share of them; s = sqrt(len var(C)) / N; limits Q(q -+ t s). Shares are exact counts
 * above a bucket, so that a coarse histogram does not shift them. STAT_TOO_FEW: under 3 sections, an empty one, or fewer than
 * SECTION_TAIL_SHOWN values beyond q in all. STAT_NO_SPREAD: the sections hold exactly their shares. STAT_TOO_MANY. */
enum stat_kind section_tail(const struct hist *whole, const struct hist *const *sections, size_t len, double q, double confidence,
                            struct section_value *ret_value);

/* The number of independent values beyond q that the run is worth: N (1 - q) / VIF, where VIF >= 1 is the variance of the sections'
 * counts beyond Q(q) over that of independent ones. To be compared with SECTION_TAIL_SHOWN and SECTION_TAIL_GATE. Failures as above, but
 * no spread is no failure. */
enum stat_kind section_tail_worth(const struct hist *whole, const struct hist *const *sections, size_t len, double q, double *ret_worth);

/* Two single runs, both by section_quantile: ln B - ln A, Welch of the two errors. Says nothing about how runs differ from each other. */
struct shift section_shift(const struct section_value *a, const struct section_value *b);
