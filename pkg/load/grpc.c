/* SPDX-License-Identifier: Apache-2.0 */
#include "load/grpc.h"

#include <stdio.h>
#include <string.h>

#define STATUS_DIGITS_MAX 9
#define CODE_UNKNOWN 2

static void end_prefix(struct grpc_reader *reader)
{
        const uint8_t *p = reader->prefix;

        reader->broken = p[0] > 1;
        reader->left = (uint32_t)p[1] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 8 | p[4];
}

void grpc_feed(struct grpc_reader *reader, const uint8_t *data, size_t size)
{
        while (size > 0 && !reader->broken) {
                bool in_prefix = reader->prefix_size < GRPC_PREFIX_SIZE;
                size_t wanted = in_prefix ? (size_t)(GRPC_PREFIX_SIZE - reader->prefix_size) : reader->left;
                size_t taken = size < wanted ? size : wanted;

                if (in_prefix) {
                        memcpy(reader->prefix + reader->prefix_size, data, taken);
                        reader->prefix_size += (uint8_t)taken;
                        if (reader->prefix_size == GRPC_PREFIX_SIZE)
                                end_prefix(reader);
                } else {
                        reader->left -= (uint32_t)taken;
                }
                if (reader->prefix_size == GRPC_PREFIX_SIZE && reader->left == 0) {
                        reader->messages++;
                        reader->prefix_size = 0;
                }
                data += taken;
                size -= taken;
        }
}

bool grpc_is_unary(const struct grpc_reader *reader)
{
        return !reader->broken && reader->messages == 1 && reader->prefix_size == 0;
}

void grpc_write_prefix(uint32_t message_size, uint8_t into[static GRPC_PREFIX_SIZE])
{
        into[0] = 0;
        for (int i = 0; i < 4; i++)
                into[1 + i] = (uint8_t)(message_size >> (24 - 8 * i));
}

int grpc_parse_status(const uint8_t *text, size_t size)
{
        int code = 0;

        if (size == 0 || size > STATUS_DIGITS_MAX)
                return -1;
        for (size_t i = 0; i < size; i++) {
                if (text[i] < '0' || text[i] > '9')
                        return -1;
                code = code * 10 + (text[i] - '0');
        }
        return code < GRPC_CODES ? code : CODE_UNKNOWN;
}

size_t grpc_format_timeout(int64_t left_ns, char text[static GRPC_TIMEOUT_TEXT])
{
        long long left_ms = left_ns < 1000000 ? 1 : (long long)(left_ns / 1000000);
        return (size_t)snprintf(text, GRPC_TIMEOUT_TEXT, "%lldm", left_ms);
}
