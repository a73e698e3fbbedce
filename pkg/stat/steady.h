/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a run's warm-up ends, and whether it stayed level afterwards. Checks: they limit what a result is worth, they never judge. The
 * series is one number per second, the mean of ln(latency): it moves with everything and is less nervous than a percentile. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "stat/kind.h"

#define STEADY_BATCH 5       /* values of one batch of MSER-5 */
#define STEADY_LEN_MAX 86400 /* values of a series: a day of seconds */

struct steady_cut {
        size_t len;   /* values to leave out at the start, a multiple of STEADY_BATCH */
        bool settled; /* false: the best cut takes more than half, so no steady state was reached */
        double mser;  /* the statistic at the cut */
};

/* MSER-5 (White 1997; White, Cobb & Spratt 2000): batches of five, z_j, j = 1..k; of d = 0..k-5 the first with the least
 * sum over j > d of (z_j - mean)^2 / (k - d)^2. What is left over of a last batch is not looked at.
 * STAT_TOO_FEW: under 10 batches. STAT_TOO_MANY, STAT_NOT_FINITE. */
enum stat_kind steady_mser5(const double *values, size_t len, struct steady_cut *ret_cut);

struct steady_trend {
        double drift; /* fitted change from the start of the first section to the end of the last, in units of the values */
        double p;     /* two-sided, of no trend */
        bool steady;  /* not both p < 0.01 and |drift| > 'drift_max' */
};

/* Ordinary regression of the means of equal sections (ten) on time. Of logarithms, a drift of 0.03 is 3 %.
 * STAT_TOO_FEW: under 4 sections. STAT_TOO_MANY, STAT_NOT_FINITE. drift_max >= 0. */
enum stat_kind steady_trend(const double *sections, size_t len, double drift_max, struct steady_trend *ret_trend);
