/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a series went from one level to another, and where. By ranks: a single value that is far out moves nothing. */
#pragma once

#include <stddef.h>

#include "stat/kind.h"

#define STEP_LEN_MIN 10
#define STEP_LEN_MAX 4096

struct step {
        size_t at;     /* the first value of the second level, 1..len-1 */
        double change; /* median of the second level minus median of the first, in units of the values */
        double near;   /* the same of the at most 5 values on either side of 'at': a slow trend has little of it */
        double p;      /* of no step anywhere, at most 1; approximate, and too small where values follow each other */
};

/* Pettitt (1979): the most extreme Mann-Whitney statistic K over all places to cut, p = 2 exp(-6 K^2 / (n^3 + n^2)). Ranks place the cut a little
 * too near to the middle; 'at' is the place, of those at most 5 values away, where the two medians leave the least sum of absolute deviations.
 * STAT_TOO_FEW, STAT_TOO_MANY, STAT_NOT_FINITE; STAT_NO_SPREAD: all values are the same. */
enum stat_kind step_find(const double *values, size_t len, struct step *ret_step);
