/* SPDX-License-Identifier: Apache-2.0
 *
 * A histogram of durations over a few fixed bounds, as Prometheus counts them: coarse and small. What is measured for users goes
 * into stat/hist.h instead. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define BUCKETS_MAX 16

struct buckets { /* to begin: bounds_s and len set, the rest zeroed */
        const double *bounds_s;          /* rising; borrowed for ever (a static table) */
        size_t len;                      /* at most BUCKETS_MAX */
        uint64_t counts[BUCKETS_MAX + 1]; /* of each bucket alone; the last is beyond all bounds */
        uint64_t total;
        double sum_s;
};

/* A bound belongs to the bucket below it ("le"). Negative durations count as 0. */
void buckets_record(struct buckets *buckets, int64_t duration_ns);
