/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buckets.h"

#include "base/clock.h"

void buckets_record(struct buckets *buckets, int64_t duration_ns)
{
        double duration_s = duration_ns > 0 ? (double)duration_ns / NS_PER_S : 0;
        size_t at = 0;

        while (at < buckets->len && duration_s > buckets->bounds_s[at])
                at++;
        buckets->counts[at]++;
        buckets->total++;
        buckets->sum_s += duration_s;
}
