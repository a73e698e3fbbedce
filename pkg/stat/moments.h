/* SPDX-License-Identifier: Apache-2.0
 *
 * Mean and variance of a few values, looked at twice: no cancellation, whatever their level. */
#pragma once

#include <stddef.h>

#include "stat/kind.h"

struct moments {
        double mean;
        double variance; /* of one value, with len - 1 below; 0 only when all values are the same */
};

/* STAT_TOO_FEW: fewer than two values. STAT_NOT_FINITE: one of them, or their variance. */
enum stat_kind moments_of(const double *values, size_t len, struct moments *ret_moments);
