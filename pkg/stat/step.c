/* SPDX-License-Identifier: Apache-2.0 */
#include "stat/step.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define NEAR_LEN 5

static int ascending(const void *a, const void *b)
{
        double left = *(const double *)a, right = *(const double *)b;

        return (left > right) - (left < right);
}

static double median(const double *values, size_t len)
{
        auto_free double *sorted = xcalloc(len, sizeof *sorted);

        memcpy(sorted, values, len * sizeof *sorted);
        qsort(sorted, len, sizeof *sorted, ascending);
        return len % 2 ? sorted[len / 2] : (sorted[len / 2 - 1] + sorted[len / 2]) / 2;
}

/* How many of 'sorted' are below the value, those that equal it counted half. */
static double below(const double *sorted, size_t len, double value)
{
        size_t from = 0, to = len;

        while (from < to) {
                size_t middle = from + (to - from) / 2;
                if (sorted[middle] < value)
                        from = middle + 1;
                else
                        to = middle;
        }
        for (to = from; to < len && sorted[to] == value;)
                to++;
        return (double)from + (double)(to - from) / 2;
}

static double change_near(const double *values, size_t len, size_t at)
{
        size_t before = at < NEAR_LEN ? at : NEAR_LEN, after = len - at < NEAR_LEN ? len - at : NEAR_LEN;

        return median(values + at, after) - median(values + at - before, before);
}

static double deviations(const double *values, size_t len)
{
        double middle = median(values, len), sum = 0;

        for (size_t i = 0; i < len; i++)
                sum += fabs(values[i] - middle);
        return sum;
}

static size_t best_near(const double *values, size_t len, size_t at)
{
        size_t from = at > NEAR_LEN ? at - NEAR_LEN : 1, to = len - at > NEAR_LEN ? at + NEAR_LEN : len - 1, best = at;
        double least = INFINITY;

        for (size_t t = from; t <= to; t++) {
                double sum = deviations(values, t) + deviations(values + t, len - t);
                if (sum < least) {
                        least = sum;
                        best = t;
                }
        }
        return best;
}

/* U(t) = sum over i <= t < j of sgn(x_i - x_j), from one t to the next by what x_t adds: the values below it minus those above. */
enum stat_kind step_find(const double *values, size_t len, struct step *ret_step)
{
        double u = 0, most = 0, n = (double)len;
        size_t at = 0;

        if (len < STEP_LEN_MIN)
                return STAT_TOO_FEW;
        if (len > STEP_LEN_MAX)
                return STAT_TOO_MANY;
        for (size_t i = 0; i < len; i++)
                if (!isfinite(values[i]))
                        return STAT_NOT_FINITE;
        auto_free double *sorted = xcalloc(len, sizeof *sorted);
        memcpy(sorted, values, len * sizeof *sorted);
        qsort(sorted, len, sizeof *sorted, ascending);
        if (sorted[0] == sorted[len - 1])
                return STAT_NO_SPREAD;
        for (size_t i = 0; i + 1 < len; i++) {
                u += 2 * below(sorted, len, values[i]) - n;
                if (fabs(u) > most) {
                        most = fabs(u);
                        at = i + 1;
                }
        }
        at = best_near(values, len, at);
        *ret_step = (struct step){
                .at = at,
                .change = median(values + at, len - at) - median(values, at),
                .near = change_near(values, len, at),
                .p = fmin(1, 2 * exp(-6 * most * most / (n * n * n + n * n))),
        };
        return STAT_OK;
}
