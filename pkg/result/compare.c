/* SPDX-License-Identifier: Apache-2.0 */
#include "result/compare.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "result/compare_text.h"
#include "stat/moments.h"
#include "stat/shift.h"

#define SECTION_PAIRS 10 /* what stands behind a shift between two runs cut into sections */

const char *compare_method_name(enum compare_method method)
{
        static const char *const names[] = {
                [COMPARE_NO_METHOD] = "none",
                [COMPARE_SECTIONS] = "sections",
                [COMPARE_PREDICTION] = "prediction",
                [COMPARE_WELCH] = "welch",
                [COMPARE_PAIRED] = "paired",
        };
        return names[method];
}

const char *compare_strength_name(enum compare_strength strength)
{
        static const char *const names[] = {[COMPARE_INDICATIVE] = "none", [COMPARE_REPLICATED] = "replicated", [COMPARE_CONFIRMED] = "confirmed"};
        return names[strength];
}

struct compare_question compare_question_of(const struct profile_baseline *baseline)
{
        struct compare_question question = {.primary = baseline->primary, .gates_len = baseline->gates_len};

        memcpy(question.gates, baseline->gates, sizeof question.gates);
        memcpy(question.tolerance, baseline->tolerance, sizeof question.tolerance);
        return question;
}

/* ---- values of one side ---- */

/* The trials of one side in the scale of the shift: logarithms, or shares as they are. */
struct values {
        double of[COMPARE_TRIALS_MAX];
        size_t len;
        double mean;          /* back in the metric's unit */
        const char *missing;  /* NULL: every trial has one */
};

static void take_values(const struct compare_side *side, const struct comparable *what, struct values *values)
{
        double sum = 0;

        *values = (struct values){.len = side->len};
        for (size_t i = 0; i < side->len && !values->missing; i++) {
                const struct estimate *one = estimates_find(&side->trials[i], what->metric);
                if (!one->known)
                        values->missing = "it was not measured, or its tail holds too few requests";
                else if (one->censored)
                        values->missing = "it lies among requests without an answer";
                else if (!what->is_share && one->value <= 0)
                        values->missing = "it is 0, and nothing is a multiple of that";
                else
                        values->of[i] = what->is_share ? one->value : log(one->value);
                sum += values->of[i];
        }
        double mean = sum / (double)side->len;
        values->mean = what->is_share ? mean : exp(mean);
}

/* ---- shifts ---- */

struct asking {
        const struct compare_side *a, *b;
        enum compare_method method;
        size_t first;         /* of paired: pairs of the first stage */
        uint32_t comparisons;
};

static enum compare_method method_of(size_t a_len, size_t b_len)
{
        if (a_len == 1 && b_len == 1)
                return COMPARE_SECTIONS;
        return a_len == 1 || b_len == 1 ? COMPARE_PREDICTION : COMPARE_WELCH;
}

/* Two single runs: the errors of either window, Welch. */
static enum stat_kind shift_sections(const struct estimate *a, const struct estimate *b, double estimate, struct shift *ret_shift)
{
        if (!(a->se > 0) || !(b->se > 0))
                return STAT_TOO_FEW;
        double square = a->se * a->se + b->se * b->se, share_a = a->se * a->se / square, share_b = b->se * b->se / square;

        *ret_shift = (struct shift){
                .estimate = estimate,
                .se = sqrt(square),
                .df = 1 / (share_a * share_a / a->df + share_b * share_b / b->df),
        };
        return STAT_OK;
}

/* One more trial of a group that is known: as far from its mean as its own spread makes it. */
static enum stat_kind shift_prediction(const struct values *group, double estimate, struct shift *ret_shift)
{
        struct moments moments;
        enum stat_kind kind = moments_of(group->of, group->len, &moments);

        if (kind)
                return kind;
        if (moments.variance <= 0)
                return STAT_NO_SPREAD;
        *ret_shift = (struct shift){
                .estimate = estimate,
                .se = sqrt(moments.variance * (1 + 1 / (double)group->len)),
                .df = (double)group->len - 1,
        };
        return STAT_OK;
}

static enum stat_kind shift_of(const struct asking *asking, const struct comparable *what, const struct values *of_a,
                               const struct values *of_b, struct shift *shift)
{
        const struct compare_side *a = asking->a, *b = asking->b;
        double estimate = shift->estimate;

        switch (asking->method) {
        case COMPARE_SECTIONS:
                return shift_sections(estimates_find(a->trials, what->metric), estimates_find(b->trials, what->metric), estimate, shift);
        case COMPARE_PREDICTION:
                return shift_prediction(of_a->len > 1 ? of_a : of_b, estimate, shift);
        case COMPARE_WELCH:
                return shift_welch(of_a->of, of_a->len, of_b->of, of_b->len, shift);
        case COMPARE_PAIRED:
                return shift_stein(of_a->of, of_b->of, asking->first, of_a->len, shift);
        case COMPARE_NO_METHOD:
                break;
        }
        return STAT_TOO_FEW;
}

static double mean_of(const struct values *values)
{
        double sum = 0;

        for (size_t i = 0; i < values->len; i++)
                sum += values->of[i];
        return sum / (double)values->len;
}

/* Fills 'asked' for comparison_judge() and what 'metric' shows besides. */
static void measure(const struct asking *asking, struct compare_metric *metric, struct comparison_metric *asked)
{
        const struct compare_side *a = asking->a, *b = asking->b;
        struct values of_a, of_b;

        take_values(a, metric->what, &of_a);
        take_values(b, metric->what, &of_b);
        *asked = (struct comparison_metric){
                .role = metric->role,
                .higher_is_better = metric->what->higher_is_better,
                .tolerance = metric->tolerance,
                .rounding = fmax(estimates_find(a->trials, metric->what->metric)->rounding,
                                 estimates_find(b->trials, metric->what->metric)->rounding),
                .pairs = asking->method == COMPARE_SECTIONS ? SECTION_PAIRS : (uint32_t)fmax(2, fmin((double)a->len, (double)b->len)),
                .comparisons = asking->comparisons,
                .kind = STAT_TOO_FEW,
        };
        metric->a_known = !of_a.missing;
        metric->b_known = !of_b.missing;
        metric->a = of_a.mean;
        metric->b = of_b.mean;
        metric->missing = of_a.missing ? of_a.missing : of_b.missing;
        if (metric->missing)
                return;
        metric->estimated = true;
        metric->estimate = asked->shift.estimate = mean_of(&of_b) - mean_of(&of_a);
        asked->kind = shift_of(asking, metric->what, &of_a, &of_b, &asked->shift);
        if (asked->kind == STAT_NO_SPREAD)
                asked->shift.estimate = metric->estimate;
        else if (asked->kind && asking->method == COMPARE_PAIRED)
                metric->missing = "one pair says nothing about how pairs differ";
        else if (asked->kind)
                metric->missing = "only trials, or a window of at least 100s with enough requests, know how sure it is";
}

/* ---- which metrics ---- */

static bool asked_for(const struct compared *compared, const char *metric)
{
        for (size_t i = 0; i < compared->len; i++)
                if (text_equal(compared->metrics[i].what->metric, metric))
                        return true;
        return false;
}

static void ask(struct compared *compared, const struct compare_question *question, const char *metric, enum comparison_role role)
{
        const struct comparable *what = comparable_find(metric);

        if (!what || asked_for(compared, metric))
                return;
        double tolerance = question->tolerance[what - comparables];
        compared->metrics[compared->len++] = (struct compare_metric){
                .what = what,
                .role = role,
                .tolerance = what->is_share ? tolerance : log1p(tolerance),
        };
}

static void ask_all(struct compared *compared, const struct compare_question *question)
{
        static const char *const always[] = {"latency.p50", "latency.p99", "rate.achieved", "errors.ratio"};

        ask(compared, question, question->primary, COMPARISON_PRIMARY);
        for (size_t i = 0; i < question->gates_len; i++)
                ask(compared, question, question->gates[i], COMPARISON_GATE);
        for (size_t i = 0; i < sizeof always / sizeof *always; i++)
                ask(compared, question, always[i], COMPARISON_EXPLORATORY);
}

/* An exploratory metric of which neither side has a value is not worth a row. */
static void drop_unknown(struct compared *compared)
{
        size_t kept = 0;

        for (size_t i = 0; i < compared->len; i++) {
                const struct compare_metric *metric = &compared->metrics[i];
                if (metric->role != COMPARISON_EXPLORATORY || metric->a_known || metric->b_known)
                        compared->metrics[kept++] = *metric;
        }
        compared->len = kept;
}

static void compare(const struct asking *asking, const struct compare_question *question, struct compared *compared)
{
        struct comparison_metric asked[COMPARABLE_MAX];
        struct comparison_judged judged[COMPARABLE_MAX];

        snprintf(compared->baseline, sizeof compared->baseline, "%s", asking->a->name);
        compared->method = asking->method;
        compared->a_trials = asking->a->len;
        compared->b_trials = asking->b->len;
        ask_all(compared, question);
        for (size_t i = 0; i < compared->len; i++)
                measure(asking, &compared->metrics[i], &asked[i]);
        compared->word = comparison_judge(asked, compared->len, judged);
        for (size_t i = 0; i < compared->len; i++) {
                compared->metrics[i].judged = judged[i];
                if (asking->method != COMPARE_WELCH && asking->method != COMPARE_PAIRED)
                        compared->metrics[i].judged.pairs_needed = 0; /* more sections are not more trials */
        }
        drop_unknown(compared);
        compare_write_text(compared);
}

void compare_runs(const struct compare_side *a, const struct compare_side *b, const struct compare_question *question,
                  struct compared *ret_compared)
{
        const struct asking asking = {.a = a, .b = b, .method = method_of(a->len, b->len), .comparisons = question->comparisons};

        assert(a->len >= 1 && a->len <= COMPARE_TRIALS_MAX && b->len >= 1 && b->len <= COMPARE_TRIALS_MAX);
        *ret_compared = (struct compared){0};
        if (asking.method == COMPARE_WELCH && a->len >= COMPARE_REPLICATED_MIN && b->len >= COMPARE_REPLICATED_MIN)
                ret_compared->strength = COMPARE_REPLICATED;
        compare(&asking, question, ret_compared);
}

void compare_pairs(const struct compare_side *a, const struct compare_side *b, size_t first, const struct compare_question *question,
                   struct compared *ret_compared)
{
        const struct asking asking = {.a = a, .b = b, .method = COMPARE_PAIRED, .first = first, .comparisons = question->comparisons};

        assert(a->len == b->len && a->len >= 1 && a->len <= COMPARE_TRIALS_MAX && first <= a->len);
        *ret_compared = (struct compared){.strength = a->len >= COMPARE_CONFIRMED_MIN ? COMPARE_CONFIRMED : COMPARE_INDICATIVE};
        snprintf(ret_compared->variant, sizeof ret_compared->variant, "%s", b->name);
        compare(&asking, question, ret_compared);
}

void compare_nothing(const char *baseline, const char *variant, const char *problem, struct compared *ret_compared)
{
        struct compared *compared = ret_compared;

        *compared = (struct compared){
                .problem = problem, .word = COMPARISON_INCONCLUSIVE, .method = variant ? COMPARE_PAIRED : COMPARE_NO_METHOD};
        snprintf(compared->baseline, sizeof compared->baseline, "%s", baseline ? baseline : "");
        snprintf(compared->variant, sizeof compared->variant, "%s", variant ? variant : "");
        snprintf(compared->text, sizeof compared->text, "%s%snot compared%s%s: %s", compared->variant, variant ? " " : "",
                 compared->baseline[0] ? " with " : "", compared->baseline, problem);
        text_scrub(compared->text);
        snprintf(compared->change, sizeof compared->change, "%s%snot compared", compared->variant, variant ? ": " : "");
}

static bool is_graver(const struct compared *a, const struct compared *b)
{
        static const int gravity[] = {
                [COMPARISON_WORSE] = 3, [COMPARISON_INCONCLUSIVE] = 2, [COMPARISON_BETTER] = 1, [COMPARISON_EQUIVALENT] = 0};

        return a->word == b->word ? a->strength > b->strength : gravity[a->word] > gravity[b->word];
}

const struct compared *compare_gravest(const struct compared *list, size_t len)
{
        const struct compared *gravest = NULL;

        for (size_t i = 0; i < len; i++)
                if (!gravest || is_graver(&list[i], gravest))
                        gravest = &list[i];
        return gravest;
}
