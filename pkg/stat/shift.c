/* SPDX-License-Identifier: Apache-2.0 */
#include "stat/shift.h"

#include <assert.h>
#include <math.h>

#include "base/mem.h"
#include "stat/dist.h"
#include "stat/moments.h"

enum stat_kind shift_log(const double *values, size_t len, double *ret_logs)
{
        for (size_t i = 0; i < len; i++)
                if (!isfinite(values[i]))
                        return STAT_NOT_FINITE;
                else if (values[i] <= 0)
                        return STAT_NOT_POSITIVE;
        for (size_t i = 0; i < len; i++)
                ret_logs[i] = log(values[i]);
        return STAT_OK;
}

enum stat_kind shift_welch(const double *a, size_t a_len, const double *b, size_t b_len, struct shift *ret_shift)
{
        struct moments of_a, of_b;
        enum stat_kind kind = moments_of(a, a_len, &of_a);

        if (!kind)
                kind = moments_of(b, b_len, &of_b);
        if (kind)
                return kind;
        if (of_a.variance == 0 && of_b.variance == 0)
                return STAT_NO_SPREAD;

        /* Shares of the squared error instead of its fourth power: nothing underflows. */
        double part_a = of_a.variance / (double)a_len, part_b = of_b.variance / (double)b_len, square = part_a + part_b;
        double share_a = part_a / square, share_b = part_b / square;
        *ret_shift = (struct shift){
                .estimate = of_b.mean - of_a.mean,
                .se = sqrt(square),
                .df = 1 / (share_a * share_a / (double)(a_len - 1) + share_b * share_b / (double)(b_len - 1)),
        };
        return STAT_OK;
}

enum stat_kind shift_stein(const double *a, const double *b, size_t first, size_t pairs, struct shift *ret_shift)
{
        struct moments of_first, of_all;
        enum stat_kind kind;

        assert(first <= pairs);
        if (first < 2)
                return STAT_TOO_FEW;
        auto_free double *differences = xcalloc(pairs, sizeof *differences);
        for (size_t i = 0; i < pairs; i++)
                differences[i] = b[i] - a[i];
        kind = moments_of(differences, pairs, &of_all);
        if (!kind)
                kind = moments_of(differences, first, &of_first);
        if (kind)
                return kind;
        if (of_first.variance == 0)
                return STAT_NO_SPREAD;
        *ret_shift = (struct shift){
                .estimate = of_all.mean,
                .se = sqrt(of_first.variance / (double)pairs),
                .df = (double)(first - 1),
        };
        return STAT_OK;
}

enum stat_kind shift_paired(const double *a, const double *b, size_t pairs, struct shift *ret_shift)
{
        return shift_stein(a, b, pairs, pairs, ret_shift);
}

struct shift_interval shift_interval(const struct shift *shift, double confidence)
{
        double half = dist_t_quantile(0.5 + confidence / 2, shift->df) * shift->se;

        return (struct shift_interval){shift->estimate - half, shift->estimate + half};
}

double shift_p_above(const struct shift *shift, double bound)
{
        return dist_t_tail((shift->estimate - bound) / shift->se, shift->df);
}

double shift_p_below(const struct shift *shift, double bound)
{
        return dist_t_tail((bound - shift->estimate) / shift->se, shift->df);
}

double shift_p_outside(const struct shift *shift, double margin)
{
        assert(margin >= 0);
        return fmax(shift_p_above(shift, -margin), shift_p_below(shift, margin));
}

double shift_smallest_visible(const struct shift *shift, double alpha, double power)
{
        return (dist_t_quantile(1 - alpha, shift->df) + dist_t_quantile(power, shift->df)) * shift->se;
}
