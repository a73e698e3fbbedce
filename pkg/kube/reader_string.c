/* SPDX-License-Identifier: Apache-2.0
 *
 * The strings of kube/reader.h. */
#include <endian.h>
#include <string.h>

#include "kube/reader_parts.h"

#define REPLACEMENT 0xfffdu

#define EVERY(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Marks bytes that are zero, and perhaps some behind the first of them. */
static uint64_t zero_bytes(uint64_t word)
{
        return (word - EVERY(1)) & ~word;
}

/* Where the first byte is that is not itself within a string: a quote, a backslash, a control character, or not ASCII. */
static const char *plain_end(const char *at, const char *end)
{
        for (uint64_t word; end - at >= 8; at += 8) {
                memcpy(&word, at, 8);
                word = le64toh(word); /* so that the lowest is the first */
                uint64_t odd = zero_bytes(word ^ EVERY('"')) | zero_bytes(word ^ EVERY('\\')) | ((word - EVERY(' ')) & ~word) | word;
                if (odd & EVERY(0x80))
                        return at + __builtin_ctzll(odd & EVERY(0x80)) / 8;
        }
        while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= ' ' && (unsigned char)*at < 0x80)
                at++;
        return at;
}

/* One character beyond ASCII: no overlong forms, no surrogates, nothing beyond U+10FFFF. */
static bool pass_utf8(struct reader *reader)
{
        const unsigned char *at = (const unsigned char *)reader->at;
        size_t left = (size_t)(reader->end - reader->at), more = at[0] >= 0xf0 ? 3 : at[0] >= 0xe0 ? 2 : 1;
        unsigned char low = 0x80, high = 0xbf; /* of the second byte */

        if (at[0] == 0xe0)
                low = 0xa0;
        else if (at[0] == 0xed)
                high = 0x9f;
        else if (at[0] == 0xf0)
                low = 0x90;
        else if (at[0] == 0xf4)
                high = 0x8f;
        if (at[0] < 0xc2 || at[0] > 0xf4 || left <= more || at[1] < low || at[1] > high)
                return reader_wrong(reader, "a string that is not UTF-8");
        for (size_t i = 2; i <= more; i++)
                if (at[i] < 0x80 || at[i] > 0xbf)
                        return reader_wrong(reader, "a string that is not UTF-8");
        reader->at += more + 1;
        return true;
}

static void add_utf8(struct buf *out, uint32_t code)
{
        char bytes[4];
        size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

        for (size_t i = len - 1; i > 0; i--, code >>= 6)
                bytes[i] = (char)(0x80 | (code & 0x3f));
        bytes[0] = (char)(len == 1 ? code : (0xf00u >> len & 0xff) | code);
        buf_add(out, bytes, len);
}

/* A character that came as \uXXXX, in the shortest form that a string may have. */
static void add_character(struct buf *out, uint32_t code)
{
        static const char escaped[] = "\"\\\b\n\r\t\f", letters[] = "\"\\bnrtf";
        const char *found = code && code < 0x80 ? strchr(escaped, (int)code) : NULL;

        if (!out)
                return;
        if (found)
                buf_format(out, "\\%c", letters[found - escaped]);
        else if (code < ' ')
                buf_format(out, "\\u%04x", code);
        else
                add_utf8(out, code);
}

static bool hex4(const char *at, const char *end, uint32_t *ret_code)
{
        *ret_code = 0;
        if (end - at < 4)
                return false;
        for (int i = 0; i < 4; i++) {
                char c = at[i];
                int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
                if (digit < 0)
                        return false;
                *ret_code = *ret_code << 4 | (uint32_t)digit;
        }
        return true;
}

/* Behind "\u". */
static bool pass_unicode(struct reader *reader, struct buf *out)
{
        uint32_t code, low;

        if (!hex4(reader->at, reader->end, &code))
                return reader_wrong(reader, "an escape without four hexadecimal digits");
        reader->at += 4;
        if (code >= 0xd800 && code < 0xdc00 && reader->end - reader->at >= 6 && reader->at[0] == '\\' && reader->at[1] == 'u' &&
            hex4(reader->at + 2, reader->end, &low) && low >= 0xdc00 && low < 0xe000) {
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                reader->at += 6;
        }
        reader->nul = reader->nul || code == 0;
        add_character(out, code >= 0xd800 && code < 0xe000 ? REPLACEMENT : code);
        return true;
}

/* At a backslash. */
static bool pass_escape(struct reader *reader, struct buf *out)
{
        char c = reader->end - reader->at > 1 ? reader->at[1] : '\0';

        if (c == '\0' || !strchr("\"\\/bfnrtu", c))
                return reader_wrong(reader, "an unknown escape");
        reader->at += 2;
        if (c == 'u')
                return pass_unicode(reader, out);
        reader_copy(out, reader->at - (c == '/' ? 1 : 2), reader->at);
        return true;
}

bool reader_string(struct reader *reader, struct buf *out)
{
        const char *from = reader->at++;

        while ((reader->at = plain_end(reader->at, reader->end)) < reader->end) {
                if (*reader->at == '"') {
                        reader_copy(out, from, ++reader->at);
                        return true;
                }
                if (*reader->at == '\\') {
                        reader_copy(out, from, reader->at);
                        if (!pass_escape(reader, out))
                                return false;
                        from = reader->at;
                } else if ((unsigned char)*reader->at < ' ') {
                        return reader_wrong(reader, "a control character in a string");
                } else if (!pass_utf8(reader)) {
                        return false;
                }
        }
        return reader_wrong(reader, "a string without an end");
}
