/* SPDX-License-Identifier: Apache-2.0 */
#include "stat/section.h"

#include <assert.h>
#include <math.h>

#include "stat/dist.h"
#include "stat/moments.h"

/* Lag-1 autocorrelation; 0 when nothing varies. */
static double memory_of(const double *values, size_t len)
{
        double mean = 0, products = 0, squares = 0;

        for (size_t i = 0; i < len; i++)
                mean += values[i] / (double)len;
        for (size_t i = 0; i < len; i++) {
                squares += (values[i] - mean) * (values[i] - mean);
                if (i > 0)
                        products += (values[i] - mean) * (values[i - 1] - mean);
        }
        return squares > 0 ? products / squares : 0;
}

static double t_of(double confidence, size_t len)
{
        assert(confidence > 0 && confidence < 1);
        return dist_t_quantile(0.5 + confidence / 2, (double)len - 1);
}

enum stat_kind section_values(double whole, const double *parts, size_t len, double rounding, double confidence,
                              struct section_value *ret_value)
{
        double logs[SECTION_LEN_MAX], log_whole, squares = 0;
        enum stat_kind kind = shift_log(&whole, 1, &log_whole);

        assert(rounding >= 0);
        if (len < 3)
                return STAT_TOO_FEW;
        if (len > SECTION_LEN_MAX)
                return STAT_TOO_MANY;
        if (!kind)
                kind = shift_log(parts, len, logs);
        if (kind)
                return kind;
        for (size_t i = 0; i < len; i++)
                squares += (logs[i] - log_whole) * (logs[i] - log_whole);

        double se = sqrt(squares / (double)(len - 1) / (double)len + rounding * rounding / 12);
        if (se == 0)
                return STAT_NO_SPREAD;
        double half = t_of(confidence, len) * se, memory = memory_of(logs, len);
        if (!isfinite(whole * exp(half)))
                return STAT_NOT_FINITE;
        *ret_value = (struct section_value){
                .value_ns = whole,
                .low_ns = whole * exp(-half),
                .high_ns = whole * exp(half),
                .se = se,
                .df = (double)len - 1,
                .memory = memory,
                .memory_long = memory > SECTION_MEMORY,
        };
        return STAT_OK;
}

enum stat_kind section_quantile(const struct hist *whole, const struct hist *const *sections, size_t len, double q, double confidence,
                                struct section_value *ret_value)
{
        double parts[SECTION_LEN_MAX];

        assert(q > 0 && q < 1);
        if (len > SECTION_LEN_MAX)
                return STAT_TOO_MANY;
        for (size_t i = 0; i < len; i++) {
                if ((double)hist_count(sections[i]) * fmin(q, 1 - q) < SECTION_BEYOND_MIN - 1e-6) /* 1000 * (1 - 0.99) is 10.000…009 */
                        return STAT_TOO_FEW;
                parts[i] = (double)hist_quantile(sections[i], q);
        }
        return section_values((double)hist_quantile(whole, q), parts, len, pow(10, -hist_digits(whole)), confidence, ret_value);
}

/* ---- tails ---- */

static uint64_t count_above(const struct hist *hist, int64_t value_ns)
{
        uint32_t at = 0;
        int64_t bucket_ns;
        uint64_t count, above = 0;

        while (hist_next(hist, &at, &bucket_ns, &count))
                if (bucket_ns > value_ns)
                        above += count;
        return above;
}

/* Values above the bucket of Q(q), section by section, less the section's share of them. */
struct beyond {
        double excess[SECTION_LEN_MAX];
        double variance; /* of one excess */
        double share;    /* of all values that lie above that bucket */
        double count;    /* of all values */
};

static enum stat_kind count_beyond(const struct hist *whole, const struct hist *const *sections, size_t len, double q,
                                    struct beyond *beyond)
{
        double count = (double)hist_count(whole);
        int64_t at_ns = hist_quantile(whole, q);
        struct moments moments;
        enum stat_kind kind;

        assert(q > 0 && q < 1);
        if (len < 3 || count * (1 - q) < SECTION_TAIL_SHOWN - 1e-6)
                return STAT_TOO_FEW;
        if (len > SECTION_LEN_MAX)
                return STAT_TOO_MANY;
        beyond->count = count;
        beyond->share = (double)count_above(whole, at_ns) / count;
        for (size_t i = 0; i < len; i++) {
                if (hist_count(sections[i]) == 0)
                        return STAT_TOO_FEW;
                beyond->excess[i] = (double)count_above(sections[i], at_ns) - beyond->share * (double)hist_count(sections[i]);
        }
        kind = moments_of(beyond->excess, len, &moments);
        beyond->variance = moments.variance;
        return kind;
}

enum stat_kind section_tail(const struct hist *whole, const struct hist *const *sections, size_t len, double q, double confidence,
                            struct section_value *ret_value)
{
        struct beyond beyond;
        enum stat_kind kind = count_beyond(whole, sections, len, q, &beyond);

        if (kind)
                return kind;
        if (beyond.variance == 0)
                return STAT_NO_SPREAD;
        double se = sqrt((double)len * beyond.variance) / beyond.count, half = t_of(confidence, len) * se;
        double memory = memory_of(beyond.excess, len);

        *ret_value = (struct section_value){
                .value_ns = (double)hist_quantile(whole, q),
                .low_ns = (double)hist_quantile(whole, fmax(q - half, 0)),
                .high_ns = (double)hist_quantile(whole, fmin(q + half, 1)),
                .high_open = q + half >= 1,
                .se = se,
                .df = (double)len - 1,
                .memory = memory,
                .memory_long = memory > SECTION_MEMORY,
        };
        return STAT_OK;
}

enum stat_kind section_tail_worth(const struct hist *whole, const struct hist *const *sections, size_t len, double q, double *ret_worth)
{
        struct beyond beyond;
        enum stat_kind kind = count_beyond(whole, sections, len, q, &beyond);

        if (kind)
                return kind;
        double independent = beyond.count * beyond.share * (1 - beyond.share), inflation = 1;
        if (independent > 0)
                inflation = fmax(1, (double)len * beyond.variance / independent);
        *ret_worth = beyond.count * (1 - q) / inflation;
        return STAT_OK;
}

struct shift section_shift(const struct section_value *a, const struct section_value *b)
{
        double square = a->se * a->se + b->se * b->se;
        double share_a = a->se * a->se / square, share_b = b->se * b->se / square;

        return (struct shift){
                .estimate = log(b->value_ns / a->value_ns),
                .se = sqrt(square),
                .df = 1 / (share_a * share_a / a->df + share_b * share_b / b->df),
        };
}
