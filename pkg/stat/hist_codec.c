/* SPDX-License-Identifier: Apache-2.0
 *
 * HdrHistogram's V2 encoding, big-endian. Payload: cookie, length, normalizing offset, digits, lowest, highest,
 * conversion ratio, then counts as ZigZag LEB128 where -n stands for n empty buckets. The compressed form wraps
 * it: cookie, length, zlib stream. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "stat/hist_layout.h"

#define COOKIE_PLAIN 0x1c849313u
#define COOKIE_DEFLATED 0x1c849314u
#define HEAD_SIZE 40
#define WRAP_SIZE 8
#define VARINT_SIZE_MAX 9
#define RATIO_ONE UINT64_C(0x3ff0000000000000) /* 1.0 as IEEE 754 bits */
#define COUNT_MAX (UINT64_C(1) << 62)

static void put_big(uint8_t *at, uint64_t value, int size)
{
        for (int i = size - 1; i >= 0; i--, value >>= 8)
                at[i] = (uint8_t)value;
}

static uint64_t get_big(const uint8_t *at, int size)
{
        uint64_t value = 0;

        for (int i = 0; i < size; i++)
                value = value << 8 | at[i];
        return value;
}

/* The ninth byte holds eight bits, so that 64 bits never need a tenth. */
static size_t put_varint(uint8_t *at, int64_t value)
{
        uint64_t left = (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
        size_t size = 0;

        while (left > 127 && size < VARINT_SIZE_MAX - 1) {
                at[size++] = (uint8_t)(left | 128);
                left >>= 7;
        }
        at[size++] = (uint8_t)left;
        return size;
}

/* Bytes used, 0 when the number is cut. */
static size_t get_varint(const uint8_t *at, size_t size, int64_t *ret_value)
{
        uint64_t bits = 0;

        for (size_t i = 0; i < size && i < VARINT_SIZE_MAX; i++) {
                bool last = i == VARINT_SIZE_MAX - 1;
                bits |= (uint64_t)(last ? at[i] : at[i] & 127) << (7 * i);
                if (last || !(at[i] & 128)) {
                        *ret_value = (int64_t)(bits >> 1 ^ -(bits & 1));
                        return i + 1;
                }
        }
        return 0;
}

static size_t put_counts(const struct hist *hist, uint8_t *at)
{
        size_t size = 0;
        uint32_t empty = 0;

        if (hist->count == 0)
                return 0;
        for (uint32_t i = 0; i <= hist->high_index; i++) {
                if (hist->counts[i] == 0) {
                        empty++;
                        continue;
                }
                if (empty)
                        size += put_varint(at + size, empty == 1 ? 0 : -(int64_t)empty);
                empty = 0;
                size += put_varint(at + size, (int64_t)hist->counts[i]);
        }
        return size;
}

char *hist_encode(const struct hist *hist)
{
        size_t counts_size_max = (size_t)(hist->count ? hist->high_index + 1 : 0) * VARINT_SIZE_MAX;
        auto_free uint8_t *payload = xcalloc(HEAD_SIZE + counts_size_max, 1);
        size_t counts_size = put_counts(hist, payload + HEAD_SIZE);

        put_big(payload, COOKIE_PLAIN, 4);
        put_big(payload + 4, counts_size, 4);
        put_big(payload + 12, (uint64_t)hist->digits, 4);
        put_big(payload + 16, 1, 8);
        put_big(payload + 24, HIST_VALUE_MAX_NS, 8);
        put_big(payload + 32, RATIO_ONE, 8);

        uLongf deflated_size = compressBound(HEAD_SIZE + counts_size);
        auto_free uint8_t *wrapped = xcalloc(WRAP_SIZE + deflated_size, 1);
        if (compress2(wrapped + WRAP_SIZE, &deflated_size, payload, HEAD_SIZE + counts_size, Z_DEFAULT_COMPRESSION) !=
            Z_OK)
                abort(); /* only memory can be missing: the output bound is zlib's own */
        put_big(wrapped, COOKIE_DEFLATED, 4);
        put_big(wrapped + 4, deflated_size, 4);
        return text_base64_encode(wrapped, WRAP_SIZE + deflated_size);
}

static enum fail_kind get_counts(struct hist *hist, const uint8_t *at, size_t size, struct fail *fail)
{
        uint32_t index = 0;

        for (size_t used = 0; used < size;) {
                int64_t value = 0;
                size_t step = get_varint(at + used, size - used, &value);
                if (step == 0)
                        return fail_set(fail, FAIL_INVALID, "histogram: cut count at byte %zu", used);
                used += step;
                uint64_t buckets = value < 0 ? (uint64_t)-(value + 1) + 1 : 1;
                if (buckets > hist->counts_len - index)
                        return fail_set(fail, FAIL_INVALID, "histogram: more than %u buckets", hist->counts_len);
                if (value > 0) {
                        if ((uint64_t)value > COUNT_MAX - hist->count)
                                return fail_set(fail, FAIL_INVALID, "histogram: counts overflow");
                        if (hist_index_low(hist, index) > HIST_VALUE_MAX_NS)
                                return fail_set(fail, FAIL_INVALID, "histogram: a value beyond the range");
                        int64_t low_ns = hist_index_low(hist, index), high_ns = hist_index_high(hist, index);
                        double middle_ns = (double)low_ns + (double)(high_ns - low_ns) / 2;
                        double sum_ns = hist->sum_ns + middle_ns * (double)value;
                        hist_record_many(hist, low_ns, (uint64_t)value);
                        hist_set_exact(hist, hist->min_ns, high_ns, sum_ns, 0);
                }
                index += (uint32_t)buckets;
        }
        return FAIL_NONE;
}

static enum fail_kind get_payload(const uint8_t *at, size_t size, struct hist **ret_hist, struct fail *fail)
{
        if (size < HEAD_SIZE || get_big(at, 4) != COOKIE_PLAIN)
                return fail_set(fail, FAIL_INVALID, "histogram: not a V2 payload");
        if (get_big(at + 4, 4) != size - HEAD_SIZE)
                return fail_set(fail, FAIL_INVALID, "histogram: length differs from the payload");
        uint64_t digits = get_big(at + 12, 4);
        if (get_big(at + 8, 4) != 0 || (digits != 2 && digits != 3) || get_big(at + 16, 8) != 1 ||
            get_big(at + 24, 8) != HIST_VALUE_MAX_NS || get_big(at + 32, 8) != RATIO_ONE)
                return fail_set(fail, FAIL_INVALID, "histogram: another range or precision than ours");

        struct hist *hist = hist_new((int)digits);
        if (get_counts(hist, at + HEAD_SIZE, size - HEAD_SIZE, fail)) {
                hist_free(hist);
                return FAIL_INVALID;
        }
        *ret_hist = hist;
        return FAIL_NONE;
}

enum fail_kind hist_decode(const char *text, size_t len, struct hist **ret_hist, struct fail *fail)
{
        /* 34 half buckets of 1024: the most a histogram of 3 digits has. */
        static const size_t payload_size_max = HEAD_SIZE + (size_t)34 * 1024 * VARINT_SIZE_MAX;
        auto_free uint8_t *wrapped = NULL;
        size_t wrapped_size = 0;

        if (len > 2 * payload_size_max)
                return fail_set(fail, FAIL_INVALID, "histogram: %zu characters", len);
        if (text_base64_decode(text, len, &wrapped, &wrapped_size, fail))
                return fail_wrap(fail, "histogram");
        if (wrapped_size < WRAP_SIZE || get_big(wrapped, 4) != COOKIE_DEFLATED ||
            get_big(wrapped + 4, 4) != wrapped_size - WRAP_SIZE)
                return fail_set(fail, FAIL_INVALID, "histogram: not a compressed V2 histogram");

        auto_free uint8_t *payload = xcalloc(payload_size_max, 1);
        uLongf payload_size = payload_size_max;
        if (uncompress(payload, &payload_size, wrapped + WRAP_SIZE, wrapped_size - WRAP_SIZE) != Z_OK)
                return fail_set(fail, FAIL_INVALID, "histogram: bad zlib stream");
        return get_payload(payload, payload_size, ret_hist, fail);
}
