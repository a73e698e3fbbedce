/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes that messages of Protocol Buffers are made of (protobuf.dev/programming-guides/encoding): fields, each a number with a value.
 * Groups, which nothing has made for fifteen years, are not read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum proto_wire { PROTO_VARINT = 0, PROTO_FIXED64 = 1, PROTO_BYTES = 2, PROTO_FIXED32 = 5 };

#define PROTO_NUMBER_MAX ((1u << 29) - 1)

struct proto_item {
        uint32_t number; /* 1..PROTO_NUMBER_MAX */
        enum proto_wire wire;
        uint64_t value;      /* of all but PROTO_BYTES */
        const uint8_t *data; /* of PROTO_BYTES, inside what is read */
        size_t size;
};

struct proto_reader {
        const uint8_t *at, *end;
        bool broken; /* what was read is no message */
};

static inline struct proto_reader proto_reader_of(const uint8_t *data, size_t size)
{
        return (struct proto_reader){.at = data, .end = data ? data + size : data};
}

/* The next field; false at the end, and where the bytes are none (then 'broken'). */
bool proto_read(struct proto_reader *reader, struct proto_item *ret_item);

/* Appends to 'into'. 'size' is 4 or 8; the lower bytes of the value are written. */
void proto_add_tag(struct buf *into, uint32_t number, enum proto_wire wire);
void proto_add_varint(struct buf *into, uint64_t value);
void proto_add_fixed(struct buf *into, uint64_t value, size_t size);
void proto_add_bytes(struct buf *into, const void *data, size_t size); /* with their length before them */
