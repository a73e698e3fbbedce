/* SPDX-License-Identifier: Apache-2.0
 *
 * Series whose length depends on the data, comparisons of several metrics at once, and the checks of one run's course. */
#include <math.h>

#include "base/mem.h"
#include "claims.h"
#include "stat/comparison.h"
#include "stat/moments.h"
#include "stat/plan.h"
#include "stat/shift.h"
#include "stat/steady.h"

/* ---- two stages ---- */

enum { FIRST = 6, STAGES_MAX = 300, PEEKS_MAX = 30 };

static const double zeros[STAGES_MAX];

static bool misses_zero(const double *differences, uint32_t pairs, double *ret_half_width)
{
        struct shift shift;

        if (shift_paired(zeros, differences, pairs, &shift))
                return false;
        struct shift_interval interval = shift_interval(&shift, 0.95);
        *ret_half_width = (interval.high - interval.low) / 2;
        return interval.low > 0 || interval.high < 0;
}

/* Pairs of the same until the interval reaches 1 to either side: by Stein's rule, and by looking after each pair. */
static void play_stein(struct random *random, const void *of, struct hit *hits)
{
        double sd = *(const double *)of, differences[STAGES_MAX], half_width = INFINITY;
        struct moments first;
        struct shift shift;
        uint32_t pairs;

        for (int i = 0; i < STAGES_MAX; i++)
                differences[i] = sd * random_normal(random);
        if (moments_of(differences, FIRST, &first) || plan_stein_pairs(sqrt(first.variance), FIRST, 1, 0.95, STAGES_MAX, &pairs) ||
            shift_stein(zeros, differences, FIRST, pairs, &shift))
                return;
        struct shift_interval interval = shift_interval(&shift, 0.95);
        hits[0].ours = hits[1].ours = interval.low > 0 || interval.high < 0;

        for (pairs = FIRST; pairs <= PEEKS_MAX && !hits[0].rival; pairs++)
                hits[0].rival = misses_zero(differences, pairs, &half_width);
        half_width = INFINITY;
        for (pairs = FIRST; pairs <= STAGES_MAX && half_width > 1; pairs++)
                hits[1].rival = misses_zero(differences, pairs, &half_width);
}

/* Stopping when narrow enough errs most at a middling spread: with a small one it stops at once, with a large one it never looks early. */
#define STEIN(sd, rows) \
        {"pairs of the same that vary by " #sd ", repeated until the interval is 1 to either side", PLAY_TRIALS, play_stein, &(const double){sd}, rows, \
         {{"Stein's interval misses the truth", 0.04, 0.06, "peeking: stop at the first significant look", true}, \
          {"Stein's interval misses the truth", 0.04, 0.06, "peeking: stop when the interval is narrow enough", true}}}

/* ---- a primary and four gates ---- */

struct family {
        double tolerance, shared; /* share of the trials' variance that all metrics have in common */
};

static void play_family(struct random *random, const void *of, struct hit *hits)
{
        enum { METRICS = 5, PAIRS = 6 };
        const struct family *family = of;
        struct comparison_metric metrics[METRICS];
        struct comparison_judged judged[METRICS];
        double a[METRICS][PAIRS], b[METRICS][PAIRS];

        for (int i = 0; i < PAIRS; i++)
                for (int arm = 0; arm < 2; arm++) {
                        double common = random_normal(random);
                        for (int m = 0; m < METRICS; m++)
                                (arm ? b : a)[m][i] = 0.03 * (sqrt(family->shared) * common + sqrt(1 - family->shared) * random_normal(random));
                }
        for (int m = 0; m < METRICS; m++) {
                metrics[m] = (struct comparison_metric){
                        .role = m ? COMPARISON_GATE : COMPARISON_PRIMARY, .tolerance = family->tolerance, .rounding = 0.001, .pairs = PAIRS};
                metrics[m].kind = shift_paired(a[m], b[m], PAIRS, &metrics[m].shift);
                hits[0].rival = hits[0].rival || shift_p_above(&metrics[m].shift, 0) <= 0.01;
        }
        hits[0].ours = comparison_judge(metrics, METRICS, judged) == COMPARISON_WORSE;
}

/* ---- the course of a run ---- */

/* 300 s that start twice as slow and settle with a time constant of 30 s; seconds vary by 10 %, AR(0.6). What is sought is the level afterwards. */
static void play_warmup(struct random *random, const void *of, struct hit *hits)
{
        double values[300], wander = random_normal(random), kept = 0, fixed = 0;
        struct steady_cut cut;

        (void)of;
        for (int s = 0; s < 300; s++) {
                values[s] = log1p(exp(-s / 30.0)) + 0.1 * wander;
                wander = 0.6 * wander + 0.8 * random_normal(random);
        }
        if (steady_mser5(values, 300, &cut))
                return;
        for (size_t s = cut.len; s < 300; s++)
                kept += values[s] / (double)(300 - cut.len);
        for (size_t s = 30; s < 300; s++)
                fixed += values[s] / 270;
        hits[0].ours = fabs(kept) <= 0.04;
        hits[0].rival = fabs(fixed) <= 0.04;
}

static bool looks_steady(struct random *random, double memory, double drift, bool *ret_by_p)
{
        double sections[10] = {0}, wander = random_normal(random);
        struct steady_trend trend;

        for (int s = 0; s < 300; s++) {
                sections[s / 30] += (drift * s / 300 + 0.1 * wander) / 30;
                wander = memory * wander + sqrt(1 - memory * memory) * random_normal(random);
        }
        if (steady_trend(sections, 10, 0.03, &trend))
                return false;
        *ret_by_p = trend.p >= 0.05;
        return trend.steady;
}

/* A steady run with memory, and one without that becomes 20 % slower. */
static void play_steady(struct random *random, const void *of, struct hit *hits)
{
        bool level, slope, level_by_p = false, slope_by_p = false;

        (void)of;
        level = looks_steady(random, 0.6, 0, &level_by_p);
        slope = looks_steady(random, 0, log(1.2), &slope_by_p);
        hits[0] = (struct hit){level && !slope, level_by_p && !slope_by_p};
}

const struct experiment series_experiments[] = {
        STEIN(0.5, 1),
        STEIN(1, 1),
        STEIN(2, 2),
        STEIN(4, 1),
        {"primary and four gates of two of the same, six pairs, trials vary by 3 %, half of it in common, tolerance 3 %", PLAY_TRIALS, play_family,
         &(const struct family){0.0295588, 0.5}, 1, {{"any is called worse", 0, 0.02, "each metric at 1 % by itself", true}}},
        {"the same with no tolerance at all", PLAY_TRIALS, play_family, &(const struct family){0, 0.5}, 1,
         {{"any is called worse", 0, 0.02, "each metric at 1 % by itself", true}}},
        {"300 s that settle from twice the level, 30 s constant, seconds vary by 10 %, AR(0.6)", PLAY_TRIALS, play_warmup, NULL, 1,
         {{"mean after the cut of MSER-5 within 4 % of the level", 0.90, 1, "the first 30 s cut", true}}},
        {"a level run of AR(0.6) and one that becomes 20 % slower, 300 s, seconds vary by 10 %", PLAY_TRIALS, play_steady, NULL, 1,
         {{"told apart by the steadiness test", 0.97, 1, "trend significant at 5 %", true}}},
};
const size_t series_len = ARRAY_LEN(series_experiments);
