/* SPDX-License-Identifier: Apache-2.0 */
#include "stat/plan.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

#include "stat/dist.h"

uint32_t plan_arm(uint32_t trial, uint32_t arms)
{
        assert(arms > 0);
        uint32_t pass = trial / arms, at = trial % arms;
        bool backward = pass % 4 == 1 || pass % 4 == 2;

        return backward ? arms - 1 - at : at;
}

static bool enough(uint32_t pairs, double sd, double shift, double alpha, double power)
{
        double df = pairs - 1;

        return (dist_t_quantile(1 - alpha, df) + dist_t_quantile(power, df)) * sd / sqrt(pairs) <= shift;
}

enum stat_kind plan_pairs(double sd, double shift, double alpha, double power, uint32_t *ret_pairs)
{
        uint32_t low = 1, high = PLAN_PAIRS_MAX; /* low is not enough, high is */

        if (!isfinite(sd) || !isfinite(shift))
                return STAT_NOT_FINITE;
        if (shift <= 0)
                return STAT_NOT_POSITIVE;
        assert(sd >= 0);
        if (!enough(high, sd, shift, alpha, power))
                return STAT_TOO_MANY;
        while (high - low > 1) {
                uint32_t middle = low + (high - low) / 2;
                if (enough(middle, sd, shift, alpha, power))
                        high = middle;
                else
                        low = middle;
        }
        *ret_pairs = high;
        return STAT_OK;
}

enum stat_kind plan_stein_pairs(double sd, uint32_t first, double half_width, double confidence, uint32_t pairs_max,
                                uint32_t *ret_pairs)
{
        assert(first >= 2 && pairs_max >= first);
        if (!isfinite(sd) || !isfinite(half_width))
                return STAT_NOT_FINITE;
        if (half_width <= 0)
                return STAT_NOT_POSITIVE;
        double needed = pow(dist_t_quantile(0.5 + confidence / 2, first - 1) * sd / half_width, 2);

        *ret_pairs = needed <= first ? first : needed >= pairs_max ? pairs_max : (uint32_t)ceil(needed);
        return STAT_OK;
}

double plan_detectable_change(double sd, uint32_t n, double alpha, double power)
{
        assert(n >= 2);
        double df = 2.0 * n - 2;

        return expm1((dist_t_quantile(1 - alpha / 2, df) + dist_t_quantile(power, df)) * sd * sqrt(2.0 / n));
}
