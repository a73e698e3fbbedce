/* SPDX-License-Identifier: Apache-2.0
 *
 * One run against a baseline, or one variant of a run against the first of them, from what each trial of either says about each metric
 * (result/estimate.h). The unit is the trial; which method there is depends on how many there are, and whether they were made in turn:
 *
 * | baseline : run    | method     | spread from                                          | strength   |
 * | 1 : 1             | sections   | sections of either window: how runs differ is unknown | indicative |
 * | n >= 2 : 1, 1 : n | prediction | the trials of the side that has them                  | indicative |
 * | n : m             | welch      | the trials of either side                             | replicated from 3 : 3 on, else indicative |
 * | n pairs           | paired     | the differences of the pairs                          | confirmed from 4 pairs on, else indicative |
 *
 * What is indicative never fails a run: it makes it Inconclusive at worst (result/verdict.h). */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "api/comparable.h"
#include "api/profile.h"
#include "result/estimate.h"
#include "stat/comparison.h"

#define COMPARE_TRIALS_MAX 64
#define COMPARE_REPLICATED_MIN 3 /* trials of either side from which on one bad trial can be seen */
#define COMPARE_CONFIRMED_MIN 4  /* the same of pairs */
#define COMPARE_TEXT_MAX 256
#define COMPARE_CHANGE_MAX 128
#define COMPARE_NAME_MAX 64

struct compare_side {
        const char *name;               /* of the run or the variant; borrowed for the call */
        const struct estimates *trials; /* borrowed for the call */
        size_t len;                     /* 1..COMPARE_TRIALS_MAX */
};

struct compare_question {
        const char *primary;                 /* one of comparables */
        const char *gates[COMPARABLE_MAX];
        size_t gates_len;
        double tolerance[COMPARABLE_MAX];    /* tolerance[i] of comparables[i] */
        uint32_t comparisons;                /* made at once (stat/comparison.h); 0: only this one */
};
struct compare_question compare_question_of(const struct profile_baseline *baseline);

enum compare_method { COMPARE_NO_METHOD, COMPARE_SECTIONS, COMPARE_PREDICTION, COMPARE_WELCH, COMPARE_PAIRED };
enum compare_strength { COMPARE_INDICATIVE, COMPARE_REPLICATED, COMPARE_CONFIRMED };

const char *compare_method_name(enum compare_method method);       /* "none", "sections", "prediction", "welch", "paired" */
const char *compare_strength_name(enum compare_strength strength); /* as status.comparison.confirmation: "none", "replicated", "confirmed" */

struct compare_metric {
        const struct comparable *what;
        enum comparison_role role;
        bool a_known, b_known;
        double a, b;          /* means over the trials (geometric, but for shares), in the metric's unit */
        bool estimated;       /* there is a shift, if perhaps without an interval */
        double estimate;      /* ln of a ratio, or a difference of shares */
        double tolerance;     /* in that scale */
        const char *missing;  /* why there is no estimate or no interval; NULL when there are both */
        struct comparison_judged judged; /* word and, unless 'missing', interval */
};

struct compared {
        bool first;           /* nothing to compare with, and that is no fault: the first run of its kind */
        const char *problem;  /* a sentence why nothing could be compared; NULL: it was. Static or owned by the caller of compare */
        enum comparison_word word;
        enum compare_method method;
        enum compare_strength strength;
        char baseline[COMPARE_NAME_MAX]; /* or the reference variant */
        char variant[COMPARE_NAME_MAX];  /* that is compared with it; "" of runs */
        size_t a_trials, b_trials;
        struct compare_metric metrics[COMPARABLE_MAX];
        size_t len;
        char change[COMPARE_CHANGE_MAX]; /* of the primary: "12 % slower than checkout-7f3a (8 % to 16 %)" */
        char text[COMPARE_TEXT_MAX];     /* one sentence, names the metric that decided and how much it is worth */
};

/* Compares; *ret_compared is filled whole. */
void compare_runs(const struct compare_side *a, const struct compare_side *b, const struct compare_question *question,
                  struct compared *ret_compared);
/* Two variants whose trials i are pairs, a->len == b->len; the spread is that of the first 'first' pairs (stat/shift.h, Stein). */
void compare_pairs(const struct compare_side *a, const struct compare_side *b, size_t first, const struct compare_question *question,
                   struct compared *ret_compared);
/* There is nothing to compare with, or (variant not NULL) nothing of a variant to compare: 'problem' (borrowed for ret_compared's life) says why. */
void compare_nothing(const char *baseline, const char *variant, const char *problem, struct compared *ret_compared);

/* Of several comparisons the one that the verdict goes by: worse, then undecided, then better, of these the first of the strongest; NULL of none. */
const struct compared *compare_gravest(const struct compared *list, size_t len);

#define COMPARE_ROWS_MAX 28 /* of metrics, over all arms, in a status */
/* status.comparison but for the baseline's digest, 'run' (its name) against a baseline or variants against the first. Rows are left out from
 * the exploratory end where there would be too many; then "comparison.arms" is added to 'truncated' (may be NULL: all rows). Caller owns. */
struct json_object *compare_encode(const struct compared *list, size_t len, const char *run, struct json_object *truncated);
