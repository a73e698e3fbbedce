/* SPDX-License-Identifier: Apache-2.0
 *
 * The words, and the same as JSON. A shift is told from the baseline to the run: "12 % slower than checkout-7f3a (8 % to 16 %)". */
#include "result/compare_text.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "data/doc.h"
#include "result/measure.h"

#define NUMBER_MAX 32
/* An interval that spans a hundred times only says that the runs differ too much among themselves: its ends are numbers of any length. */
#define SPAN_MAX 4.605170185988092
/* Ratios are written in full below 10000. */
#define IN_FULL_MAX 9.210340371976182

/* "12", "3.4", "0.25": two digits that say something. */
static const char *format_amount(double amount, char text[static NUMBER_MAX])
{
        double size = fabs(amount);

        snprintf(text, NUMBER_MAX, "%.*f", size >= 9.95 ? 0 : size >= 0.0995 || size == 0 ? 1 : 2, amount);
        size_t len = strlen(text);
        while (strchr(text, '.') && (text[len - 1] == '0' || text[len - 1] == '.')) {
                bool dot = text[len - 1] == '.';
                text[--len] = '\0';
                if (dot)
                        break;
        }
        if (text_equal(text, "-0"))
                snprintf(text, NUMBER_MAX, "0");
        return text;
}

/* In percent of the baseline, or in percentage points. */
static double amount_of(const struct comparable *what, double shift)
{
        return 100 * (what->is_share ? shift : expm1(shift));
}

static const char *unit_of(const struct comparable *what)
{
        return what->is_share ? " points" : " %";
}

static const char *direction(const struct comparable *what, bool up)
{
        if (what->is_share)
                return up ? "more errors" : "fewer errors";
        if (what->higher_is_better)
                return up ? "more throughput" : "less throughput";
        return up ? "slower" : "faster";
}

/* "12 % slower than checkout-7f3a" */
static void put_shift(const struct compared *compared, const struct compare_metric *metric, char *text, size_t size)
{
        double amount = amount_of(metric->what, metric->estimate);
        char number[NUMBER_MAX];

        snprintf(text, size, "%s%s %s than %s", format_amount(fabs(amount), number), unit_of(metric->what),
                 direction(metric->what, amount >= 0), compared->baseline);
}

static bool tells(const struct compare_metric *metric)
{
        const struct comparison_judged *judged = &metric->judged;

        return metric->what->is_share || judged->interval.high - judged->interval.low <= SPAN_MAX;
}

/* " (8 % to 16 %)", in the direction that the shift is told in, so that a faster run has positive numbers. */
static void put_interval(const struct compare_metric *metric, bool downward, char *text, size_t size)
{
        double low = amount_of(metric->what, metric->judged.interval.low), high = amount_of(metric->what, metric->judged.interval.high);
        char from[NUMBER_MAX], to[NUMBER_MAX];
        size_t used = strlen(text);

        if (!tells(metric)) {
                snprintf(text + used, size - used, " (the interval spans more than 100 times)");
                return;
        }
        snprintf(text + used, size - used, " (%s%s to %s%s)", format_amount(downward ? -high : low, from), unit_of(metric->what),
                 format_amount(downward ? -low : high, to), unit_of(metric->what));
}

static void put_unseen(const struct compared *compared, const struct compare_metric *metric, char *text, size_t size)
{
        char visible[NUMBER_MAX];

        snprintf(text, size, "no change seen against %s", compared->baseline);
        put_interval(metric, false, text, size);
        size_t used = strlen(text);
        if (tells(metric))
                snprintf(text + used, size - used, ", under %s%s stays unseen",
                         format_amount(amount_of(metric->what, metric->judged.smallest_visible), visible), unit_of(metric->what));
}

static void put_metric(const struct compared *compared, const struct compare_metric *metric, char *text, size_t size)
{
        const struct comparison_judged *judged = &metric->judged;
        bool downward = metric->estimate < 0;

        if (!metric->estimated) {
                snprintf(text, size, "not comparable with %s", compared->baseline);
        } else if (metric->missing) {
                put_shift(compared, metric, text, size);
                size_t used = strlen(text);
                snprintf(text + used, size - used, ", interval unknown");
        } else if (judged->word == COMPARISON_EQUIVALENT) {
                snprintf(text, size, "the same as %s", compared->baseline);
                put_interval(metric, false, text, size);
        } else if (judged->reason == COMPARISON_WITHIN_NOISE) {
                put_unseen(compared, metric, text, size);
        } else {
                put_shift(compared, metric, text, size);
                put_interval(metric, downward, text, size);
        }
}

/* What decided: the first deciding metric that has the word of the whole. */
static const struct compare_metric *decisive(const struct compared *compared)
{
        for (size_t i = 0; i < compared->len; i++)
                if (compared->metrics[i].role != COMPARISON_EXPLORATORY && compared->metrics[i].judged.word == compared->word)
                        return &compared->metrics[i];
        return &compared->metrics[0];
}

void compare_write_text(struct compared *compared)
{
        const struct compare_metric *metric = decisive(compared);
        char what[COMPARE_CHANGE_MAX + 32], more[48] = "", behind[32] = "", variant[COMPARE_NAME_MAX + 2];
        bool pairs = compared->method == COMPARE_PAIRED;

        snprintf(variant, sizeof variant, "%s%s", compared->variant, compared->variant[0] ? ": " : "");
        put_metric(compared, &compared->metrics[0], what, sizeof what);
        snprintf(compared->change, sizeof compared->change, "%s%s", variant, what);
        put_metric(compared, metric, what, sizeof what);
        if (metric->judged.pairs_needed > 0)
                snprintf(more, sizeof more, "; %u more %s needed", metric->judged.pairs_needed, pairs ? "pairs" : "trials");
        if (pairs)
                snprintf(behind, sizeof behind, ", %zu pair%s", compared->b_trials, compared->b_trials == 1 ? "" : "s");
        const char *missing = metric->missing ? metric->missing : "";
        const char *indicative = pairs ? "; indicative, fewer than 4 pairs" : "; indicative, how runs differ is not known";
        snprintf(compared->text, sizeof compared->text, "%s%s %s%s%s%s%s%s", variant, metric->what->metric, what, behind, *missing ? ": " : "",
                 missing, more, compared->strength == COMPARE_INDICATIVE && !metric->missing ? indicative : "");
        text_scrub(compared->change);
        text_scrub(compared->text);
}

/* ---- JSON ---- */

static void set_value(struct json_object *row, const char *key, const struct comparable *what, bool known, double value)
{
        struct metric metric;
        char text[FOLD_TEXT_MAX];

        if (!known || metric_parse(what->metric, &metric, NULL))
                return;
        measure_format(&metric, &(struct measured){.number = value}, text);
        doc_set_text(row, key, text);
}

/* "1.1200", "3.598e+23", or "+0.200pp" of a share. */
static void set_shift(struct json_object *row, const char *key, const struct comparable *what, double shift)
{
        char text[NUMBER_MAX];

        if (what->is_share)
                snprintf(text, sizeof text, "%+.3fpp", 100 * shift);
        else
                snprintf(text, sizeof text, fabs(shift) < IN_FULL_MAX ? "%.4f" : "%.3e", exp(shift));
        doc_set_text(row, key, text);
}

static struct json_object *encode_metric(const struct compare_metric *metric)
{
        static const char *const roles[] = {"primary", "gate", "exploratory"};
        struct json_object *row = doc_set_text(doc_object(), "metric", metric->what->metric);

        doc_set_text(row, "role", roles[metric->role]);
        set_value(row, "a", metric->what, metric->a_known, metric->a);
        set_value(row, "b", metric->what, metric->b_known, metric->b);
        if (metric->estimated)
                set_shift(row, metric->what->is_share ? "difference" : "ratio", metric->what, metric->estimate);
        if (!metric->missing) {
                set_shift(row, "low", metric->what, metric->judged.interval.low);
                set_shift(row, "high", metric->what, metric->judged.interval.high);
                set_shift(row, "smallestVisible", metric->what, metric->judged.smallest_visible);
        }
        doc_set_text(row, "verdict", comparison_word_name(metric->judged.word));
        return doc_set_text(row, "reason", metric->missing && metric->estimated ? "NoInterval"
                                                                                : comparison_reason_name(metric->judged.reason));
}

static uint32_t pairs_needed(const struct compared *compared)
{
        uint32_t needed = 0;

        for (size_t i = 0; i < compared->len; i++)
                if (compared->metrics[i].role != COMPARISON_EXPLORATORY && compared->metrics[i].judged.pairs_needed > needed)
                        needed = compared->metrics[i].judged.pairs_needed;
        return needed;
}

/* At most 'rows' of its metrics. */
static struct json_object *encode_arm(const struct compared *compared, const char *run, size_t rows)
{
        bool variant = compared->variant[0] != '\0';
        struct json_object *arm = doc_set_text(doc_object(), "a", compared->baseline), *metrics = doc_array();

        doc_set_text(arm, "b", variant ? compared->variant : run);
        for (size_t i = 0; i < compared->len && i < rows; i++)
                doc_push(metrics, encode_metric(&compared->metrics[i]));
        doc_set(arm, "metrics", metrics);
        if (!variant)
                return doc_set_int(doc_set_int(arm, "aTrials", (int64_t)compared->a_trials), "bTrials", (int64_t)compared->b_trials);
        doc_set_text(doc_set_text(arm, "verdict", comparison_word_name(compared->word)), "message", compared->text);
        doc_set_int(arm, "pairs", (int64_t)compared->b_trials);
        return pairs_needed(compared) ? doc_set_int(arm, "pairsNeeded", pairs_needed(compared)) : arm;
}

struct json_object *compare_encode(const struct compared *list, size_t len, const char *run, struct json_object *truncated)
{
        const struct compared *gravest = compare_gravest(list, len);
        struct json_object *out = doc_object(), *arms = doc_array();
        size_t rows = truncated ? COMPARE_ROWS_MAX / len : SIZE_MAX;
        bool cut = false;

        if (!gravest->variant[0])
                doc_set(out, "baseline", doc_set_text(doc_object(), "run", gravest->baseline[0] ? gravest->baseline : NULL));
        doc_set_text(out, "verdict", comparison_word_name(gravest->word));
        doc_set_text(out, "message", gravest->text);
        if (gravest->problem && !gravest->variant[0]) {
                json_object_put(arms);
                return out;
        }
        doc_set_text(out, "confirmation", compare_strength_name(gravest->strength));
        doc_set_text(doc_set_int(out, "looks", 1), "method", compare_method_name(gravest->method));
        for (size_t i = 0; i < len; i++) {
                doc_push(arms, encode_arm(&list[i], run, rows));
                cut = cut || list[i].len > rows;
        }
        if (cut)
                doc_push_text(truncated, "comparison.arms");
        return doc_set(out, "arms", arms);
}
