/* SPDX-License-Identifier: Apache-2.0 */
#include "api/comparable.h"

#include "base/text.h"

const struct comparable comparables[] = {
        {"latency.mean", 0.03, .intended = true},
        {"latency.p50", 0.03, .intended = true},
        {"latency.p75", 0.03, .intended = true},
        {"latency.p90", 0.05, .intended = true},
        {"latency.p95", 0.05, .intended = true},
        {"latency.p99", 0.05, .intended = true},
        {"latency.p999", 0.10, .intended = true},
        {"service.mean", 0.03},
        {"service.p50", 0.03},
        {"service.p90", 0.05},
        {"service.p99", 0.05},
        {"ttfb.p50", 0.03},
        {"ttfb.p99", 0.05},
        {"rate.achieved", 0.02, .higher_is_better = true},
        {"errors.ratio", 0.001, .is_share = true},
};
const size_t comparables_len = sizeof comparables / sizeof *comparables;
_Static_assert(sizeof comparables / sizeof *comparables <= COMPARABLE_MAX, "room for every row");

const struct comparable *comparable_find(const char *metric)
{
        for (size_t i = 0; i < comparables_len; i++)
                if (text_equal(metric, comparables[i].metric))
                        return &comparables[i];
        return NULL;
}
