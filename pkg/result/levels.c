/* SPDX-License-Identifier: Apache-2.0 */
#include "result/levels.h"

static bool latency_of(const struct harvest_point *point, double *ret_level)
{
        if (!point->latency || hist_count(point->latency) == 0)
                return false;
        *ret_level = hist_log_sum(point->latency) / (double)hist_count(point->latency);
        return true;
}

static bool errors_of(const struct harvest_point *point, double *ret_level)
{
        const struct record_counters *counters = &point->counters;

        if (counters->done == 0)
                return false;
        *ret_level = (double)(counters->missed + counters->censored) / (double)counters->done;
        return true;
}

static void take(const struct fold *fold, const struct fold_span *span, bool (*level_of)(const struct harvest_point *point, double *ret_level),
                 struct levels *levels)
{
        levels->len = 0;
        for (size_t i = 0; i < fold->points_len && levels->len < HARVEST_POINTS_MAX; i++) {
                const struct harvest_point *point = &fold->points[i];
                if (point->from_ms < span->from_ms || point->to_ms > span->to_ms || !level_of(point, &levels->of[levels->len]))
                        continue;
                levels->from_ms[levels->len++] = point->from_ms;
        }
}

void levels_take_latency(const struct fold *fold, const struct fold_span *span, struct levels *levels)
{
        take(fold, span, latency_of, levels);
}

void levels_take_errors(const struct fold *fold, const struct fold_span *span, struct levels *levels)
{
        take(fold, span, errors_of, levels);
}
