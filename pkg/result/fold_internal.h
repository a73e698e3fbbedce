/* SPDX-License-Identifier: Apache-2.0
 *
 * Sums of a fold, shared by what folds workers (fold.c) and what folds trials (trial.c). */
#pragma once

#include "result/fold.h"

#define FOLD_HISTS 7

struct fold_hist_row {
        const char *name; /* as in records */
        size_t offset;    /* into struct fold_span */
};
extern const struct fold_hist_row fold_hists[FOLD_HISTS];

/* Adds at the lower of both resolutions; 'from' may be NULL. */
void fold_add_hist(struct hist **into, const struct hist *from);
struct hist **fold_hist_at(struct fold_span *span, size_t i);
void fold_add_span(struct fold_span *into, struct fold_span *from);
/* Adds a record's counters (under "C"; further parts have none) and histograms. */
void fold_add_record(struct fold_span *span, struct json_object *record);
/* Empty spans of every piece and request. */
void fold_plan_spans(struct fold *fold, const struct load_plan *plan);
int fold_choose_window(const struct fold *fold);
