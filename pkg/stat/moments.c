/* SPDX-License-Identifier: Apache-2.0 */
#include "stat/moments.h"

#include <math.h>
#include <stdbool.h>

enum stat_kind moments_of(const double *values, size_t len, struct moments *ret_moments)
{
        double sum = 0, squares = 0;
        bool same = true;

        if (len < 2)
                return STAT_TOO_FEW;
        for (size_t i = 0; i < len; i++) {
                sum += values[i];
                same = same && values[i] == values[0];
        }
        double mean = same ? values[0] : sum / (double)len;
        for (size_t i = 0; i < len; i++)
                squares += (values[i] - mean) * (values[i] - mean);
        if (!isfinite(sum) || !isfinite(squares))
                return STAT_NOT_FINITE;
        *ret_moments = (struct moments){.mean = mean, .variance = squares / (double)(len - 1)};
        return STAT_OK;
}
