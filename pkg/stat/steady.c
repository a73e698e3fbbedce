/* SPDX-License-Identifier: Apache-2.0 */
#include "stat/steady.h"

#include <assert.h>
#include <math.h>

#include "stat/dist.h"

static double batch_mean(const double *values, size_t batch)
{
        double sum = 0;

        for (size_t i = 0; i < STEADY_BATCH; i++)
                sum += values[batch * STEADY_BATCH + i];
        return sum / STEADY_BATCH;
}

/* From the last batch backwards, so that each d costs one step: mean and squares around it by Welford's update. */
enum stat_kind steady_mser5(const double *values, size_t len, struct steady_cut *ret_cut)
{
        size_t batches = len / STEADY_BATCH, best = 0;
        double mean = 0, squares = 0, least = INFINITY;

        if (batches < 10)
                return STAT_TOO_FEW;
        if (len > STEADY_LEN_MAX)
                return STAT_TOO_MANY;
        for (size_t d = batches; d-- > 0;) {
                double z = batch_mean(values, d), kept = (double)(batches - d), away = z - mean;
                mean += away / kept;
                squares += away * (z - mean);
                if (d > batches - 5)
                        continue;
                double mser = squares / (kept * kept);
                if (mser <= least) {
                        least = mser;
                        best = d;
                }
        }
        if (!isfinite(squares))
                return STAT_NOT_FINITE;
        *ret_cut = (struct steady_cut){.len = best * STEADY_BATCH, .settled = 2 * best <= batches, .mser = least};
        return STAT_OK;
}

enum stat_kind steady_trend(const double *sections, size_t len, double drift_max, struct steady_trend *ret_trend)
{
        double n = (double)len, middle = (n - 1) / 2, mean = 0, products = 0, times = 0, rest = 0;

        assert(drift_max >= 0);
        if (len < 4)
                return STAT_TOO_FEW;
        if (len > STEADY_LEN_MAX)
                return STAT_TOO_MANY;
        for (size_t i = 0; i < len; i++)
                mean += sections[i] / n;
        for (size_t i = 0; i < len; i++) {
                products += ((double)i - middle) * (sections[i] - mean);
                times += ((double)i - middle) * ((double)i - middle);
        }
        double slope = products / times;
        for (size_t i = 0; i < len; i++)
                rest += pow(sections[i] - mean - slope * ((double)i - middle), 2);
        double drift = slope * n, se = sqrt(rest / (n - 2) / times);
        if (!isfinite(drift) || !isfinite(se))
                return STAT_NOT_FINITE;
        /* A perfect line is a trend, a perfect level none. */
        double p = slope == 0 ? 1 : se == 0 ? 0 : 2 * dist_t_tail(fabs(slope) / se, n - 2);

        *ret_trend = (struct steady_trend){.drift = drift, .p = p, .steady = !(p < 0.01 && fabs(drift) > drift_max)};
        return STAT_OK;
}
