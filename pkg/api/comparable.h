/* SPDX-License-Identifier: Apache-2.0
 *
 * What can be compared between runs: metrics of the window, each with the shift that is not worth a word. To add one is to add a
 * row (and its name to the enums of crds/). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define COMPARABLE_MAX 16

struct comparable {
        const char *metric;       /* as api/metric.h reads it */
        double tolerance;         /* by default; of a ratio minus 1, or of a share in itself */
        bool is_share;            /* compared as a difference: a share may be 0 */
        bool higher_is_better;
        bool intended;            /* latency.*: has no meaning in a closed loop */
};

extern const struct comparable comparables[];
extern const size_t comparables_len; /* at most COMPARABLE_MAX */

/* NULL when there is none of that name; 'metric' may be NULL. */
const struct comparable *comparable_find(const char *metric);
