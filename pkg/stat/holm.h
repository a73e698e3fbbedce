/* SPDX-License-Identifier: Apache-2.0
 *
 * Many questions at one error rate (Holm 1979): the chance that any true "no change" is called a change stays at alpha, whatever the
 * metrics have to do with each other. */
#pragma once

#include <stddef.h>

#include "stat/kind.h"

#define HOLM_LEN_MAX 64

/* ret_adjusted[i] is to be compared with alpha itself: max over the p[j] <= p[i] of (number of p >= p[j]) * p[j], at most 1.
 * len may be 0. STAT_TOO_MANY: more than HOLM_LEN_MAX. STAT_NOT_FINITE: a p that is NaN or outside 0..1. */
enum stat_kind holm_adjust(const double *p, size_t len, double *ret_adjusted);
