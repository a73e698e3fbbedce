/* SPDX-License-Identifier: Apache-2.0 */
#include "stat/holm.h"

#include <math.h>

enum stat_kind holm_adjust(const double *p, size_t len, double *ret_adjusted)
{
        size_t order[HOLM_LEN_MAX];
        double so_far = 0;

        if (len > HOLM_LEN_MAX)
                return STAT_TOO_MANY;
        for (size_t i = 0; i < len; i++) {
                if (!(p[i] >= 0 && p[i] <= 1))
                        return STAT_NOT_FINITE;
                size_t at = i;
                for (; at > 0 && p[order[at - 1]] > p[i]; at--)
                        order[at] = order[at - 1];
                order[at] = i;
        }
        for (size_t rank = 0; rank < len; rank++) {
                so_far = fmax(so_far, (double)(len - rank) * p[order[rank]]);
                ret_adjusted[order[rank]] = fmin(so_far, 1);
        }
        return STAT_OK;
}
