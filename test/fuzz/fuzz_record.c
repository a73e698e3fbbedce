/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines and messages from a log that anybody could have written. Input without a CRC gets the right one, or the fuzzer
 * would never come past it; what is accepted is decoded as a reader would, and counts and histograms survive being written
 * again. */
#include "base/buf.h"
#include "base/text.h"
#include "fuzz_json.h"
#include "load/record.h"

static void read_counters(struct json_object *doc)
{
        struct record_counters counters, again;

        if (record_decode_counters(doc, &counters, NULL))
                return;
        auto_json struct json_object *encoded = record_encode_counters(&counters);
        must(!record_decode_counters(encoded, &again, NULL));
        auto_json struct json_object *encoded_again = record_encode_counters(&again);
        must(doc_equal(encoded, encoded_again));
        must(counters.ok + counters.missed + counters.censored == counters.done);
}

static void read_hist(struct json_object *doc)
{
        struct hist *hist = NULL, *again = NULL;

        if (record_decode_hist(doc, &hist, NULL))
                return;
        must(hist_min(hist) >= 0 && hist_max(hist) <= HIST_VALUE_MAX_NS && hist_sum(hist) >= 0);
        auto_json struct json_object *encoded = record_encode_hist(hist);
        must(!encoded == !hist_count(hist));
        if (encoded) {
                fuzz_must_survive(encoded);
                must(!record_decode_hist(encoded, &again, NULL));
                must(hist_count(hist) == hist_count(again) && hist_max(hist) == hist_max(again));
        }
        hist_free(hist);
        hist_free(again);
}

static void read_record(struct json_object *record)
{
        struct json_object *hists = doc_at(record, "hists");

        read_counters(doc_at(record, "C"));
        read_counters(doc_at(record, "total"));
        read_hist(doc_at(record, "latency"));
        if (!json_object_is_type(hists, json_type_object))
                return;
        json_object_object_foreach(hists, name, value) {
                (void)name;
                read_hist(value);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        auto_buf struct buf line = {0};
        auto_json struct json_object *record = NULL, *message = NULL;

        buf_add(&line, data, size);
        buf_format(&line, ",\"crc\":\"%08x\"}", text_crc32c(0, data, size));
        char *exact = fuzz_copy(line.data, line.size);
        if (!record_unframe(exact, line.size, &record, NULL)) {
                must(line.size <= RECORD_LINE_BYTES_MAX && doc_int(record, "seq", -1) >= 0 && doc_text(record, "type"));
                read_record(record);
        }
        if (!record_unframe_message(exact, line.size, &message, NULL)) {
                must(line.size <= RECORD_MESSAGE_BYTES_MAX);
                read_record(message);
        }
        free(exact);
        return 0;
}
