/* SPDX-License-Identifier: Apache-2.0
 *
 * Trials against trials: two arms that are the same, or differ by a known shift. Values are logarithms in units of the trials' own noise. */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "claims.h"
#include "stat/dist.h"
#include "stat/plan.h"
#include "stat/rank.h"
#include "stat/shift.h"

static double two_sided(const struct shift *shift)
{
        return 2 * fmin(shift_p_above(shift, 0), shift_p_below(shift, 0));
}

static bool differ(const double *a, const double *b, size_t len, bool paired, double alpha)
{
        struct shift shift;
        enum stat_kind kind = paired ? shift_paired(a, b, len, &shift) : shift_welch(a, len, b, len, &shift);

        return kind == STAT_OK && two_sided(&shift) < alpha;
}

/* ---- groups ---- */

enum { GROUP_MAX = 10, SECTIONS = 10, RESAMPLES = 400 };

struct group {
        uint32_t len;
        enum noise noise;
};

/* Mean of a hierarchical resample: trials with replacement, and in each of them sections with replacement. */
static double resample(struct random *random, double trials[][SECTIONS], uint32_t len)
{
        double sum = 0;

        for (uint32_t i = 0; i < len; i++) {
                const double *sections = trials[random_below(random, len)];
                for (int s = 0; s < SECTIONS; s++)
                        sum += sections[random_below(random, SECTIONS)];
        }
        return sum / (len * SECTIONS);
}

static void play_groups(struct random *random, const void *of, struct hit *hits)
{
        const struct group *group = of;
        double sections[2][GROUP_MAX][SECTIONS], means[2][GROUP_MAX] = {0};
        int above = 0;

        for (int arm = 0; arm < 2; arm++)
                for (uint32_t i = 0; i < group->len; i++) {
                        double level = random_noise(random, group->noise);
                        for (int s = 0; s < SECTIONS; s++) {
                                sections[arm][i][s] = level + 0.5 * random_normal(random);
                                means[arm][i] += sections[arm][i][s] / SECTIONS;
                        }
                }
        for (int i = 0; i < RESAMPLES; i++)
                above += resample(random, sections[1], group->len) > resample(random, sections[0], group->len);
        bool rival = above <= 0.025 * RESAMPLES || above >= 0.975 * RESAMPLES;
        hits[0] = (struct hit){differ(means[0], means[1], group->len, false, 0.05), rival};

        above = above < RESAMPLES - above ? above : RESAMPLES - above;
        hits[1] = (struct hit){differ(means[0], means[1], group->len, false, 0.01), above <= 0.005 * RESAMPLES};
}

#define GROUPS(n, noise_kind, text) \
        {"two groups of " #n " trials of the same, " text, PLAY_TRIALS, play_groups, &(const struct group){n, noise_kind}, 2, \
         {{"Welch on logarithms calls them different at 5 %", 0, 0.06, "naive hierarchical bootstrap", true}, \
          {"Welch on logarithms calls them different at 1 %", 0, 0.015, "naive hierarchical bootstrap", true}}}

/* ---- three trials a side, by ranks ---- */

static void play_ranks(struct random *random, const void *of, struct hit *hits)
{
        double a[3], b[3];
        struct rank_test test;

        (void)of;
        for (int i = 0; i < 3; i++) {
                a[i] = random_noise(random, NOISE_HEAVY);
                b[i] = random_noise(random, NOISE_HEAVY);
        }
        if (rank_mann_whitney(a, 3, b, 3, &test))
                return;
        hits[0].ours = test.p < 0.05;
        hits[0].rival = 2 * dist_normal_tail(fabs(test.u - 4.5) / sqrt(9 / 12.0 * 7)) < 0.05;
}

/* ---- order ---- */

struct order {
        uint32_t pairs;
        enum drift drift;
};

enum { PAIRS_MAX = 40 };

enum arrangement { ABBA, ABAB, AABB };

/* The trials of one series, put into arms as arranged; drift is that of the place in the series. */
static void deal(const double *noise, const double *drift, uint32_t pairs, enum arrangement arrangement, double shift, double *ret_a,
                 double *ret_b)
{
        size_t len[2] = {0};

        for (uint32_t i = 0; i < 2 * pairs; i++) {
                uint32_t arm = arrangement == ABBA ? plan_arm(i, 2) : arrangement == ABAB ? i % 2 : i >= pairs;
                (arm ? ret_b : ret_a)[len[arm]++] = noise[i] + drift[i] + (arm ? shift : 0);
        }
}

static void play_order(struct random *random, const void *of, struct hit *hits)
{
        const struct order *order = of;
        double noise[2 * PAIRS_MAX], drift[2 * PAIRS_MAX], a[PAIRS_MAX], b[PAIRS_MAX];

        for (uint32_t i = 0; i < 2 * order->pairs; i++)
                noise[i] = random_normal(random);
        random_drift(random, order->drift, drift, 2 * order->pairs);

        deal(noise, drift, order->pairs, ABBA, 0, a, b);
        hits[0].ours = differ(a, b, order->pairs, true, 0.05);
        deal(noise, drift, order->pairs, AABB, 0, a, b);
        hits[0].rival = differ(a, b, order->pairs, false, 0.05);
        deal(noise, drift, order->pairs, ABBA, 2, a, b);
        hits[1].ours = differ(a, b, order->pairs, true, 0.05);
        deal(noise, drift, order->pairs, ABAB, 2, a, b);
        hits[1].rival = differ(a, b, order->pairs, false, 0.05);
}

#define ORDER(pairs, drift_kind, text, power, kept) \
        {#pairs " pairs, " text, PLAY_TRIALS, play_order, &(const struct order){pairs, drift_kind}, 2, \
         {{"ABBA, paired t, calls two of the same different at 5 %", 0, 0.065, "A A … B B … + Welch", true}, \
          {"ABBA, paired t, sees a shift of two standard deviations at 5 %", power, 1, "ABAB + Welch", kept}}}

/* ---- equivalence and planning ---- */

/* Six pairs with 3 % noise, and a true shift of exactly the tolerance. */
static void play_equivalence(struct random *random, const void *of, struct hit *hits)
{
        double a[6], b[6], tolerance = log(1.05);
        struct shift shift;

        (void)of;
        for (int i = 0; i < 6; i++) {
                a[i] = 0.03 * random_normal(random);
                b[i] = 0.03 * random_normal(random) + tolerance;
        }
        if (shift_paired(a, b, 6, &shift))
                return;
        hits[0].ours = shift_p_outside(&shift, tolerance) < 0.05;
        hits[0].rival = two_sided(&shift) >= 0.05;
}

static bool sees(struct random *random, double sd, uint32_t pairs)
{
        double a[PAIRS_MAX], b[PAIRS_MAX];
        struct shift shift;

        for (uint32_t i = 0; i < pairs; i++) {
                a[i] = sd * random_normal(random);
                b[i] = sd * random_normal(random) + log(1.05);
        }
        return shift_paired(a, b, pairs, &shift) == STAT_OK && shift_p_above(&shift, 0) <= 0.01;
}

static void play_plan(struct random *random, const void *of, struct hit *hits)
{
        double sd = *(const double *)of;
        uint32_t pairs, by_normal = (uint32_t)ceil(pow((2.3263479 + 0.8416212) * sd * M_SQRT2 / log(1.05), 2));

        if (plan_pairs(sd * M_SQRT2, log(1.05), 0.01, 0.8, &pairs) || pairs > PAIRS_MAX)
                return;
        hits[0].ours = sees(random, sd, pairs);
        hits[0].rival = sees(random, sd, by_normal);
}

#define PLAN(percent, pairs) \
        {"p99 5 % slower, trials vary by " #percent " %, as many pairs as planned (" #pairs ")", PLAY_TRIALS, play_plan, \
         &(const double){percent / 100.0}, 1, \
         {{"seen at one-sided 1 %", 0.78, 1, "planned with normal quantiles", true}}}

const struct experiment trial_experiments[] = {
        GROUPS(4, NOISE_NORMAL, "normal noise"),
        GROUPS(4, NOISE_HEAVY, "heavy tails (t, 3 df)"),
        GROUPS(6, NOISE_OUTLIERS, "one outlier in ten"),
        GROUPS(6, NOISE_SKEWED, "skewed noise"),
        GROUPS(10, NOISE_NORMAL, "normal noise"),
        GROUPS(10, NOISE_HEAVY, "heavy tails (t, 3 df)"),
        {"two groups of 3 trials of the same, heavy tails (t, 3 df)", PLAY_TRIALS, play_ranks, NULL, 1,
         {{"exact Mann-Whitney calls them different at 5 %", 0, 0.06, "normal approximation of the same ranks", true}}},
        ORDER(6, DRIFT_LINEAR, "linear drift of 0.3 standard deviations per trial", 0.75, true),
        ORDER(6, DRIFT_WALK, "random walk with steps of 0.5 standard deviations", 0.70, false),
        ORDER(8, DRIFT_AR, "AR(0.9) drift with twice the trials' standard deviation", 0.75, true),
        {"six pairs, trials vary by 3 %, true shift as large as the tolerance of 5 %", PLAY_TRIALS, play_equivalence, NULL, 1,
         {{"called equivalent", 0, 0.06, "no significant difference taken for none", true}}},
        PLAN(2, 7),
        PLAN(3, 11),
        PLAN(5, 24),
};
const size_t trial_len = ARRAY_LEN(trial_experiments);
