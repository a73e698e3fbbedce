/* SPDX-License-Identifier: Apache-2.0
 *
 * The points of time of a span as one number each. */
#pragma once

#include "result/fold.h"

struct levels {
        double of[HARVEST_POINTS_MAX];
        int64_t from_ms[HARVEST_POINTS_MAX]; /* shape time */
        size_t len;
};

/* Mean of ln(latency) of a point's answers. A point without an answer has none, and is left out. */
void levels_take_latency(const struct fold *fold, const struct fold_span *span, struct levels *levels);
/* Share of a point's requests that were missed or censored. */
void levels_take_errors(const struct fold *fold, const struct fold_span *span, struct levels *levels);
