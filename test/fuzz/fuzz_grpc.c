/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages of an answer mean the same in pieces of any size, and never more than came; a status is a code or none. */
#include <string.h>

#include "fuzz.h"
#include "load/grpc.h"

/* 'seed' 0: whole, 1: byte by byte, else in pieces. */
static struct grpc_reader fed(const uint8_t *data, size_t size, uint64_t seed)
{
        struct grpc_reader reader = {0};

        for (size_t used = 0; used < size;) {
                size_t left = size - used, length = !seed ? left : seed == 1 ? 1 : fuzz_piece(&seed, left);
                char *piece = fuzz_copy(data + used, length);
                grpc_feed(&reader, (const uint8_t *)piece, length);
                free(piece);
                used += length;
                must(reader.prefix_size <= GRPC_PREFIX_SIZE && (size_t)reader.messages * GRPC_PREFIX_SIZE <= used);
        }
        return reader;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct grpc_reader whole = fed(data, size, 0), bytes = fed(data, size, 1), pieces = fed(data, size, size + 2);
        char *text = fuzz_copy(data, size);
        int status = grpc_parse_status((const uint8_t *)text, size);

        free(text);
        must(status >= -1 && status < GRPC_CODES);
        must(grpc_is_unary(&whole) == grpc_is_unary(&bytes) && grpc_is_unary(&whole) == grpc_is_unary(&pieces));
        must(whole.broken == bytes.broken && whole.messages == bytes.messages && whole.left == bytes.left);
        must(whole.broken == pieces.broken && whole.messages == pieces.messages && whole.left == pieces.left);
        if (grpc_is_unary(&whole)) {
                uint8_t prefix[GRPC_PREFIX_SIZE];
                grpc_write_prefix((uint32_t)(size - GRPC_PREFIX_SIZE), prefix);
                must(memcmp(prefix + 1, data + 1, GRPC_PREFIX_SIZE - 1) == 0);
        }
        return 0;
}
