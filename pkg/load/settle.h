/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a warm-up has done its work: the last SETTLE_SPAN_MS are as fast as as much time before them, or what there is of it,
 * within SETTLE_CHANGE. Compared are means of ln(latency) of the answers that were expected: steadier than any percentile, and
 * blind to a few slow ones. Time in which nothing was answered is never settled. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SETTLE_SPAN_MS 10000
#define SETTLE_CHANGE 0.05
#define SETTLE_CELL_MS 1000
#define SETTLE_CELLS 64 /* hold both spans and more */

struct settle_cell {
        int64_t ms;
        double log_sum; /* of the latencies in ns */
        uint64_t count;
};

struct settle { /* {0} to begin with */
        struct settle_cell cells[SETTLE_CELLS]; /* a ring: the last of 'len' */
        size_t len;
};

/* The next piece of time, with the answers that came in it: its length, above 0, their number and the sum of ln(latency). */
void settle_add(struct settle *settle, const struct settle_cell *span);
/* *ret_change: of the last span against the one before, as a ratio minus 1; NAN while it is not known, and then never settled. */
bool settle_holds(const struct settle *settle, double *ret_change);
