/* SPDX-License-Identifier: Apache-2.0
 *
 * "metric" and, on a second line, a limit: names and labels are within their bounds, limits are numbers of the metric's unit. */
#include <math.h>

#include "api/metric.h"
#include "base/mem.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        auto_free char *text = fuzz_text(data, size);
        char *limit_text = strchr(text, '\n');
        struct metric metric;
        struct fail fail = {0};
        double limit = -1;
        bool of_offered = false;

        if (limit_text)
                *limit_text++ = '\0';
        if (metric_parse(text, &metric, &fail)) {
                must(fail.kind == FAIL_INVALID && fail.text[0]);
                return 0;
        }
        must(metric.family < METRIC_FAMILIES && metric.stat <= METRIC_MAX);
        must(metric.quantile >= 0 && metric.quantile < 1 && (metric.stat == METRIC_QUANTILE) == (metric.quantile > 0));
        must(!metric.piece[0] || !metric.request[0]);
        must(!metric_is_observed(&metric) || (!metric.piece[0] && !metric.request[0] && !metric.class[0] && !metric.code[0]));
        if (!limit_text || metric_parse_limit(&metric, limit_text, &limit, &of_offered, &fail))
                return 0;
        must(isfinite(limit) && limit >= 0);
        must(!of_offered || ((metric.family == METRIC_RATE_OFFERED || metric.family == METRIC_RATE_ACHIEVED) && limit <= 1));
        return 0;
}
