/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of what an objective judges: family.statistic{label="value",…}. To add a family is to add a row. */
#pragma once

#include <stdbool.h>

#include "base/fail.h"

enum metric_family {
        METRIC_LATENCY, /* from the intended start; durations */
        METRIC_SERVICE,
        METRIC_TTFB,
        METRIC_CONNECT,
        METRIC_HANDSHAKE,     /* over TLS only */
        METRIC_ERRORS_RATIO,  /* label class optional */
        METRIC_STATUS_RATIO,  /* label code required */
        METRIC_RATE_OFFERED,
        METRIC_RATE_ACHIEVED,
        METRIC_OBSERVED, /* from here on: what the cluster told meanwhile, and no worker measured */
        METRIC_TARGET_CPU = METRIC_OBSERVED, /* of one pod of the target, mean */
        METRIC_TARGET_MEMORY,    /* the most of any of them */
        METRIC_TARGET_THROTTLED, /* share of the scheduler's periods, mean */
        METRIC_TARGET_RESTARTS,  /* of containers of its pods */
        METRIC_PROXY_CPU,        /* the same of the mesh's proxy beside the target */
        METRIC_PROXY_MEMORY,
        METRIC_FAMILIES,
};

enum metric_unit { METRIC_NANOSECONDS, METRIC_RATIO, METRIC_PER_SECOND, METRIC_CORES, METRIC_BYTES, METRIC_COUNT };

enum metric_stat { METRIC_NO_STAT, METRIC_MIN, METRIC_MEAN, METRIC_QUANTILE, METRIC_MAX };

#define METRIC_LABEL_MAX 64

struct metric {
        enum metric_family family;
        enum metric_stat stat;
        double quantile;  /* of METRIC_QUANTILE, 0..1 */
        char piece[METRIC_LABEL_MAX], request[METRIC_LABEL_MAX], class[METRIC_LABEL_MAX], code[METRIC_LABEL_MAX]; /* "" absent */
};

/* Labels go with the families they have a meaning for: class with errors.ratio, code with status.ratio, request with latency,
 * ratios and rates, piece with all but connect and handshake; never piece and request together; what is observed has none. FAIL_INVALID says
 * what is known. */
enum fail_kind metric_parse(const char *text, struct metric *ret_metric, struct fail *fail);

enum metric_unit metric_unit(const struct metric *metric);
bool metric_is_observed(const struct metric *metric);
/* A limit in the metric's own unit: nanoseconds, ratio 0..1, requests per second, cores, bytes, a count; a percentage for a rate is of the offered
 * rate and sets *ret_of_offered. */
enum fail_kind metric_parse_limit(const struct metric *metric, const char *text, double *ret_limit, bool *ret_of_offered,
                                  struct fail *fail);
