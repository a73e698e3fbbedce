/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

bool text_equal(const char *a, const char *b)
{
        return a == b || (a && b && strcmp(a, b) == 0);
}

bool text_starts(const char *text, const char *prefix)
{
        return text && strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Bytes of the character at 'at' by its first two bytes (RFC 3629 section 4); 0 when none begins here. */
static size_t character_size(const unsigned char *at)
{
        static const struct { unsigned char first, last, second_least, second_most, size; } rows[] = {
                {0x01, 0x7f, 0x00, 0xff, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
                {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
                {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
        };

        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
                if (at[0] >= rows[i].first && at[0] <= rows[i].last)
                        return at[1] >= rows[i].second_least && at[1] <= rows[i].second_most ? rows[i].size : 0;
        return 0;
}

void text_scrub(char *text)
{
        unsigned char *at = (unsigned char *)text;

        while (*at) {
                size_t size = character_size(at), good = size > 0;
                while (good < size && (at[good] & 0xc0) == 0x80)
                        good++;
                if (size == 0 || good < size)
                        *at++ = '?';
                else
                        at += size;
        }
}

enum fail_kind text_file_read(const char *path, size_t bytes_max, char **ret_data, size_t *ret_size,
                              struct fail *fail)
{
        auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
        auto_buf struct buf content = buf_bounded(bytes_max);
        char block[8192];

        if (fd < 0)
                return fail_errno(fail, errno, "cannot open %s", path);
        for (;;) {
                ssize_t got = read(fd, block, sizeof block);
                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return fail_errno(fail, errno, "cannot read %s", path);
                if (got == 0)
                        break;
                if (!buf_add(&content, block, (size_t)got))
                        return fail_set(fail, FAIL_TOO_LARGE, "%s is larger than %zu bytes", path, bytes_max);
        }
        if (ret_size)
                *ret_size = content.size;
        *ret_data = buf_take(&content);
        return FAIL_NONE;
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *text_base64_encode(const void *data, size_t size)
{
        const uint8_t *bytes = data;
        char *text = xcalloc((size + 2) / 3 * 4 + 1, 1), *out = text;

        for (size_t i = 0; i < size; i += 3) {
                size_t left = size - i;
                uint32_t group = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                                 (left > 2 ? bytes[i + 2] : 0);
                *out++ = base64_digits[group >> 18];
                *out++ = base64_digits[group >> 12 & 63];
                *out++ = left > 1 ? base64_digits[group >> 6 & 63] : '=';
                *out++ = left > 2 ? base64_digits[group & 63] : '=';
        }
        return text;
}

static int base64_value(char c)
{
        if (c >= 'A' && c <= 'Z')
                return c - 'A';
        if (c >= 'a' && c <= 'z')
                return c - 'a' + 26;
        if (c >= '0' && c <= '9')
                return c - '0' + 52;
        return c == '+' ? 62 : c == '/' ? 63 : -1;
}

enum fail_kind text_base64_decode(const char *text, size_t len, uint8_t **ret_data, size_t *ret_size,
                                  struct fail *fail)
{
        if (len % 4 != 0)
                return fail_set(fail, FAIL_INVALID, "base64 of %zu characters", len);
        auto_free uint8_t *data = xcalloc(len / 4 * 3 + 1, 1);
        size_t size = 0;

        for (size_t i = 0; i < len; i += 4) {
                bool last = i + 4 == len;
                int padding = last && text[i + 3] == '=' ? (text[i + 2] == '=' ? 2 : 1) : 0;
                uint32_t group = 0;
                for (int k = 0; k < 4; k++) {
                        int value = k >= 4 - padding ? 0 : base64_value(text[i + (size_t)k]);
                        if (value < 0)
                                return fail_set(fail, FAIL_INVALID, "not base64 at character %zu", i + (size_t)k);
                        group = group << 6 | (uint32_t)value;
                }
                data[size++] = (uint8_t)(group >> 16);
                if (padding < 2)
                        data[size++] = (uint8_t)(group >> 8);
                if (padding < 1)
                        data[size++] = (uint8_t)group;
        }
        *ret_size = size;
        *ret_data = take(data);
        return FAIL_NONE;
}

static uint32_t crc32c_of_byte(uint32_t value)
{
        for (int bit = 0; bit < 8; bit++)
                value = value & 1 ? value >> 1 ^ 0x82f63b78u : value >> 1;
        return value;
}

uint32_t text_crc32c(uint32_t crc, const void *data, size_t size)
{
        /* Built on first use; every thread that races here writes the same values. */
        static uint32_t table[256];
        if (!__atomic_load_n(&table[255], __ATOMIC_ACQUIRE))
                for (uint32_t i = 0; i < 256; i++)
                        __atomic_store_n(&table[i], crc32c_of_byte(i), __ATOMIC_RELEASE);

        const uint8_t *bytes = data;
        crc = ~crc;
        for (size_t i = 0; i < size; i++)
                crc = table[(crc ^ bytes[i]) & 255] ^ crc >> 8;
        return ~crc;
}

uint64_t text_hash(const void *data, size_t size)
{
        const uint8_t *bytes = data;
        uint64_t hash = UINT64_C(0xcbf29ce484222325);

        for (size_t i = 0; i < size; i++)
                hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
        return hash;
}
