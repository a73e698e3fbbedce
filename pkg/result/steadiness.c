/* SPDX-License-Identifier: Apache-2.0 */
#include "result/steadiness.h"

#include "result/levels.h"
#include "stat/section.h"
#include "stat/steady.h"

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
        levels_take_latency(fold, span, &levels);
        if (steady_mser5(levels.of, levels.len, &cut))
                return steadiness;
        steadiness.known = true;
        steadiness.settled = cut.settled;
        steadiness.cut = (double)cut.len / (double)levels.len;
        look_for_trend(&levels, &steadiness);
        return steadiness;
}
