/* SPDX-License-Identifier: Apache-2.0
 *
 * The distributions that intervals and tests are read from. 'tail' is always the upper one, P(X > x), computed as such:
 * a small tail keeps its relative accuracy. Parameters are asserted to be in range; no result is NaN.
 *
 * Accuracy, held by test_stat_dist against values of 50 digits: relative 1e-10 of tails and quantiles while every parameter is at most
 * 1e4, 1e-8 up to 1e6. Continued fraction: DLMF 8.17.22; log-gamma and erfc are libm's. */
#pragma once

#include <stdint.h>

/* ln Γ(x), x > 0. */
double dist_log_gamma(double x);
/* The regularised incomplete beta function I_x(a, b): a, b > 0, x in 0..1. */
double dist_beta_ratio(double a, double b, double x);

double dist_normal_tail(double z);
double dist_normal_quantile(double p); /* p in the open 0..1 */

/* Student's t; degrees of freedom > 0, need not be whole (Welch). */
double dist_t_tail(double t, double df);
double dist_t_quantile(double p, double df);

/* Fisher's F; f >= 0. */
double dist_f_tail(double f, double df_above, double df_below);
double dist_f_quantile(double p, double df_above, double df_below);

/* Exact one-sided limits of a share of which k of n were seen (Clopper & Pearson 1934): the share is at least `low` (at most
 * `high`) with the stated confidence each. 0 <= k <= n, n > 0; low is 0 for k = 0, high is 1 for k = n. */
double dist_share_low(uint64_t k, uint64_t n, double confidence);
double dist_share_high(uint64_t k, uint64_t n, double confidence);
