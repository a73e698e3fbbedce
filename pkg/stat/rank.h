/* SPDX-License-Identifier: Apache-2.0
 *
 * Comparisons that only use which trial was slower: the check beside Welch, and the robust shift that is shown. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "stat/kind.h"

#define RANK_EXACT_MAX 50 /* values per group up to which p is exact; beyond it the normal approximation */
#define RANK_LEN_MAX 600  /* values per group; memory grows with their product */

struct rank_test {
        double u;         /* pairs with b > a, ties counted half (Mann & Whitney 1947) */
        double p_above;   /* one-sided: B tends to be larger than A */
        double p_below;   /* one-sided: B tends to be smaller */
        double p;         /* two-sided: twice the smaller of them, at most 1 */
        bool exact;
};

/* Exact: the share of all ways to deal the same values, ties and all (midranks), into groups of these sizes that give a U at least as
 * extreme; p is therefore never 0. Beyond RANK_EXACT_MAX the normal approximation with corrections for ties and continuity.
 * At least 1 value each. STAT_TOO_FEW, STAT_TOO_MANY, STAT_NOT_FINITE; STAT_NO_SPREAD: all values of both groups are the same. */
enum stat_kind rank_mann_whitney(const double *a, size_t a_len, const double *b, size_t b_len, struct rank_test *ret_test);

struct rank_shift {
        double estimate;  /* median of all b - a (Hodges & Lehmann 1963) */
        double low, high; /* order statistics of them */
        double achieved;  /* their exact confidence without ties, at least what was asked; with ties it is more */
};

/* STAT_TOO_FEW: no finite interval has this confidence (4 + 4 values are needed for 95 %). Else as above, but equal values are no
 * failure. */
enum stat_kind rank_hodges_lehmann(const double *a, size_t a_len, const double *b, size_t b_len, double confidence,
                                   struct rank_shift *ret_shift);
