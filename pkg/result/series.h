/* SPDX-License-Identifier: Apache-2.0
 *
 * Several trials of one run as one result. The trial is the unit: its interval comes from how trials differ, not from what is inside
 * them. Pure: the documents of trials (result/trial.h) in, a fold, gates and estimates out. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "api/profile.h"
#include "result/gates.h"
#include "result/trial.h"

/* How many trials there will be over all arms, from the documents of those that are over: the most while fewer than min rounds are, then
 * computed once from the first min (Stein's rule, stat/plan.h), so that the interval keeps its confidence; of several variants the one that
 * needs most counts. *ret_known: this will not change any more. */
uint32_t series_planned(const struct profile *profile, struct json_object *const *docs, size_t len, bool *ret_known);

/* The warm-up of all trials: that of the first whose workers found its end; -1: there is none yet. */
int64_t series_warmup_ms(struct json_object *const *docs, size_t len);

struct series_result {
        struct fold *fold;             /* owned: of the trials that count */
        struct gates gates;
        struct estimates estimates;    /* values of 'fold', intervals from the spread between trials */
        struct observed observed;      /* over the trials that count */
        struct estimates *trials;      /* owned: of each trial that counts */
        size_t trials_len;
        struct json_object *workers;   /* status.workers of the last trial of which somebody said something; owned, NULL: none */
};

/* How much the trials together are worth, as series_merge says it. */
void series_judge(struct json_object *const *docs, size_t len, bool stopped, struct gates *ret_gates);

/* status.trials of these; caller owns. */
struct json_object *series_encode_rows(struct json_object *const *docs, size_t len);

/* Whole trials count; where there are none, those that were cut short do; where all are invalid, they are shown, and so is the whole. 'stopped': the series was ended early.
 * False: no trial has figures, and only gates and workers are filled. */
bool series_merge(const struct profile *profile, const struct load_plan *plan, struct json_object *const *docs, size_t len, bool stopped,
                  struct series_result *ret_result);
void series_done(struct series_result *result);
