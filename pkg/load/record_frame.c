/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames: one JSON object, its sequence number before and its CRC-32C behind the members. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "load/record.h"

#define SEQ_MARK "{\"seq\":"
#define CRC_MARK ",\"crc\":\""
#define CRC_HEX 8
#define TAIL_SIZE (sizeof CRC_MARK - 1 + CRC_HEX + 2) /* ,"crc":"xxxxxxxx"} */
#define FRAME_SIZE_MAX 96 /* seq, crc, parts and the name of hists */

/* Members of 'object' without the braces. Borrowed from the object, which must not be empty. */
static const char *inner_text(struct json_object *object, size_t *ret_size)
{
        const char *text = doc_print(object);

        *ret_size = strlen(text) - 2;
        return text + 1;
}

static void add_crc(struct buf *out, size_t from)
{
        buf_format(out, CRC_MARK "%08x\"}", text_crc32c(0, out->data + from, out->size - from));
}

void record_frame(struct buf *out, uint64_t seq, struct json_object *record)
{
        size_t from = out->size, size;
        const char *inner = inner_text(record, &size);

        buf_format(out, SEQ_MARK "%llu,", (unsigned long long)seq);
        buf_add(out, inner, size);
        add_crc(out, from);
        assert(out->size - from <= RECORD_LINE_BYTES_MAX);
        buf_text(out, "\n");
        json_object_put(record);
}

static struct json_object *new_part(struct json_object *record, int part)
{
        struct json_object *line = doc_object();

        doc_set_text(line, "type", doc_text(record, "type"));
        doc_set_int(line, "index", doc_int(record, "index", 0));
        return doc_set_int(line, "part", part);
}

void record_split(struct json_object *record, struct json_object *into)
{
        auto_json struct json_object *hists = json_object_get(doc_at(record, "hists"));
        struct json_object *kept = NULL;
        int parts = 1;

        json_object_object_del(record, "hists");
        doc_push(into, record);
        if (!hists)
                return;
        size_t room = RECORD_LINE_BYTES_MAX - FRAME_SIZE_MAX - strlen(doc_print(record));
        json_object_object_foreach(hists, name, hist) {
                size_t size = strlen(doc_print(hist)) + strlen(name) + 4;
                if (size > room) {
                        doc_push(into, new_part(record, parts++));
                        room = RECORD_LINE_BYTES_MAX - 2 * FRAME_SIZE_MAX;
                        kept = NULL;
                }
                assert(size <= room);
                if (!kept) {
                        kept = doc_object();
                        doc_set(doc_item(into, doc_len(into, "") - 1), "hists", kept);
                }
                doc_set(kept, name, json_object_get(hist));
                room -= size;
        }
        if (parts > 1)
                doc_set_int(record, "parts", parts);
}

/* True when 'text' ends with the CRC of what comes before it. */
static bool crc_holds(const char *text, size_t size)
{
        char expected[TAIL_SIZE + 1];

        if (size < TAIL_SIZE + 2)
                return false;
        snprintf(expected, sizeof expected, CRC_MARK "%08x\"}", text_crc32c(0, text, size - TAIL_SIZE));
        return memcmp(text + size - TAIL_SIZE, expected, TAIL_SIZE) == 0;
}

enum fail_kind record_unframe(const char *line, size_t size, struct json_object **ret_record, struct fail *fail)
{
        auto_json struct json_object *record = NULL;

        if (size > RECORD_LINE_BYTES_MAX)
                return fail_set(fail, FAIL_TOO_LARGE, "record of %zu bytes", size);
        if (size < sizeof SEQ_MARK || memcmp(line, SEQ_MARK, sizeof SEQ_MARK - 1) != 0)
                return fail_set(fail, FAIL_INVALID, "not a record");
        if (!crc_holds(line, size))
                return fail_set(fail, FAIL_INVALID, "record: crc differs");
        if (doc_parse(line, size, &record, fail))
                return fail_wrap(fail, "record");
        if (doc_int(record, "seq", -1) < 0 || !doc_text(record, "type"))
                return fail_set(fail, FAIL_INVALID, "record: seq or type is missing");
        *ret_record = take(record);
        return FAIL_NONE;
}

static char *frame_message(struct json_object *message)
{
        auto_buf struct buf out = {0};
        size_t size;
        const char *inner = inner_text(message, &size);

        buf_text(&out, "{");
        buf_add(&out, inner, size);
        add_crc(&out, 0);
        return buf_take(&out);
}

/* Removes the largest "hdr" among 'names'; false when there is none. */
static bool drop_largest(struct json_object *message, const char *const *names, size_t len)
{
        struct json_object *largest = NULL;
        int largest_len = 0;

        for (size_t i = 0; i < len; i++) {
                struct json_object *hist = doc_at(message, names[i]), *hdr = doc_at(hist, "hdr");
                if (hdr && json_object_get_string_len(hdr) > largest_len) {
                        largest = hist;
                        largest_len = json_object_get_string_len(hdr);
                }
        }
        if (largest)
                json_object_object_del(largest, "hdr");
        return largest;
}

char *record_frame_message(struct json_object *message)
{
        static const char *const others[] = {"error", "censored"}, *const first[] = {"latency"};
        char *text = frame_message(message);

        /* The latency of answers outlives the rest. */
        while (strlen(text) > RECORD_MESSAGE_BYTES_MAX &&
               (drop_largest(message, others, ARRAY_LEN(others)) || drop_largest(message, first, ARRAY_LEN(first)))) {
                free(text);
                text = frame_message(message);
        }
        /* What is left is bounded but for the reason in words. */
        if (strlen(text) > RECORD_MESSAGE_BYTES_MAX) {
                free(text);
                doc_set_text(message, "message", "");
                text = frame_message(message);
        }
        assert(strlen(text) <= RECORD_MESSAGE_BYTES_MAX);
        json_object_put(message);
        return text;
}

enum fail_kind record_unframe_message(const char *text, size_t size, struct json_object **ret_message,
                                      struct fail *fail)
{
        auto_json struct json_object *message = NULL;

        if (size > RECORD_MESSAGE_BYTES_MAX)
                return fail_set(fail, FAIL_TOO_LARGE, "message of %zu bytes", size);
        if (!crc_holds(text, size))
                return fail_set(fail, FAIL_INVALID, "message: crc differs or is missing");
        if (doc_parse(text, size, &message, fail))
                return fail_wrap(fail, "message");
        if (!json_object_is_type(message, json_type_object) || doc_int(message, "version", 0) != 1)
                return fail_set(fail, FAIL_INVALID, "message: version 1 is wanted");
        *ret_message = take(message);
        return FAIL_NONE;
}
