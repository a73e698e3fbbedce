/* SPDX-License-Identifier: Apache-2.0 */
#include "result/steadiness.h"

#include <math.h>

#include "stat/section.h"
#include "stat/steady.h"

struct levels {
        double of[HARVEST_POINTS_MAX];
        size_t len;
};

/* Mean of ln(latency) of the answers of a point. A request without an answer has none: gates and verdict tell of those. */
static double level_of(const struct hist *hist)
{
        uint32_t at = 0;
        int64_t value_ns;
        uint64_t count;
        double sum = 0;

        while (hist_next(hist, &at, &value_ns, &count))
                sum += (double)count * log((double)(value_ns > 0 ? value_ns : 1));
        return sum / (double)hist_count(hist);
}

static void take_levels(const struct fold *fold, const struct fold_span *span, struct levels *levels)
{
        levels->len = 0;
        for (size_t i = 0; i < fold->points_len && levels->len < HARVEST_POINTS_MAX; i++) {
                const struct harvest_point *point = &fold->points[i];
                if (point->from_ms < span->from_ms || point->to_ms > span->to_ms || !point->latency || hist_count(point->latency) == 0)
                        continue;
                levels->of[levels->len++] = level_of(point->latency);
        }
}

static void look_for_trend(const struct levels *levels, struct steadiness *steadiness)
{
        double sections[SECTION_LEN] = {0};
        size_t counts[SECTION_LEN] = {0};
        struct steady_trend trend;

        for (size_t i = 0; i < levels->len; i++) {
                sections[i * SECTION_LEN / levels->len] += levels->of[i];
                counts[i * SECTION_LEN / levels->len]++;
        }
        for (size_t i = 0; i < SECTION_LEN; i++) {
                if (counts[i] == 0)
                        return;
                sections[i] /= (double)counts[i];
        }
        if (steady_trend(sections, SECTION_LEN, STEADINESS_DRIFT, &trend))
                return;
        steadiness->trend_known = true;
        steadiness->steady = trend.steady;
        steadiness->drift = trend.drift;
}

struct steadiness steadiness_of(const struct fold *fold)
{
        const struct fold_span *span = fold_window(fold);
        struct steadiness steadiness = {0};
        struct steady_cut cut;
        struct levels levels;

        if (fold->window < 0 || fold->reduced > 0 || fold->partial || fold->covered < fold->workers ||
            span->to_ms - span->from_ms < STEADINESS_WINDOW_MS)
                return steadiness;
        take_levels(fold, span, &levels);
        if (steady_mser5(levels.of, levels.len, &cut))
                return steadiness;
        steadiness.known = true;
        steadiness.settled = cut.settled;
        steadiness.cut = (double)cut.len / (double)levels.len;
        look_for_trend(&levels, &steadiness);
        return steadiness;
}
