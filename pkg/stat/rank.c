/* SPDX-License-Identifier: Apache-2.0
 *
 * The null distribution of a rank sum is counted: ways[j][s] is the share of choices of j of the values seen so far whose ranks add up to
 * s. Ranks are doubled when there are ties, so that midranks are whole. */
#include "stat/rank.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "stat/dist.h"

struct ranked {
        double value;
        bool of_b;
};

static int by_value(const void *left, const void *right)
{
        double a = ((const struct ranked *)left)->value, b = ((const struct ranked *)right)->value;

        return (a > b) - (a < b);
}

static int by_number(const void *left, const void *right)
{
        double a = *(const double *)left, b = *(const double *)right;

        return (a > b) - (a < b);
}

static enum stat_kind look(const double *a, size_t a_len, const double *b, size_t b_len)
{
        if (a_len < 1 || b_len < 1)
                return STAT_TOO_FEW;
        if (a_len > RANK_LEN_MAX || b_len > RANK_LEN_MAX)
                return STAT_TOO_MANY;
        for (size_t i = 0; i < a_len; i++)
                if (!isfinite(a[i]))
                        return STAT_NOT_FINITE;
        for (size_t i = 0; i < b_len; i++)
                if (!isfinite(b[i]))
                        return STAT_NOT_FINITE;
        return STAT_OK;
}

/* Twice the midrank of each of the sorted values; returns the sum over ties of t^3 - t. */
static double double_ranks(const struct ranked *all, size_t len, uint32_t *ret_ranks)
{
        double ties = 0;

        for (size_t from = 0, to; from < len; from = to) {
                for (to = from + 1; to < len && all[to].value == all[from].value;)
                        to++;
                double t = (double)(to - from);
                ties += t * t * t - t;
                for (size_t i = from; i < to; i++)
                        ret_ranks[i] = (uint32_t)(from + 1 + to);
        }
        return ties;
}

/* ---- exact ---- */

/* Shares of the choices of 'chosen' out of ranks[0..len) by the sum of the ranks: ret_shares has sum_max + 1 elements. Adds only numbers
 * >= 0, and each step is divided so that the shares of j out of i add up to 1: no overflow, relative error of a few 1e-16 per step. */
static void count_choices(const uint32_t *ranks, size_t len, size_t chosen, size_t sum_max, double *ret_shares)
{
        size_t width = sum_max + 1;
        auto_free double *ways = xcalloc((chosen + 1) * width, sizeof *ways);

        ways[0] = 1;
        for (size_t i = 0; i < len; i++)
                for (size_t j = i + 1 < chosen ? i + 1 : chosen; j > 0; j--) {
                        /* Of i + 1 values the choices of j hold the new one in j of i + 1 cases. */
                        double with = (double)j / (double)(i + 1);
                        double *into = ways + j * width;
                        const double *from = ways + (j - 1) * width;
                        for (size_t s = width; s-- > 0;)
                                into[s] = into[s] * (1 - with) + (s >= ranks[i] ? from[s - ranks[i]] * with : 0);
                }
        for (size_t s = 0; s < width; s++)
                ret_shares[s] = ways[chosen * width + s];
}

/* Sum of the 'chosen' largest of ranks that ascend. */
static size_t largest_sum(const uint32_t *ranks, size_t len, size_t chosen)
{
        size_t sum = 0;

        for (size_t i = len - chosen; i < len; i++)
                sum += ranks[i];
        return sum;
}

/* P(sum of 'chosen' ranks <= seen) and >= seen. */
static void exact_tails(const uint32_t *ranks, size_t len, size_t chosen, size_t seen, double *ret_low, double *ret_high)
{
        size_t sum_max = largest_sum(ranks, len, chosen);
        auto_free double *shares = xcalloc(sum_max + 1, sizeof *shares);

        count_choices(ranks, len, chosen, sum_max, shares);
        *ret_low = *ret_high = 0;
        for (size_t s = 0; s <= sum_max; s++) {
                if (s <= seen)
                        *ret_low += shares[s];
                if (s >= seen)
                        *ret_high += shares[s];
        }
        *ret_low = fmin(*ret_low, 1);
        *ret_high = fmin(*ret_high, 1);
}

/* ---- test ---- */

static void approximate(double u, double a_len, double b_len, double ties, struct rank_test *test)
{
        double n = a_len + b_len, mean = a_len * b_len / 2;
        double sd = sqrt(a_len * b_len / 12 * (n + 1 - ties / (n * (n - 1))));

        test->p_above = dist_normal_tail((u - mean - 0.5) / sd);
        test->p_below = dist_normal_tail((mean - u - 0.5) / sd);
}

enum stat_kind rank_mann_whitney(const double *a, size_t a_len, const double *b, size_t b_len, struct rank_test *ret_test)
{
        enum stat_kind kind = look(a, a_len, b, b_len);
        size_t len = a_len + b_len, sum_of_b = 0, sum_of_a = 0;

        if (kind)
                return kind;
        auto_free struct ranked *all = xcalloc(len, sizeof *all);
        auto_free uint32_t *ranks = xcalloc(len, sizeof *ranks);
        for (size_t i = 0; i < len; i++)
                all[i] = i < a_len ? (struct ranked){a[i], false} : (struct ranked){b[i - a_len], true};
        qsort(all, len, sizeof *all, by_value);
        if (all[0].value == all[len - 1].value)
                return STAT_NO_SPREAD;

        double ties = double_ranks(all, len, ranks);
        for (size_t i = 0; i < len; i++)
                *(all[i].of_b ? &sum_of_b : &sum_of_a) += ranks[i];
        *ret_test = (struct rank_test){
                .u = ((double)sum_of_b - (double)(b_len * (b_len + 1))) / 2,
                .exact = a_len <= RANK_EXACT_MAX && b_len <= RANK_EXACT_MAX,
        };
        if (!ret_test->exact) {
                approximate(ret_test->u, (double)a_len, (double)b_len, ties, ret_test);
        } else {
                /* The smaller group is counted; a large sum of one is a small sum of the other. Without ties ranks are whole already. */
                bool of_b = b_len <= a_len;
                uint32_t scale = ties > 0 ? 1 : 2;
                for (size_t i = 0; i < len; i++)
                        ranks[i] /= scale;
                exact_tails(ranks, len, of_b ? b_len : a_len, (of_b ? sum_of_b : sum_of_a) / scale,
                            of_b ? &ret_test->p_below : &ret_test->p_above, of_b ? &ret_test->p_above : &ret_test->p_below);
        }
        ret_test->p = fmin(1, 2 * fmin(ret_test->p_above, ret_test->p_below));
        return STAT_OK;
}

/* ---- shift ---- */

/* The largest k >= 1 with 2 P(U < k) <= 1 - confidence: the k-th smallest and k-th largest difference are the limits. 0: none. */
static size_t limit_rank(size_t a_len, size_t b_len, double confidence, double *ret_achieved)
{
        size_t len = a_len + b_len, chosen = a_len < b_len ? a_len : b_len, k = 0;
        double below = 0;

        if (a_len > RANK_EXACT_MAX || b_len > RANK_EXACT_MAX) {
                double pairs = (double)a_len * (double)b_len, sd = sqrt(pairs * (double)(len + 1) / 12);
                double at = floor(pairs / 2 - dist_normal_quantile(0.5 + confidence / 2) * sd - 0.5);
                k = at < 0 ? 0 : (size_t)at + 1;
                *ret_achieved = 1 - 2 * dist_normal_tail((pairs / 2 - (double)k + 0.5) / sd);
                return k;
        }
        auto_free uint32_t *ranks = xcalloc(len, sizeof *ranks);
        for (size_t i = 0; i < len; i++)
                ranks[i] = (uint32_t)i + 1;
        size_t sum_max = largest_sum(ranks, len, chosen), sum_min = chosen * (chosen + 1) / 2;
        auto_free double *shares = xcalloc(sum_max + 1, sizeof *shares);
        count_choices(ranks, len, chosen, sum_max, shares);
        /* 1 - 0.9 is less than 0.1. */
        for (; sum_min + k <= sum_max && 2 * (below + shares[sum_min + k]) <= 1 - confidence + 1e-12; k++)
                below += shares[sum_min + k];
        *ret_achieved = 1 - 2 * below;
        return k;
}

enum stat_kind rank_hodges_lehmann(const double *a, size_t a_len, const double *b, size_t b_len, double confidence,
                                   struct rank_shift *ret_shift)
{
        enum stat_kind kind = look(a, a_len, b, b_len);
        size_t pairs = a_len * b_len, k;
        double achieved;

        assert(confidence > 0 && confidence < 1);
        if (kind)
                return kind;
        k = limit_rank(a_len, b_len, confidence, &achieved);
        if (k == 0)
                return STAT_TOO_FEW;

        auto_free double *differences = xcalloc(pairs, sizeof *differences);
        for (size_t i = 0; i < a_len; i++)
                for (size_t j = 0; j < b_len; j++)
                        differences[i * b_len + j] = b[j] - a[i];
        qsort(differences, pairs, sizeof *differences, by_number);
        if (!isfinite(differences[0]) || !isfinite(differences[pairs - 1]))
                return STAT_NOT_FINITE;
        *ret_shift = (struct rank_shift){
                .estimate = differences[(pairs - 1) / 2] / 2 + differences[pairs / 2] / 2,
                .low = differences[k - 1],
                .high = differences[pairs - k],
                .achieved = achieved,
        };
        return STAT_OK;
}
