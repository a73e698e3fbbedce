/* SPDX-License-Identifier: Apache-2.0 */
#include "stat/hist.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stat/hist_layout.h"

static int bit_length(uint64_t value)
{
        return 64 - __builtin_clzll(value);
}

struct hist *hist_new(int digits)
{
        assert(digits == 2 || digits == 3);
        uint32_t half_bits = digits == 2 ? 7 : 10;
        uint32_t buckets = (uint32_t)bit_length(HIST_VALUE_MAX_NS) - half_bits;
        uint32_t counts_len = (buckets + 1) << half_bits;
        /* Fresh zero pages: a histogram that is never touched costs address space only. */
        struct hist *hist = xcalloc(1, sizeof *hist + counts_len * sizeof *hist->counts);

        hist->digits = digits;
        hist->half_bits = half_bits;
        hist->counts_len = counts_len;
        hist->low_index = counts_len;
        return hist;
}

struct hist *hist_free(struct hist *hist)
{
        free(hist);
        return NULL;
}

void hist_reset(struct hist *hist)
{
        if (hist->low_index <= hist->high_index)
                memset(hist->counts + hist->low_index, 0,
                       (hist->high_index - hist->low_index + 1) * sizeof *hist->counts);
        hist->low_index = hist->counts_len;
        hist->high_index = 0;
        hist->count = hist->clamped = 0;
        hist->min_ns = hist->max_ns = 0;
        hist->sum_ns = 0;
}

int hist_digits(const struct hist *hist)
{
        return hist->digits;
}

uint32_t hist_index(const struct hist *hist, int64_t value_ns)
{
        uint64_t lowest_bits = (UINT64_C(2) << hist->half_bits) - 1;
        uint32_t bucket = (uint32_t)bit_length((uint64_t)value_ns | lowest_bits) - hist->half_bits - 1;
        uint32_t sub = (uint32_t)((uint64_t)value_ns >> bucket);

        return (bucket << hist->half_bits) + sub;
}

int64_t hist_index_low(const struct hist *hist, uint32_t index)
{
        uint32_t half = 1u << hist->half_bits;

        if (index < 2 * half)
                return index;
        uint32_t bucket = (index >> hist->half_bits) - 1;
        return (int64_t)((index & (half - 1)) + half) << bucket;
}

int64_t hist_index_high(const struct hist *hist, uint32_t index)
{
        return hist_index_low(hist, index + 1) - 1;
}

static void count_index(struct hist *hist, uint32_t index, uint64_t count)
{
        hist->counts[index] += count;
        if (index < hist->low_index)
                hist->low_index = index;
        if (index > hist->high_index)
                hist->high_index = index;
}

static void widen(struct hist *hist, int64_t min_ns, int64_t max_ns)
{
        if (hist->count == 0 || min_ns < hist->min_ns)
                hist->min_ns = min_ns;
        if (hist->count == 0 || max_ns > hist->max_ns)
                hist->max_ns = max_ns;
}

void hist_record_many(struct hist *hist, int64_t value_ns, uint64_t count)
{
        if (count == 0)
                return;
        if (value_ns < 0)
                value_ns = 0;
        if (value_ns > HIST_VALUE_MAX_NS) {
                value_ns = HIST_VALUE_MAX_NS;
                hist->clamped += count;
        }
        count_index(hist, hist_index(hist, value_ns), count);
        widen(hist, value_ns, value_ns);
        hist->count += count;
        hist->sum_ns += (double)value_ns * (double)count;
}

void hist_record(struct hist *hist, int64_t value_ns)
{
        hist_record_many(hist, value_ns, 1);
}

void hist_add(struct hist *into, const struct hist *from)
{
        assert(into->digits <= from->digits);
        if (from->count == 0)
                return;
        for (uint32_t i = from->low_index; i <= from->high_index; i++)
                if (from->counts[i])
                        count_index(into,
                                    into->digits == from->digits ? i : hist_index(into, hist_index_low(from, i)),
                                    from->counts[i]);
        widen(into, from->min_ns, from->max_ns);
        into->count += from->count;
        into->clamped += from->clamped;
        into->sum_ns += from->sum_ns;
}

uint64_t hist_count(const struct hist *hist)
{
        return hist->count;
}

uint64_t hist_clamped(const struct hist *hist)
{
        return hist->clamped;
}

int64_t hist_min(const struct hist *hist)
{
        return hist->count ? hist->min_ns : 0;
}

int64_t hist_max(const struct hist *hist)
{
        return hist->count ? hist->max_ns : 0;
}

double hist_sum(const struct hist *hist)
{
        return hist->count ? hist->sum_ns : 0;
}

double hist_mean(const struct hist *hist)
{
        return hist->count ? hist->sum_ns / (double)hist->count : 0;
}

void hist_set_exact(struct hist *hist, int64_t min_ns, int64_t max_ns, double sum_ns, uint64_t clamped)
{
        hist->min_ns = min_ns;
        hist->max_ns = max_ns;
        hist->sum_ns = sum_ns;
        hist->clamped = clamped;
}

int64_t hist_at_rank(const struct hist *hist, uint64_t rank)
{
        uint64_t seen = 0;

        if (hist->count == 0)
                return 0;
        for (uint32_t i = hist->low_index; i <= hist->high_index; i++) {
                seen += hist->counts[i];
                if (seen >= rank) {
                        int64_t value_ns = hist_index_high(hist, i);
                        return value_ns < hist->max_ns ? value_ns : hist->max_ns;
                }
        }
        return hist->max_ns;
}

int64_t hist_quantile(const struct hist *hist, double q)
{
        /* 0.07 * 100 is 7.000000000000001: what is an integer but for rounding is that integer. */
        double exact = q * (double)hist->count, nearest = nearbyint(exact);
        double rank = fabs(exact - nearest) <= exact * 1e-12 ? nearest : ceil(exact);

        return hist_at_rank(hist, rank < 1 ? 1 : (uint64_t)rank);
}

bool hist_next(const struct hist *hist, uint32_t *at, int64_t *ret_value_ns, uint64_t *ret_count)
{
        uint32_t i = *at > hist->low_index ? *at : hist->low_index;

        for (; hist->count && i <= hist->high_index; i++)
                if (hist->counts[i]) {
                        *ret_value_ns = hist_index_high(hist, i);
                        *ret_count = hist->counts[i];
                        *at = i + 1;
                        return true;
                }
        *at = hist->counts_len;
        return false;
}

double hist_log_sum(const struct hist *hist)
{
        uint32_t at = 0;
        int64_t value_ns;
        uint64_t count;
        double sum = 0;

        while (hist_next(hist, &at, &value_ns, &count))
                sum += (double)count * log((double)(value_ns > 0 ? value_ns : 1));
        return sum;
}
