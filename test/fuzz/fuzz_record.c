/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines and messages from a log that anybody could have written. Input without a CRC gets the right one, or the fuzzer
 * would never come past it; what is accepted is decoded as a reader would. */
#include <stdlib.h>

#include "base/text.h"
#include "data/doc.h"
#include "load/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_record(struct json_object *record)
{
        struct record_counters counters;
        struct json_object *hists = doc_at(record, "hists");

        record_decode_counters(doc_at(record, "C"), &counters, NULL);
        record_decode_counters(doc_at(record, "total"), &counters, NULL);
        if (!json_object_is_type(hists, json_type_object))
                return;
        json_object_object_foreach(hists, name, value) {
                struct hist *hist = NULL;
                (void)name;
                if (!record_decode_hist(value, &hist, NULL))
                        hist_free(hist);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        auto_buf struct buf line = {0};
        struct json_object *record = NULL;

        buf_add(&line, data, size);
        buf_format(&line, ",\"crc\":\"%08x\"}", text_crc32c(0, data, size));
        if (!record_unframe(line.data, line.size, &record, NULL)) {
                read_record(record);
                json_object_put(record);
        }
        record = NULL;
        if (!record_unframe_message(line.data, line.size, &record, NULL)) {
                read_record(record);
                json_object_put(record);
        }
        return 0;
}
