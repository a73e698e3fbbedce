/* SPDX-License-Identifier: Apache-2.0 */
#include "stat/plan.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

#include "stat/dist.h"

#define ARMS_MAX 64

uint32_t plan_arm(uint32_t trial, uint32_t arms)
{
        assert(arms > 0);
        uint32_t pass = trial / arms, at = trial % arms;
        bool backward = pass % 4 == 1 || pass % 4 == 2;

        return backward ? arms - 1 - at : at;
}

/* SplitMix64 (Steele, Lea, Flood 2014): one step from 'state'. */
static uint64_t draw(uint64_t *state)
{
        uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return z ^ (z >> 31);
}

uint32_t plan_arm_random(uint32_t trial, uint32_t arms, uint64_t seed)
{
        uint64_t state = seed;
        uint32_t order[ARMS_MAX];

        assert(arms > 0 && arms <= ARMS_MAX);
        state = draw(&state) + trial / arms;
        for (uint32_t i = 0; i < arms; i++) { /* inside out: every order is as likely */
                uint32_t at = (uint32_t)(draw(&state) % (i + 1));
                order[i] = order[at];
                order[at] = i;
        }
        return order[trial % arms];
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
