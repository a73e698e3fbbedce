/* SPDX-License-Identifier: Apache-2.0
 *
 * What gRPC adds to HTTP/2 (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md), as far as a unary call needs it: messages behind a prefix of
 * five bytes, a status in the trailers, a deadline in a header. Pure; messages are counted, not kept. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/grpc_code.h"

#define GRPC_PREFIX_SIZE 5 /* whether it is compressed, then the message's size, big-endian */
#define GRPC_TIMEOUT_TEXT 16

/* Reads the messages of an answer, which come in pieces of any size. Zeroed: none has begun. */
struct grpc_reader {
        uint8_t prefix[GRPC_PREFIX_SIZE], prefix_size;
        bool broken;       /* a prefix that is none */
        uint32_t left;     /* of the message whose prefix is read */
        uint32_t messages; /* that have ended */
};

void grpc_feed(struct grpc_reader *reader, const uint8_t *data, size_t size);
/* All that came is one whole message: what the answer to a unary call with status OK holds. */
bool grpc_is_unary(const struct grpc_reader *reader);

/* Writes the prefix of an uncompressed message. */
void grpc_write_prefix(uint32_t message_size, uint8_t into[static GRPC_PREFIX_SIZE]);
/* The value of grpc-status: 0..GRPC_CODES-1; numbers beyond are UNKNOWN, as for every client; -1 when it is no number. */
int grpc_parse_status(const uint8_t *text, size_t size);
/* The value of grpc-timeout for what is left of the deadline, at least 1 ms: "5000m". 'left_ns' is below 10^14. Returns its length. */
size_t grpc_format_timeout(int64_t left_ns, char text[static GRPC_TIMEOUT_TEXT]);
