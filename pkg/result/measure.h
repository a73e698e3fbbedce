/* SPDX-License-Identifier: Apache-2.0
 *
 * From a metric's name to a value: which span of a fold it speaks of, and what that span says. */
#pragma once

#include <stdbool.h>

#include "api/metric.h"
#include "result/fold.h"

/* A value in its metric's own unit: nanoseconds, a ratio, requests per second. */
struct measured {
        const char *missing; /* reason why there is none, as in result/verdict.h; NULL when there is one */
        bool censored;       /* worse than any limit; of a mean: a lower bound */
        double number;
        double offered_rps;  /* of the same span, for limits in percent */
};

/* Label piece: the index of the piece, or a kind ("hold") that occurs once. Label request: a request's own figures cover the whole
 * shape, so piece and request together are NotMeasured, and so is service or ttfb of a request. Without them: the window. */
struct measured measure_metric(const struct fold *fold, const struct metric *metric);

/* "11.203ms", "> 5s", "0.02%", "998.7/s"; "-" when missing. */
void measure_format(const struct metric *metric, const struct measured *measured, char text[static FOLD_TEXT_MAX]);
