/* SPDX-License-Identifier: Apache-2.0
 *
 * Several variants, each against the first over the same trials of that: how often one of many that are the same is called worse, and what
 * drift over their trials does. Values are logarithms. */
#include <math.h>

#include "base/mem.h"
#include "claims.h"
#include "stat/comparison.h"
#include "stat/plan.h"
#include "stat/shift.h"

#define NOISE 0.03 /* a trial's standard deviation */

enum { VARIANTS_MAX = 8, METRICS_MAX = 5, PAIRS_MAX = 8 };

static bool differ(const struct shift *shift)
{
        return 2 * fmin(shift_p_above(shift, 0), shift_p_below(shift, 0)) < 0.05;
}

/* ---- many of the same ---- */

struct crowd {
        uint32_t variants, metrics; /* the first metric is primary, the others are gates */
        double tolerance;
};

enum { CROWD_PAIRS = 6 };

/* Half of a trial's noise is in all of its metrics. */
static void draw(struct random *random, const struct crowd *crowd, double values[VARIANTS_MAX][METRICS_MAX][PAIRS_MAX])
{
        for (uint32_t variant = 0; variant < crowd->variants; variant++)
                for (int i = 0; i < CROWD_PAIRS; i++) {
                        double common = random_normal(random);
                        for (uint32_t metric = 0; metric < crowd->metrics; metric++)
                                values[variant][metric][i] = NOISE * sqrt(0.5) * (common + random_normal(random));
                }
}

static enum comparison_word judge(const struct crowd *crowd, double a[METRICS_MAX][PAIRS_MAX], double b[METRICS_MAX][PAIRS_MAX], uint32_t comparisons)
{
        struct comparison_metric metrics[METRICS_MAX];
        struct comparison_judged judged[METRICS_MAX];

        for (uint32_t i = 0; i < crowd->metrics; i++) {
                metrics[i] = (struct comparison_metric){
                        .role = i ? COMPARISON_GATE : COMPARISON_PRIMARY,
                        .tolerance = crowd->tolerance,
                        .rounding = 0.001,
                        .pairs = CROWD_PAIRS,
                        .comparisons = comparisons,
                };
                metrics[i].kind = shift_paired(a[i], b[i], CROWD_PAIRS, &metrics[i].shift);
        }
        return comparison_judge(metrics, crowd->metrics, judged);
}

static void play_crowd(struct random *random, const void *of, struct hit *hits)
{
        const struct crowd *crowd = of;
        double values[VARIANTS_MAX][METRICS_MAX][PAIRS_MAX];

        draw(random, crowd, values);
        for (uint32_t i = 1; i < crowd->variants; i++) {
                hits[0].ours = hits[0].ours || judge(crowd, values[0], values[i], crowd->variants - 1) == COMPARISON_WORSE;
                hits[0].rival = hits[0].rival || judge(crowd, values[0], values[i], 1) == COMPARISON_WORSE;
        }
}

#define CROWD(variants, metrics, tolerance, text, most) \
        {#variants " variants of the same, six pairs each, trials vary by 3 %, " text, PLAY_TRIALS, play_crowd, &(const struct crowd){variants, metrics, tolerance}, 1, \
         {{"any is called worse", 0, most, "each variant as if it were the only one", true}}}

/* ---- drift ---- */

struct course {
        enum drift drift;
        uint32_t pairs;
};

enum { COURSE_VARIANTS = 3, TRIALS_MAX = COURSE_VARIANTS * PAIRS_MAX };

/* The trials of one series, put into variants: in turn, or one variant after the other. */
static void deal(const double *trials, uint32_t pairs, bool in_turn, double ret_values[COURSE_VARIANTS][PAIRS_MAX])
{
        uint32_t len[COURSE_VARIANTS] = {0};

        for (uint32_t i = 0; i < COURSE_VARIANTS * pairs; i++) {
                uint32_t variant = in_turn ? plan_arm(i, COURSE_VARIANTS) : i / pairs;
                ret_values[variant][len[variant]++] = NOISE * trials[i];
        }
}

static void draw_course(struct random *random, const struct course *course, double trials[TRIALS_MAX])
{
        double drift[TRIALS_MAX];
        uint32_t len = COURSE_VARIANTS * course->pairs;

        random_drift(random, course->drift, drift, len);
        for (uint32_t i = 0; i < len; i++)
                trials[i] = random_normal(random) + drift[i];
}

static void play_course(struct random *random, const void *of, struct hit *hits)
{
        const struct course *course = of;
        double trials[TRIALS_MAX], in_turn[COURSE_VARIANTS][PAIRS_MAX], in_blocks[COURSE_VARIANTS][PAIRS_MAX];
        struct shift shift;

        draw_course(random, course, trials);
        deal(trials, course->pairs, true, in_turn);
        deal(trials, course->pairs, false, in_blocks);
        for (int i = 1; i < COURSE_VARIANTS; i++) {
                hits[i - 1].ours = shift_paired(in_turn[0], in_turn[i], course->pairs, &shift) == STAT_OK && differ(&shift);
                hits[i - 1].rival = shift_welch(in_blocks[0], course->pairs, in_blocks[i], course->pairs, &shift) == STAT_OK && differ(&shift);
        }
}

#define COURSE(pairs, drift_kind, text) \
        {"three variants of the same, " #pairs " pairs each, " text, PLAY_TRIALS, play_course, &(const struct course){drift_kind, pairs}, 2, \
         {{"A B C C B A, paired t, calls B and A different at 5 %", 0, 0.065, "A A … B B … C C … + Welch", true}, \
          {"A B C C B A, paired t, calls C and A different at 5 %", 0, 0.065, "A A … B B … C C … + Welch", true}}}

/* ---- one that is worse ---- */

static bool is_worse(const struct shift *shift, enum stat_kind kind, uint32_t pairs)
{
        const struct comparison_metric metric = {.role = COMPARISON_PRIMARY, .tolerance = log(1.05), .rounding = 0.001, .pairs = pairs,
                                                 .comparisons = COURSE_VARIANTS - 1, .kind = kind, .shift = *shift};
        struct comparison_judged judged;

        return comparison_judge(&metric, 1, &judged) == COMPARISON_WORSE;
}

static bool names_the_last(double values[COURSE_VARIANTS][PAIRS_MAX], uint32_t pairs, bool paired)
{
        bool worse[COURSE_VARIANTS] = {false};

        for (uint32_t i = 0; i < pairs; i++)
                values[COURSE_VARIANTS - 1][i] += log(1.15);
        for (int i = 1; i < COURSE_VARIANTS; i++) {
                struct shift shift = {0};
                enum stat_kind kind = paired ? shift_paired(values[0], values[i], pairs, &shift) : shift_welch(values[0], pairs, values[i], pairs, &shift);
                worse[i] = is_worse(&shift, kind, pairs);
        }
        return worse[2] && !worse[1];
}

static void play_culprit(struct random *random, const void *of, struct hit *hits)
{
        const struct course *course = of;
        double trials[TRIALS_MAX], values[COURSE_VARIANTS][PAIRS_MAX];

        draw_course(random, course, trials);
        deal(trials, course->pairs, true, values);
        hits[0].ours = names_the_last(values, course->pairs, true);
        deal(trials, course->pairs, false, values);
        hits[0].rival = names_the_last(values, course->pairs, false);
}

const struct experiment variant_experiments[] = {
        CROWD(3, 1, 0, "no tolerance, one metric", 0.015),
        CROWD(5, 1, 0, "no tolerance, one metric", 0.015),
        CROWD(3, 5, 0.0295588, "tolerance 3 %, a primary and four gates", 0.02),
        CROWD(5, 5, 0.0295588, "tolerance 3 %, a primary and four gates", 0.02),
        CROWD(8, 5, 0.0295588, "tolerance 3 %, a primary and four gates", 0.02),
        COURSE(6, DRIFT_LINEAR, "linear drift of 0.3 standard deviations per trial"),
        COURSE(6, DRIFT_WALK, "random walk with steps of 0.5 standard deviations"),
        COURSE(8, DRIFT_AR, "AR(0.9) drift with twice the trials' standard deviation"),
        {"three variants, the third 15 % slower, tolerance 5 %, six pairs each, trials vary by 3 %, linear drift of 0.3 of that per trial", PLAY_TRIALS,
         play_culprit, &(const struct course){DRIFT_LINEAR, 6}, 1,
         {{"the third is called worse, and it alone", 0.90, 1, "A A … B B … C C … + Welch", true}}},
};
const size_t variant_len = ARRAY_LEN(variant_experiments);
