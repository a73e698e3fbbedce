/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "load/record.h"

static struct record_counters some_counters(void)
{
        struct record_counters counters = {.offered = 12, .sent = 11, .done = 10, .ok = 6, .missed = 3, .censored = 1,
                                           .bytes_in = 12345};
        counters.errors[RECORD_STATUS] = 3;
        counters.errors[RECORD_TIMEOUT] = 1;
        record_count_status(&counters, 200, 6);
        record_count_status(&counters, 503, 3);
        return counters;
}

static void counters_survive_the_journey(void **state)
{
        (void)state;
        struct record_counters counters = some_counters(), back;
        auto_json struct json_object *doc = record_encode_counters(&counters);

        assert_int_equal(record_decode_counters(doc, &back, NULL), FAIL_NONE);
        assert_memory_equal(&counters, &back, sizeof back);
        assert_string_equal(doc_print(doc), "{\"offered\":12,\"sent\":11,\"done\":10,\"ok\":6,\"missed\":3,\"censored\":1,"
                                            "\"bytesIn\":12345,\"status\":{\"200\":6,\"503\":3},"
                                            "\"errors\":{\"timeout\":1,\"status\":3}}");
}

static void zero_counters_are_an_empty_object(void **state)
{
        (void)state;
        struct record_counters none = {0}, back;
        auto_json struct json_object *doc = record_encode_counters(&none);

        assert_string_equal(doc_print(doc), "{}");
        assert_int_equal(record_decode_counters(doc, &back, NULL), FAIL_NONE);
        assert_memory_equal(&none, &back, sizeof back);
}

static void counters_add_up_and_codes_beyond_the_bound_are_other(void **state)
{
        (void)state;
        struct record_counters sum = {0}, counters = some_counters();

        for (int code = 100; code < 100 + RECORD_STATUS_CODES_MAX + 2; code++)
                record_count_status(&sum, code, 1);
        assert_int_equal(sum.statuses_other, 2);
        record_add_counters(&sum, &counters);
        record_add_counters(&sum, &counters);
        assert_int_equal(sum.offered, 24);
        assert_int_equal(sum.errors[RECORD_STATUS], 6);
        assert_int_equal(sum.statuses_other, 2 + 2 * 9);
}

static void counters_that_contradict_themselves_are_refused(void **state)
{
        (void)state;
        static const char *const texts[] = {
                "[]", "{\"done\":1}", "{\"done\":1,\"ok\":2}", "{\"offered\":-1}", "{\"offered\":1.5}",
                "{\"offered\":\"1\"}", "{\"bytesIn\":9223372036854775807}", "{\"errors\":{\"timeout\":-1}}",
                "{\"status\":{\"abc\":1}}", "{\"status\":{\"200\":-1}}",
        };

        for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
                auto_json struct json_object *doc = NULL;
                struct record_counters back;
                assert_int_equal(doc_parse(texts[i], strlen(texts[i]), &doc, NULL), FAIL_NONE);
                assert_int_equal(record_decode_counters(doc, &back, NULL), FAIL_INVALID);
        }
}

static struct hist *some_hist(int digits, int len)
{
        struct hist *hist = hist_new(digits);
        uint64_t seed = 7;

        for (int i = 0; i < len; i++) {
                seed = seed * UINT64_C(6364136223846793005) + 1;
                hist_record(hist, (int64_t)(seed >> 24 >> (seed >> 16) % 30)); /* of every order of magnitude */
        }
        return hist;
}

static void a_histogram_keeps_its_exact_extremes(void **state)
{
        (void)state;
        struct hist *hist = some_hist(2, 1000), *back = NULL;
        hist_record(hist, INT64_MAX);
        auto_json struct json_object *doc = record_encode_hist(hist);

        assert_int_equal(record_decode_hist(doc, &back, NULL), FAIL_NONE);
        assert_int_equal(hist_count(back), 1001);
        assert_int_equal(hist_min(back), hist_min(hist));
        assert_int_equal(hist_max(back), hist_max(hist));
        assert_int_equal(hist_clamped(back), 1);
        assert_true(hist_sum(back) == hist_sum(hist));
        hist_free(back);
        struct hist *empty = hist_new(2);
        assert_null(record_encode_hist(empty));
        hist_free(empty);
        hist_free(hist);
}

static void a_histogram_that_contradicts_its_buckets_is_refused(void **state)
{
        (void)state;
        struct hist *hist = some_hist(2, 10), *back = NULL;
        static const char *const patches[] = {"{\"count\":11}", "{\"min\":-1}", "{\"max\":3600000000001}", "{\"max\":1}",
                                              "{\"sum\":-1}", "{\"sum\":1e300}", "{\"clamped\":11}", "{\"hdr\":null}",
                                              "{\"hdr\":\"HISTFAAA\"}"};
        auto_json struct json_object *doc = record_encode_hist(hist);

        for (size_t i = 0; i < ARRAY_LEN(patches); i++) {
                auto_json struct json_object *patch = NULL;
                assert_int_equal(doc_parse(patches[i], strlen(patches[i]), &patch, NULL), FAIL_NONE);
                auto_json struct json_object *changed = doc_merge(doc, patch);
                assert_int_equal(record_decode_hist(changed, &back, NULL), FAIL_INVALID);
        }
        hist_free(hist);
}

static void a_framed_line_is_read_back_and_any_change_is_seen(void **state)
{
        (void)state;
        auto_buf struct buf out = {0};
        auto_json struct json_object *record = NULL;

        record_frame(&out, 7, doc_set_text(doc_set_text(doc_object(), "type", "hello"), "text", "a\"b\\\n/"));
        assert_int_equal(out.data[out.size - 1], '\n');
        assert_int_equal(record_unframe(out.data, out.size - 1, &record, NULL), FAIL_NONE);
        assert_int_equal(doc_int(record, "seq", -1), 7);
        assert_string_equal(doc_text(record, "text"), "a\"b\\\n/");
        for (size_t i = 0; i < out.size - 1; i++) {
                struct json_object *none = NULL;
                out.data[i] ^= 1;
                assert_int_equal(record_unframe(out.data, out.size - 1, &none, NULL), FAIL_INVALID);
                out.data[i] ^= 1;
                assert_int_equal(record_unframe(out.data, i, &none, NULL), FAIL_INVALID);
        }
}

static void foreign_lines_are_refused(void **state)
{
        (void)state;
        struct json_object *none = NULL;
        static const char text[] = "{\"seq\":0}", number[] = "{\"seq\":\"x\",\"type\":\"t\"";
        char line[128];

        assert_int_equal(record_unframe("", 0, &none, NULL), FAIL_INVALID);
        assert_int_equal(record_unframe(text, strlen(text), &none, NULL), FAIL_INVALID);
        /* Right CRC, wrong members. */
        snprintf(line, sizeof line, "%s,\"crc\":\"%08x\"}", number, text_crc32c(0, number, strlen(number)));
        assert_int_equal(record_unframe(line, strlen(line), &none, NULL), FAIL_INVALID);
        auto_free char *large = xcalloc(RECORD_LINE_BYTES_MAX + 2, 1);
        memset(large, 'x', RECORD_LINE_BYTES_MAX + 1);
        assert_int_equal(record_unframe(large, RECORD_LINE_BYTES_MAX + 1, &none, NULL), FAIL_TOO_LARGE);
}

/* Seven large histograms need several lines; together they are all there, and the counters stand once. */
static void a_large_record_is_split_and_nothing_is_lost(void **state)
{
        (void)state;
        struct hist *hist = some_hist(3, 3000);
        struct json_object *hists = doc_object(), *record = doc_set_text(doc_object(), "type", "piece");
        auto_json struct json_object *lines = doc_array();
        size_t seen = 0;
        char name[8];

        for (int i = 0; i < 7; i++) {
                snprintf(name, sizeof name, "h%d", i);
                doc_set(hists, name, record_encode_hist_for_line(hist));
        }
        doc_set_int(record, "index", 3);
        doc_set(record, "C", doc_object());
        doc_set(record, "hists", hists);
        record_split(record, lines);
        size_t len = doc_len(lines, "");
        assert_true(len > 1);
        assert_int_equal(doc_int(doc_item(lines, 0), "parts", 0), len);
        for (size_t i = 0; i < len; i++) {
                struct json_object *line = doc_item(lines, i);
                auto_buf struct buf out = {0};
                seen += (size_t)json_object_object_length(doc_at(line, "hists"));
                assert_int_equal(doc_int(line, "part", 0), i);
                assert_int_equal(doc_int(line, "index", 0), 3);
                assert_int_equal(doc_at(line, "C") != NULL, i == 0);
                record_frame(&out, UINT32_MAX, json_object_get(line));
                assert_true(out.size <= RECORD_LINE_BYTES_MAX + 1);
        }
        assert_int_equal(seen, 7);
        hist_free(hist);
}

static void a_histogram_too_large_for_a_line_is_coarsened(void **state)
{
        (void)state;
        struct hist *hist = some_hist(3, 200000);
        auto_json struct json_object *whole = record_encode_hist(hist), *fitted = record_encode_hist_for_line(hist);
        struct hist *back = NULL;

        assert_true(strlen(doc_print(whole)) > RECORD_LINE_BYTES_MAX);
        assert_true(strlen(doc_print(fitted)) < RECORD_LINE_BYTES_MAX);
        assert_int_equal(record_decode_hist(fitted, &back, NULL), FAIL_NONE);
        assert_int_equal(hist_digits(back), 2);
        assert_int_equal(hist_count(back), 200000);
        hist_free(back);
        hist_free(hist);
}

static struct json_object *message_with(int latency_len, int other_len, size_t text_len)
{
        struct hist *latency = some_hist(2, latency_len), *other = some_hist(2, other_len);
        struct json_object *message = doc_set_int(doc_object(), "version", 1);
        auto_free char *text = xcalloc(text_len + 1, 1);

        memset(text, 'x', text_len);
        doc_set_text(message, "message", text);
        doc_set(message, "latency", record_encode_hist(latency));
        doc_set(message, "error", record_encode_hist(other));
        doc_set(message, "censored", record_encode_hist(other));
        hist_free(latency);
        hist_free(other);
        return message;
}

static void expect_message(struct json_object *message, bool latency, bool others)
{
        auto_free char *text = record_frame_message(message);
        auto_json struct json_object *back = NULL;

        assert_true(strlen(text) <= RECORD_MESSAGE_BYTES_MAX);
        assert_int_equal(record_unframe_message(text, strlen(text), &back, NULL), FAIL_NONE);
        assert_int_equal(doc_at(back, "latency.hdr") != NULL, latency);
        assert_int_equal(doc_at(back, "error.hdr") != NULL, others);
        assert_true(doc_int(back, "latency.count", 0) > 0);
        assert_true(doc_int(back, "error.count", 0) > 0);
}

static void a_message_always_fits_and_keeps_latency_longest(void **state)
{
        (void)state;
        expect_message(message_with(50, 50, 10), true, true);
        expect_message(message_with(3000, 20000, 10), true, false);
        expect_message(message_with(200000, 3000, 10), false, false);
        expect_message(message_with(200000, 3000, 5000), false, false);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(counters_survive_the_journey),
                cmocka_unit_test(zero_counters_are_an_empty_object),
                cmocka_unit_test(counters_add_up_and_codes_beyond_the_bound_are_other),
                cmocka_unit_test(counters_that_contradict_themselves_are_refused),
                cmocka_unit_test(a_histogram_keeps_its_exact_extremes),
                cmocka_unit_test(a_histogram_that_contradicts_its_buckets_is_refused),
                cmocka_unit_test(a_framed_line_is_read_back_and_any_change_is_seen),
                cmocka_unit_test(foreign_lines_are_refused),
                cmocka_unit_test(a_large_record_is_split_and_nothing_is_lost),
                cmocka_unit_test(a_histogram_too_large_for_a_line_is_coarsened),
                cmocka_unit_test(a_message_always_fits_and_keeps_latency_longest),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
