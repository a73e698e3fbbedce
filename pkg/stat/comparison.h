/* SPDX-License-Identifier: Apache-2.0
 *
 * From a shift to a word. One metric, the primary, decides by itself at one-sided 1 %; the gates decide too, at 1 % for all of them
 * together (Holm), so that two identical arms are called worse in at most 2 of 100 comparisons; what is exploratory gets a word and decides
 * nothing.
 *
 * | first row that holds                                                             | word         | reason         |
 * | there is no shift (too few pairs, a baseline of 0, …)                            | Inconclusive | NoEstimate     |
 * | estimate beyond the tolerance in the bad direction, adjusted p <= 1 %            | Worse        | BeyondTolerance |
 * | estimate beyond the tolerance in the good direction, adjusted p <= 1 %           | Better       | BeyondTolerance |
 * | 90 % interval inside the tolerance (two one-sided tests at 5 %)                  | Equivalent   | WithinTolerance |
 * | 95 % interval excludes no change                                                 | Inconclusive | NearTolerance  |
 * | otherwise                                                                        | Inconclusive | WithinNoise    |
 *
 * A difference that is real but not shown to be beyond the tolerance is told by 'lean' ("slower, within or near tolerance") and never
 * makes anything fail: an arm that leans to worse is not judged harder than one of which nothing is known. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stat/holm.h"
#include "stat/kind.h"
#include "stat/shift.h"

#define COMPARISON_ALPHA 0.01  /* one-sided, of worse and of better */
#define COMPARISON_POWER 0.8   /* what "visible" means: seen four times in five */
#define COMPARISON_LEN_MAX HOLM_LEN_MAX

enum comparison_role { COMPARISON_PRIMARY, COMPARISON_GATE, COMPARISON_EXPLORATORY };
enum comparison_word { COMPARISON_WORSE, COMPARISON_BETTER, COMPARISON_EQUIVALENT, COMPARISON_INCONCLUSIVE };
enum comparison_reason {
        COMPARISON_NO_ESTIMATE,
        COMPARISON_BEYOND_TOLERANCE,
        COMPARISON_WITHIN_TOLERANCE,
        COMPARISON_NEAR_TOLERANCE,
        COMPARISON_WITHIN_NOISE,
};
/* The side of no change on which the 95 % interval lies. */
enum comparison_lean { COMPARISON_LEAN_NONE, COMPARISON_LEAN_WORSE, COMPARISON_LEAN_BETTER };

const char *comparison_word_name(enum comparison_word word);       /* "worse", "better", "equivalent", "inconclusive" */
const char *comparison_reason_name(enum comparison_reason reason); /* "NoEstimate", … */

/* One metric of the two arms, reference A against B. */
struct comparison_metric {
        enum comparison_role role;
        bool higher_is_better;
        double tolerance;    /* >= 0, in the shift's own scale: ln(1.05) for 5 % of a ratio, 0.001 for 0.1 points */
        double rounding;     /* > 0, how finely a trial's value is known in that scale: 0.001 for 3 digits, 1 / requests for a share */
        uint32_t pairs;      /* pairs (or trials of the smaller group) behind the shift, >= 2 */
        uint32_t comparisons; /* made at once, each arm with the reference: the error rate is shared (Bonferroni); 0 and 1: only this one */
        enum stat_kind kind; /* what shift_paired, shift_stein or shift_welch answered */
        struct shift shift;  /* for STAT_OK; for STAT_NO_SPREAD only its estimate, b[0] - a[0]: what every pair shows */
};

struct comparison_judged {
        enum comparison_word word;
        enum comparison_reason reason;
        enum comparison_lean lean;
        /* All but word, reason and lean are 0 for NoEstimate. */
        struct shift_interval interval; /* 95 % */
        double p_worse;                 /* one-sided p of "not worse", adjusted for the comparisons made at once, and for the gates among them */
        double smallest_visible;        /* true shift that this many pairs show as worse four times in five */
        /* Inconclusive: pairs still to be run until a shift of the tolerance is visible; 0: none, or over PLAN_PAIRS_MAX. */
        uint32_t pairs_needed;
};

/* Judges all metrics of one comparison, ret_judged[i] for metrics[i]; returns the word for the whole:
 *
 * | first row that holds                     | word         |
 * | the primary or a gate is worse           | Worse        |
 * | the primary or a gate is inconclusive    | Inconclusive |
 * | the primary is better                    | Better       |
 * | otherwise                                | Equivalent   |
 *
 * At most one metric is primary; without primary and gates the whole is Inconclusive. The same difference in every pair
 * (no error in any trial, say) is judged with the spread that rounding alone would have given. len <= COMPARISON_LEN_MAX. */
enum comparison_word comparison_judge(const struct comparison_metric *metrics, size_t len, struct comparison_judged *ret_judged);
