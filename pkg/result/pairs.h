/* SPDX-License-Identifier: Apache-2.0
 *
 * Which trials of a run with variants stand against each other: in every round that of the reference and that of another arm. A pair of which
 * one is not sound is left out whole, so that what drifts between rounds stays out of the difference. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "api/profile.h"
#include "result/trial.h"

struct pairs {
        size_t a[PROFILE_TRIALS_MAX], b[PROFILE_TRIALS_MAX]; /* indexes of trials: the reference's, the arm's */
        size_t len;
        size_t first;   /* of them in the first stage, whose spread counts; all of them where there is only one stage */
};

/* Of the first 'len' trials, in the order in which they were made; 1 <= arm < profile_arms. */
void pairs_of(const struct profile *profile, const struct trial *trials, size_t len, uint32_t arm, struct pairs *ret_pairs);

/* How much B is above A in each pair: ln B - ln A, of shares B - A. Returns pairs->len, or 0 where one of the values is not known, censored or
 * 0 and has no logarithm. */
size_t pairs_differences(const struct pairs *pairs, const struct trial *trials, const struct comparable *what, double *ret_differences);
