/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of struct hist, shared by hist.c (values) and hist_codec.c (bytes) and by nobody else.
 * Bucket b holds half_count sub-buckets, each 2^b wide; only bucket 0 has the lower half as well. */
#pragma once

#include <stddef.h>

#include "stat/hist.h"

struct hist {
        int digits;
        uint32_t half_bits; /* log2 of the sub-buckets in half a bucket: 7 (2 digits), 10 (3 digits) */
        uint32_t counts_len;
        uint32_t low_index, high_index; /* what was ever counted lies in between; low > high when empty */
        uint64_t count, clamped;
        int64_t min_ns, max_ns; /* meaningless when empty */
        double sum_ns;
        uint64_t counts[];
};

/* The bucket of a value in 0..HIST_VALUE_MAX_NS. */
uint32_t hist_index(const struct hist *hist, int64_t value_ns);
/* The smallest value of bucket 'index' (at most counts_len: one past the end is fine). */
int64_t hist_index_low(const struct hist *hist, uint32_t index);
int64_t hist_index_high(const struct hist *hist, uint32_t index);
