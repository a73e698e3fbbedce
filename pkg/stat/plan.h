/* SPDX-License-Identifier: Apache-2.0
 *
 * How many trials, in which order, and what they would show: asked before a series and once after its first stage. */
#pragma once

#include <stdint.h>

#include "stat/kind.h"

#define PLAN_PAIRS_MAX 10000 /* nobody runs more; a plan that needs more is none */

/* The arm (0..arms-1) of trial 'trial' (from 0) in a balanced order: forward, backward, backward, forward, and again. Two arms: A B B A
 * B A A B; three: A B C C B A C B A A B C. Linear drift cancels within each two passes; of two arms, also quadratic within four. */
uint32_t plan_arm(uint32_t trial, uint32_t arms);

/* The same in a random order, drawn anew for every pass of 'arms' trials from 'seed': the same seed gives the same order. arms <= 64. */
uint32_t plan_arm_random(uint32_t trial, uint32_t arms, uint64_t seed);

/* The fewest pairs, at least 2, with which a paired one-sided test at 'alpha' sees a true 'shift' > 0 with probability 'power', when the
 * difference of a pair has standard deviation 'sd' >= 0: the first n with (t(1 - alpha, n-1) + t(power, n-1)) sd / sqrt(n) <= shift.
 * STAT_TOO_MANY: more than PLAN_PAIRS_MAX. STAT_NOT_FINITE. STAT_NOT_POSITIVE: shift is not. */
enum stat_kind plan_pairs(double sd, double shift, double alpha, double power, uint32_t *ret_pairs);

/* Stein's two-stage rule (Stein 1945): the pairs that a series needs in all, so that the interval of shift_stein is at most 'half_width' to
 * either side, from the standard deviation 'sd' of its first 'first' >= 2 differences. Asked once; never fewer than 'first', at most
 * 'pairs_max' >= first (then the interval is wider, and as true). STAT_NOT_FINITE. STAT_NOT_POSITIVE: half_width is not. */
enum stat_kind plan_stein_pairs(double sd, uint32_t first, double half_width, double confidence, uint32_t pairs_max,
                                uint32_t *ret_pairs);

/* Minimum detectable change between two groups of n >= 2 trials each, as a ratio minus 1: a two-sided test at 'alpha' sees it with
 * probability 'power' when the logarithm of a trial has standard deviation 'sd'. Welch with equal spread: 2n - 2 degrees of freedom. */
double plan_detectable_change(double sd, uint32_t n, double alpha, double power);
