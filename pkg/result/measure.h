/* SPDX-License-Identifier: Apache-2.0
 *
 * From a metric's name to a value: which span of a fold it speaks of, and what that span says. */
#pragma once

#include <stdbool.h>

#include "api/metric.h"
#include "result/fold.h"
#include "result/observed.h"

/* A value in its metric's own unit: nanoseconds, a ratio, requests per second, cores, bytes, a count. */
struct measured {
        const char *missing; /* reason why there is none, as in result/verdict.h; NULL when there is one */
        const char *bound;   /* reason why it is a lower bound of what was; NULL: it is what was */
        bool censored;       /* worse than any limit, or of a mean a lower bound */
        double number;
        double offered_rps;  /* of the same span, for limits in percent */
};

/* Label piece: the index of the piece, or a kind ("hold") that occurs once. Label request: a request's own figures cover the whole
 * shape, so piece and request together are NotMeasured, and so is service or ttfb of a request. Without them: the window. */
struct measured measure_metric(const struct fold *fold, const struct metric *metric);
/* The same of what was observed and no worker measured; 'observed' NULL: nobody looked. */
struct measured measure_observed(const struct observed *observed, const struct metric *metric);

/* "11.203ms", "> 5s", "0.02%", "998.7/s", "412.3m", "61.2Mi", "3"; "-" when missing. */
void measure_format(const struct metric *metric, const struct measured *measured, char text[static FOLD_TEXT_MAX]);
