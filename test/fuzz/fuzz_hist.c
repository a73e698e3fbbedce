/* SPDX-License-Identifier: Apache-2.0
 *
 * Histograms from outside: the input is the inner payload (deflated here, or the fuzzer would only ever meet zlib's
 * checksum) and, once more, the text itself. What decodes encodes to what decodes to the same, bucket by bucket, and its
 * percentiles are in order. */
#include <zlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "fuzz.h"
#include "stat/hist.h"

static void must_be_same(const struct hist *a, const struct hist *b)
{
        uint32_t at_a = 0, at_b = 0;
        int64_t value_a = 0, value_b = 0;
        uint64_t count_a = 0, count_b = 0, total = 0;

        while (hist_next(a, &at_a, &value_a, &count_a)) {
                must(hist_next(b, &at_b, &value_b, &count_b) && value_a == value_b && count_a == count_b);
                total += count_a;
        }
        must(!hist_next(b, &at_b, &value_b, &count_b) && total == hist_count(a) && total == hist_count(b));
        must(hist_min(a) == hist_min(b) && hist_max(a) == hist_max(b) && hist_digits(a) == hist_digits(b));
}

static void must_be_in_order(const struct hist *hist)
{
        static const double steps[] = {0, 0.25, 0.5, 0.9, 0.99, 0.9999, 1};
        int64_t last_ns = 0;

        for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
                int64_t value_ns = hist_quantile(hist, steps[i]);
                must(value_ns >= last_ns && value_ns <= hist_max(hist));
                last_ns = value_ns;
        }
        must(hist_sum(hist) >= 0 && hist_mean(hist) >= 0);
}

/* Adding to itself doubles every bucket; adding to a coarser one loses nothing. */
static void must_add_up(const struct hist *hist)
{
        struct hist *coarse = hist_new(2);

        hist_add(coarse, hist);
        hist_add(coarse, hist);
        must(hist_count(coarse) == 2 * hist_count(hist));
        hist_free(coarse);
}

static void try_text(const char *text)
{
        struct hist *hist = NULL, *again = NULL;

        if (hist_decode(text, strlen(text), &hist, NULL))
                return;
        auto_free char *encoded = hist_encode(hist);
        must(!hist_decode(encoded, strlen(encoded), &again, NULL));
        must_be_same(hist, again);
        must_be_in_order(hist);
        if (hist_count(hist) <= INT64_MAX / 4)
                must_add_up(hist);
        hist_free(hist);
        hist_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        uLongf deflated_size = compressBound(size);
        auto_free uint8_t *wrapped = xcalloc(deflated_size + 8, 1);
        auto_free char *plain = fuzz_text(data, size);

        try_text(plain);
        if (compress2(wrapped + 8, &deflated_size, data, size, 1) != Z_OK)
                return 0;
        const uint8_t head[8] = {0x1c, 0x84, 0x93, 0x14, (uint8_t)(deflated_size >> 24), (uint8_t)(deflated_size >> 16),
                                 (uint8_t)(deflated_size >> 8), (uint8_t)deflated_size};
        memcpy(wrapped, head, 8);
        auto_free char *text = text_base64_encode(wrapped, 8 + deflated_size);
        try_text(text);
        return 0;
}
