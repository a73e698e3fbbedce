/* SPDX-License-Identifier: Apache-2.0 */
#include "data/proto_wire.h"

#define VARINT_BYTES_MAX 10

static bool read_varint(struct proto_reader *reader, uint64_t *ret_value)
{
        uint64_t value = 0;

        for (unsigned i = 0; i < VARINT_BYTES_MAX && reader->at < reader->end; i++) {
                uint8_t byte = *reader->at++;
                value |= (uint64_t)(byte & 0x7f) << 7 * i;
                if (byte < 0x80) {
                        *ret_value = value;
                        return true;
                }
        }
        return false;
}

static bool read_fixed(struct proto_reader *reader, size_t size, uint64_t *ret_value)
{
        uint64_t value = 0;

        if ((size_t)(reader->end - reader->at) < size)
                return false;
        for (size_t i = 0; i < size; i++)
                value |= (uint64_t)reader->at[i] << 8 * i;
        reader->at += size;
        *ret_value = value;
        return true;
}

static bool read_bytes(struct proto_reader *reader, struct proto_item *item)
{
        uint64_t size;

        if (!read_varint(reader, &size) || size > (size_t)(reader->end - reader->at))
                return false;
        item->data = reader->at;
        item->size = (size_t)size;
        reader->at += size;
        return true;
}

static bool read_value(struct proto_reader *reader, struct proto_item *item)
{
        switch (item->wire) {
        case PROTO_VARINT:
                return read_varint(reader, &item->value);
        case PROTO_FIXED64:
                return read_fixed(reader, 8, &item->value);
        case PROTO_BYTES:
                return read_bytes(reader, item);
        case PROTO_FIXED32:
                return read_fixed(reader, 4, &item->value);
        default:
                return false;
        }
}

bool proto_read(struct proto_reader *reader, struct proto_item *ret_item)
{
        uint64_t tag;

        if (reader->broken || reader->at == reader->end)
                return false;
        reader->broken = true;
        if (!read_varint(reader, &tag) || tag >> 3 < 1 || tag >> 3 > PROTO_NUMBER_MAX)
                return false;
        *ret_item = (struct proto_item){.number = (uint32_t)(tag >> 3), .wire = (enum proto_wire)(tag & 7)};
        reader->broken = !read_value(reader, ret_item);
        return !reader->broken;
}

void proto_add_varint(struct buf *into, uint64_t value)
{
        uint8_t bytes[VARINT_BYTES_MAX];
        size_t size = 0;

        do {
                bytes[size++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
                value >>= 7;
        } while (value > 0);
        buf_add(into, bytes, size);
}

void proto_add_tag(struct buf *into, uint32_t number, enum proto_wire wire)
{
        proto_add_varint(into, (uint64_t)number << 3 | (uint64_t)wire);
}

void proto_add_fixed(struct buf *into, uint64_t value, size_t size)
{
        uint8_t bytes[8];

        for (size_t i = 0; i < size; i++)
                bytes[i] = (uint8_t)(value >> 8 * i);
        buf_add(into, bytes, size);
}

void proto_add_bytes(struct buf *into, const void *data, size_t size)
{
        proto_add_varint(into, size);
        buf_add(into, data, size);
}
