/* SPDX-License-Identifier: Apache-2.0
 *
 * When a worker stops of itself because the target is going down under it: errors made up more than 'ratio' of what was
 * completed in every interval of 'for_ms' in a row, warm-up included. Errors are answers that miss what the request expects, and
 * requests without an answer. An interval in which nothing was completed (everything hangs) prolongs what went before.
 * Each worker decides for itself, on what it sees first: a brake must not depend on whether anybody reads its log. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct brake {
        double ratio;     /* 0..1 */
        int64_t for_ms;   /* 0: there is no brake */
        int64_t over_ms;  /* for how long it has been beyond */
        bool pulled;      /* once, and for good */
};

/* The next interval, 'span_ms' long: so many requests were completed, so many of them were errors. True when pulled. */
bool brake_step(struct brake *brake, uint64_t done, uint64_t errors, int64_t span_ms);
