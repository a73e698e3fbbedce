/* SPDX-License-Identifier: Apache-2.0
 *
 * Descriptor sets, and JSON for each of their methods: whatever a set declares, encoding ends, and what it writes is a message. The input
 * is the set, of so many bytes as its first three say, and then the JSON. */
#include "data/doc.h"
#include "data/proto_json.h"
#include "data/proto_wire.h"
#include "fuzz.h"

#define SIZE_BYTES 3
#define MESSAGE_BYTES_MAX 65536

static void must_be_a_message(const struct buf *bytes)
{
        char *copy = fuzz_copy(bytes->data, bytes->size);
        struct proto_reader reader = proto_reader_of((const uint8_t *)copy, bytes->size);
        struct proto_item item;

        while (proto_read(&reader, &item))
                must(item.number > 0 && item.number <= PROTO_NUMBER_MAX);
        must(!reader.broken);
        free(copy);
}

static void encode(const struct proto_set *set, const char *path, struct json_object *json)
{
        const struct proto_message *message;
        struct buf bytes = buf_bounded(MESSAGE_BYTES_MAX);
        struct fail fail = {0};

        if (proto_set_find(set, path, &message, &fail)) {
                must(fail.kind == FAIL_MISSING || fail.kind == FAIL_INVALID);
                return;
        }
        if (proto_encode(message, json, &bytes, &fail))
                must(fail.kind == FAIL_INVALID && fail.text[0]);
        else if (!bytes.overflowed)
                must_be_a_message(&bytes);
        buf_done(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct proto_set *set = NULL;
        struct json_object *json = NULL;
        struct fail fail = {0};
        const char *path;
        size_t at = 0;

        if (size < SIZE_BYTES)
                return 0;
        size_t set_size = (size_t)data[0] << 16 | (size_t)data[1] << 8 | data[2];
        data += SIZE_BYTES, size -= SIZE_BYTES;
        set_size = set_size < size ? set_size : size;
        char *bytes = fuzz_copy(data, set_size), *text = fuzz_copy(data + set_size, size - set_size);
        if (proto_set_decode((const uint8_t *)bytes, set_size, &set, &fail))
                must(fail.kind == FAIL_INVALID && fail.text[0] && !set);
        else if (!doc_parse(text, size - set_size, &json, &fail))
                while (proto_set_next(set, &at, &path))
                        encode(set, path, json);
        json_object_put(json);
        proto_set_free(set);
        free(bytes);
        free(text);
        return 0;
}
