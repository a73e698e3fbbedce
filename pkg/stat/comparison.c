/* SPDX-License-Identifier: Apache-2.0 */
#include "stat/comparison.h"

#include <assert.h>
#include <math.h>

#include "stat/plan.h"

const char *comparison_word_name(enum comparison_word word)
{
        static const char *const names[] = {
                [COMPARISON_WORSE] = "worse",
                [COMPARISON_BETTER] = "better",
                [COMPARISON_EQUIVALENT] = "equivalent",
                [COMPARISON_INCONCLUSIVE] = "inconclusive",
        };
        return names[word];
}

const char *comparison_reason_name(enum comparison_reason reason)
{
        static const char *const names[] = {
                [COMPARISON_NO_ESTIMATE] = "NoEstimate",
                [COMPARISON_BEYOND_TOLERANCE] = "BeyondTolerance",
                [COMPARISON_WITHIN_TOLERANCE] = "WithinTolerance",
                [COMPARISON_NEAR_TOLERANCE] = "NearTolerance",
                [COMPARISON_WITHIN_NOISE] = "WithinNoise",
        };
        return names[reason];
}

/* One metric with "worse" turned upwards and its spread never under that of rounding. */
struct case_of {
        bool known;
        struct shift shift;
        double p_worse, p_better;
};

static struct case_of open_case(const struct comparison_metric *metric)
{
        struct case_of one = {.known = metric->kind == STAT_OK || metric->kind == STAT_NO_SPREAD, .shift = metric->shift};

        assert(metric->tolerance >= 0);
        if (!one.known)
                return one;
        assert(metric->rounding > 0 && metric->pairs >= 2);
        /* Each of the two values of a pair is off by something uniform in 'rounding': variance rounding^2 / 12. */
        double least = metric->rounding * sqrt(2.0 / 12 / metric->pairs);
        if (metric->kind == STAT_NO_SPREAD) {
                one.shift.se = least;
                one.shift.df = metric->pairs - 1;
        }
        one.shift.se = fmax(one.shift.se, least);
        if (metric->higher_is_better)
                one.shift.estimate = -one.shift.estimate;
        double comparisons = metric->comparisons > 1 ? metric->comparisons : 1;
        one.p_worse = fmin(1, comparisons * shift_p_above(&one.shift, 0));
        one.p_better = fmin(1, comparisons * shift_p_below(&one.shift, 0));
        return one;
}

/* Both directions of all gates that have a shift, each direction as one family. */
static void adjust_gates(const struct comparison_metric *metrics, size_t len, struct case_of *cases)
{
        double worse[COMPARISON_LEN_MAX] = {0}, better[COMPARISON_LEN_MAX] = {0};
        size_t gates = 0;

        for (size_t i = 0; i < len; i++)
                if (metrics[i].role == COMPARISON_GATE && cases[i].known) {
                        worse[gates] = cases[i].p_worse;
                        better[gates++] = cases[i].p_better;
                }
        holm_adjust(worse, gates, worse);
        holm_adjust(better, gates, better);
        gates = 0;
        for (size_t i = 0; i < len; i++)
                if (metrics[i].role == COMPARISON_GATE && cases[i].known) {
                        cases[i].p_worse = worse[gates];
                        cases[i].p_better = better[gates++];
                }
}

static void decide(const struct case_of *one, double tolerance, struct comparison_judged *judged)
{
        struct shift_interval wide = shift_interval(&one->shift, 0.95);

        if (wide.low > 0)
                judged->lean = COMPARISON_LEAN_WORSE;
        if (wide.high < 0)
                judged->lean = COMPARISON_LEAN_BETTER;

        if (one->shift.estimate > tolerance && one->p_worse <= COMPARISON_ALPHA) {
                judged->word = COMPARISON_WORSE;
                judged->reason = COMPARISON_BEYOND_TOLERANCE;
        } else if (one->shift.estimate < -tolerance && one->p_better <= COMPARISON_ALPHA) {
                judged->word = COMPARISON_BETTER;
                judged->reason = COMPARISON_BEYOND_TOLERANCE;
        } else if (shift_p_outside(&one->shift, tolerance) < 0.05) {
                judged->word = COMPARISON_EQUIVALENT;
                judged->reason = COMPARISON_WITHIN_TOLERANCE;
        } else {
                judged->word = COMPARISON_INCONCLUSIVE;
                judged->reason = judged->lean ? COMPARISON_NEAR_TOLERANCE : COMPARISON_WITHIN_NOISE;
        }
}

static void measure(const struct case_of *one, const struct comparison_metric *metric, struct comparison_judged *judged)
{
        uint32_t pairs;

        judged->interval = shift_interval(&one->shift, 0.95);
        if (metric->higher_is_better)
                judged->interval = (struct shift_interval){-judged->interval.high, -judged->interval.low};
        judged->p_worse = one->p_worse;
        judged->smallest_visible = shift_smallest_visible(&one->shift, COMPARISON_ALPHA, COMPARISON_POWER);
        if (judged->word == COMPARISON_INCONCLUSIVE && metric->tolerance > 0 &&
            !plan_pairs(one->shift.se * sqrt(metric->pairs), metric->tolerance, COMPARISON_ALPHA, COMPARISON_POWER, &pairs) &&
            pairs > metric->pairs)
                judged->pairs_needed = pairs - metric->pairs;
}

static enum comparison_word whole(const struct comparison_metric *metrics, size_t len, const struct comparison_judged *judged)
{
        enum comparison_word word = COMPARISON_EQUIVALENT;
        size_t primaries = 0, deciding = 0;
        bool worse = false, open = false;

        for (size_t i = 0; i < len; i++) {
                if (metrics[i].role == COMPARISON_EXPLORATORY)
                        continue;
                deciding++;
                worse = worse || judged[i].word == COMPARISON_WORSE;
                open = open || judged[i].word == COMPARISON_INCONCLUSIVE;
                if (metrics[i].role != COMPARISON_PRIMARY)
                        continue;
                primaries++;
                if (judged[i].word == COMPARISON_BETTER)
                        word = COMPARISON_BETTER;
        }
        assert(primaries <= 1);
        if (worse)
                return COMPARISON_WORSE;
        return open || deciding == 0 ? COMPARISON_INCONCLUSIVE : word;
}

enum comparison_word comparison_judge(const struct comparison_metric *metrics, size_t len, struct comparison_judged *ret_judged)
{
        struct case_of cases[COMPARISON_LEN_MAX];

        assert(len <= COMPARISON_LEN_MAX);
        for (size_t i = 0; i < len; i++)
                cases[i] = open_case(&metrics[i]);
        adjust_gates(metrics, len, cases);
        for (size_t i = 0; i < len; i++) {
                ret_judged[i] = (struct comparison_judged){.word = COMPARISON_INCONCLUSIVE, .reason = COMPARISON_NO_ESTIMATE};
                if (!cases[i].known)
                        continue;
                decide(&cases[i], metrics[i].tolerance, &ret_judged[i]);
                measure(&cases[i], &metrics[i], &ret_judged[i]);
        }
        return whole(metrics, len, ret_judged);
}
