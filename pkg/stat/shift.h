/* SPDX-License-Identifier: Apache-2.0
 *
 * How far B lies from A, and how sure that is: the t-based comparisons. One value is one trial; what is inside a trial
 * (seconds, requests) shares its pod and node, and is no sample of trials.
 *
 * Times and rates are compared as logarithms (shift_log): exp(estimate) is then the ratio B / A, and noise is symmetric. Shares
 * of errors are compared as they are: a share may be 0, and estimate is in points. */
#pragma once

#include <stddef.h>

#include "stat/kind.h"

struct shift {
        double estimate; /* B - A */
        double se;       /* its standard error, > 0 */
        double df;       /* degrees of freedom, > 0; need not be whole */
};

struct shift_interval {
        double low, high;
};

/* ret_logs[i] = ln values[i]. STAT_NOT_FINITE; STAT_NOT_POSITIVE: a value, such as a baseline of 0, has no ratio. */
enum stat_kind shift_log(const double *values, size_t len, double *ret_logs);

/* Two groups of trials, unpaired, variances may differ (Welch 1947). At least 2 values each.
 * STAT_NO_SPREAD: neither group varies. STAT_TOO_FEW, STAT_NOT_FINITE. */
enum stat_kind shift_welch(const double *a, size_t a_len, const double *b, size_t b_len, struct shift *ret_shift);

/* Trials in pairs, in whatever order within a pair (plan_arm gives ABBA): paired t on b[i] - a[i]. Drift that is the same for both of
 * a pair, or that ABBA turns around, leaves the estimate; the rest of it widens se. Failures as of shift_stein. */
enum stat_kind shift_paired(const double *a, const double *b, size_t pairs, struct shift *ret_shift);

/* After a second stage that plan_stein_pairs asked for: the mean of all 'pairs', the spread of the first 'first' only (Stein 1945), so
 * that the interval keeps its confidence although the number of pairs depended on the data. first <= pairs, asserted.
 * STAT_TOO_FEW: first < 2. STAT_NO_SPREAD: the first pairs all differ by the same. STAT_NOT_FINITE. */
enum stat_kind shift_stein(const double *a, const double *b, size_t first, size_t pairs, struct shift *ret_shift);

/* 'confidence' in the open 0..1, two-sided. */
struct shift_interval shift_interval(const struct shift *shift, double confidence);

/* One-sided p-values: how likely an estimate this high (this low) is when the true shift is 'bound'. */
double shift_p_above(const struct shift *shift, double bound);
double shift_p_below(const struct shift *shift, double bound);

/* Two one-sided tests (Schuirmann 1987): the p-value against "the true shift is outside -margin..margin". At most 0.05 exactly when the
 * 90 % interval lies inside. margin >= 0. */
double shift_p_outside(const struct shift *shift, double margin);

/* The true shift that a one-sided test at 'alpha' would have seen with probability 'power': (t(1 - alpha) + t(power)) se. */
double shift_smallest_visible(const struct shift *shift, double alpha, double power);
