/* SPDX-License-Identifier: Apache-2.0 */
#include "stat/dist.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>

double dist_log_gamma(double x)
{
        int sign; /* lgamma() itself writes it to a global */

        assert(x > 0);
        return lgamma_r(x, &sign);
}

/* ---- incomplete beta ---- */

/* DLMF 8.17.22 by the modified Lentz method; converges for x < (a + 1) / (a + b + 2), in O(sqrt(max(a, b))) steps. */
static double beta_fraction(double a, double b, double x)
{
        enum { STEPS_MAX = 100000 };
        double c = 1, d = 1 - (a + b) * x / (a + 1);

        d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
        double value = d;

        for (int m = 1; m < STEPS_MAX; m++) {
                double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
                double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
                double change = 1;
                for (int half = 0; half < 2; half++) {
                        double term = half ? odd : even;
                        d = 1 + term * d;
                        c = 1 + term / c;
                        d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
                        c = fabs(c) < DBL_MIN ? DBL_MIN : c;
                        change = c * d;
                        value *= change;
                }
                if (fabs(change - 1) < DBL_EPSILON)
                        break;
        }
        return value;
}

double dist_beta_ratio(double a, double b, double x)
{
        assert(a > 0 && b > 0 && x >= 0 && x <= 1);
        if (x == 0 || x == 1)
                return x;

        bool swap = x > (a + 1) / (a + b + 2);
        double log_front = dist_log_gamma(a + b) - dist_log_gamma(a) - dist_log_gamma(b) + a * log(x) + b * log1p(-x);
        double part = swap ? exp(log_front) * beta_fraction(b, a, 1 - x) / b : exp(log_front) * beta_fraction(a, b, x) / a;

        part = fmin(part, 1);
        return swap ? 1 - part : part;
}

/* ---- quantiles: the x >= 0 at which a tail has a given size ---- */

struct family {
        double (*tail)(double x, double a, double b);
        double (*density)(double x, double a, double b);
        double a, b;
};

/* Newton on ln(tail), which is close to a line or a parabola in all three families, kept inside a bracket. tail(0) >= p > 0. */
static double solve_tail(const struct family *family, double p)
{
        double low = 0, high = 1, x;

        while (high < 1e300 && family->tail(high, family->a, family->b) > p) {
                low = high;
                high *= 2;
        }
        x = low + (high - low) / 2;
        for (int i = 0; i < 200; i++) {
                double tail = family->tail(x, family->a, family->b);
                double slope = family->density(x, family->a, family->b), next;

                if (tail > p)
                        low = x;
                else
                        high = x;
                next = slope > 0 && tail > 0 ? x + log(tail / p) * tail / slope : low;
                if (!(next > low && next < high))
                        next = low + (high - low) / 2;
                if (fabs(next - x) <= 2 * DBL_EPSILON * fabs(x))
                        return next;
                x = next;
        }
        return x;
}

/* ---- normal ---- */

double dist_normal_tail(double z)
{
        assert(!isnan(z));
        return erfc(z * M_SQRT1_2) / 2;
}

static double normal_tail(double x, double a, double b)
{
        (void)a, (void)b;
        return dist_normal_tail(x);
}

static double normal_density(double x, double a, double b)
{
        (void)a, (void)b;
        return exp(-x * x / 2) * M_2_SQRTPI * M_SQRT1_2 / 2;
}

double dist_normal_quantile(double p)
{
        const struct family normal = {.tail = normal_tail, .density = normal_density};

        assert(p > 0 && p < 1);
        if (p == 0.5)
                return 0;
        return p < 0.5 ? -solve_tail(&normal, p) : solve_tail(&normal, 1 - p);
}

/* ---- Student's t ---- */

/* I has two forms. Near the middle the complement: there the other would lose t against df. Else the tail itself, without cancellation. */
double dist_t_tail(double t, double df)
{
        double square = t * t, half;

        assert(!isnan(t) && df > 0);
        if (isinf(square))
                half = 0;
        else if (square < 1 && square < df)
                half = 0.5 - dist_beta_ratio(0.5, df / 2, square / (df + square)) / 2;
        else
                half = dist_beta_ratio(df / 2, 0.5, df / (df + square)) / 2;
        return t < 0 ? 1 - half : half;
}

static double t_tail(double x, double df, double b)
{
        (void)b;
        return dist_t_tail(x, df);
}

static double t_density(double x, double df, double b)
{
        (void)b;
        return exp(dist_log_gamma((df + 1) / 2) - dist_log_gamma(df / 2) - (df + 1) / 2 * log1p(x * x / df)) / sqrt(df * M_PI);
}

double dist_t_quantile(double p, double df)
{
        const struct family t = {.tail = t_tail, .density = t_density, .a = df};

        assert(p > 0 && p < 1 && df > 0);
        if (p == 0.5)
                return 0;
        return p < 0.5 ? -solve_tail(&t, p) : solve_tail(&t, 1 - p);
}

/* ---- Fisher's F ---- */

double dist_f_tail(double f, double df_above, double df_below)
{
        double scaled = df_above * f;

        assert(f >= 0 && df_above > 0 && df_below > 0);
        if (isinf(scaled))
                return 0;
        if (f < 1)
                return 1 - dist_beta_ratio(df_above / 2, df_below / 2, scaled / (df_below + scaled));
        return dist_beta_ratio(df_below / 2, df_above / 2, df_below / (df_below + scaled));
}

static double f_density(double x, double df_above, double df_below)
{
        double a = df_above / 2, b = df_below / 2;

        if (x <= 0)
                return 0;
        return exp(dist_log_gamma(a + b) - dist_log_gamma(a) - dist_log_gamma(b) + a * log(df_above / df_below) +
                   (a - 1) * log(x) - (a + b) * log1p(df_above * x / df_below));
}

double dist_f_quantile(double p, double df_above, double df_below)
{
        const struct family f = {.tail = dist_f_tail, .density = f_density, .a = df_above, .b = df_below};
        const struct family upside_down = {.tail = dist_f_tail, .density = f_density, .a = df_below, .b = df_above};

        assert(p > 0 && p < 1 && df_above > 0 && df_below > 0);
        return p < 0.5 ? 1 / solve_tail(&upside_down, p) : solve_tail(&f, 1 - p);
}

/* ---- shares ---- */

double dist_share_low(uint64_t k, uint64_t n, double confidence)
{
        double low = 0, high = 1;

        assert(n > 0 && k <= n && confidence > 0 && confidence < 1);
        if (k == 0)
                return 0;
        /* P(K >= k) = I_p(k, n - k + 1) grows with p; halving ends at neighbouring numbers at the latest. */
        for (int i = 0; i < 100; i++) {
                double p = low + (high - low) / 2;
                if (dist_beta_ratio((double)k, (double)(n - k) + 1, p) < 1 - confidence)
                        low = p;
                else
                        high = p;
        }
        return low;
}

double dist_share_high(uint64_t k, uint64_t n, double confidence)
{
        return 1 - dist_share_low(n - k, n, confidence);
}
