/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "stat/hist.h"

static struct hist *decoded(const char *text)
{
        struct hist *hist = NULL;
        struct fail fail;

        assert_int_equal(hist_decode(text, strlen(text), &hist, &fail), FAIL_NONE);
        return hist;
}

static void assert_round_trip(struct hist *hist)
{
        auto_free char *text = hist_encode(hist);
        struct hist *back = decoded(text);
        auto_free char *again = hist_encode(back);

        assert_memory_equal(text, "HISTFAAA", 8);
        assert_string_equal(text, again);
        assert_int_equal(hist_count(hist), hist_count(back));
        assert_int_equal(hist_digits(hist), hist_digits(back));
        for (double q = 0; q < 1; q += 0.01)
                assert_int_equal(hist_quantile(hist, q), hist_quantile(back, q));
        hist_free(back);
        hist_free(hist);
}

static void what_is_encoded_is_decoded(void **state)
{
        (void)state;
        for (int digits = 2; digits <= 3; digits++) {
                assert_round_trip(hist_new(digits));
                struct hist *hist = hist_new(digits);
                hist_record(hist, 0);
                assert_round_trip(hist);
                hist = hist_new(digits);
                hist_record_many(hist, 5, UINT64_C(1) << 60); /* nine bytes of count */
                hist_record(hist, INT64_MAX);
                assert_round_trip(hist);
                hist = hist_new(digits);
                for (int64_t value = 1; value < HIST_VALUE_MAX_NS; value += value / 50 + 1)
                        hist_record_many(hist, value, (uint64_t)value % 200 + 1);
                assert_round_trip(hist);
        }
}

static void decoded_extremes_are_those_of_their_buckets(void **state)
{
        (void)state;
        struct hist *hist = hist_new(2);

        hist_record(hist, 1000001);
        hist_record(hist, 2000001);
        auto_free char *text = hist_encode(hist);
        struct hist *back = decoded(text);
        assert_true(hist_min(back) <= 1000001 && hist_min(back) > 990000);
        assert_true(hist_max(back) >= 2000001 && hist_max(back) < 2020000);
        hist_set_exact(back, 1000001, 2000001, 3000002, 0);
        assert_int_equal(hist_quantile(back, 1), 2000001);
        assert_true(hist_mean(back) == 1500001);
        hist_free(back);
        hist_free(hist);
}

/* One millisecond, once, as HdrHistogram's Java and JavaScript libraries encode it (3 digits, 1..3.6e12). */
static void the_payload_is_that_of_the_format(void **state)
{
        (void)state;
        static const uint8_t expected[] = {
                0x1c, 0x84, 0x93, 0x13, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1,
                0, 0, 0x03, 0x46, 0x30, 0xb8, 0xa0, 0x00, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0,
        };
        struct hist *hist = hist_new(3);
        hist_record(hist, 1000000);
        auto_free char *text = hist_encode(hist);
        auto_free uint8_t *wrapped = NULL;
        uint8_t payload[64];
        size_t size;
        uLongf payload_size = sizeof payload;

        assert_int_equal(text_base64_decode(text, strlen(text), &wrapped, &size, NULL), FAIL_NONE);
        assert_int_equal(uncompress(payload, &payload_size, wrapped + 8, size - 8), Z_OK);
        assert_int_equal(payload_size, 40 + 4);
        assert_memory_equal(payload, expected, sizeof expected);
        /* 1000000 lies in bucket 9, sub-bucket 1953: index 11169 empty buckets before it, then one count. */
        int64_t empty = (payload[40] & 127) | (payload[41] & 127) << 7 | payload[42] << 14;
        assert_int_equal((empty >> 1) ^ -(empty & 1), -(9 * 1024 + 1953));
        assert_int_equal(payload[43], 2);
        hist_free(hist);
}

/* Counts as the JavaScript library writes them (test/load/hdr/check.mjs 1000): 1, 2, …, 1000 microseconds, each once. */
/* Also the bytes that leave a worker: whoever adds up workers gets what one worker would have sent. */
static void eight_recorders_added_have_the_payload_of_one(void **state)
{
        (void)state;
        struct hist *one = hist_new(3), *sum = hist_new(3), *parts[8];
        uint64_t seed = 1;

        for (size_t i = 0; i < 8; i++)
                parts[i] = hist_new(3);
        for (size_t i = 0; i < 1000000; i++) {
                seed = seed * UINT64_C(6364136223846793005) + 1;
                int64_t value_ns = (int64_t)((seed >> 24) >> (seed >> 58) % 32);
                hist_record(one, value_ns);
                hist_record(parts[i % 8], value_ns);
        }
        for (size_t i = 0; i < 8; i++) {
                hist_add(sum, parts[i]);
                hist_free(parts[i]);
        }
        auto_free char *wanted = hist_encode(one), *found = hist_encode(sum);
        assert_string_equal(found, wanted);
        assert_true(hist_max(sum) == hist_max(one) && hist_min(sum) == hist_min(one));
        hist_free(one);
        hist_free(sum);
}

static void a_blob_of_another_library_is_read(void **state)
{
        (void)state;
        struct hist *theirs = decoded(
                "HISTFAAAAI54nJNpmSzMwMB+mgECmKE0IwMDs5vBjgUM9h8gAuf5mc7yM03lYHrKzrSQhekjMxQtZ2L6zogFrWRkqmaqxIOzmayZ"
                "rJlswSR5tC6TNJMskywSSX8+PxMvEzcTLxQiWNhFh6s8OxMrGDJDaVRIvOio/qGvn5mJAQ1iCOCCRCukhZmjlo9aPjIsBwDFWj2O");
        struct hist *ours = hist_new(3);

        for (int64_t value = 1; value <= 1000; value++)
                hist_record(ours, value * 1000);
        assert_int_equal(hist_count(theirs), 1000);
        for (uint64_t rank = 1; rank < 1000; rank++)
                assert_int_equal(hist_at_rank(theirs, rank), hist_at_rank(ours, rank));
        auto_free char *a = hist_encode(theirs), *b = hist_encode(ours);
        assert_string_equal(a, b);
        hist_free(theirs);
        hist_free(ours);
}

/* Wraps a payload as the compressed form and decodes it. */
static enum fail_kind decode_payload(const uint8_t *payload, size_t size)
{
        uint8_t wrapped[4096] = {0x1c, 0x84, 0x93, 0x14};
        uLongf deflated_size = sizeof wrapped - 8;
        struct hist *hist = NULL;

        assert_int_equal(compress(wrapped + 8, &deflated_size, payload, size), Z_OK);
        wrapped[6] = (uint8_t)(deflated_size >> 8);
        wrapped[7] = (uint8_t)deflated_size;
        auto_free char *text = text_base64_encode(wrapped, 8 + deflated_size);
        enum fail_kind kind = hist_decode(text, strlen(text), &hist, NULL);
        hist_free(hist);
        return kind;
}

static void foreign_and_hostile_payloads_are_refused(void **state)
{
        (void)state;
        static const uint8_t head[40] = {
                0x1c, 0x84, 0x93, 0x13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1,
                0, 0, 0x03, 0x46, 0x30, 0xb8, 0xa0, 0x00, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0,
        };
        uint8_t payload[64];

        memcpy(payload, head, 40);
        assert_int_equal(decode_payload(payload, 40), FAIL_NONE);
        assert_int_equal(decode_payload(payload, 39), FAIL_INVALID);
        assert_int_equal(decode_payload(payload, 41), FAIL_INVALID); /* length says 0 */
        for (int at = 8; at < 40; at += 4) { /* offset, digits, range and ratio are ours or none */
                memcpy(payload, head, 40);
                payload[at + 3] ^= 4;
                assert_int_equal(decode_payload(payload, 40), FAIL_INVALID);
        }
        static const uint8_t counts[][12] = {
                {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},          /* INT64_MIN empty buckets */
                {0x81, 0xa0, 0x08},                                              /* 65,665 empty buckets */
                {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},          /* a count of INT64_MAX */
                {0x80},                                                          /* cut */
        };
        static const uint8_t sizes[] = {9, 3, 9, 1};
        for (size_t i = 0; i < sizeof sizes; i++) {
                memcpy(payload, head, 40);
                payload[7] = sizes[i];
                memcpy(payload + 40, counts[i], sizes[i]);
                assert_int_equal(decode_payload(payload, 40u + sizes[i]), FAIL_INVALID);
        }
}

static void every_cut_or_changed_text_is_refused_or_harmless(void **state)
{
        (void)state;
        struct hist *hist = hist_new(2);
        for (int64_t value = 1; value < 1000000; value = value * 3 + 1)
                hist_record(hist, value);
        auto_free char *text = hist_encode(hist);
        size_t len = strlen(text);

        for (size_t i = 0; i < len; i++) {
                struct hist *back = NULL;
                assert_int_not_equal(hist_decode(text, i, &back, NULL), FAIL_NONE);
                char kept = text[i];
                for (int bit = 0; bit < 7; bit++) {
                        text[i] = (char)(kept ^ 1 << bit);
                        if (!hist_decode(text, len, &back, NULL))
                                back = hist_free(back);
                }
                text[i] = kept;
        }
        hist_free(hist);
}

/* A megabyte of zeros deflates to a kilobyte; it must not be inflated as a whole. */
static void a_bomb_is_refused(void **state)
{
        (void)state;
        uLongf size = compressBound(1 << 20);
        auto_free uint8_t *zeros = xcalloc(1 << 20, 1), *wrapped = xcalloc(size + 8, 1);
        struct hist *hist = NULL;

        assert_int_equal(compress(wrapped + 8, &size, zeros, 1 << 20), Z_OK);
        memcpy(wrapped, (uint8_t[]){0x1c, 0x84, 0x93, 0x14, 0, 0, (uint8_t)(size >> 8), (uint8_t)size}, 8);
        auto_free char *text = text_base64_encode(wrapped, size + 8);
        assert_int_equal(hist_decode(text, strlen(text), &hist, NULL), FAIL_INVALID);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_encoded_is_decoded),
                cmocka_unit_test(decoded_extremes_are_those_of_their_buckets),
                cmocka_unit_test(the_payload_is_that_of_the_format),
                cmocka_unit_test(eight_recorders_added_have_the_payload_of_one),
                cmocka_unit_test(a_blob_of_another_library_is_read),
                cmocka_unit_test(foreign_and_hostile_payloads_are_refused),
                cmocka_unit_test(every_cut_or_changed_text_is_refused_or_harmless),
                cmocka_unit_test(a_bomb_is_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
