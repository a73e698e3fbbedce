/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/page.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

#define HEAD_BYTES_MAX 16384

static enum fail_kind check_status(const char *answer, size_t size, struct fail *fail)
{
        static const struct { int status; enum fail_kind kind; } rows[] = {
                {200, FAIL_NONE}, {404, FAIL_MISSING}, {401, FAIL_DENIED}, {403, FAIL_DENIED}, {429, FAIL_BUSY}, {503, FAIL_BUSY}};

        if (size < 12 || strncmp(answer, "HTTP/1.", 7) != 0 || answer[8] != ' ' || strspn(answer + 9, "0123456789") < 3)
                return fail_set(fail, FAIL_INVALID, "the answer is no HTTP");
        int status = (answer[9] - '0') * 100 + (answer[10] - '0') * 10 + answer[11] - '0';
        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
                if (rows[i].status == status)
                        return rows[i].kind ? fail_set(fail, rows[i].kind, "the answer is %d", status) : FAIL_NONE;
        return fail_set(fail, FAIL_INVALID, "the answer is %d", status);
}

/* Where the header's value begins, NULL without it. 'head' ends with a NUL where the empty line was. */
static const char *header_value(const char *head, const char *name)
{
        size_t len = strlen(name);

        for (const char *line = strchr(head, '\n'); line; line = strchr(line, '\n')) {
                line++;
                if (strncasecmp(line, name, len) == 0 && line[len] == ':')
                        return line + len + 1 + strspn(line + len + 1, " \t");
        }
        return NULL;
}

/* A chunk's size in hexadecimal, up to the end of its line; *ret_next is after that. False: none stands there. */
static bool read_chunk_size(const char *at, const char *end, size_t *ret_size, const char **ret_next)
{
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        size_t digits = 0;

        *ret_size = 0;
        for (; line_end && at < line_end; at++, digits++) {
                const char *digit = memchr("0123456789abcdef", *at | 0x20, 16);
                if (!digit || digits == 7)
                        break;
                *ret_size = *ret_size * 16 + (size_t)(digit - (const char *)memchr("0123456789abcdef", '0', 16));
        }
        if (!line_end || digits == 0 || (at < line_end && *at != '\r' && *at != ';' && *at != ' '))
                return false;
        *ret_next = line_end + 1;
        return true;
}

static enum fail_kind join_chunks(char *body, size_t size, size_t *ret_size, struct fail *fail)
{
        const char *at = body, *end = body + size;
        size_t done = 0;

        for (;;) {
                size_t chunk;
                if (at == end)
                        return fail_set(fail, FAIL_IO, "the answer was cut short");
                if (!read_chunk_size(at, end, &chunk, &at))
                        return fail_set(fail, FAIL_INVALID, "the answer's chunks are broken");
                if (chunk == 0)
                        break;
                if (chunk > (size_t)(end - at))
                        return fail_set(fail, FAIL_IO, "the answer was cut short");
                memmove(body + done, at, chunk);
                done += chunk;
                at += chunk;
                at += at < end && *at == '\r';
                at += at < end && *at == '\n';
        }
        *ret_size = done;
        return FAIL_NONE;
}

enum fail_kind page_decode(char *answer, size_t size, char **ret_body, size_t *ret_size, struct fail *fail)
{
        char *head_end = memmem(answer, size < HEAD_BYTES_MAX ? size : HEAD_BYTES_MAX, "\r\n\r\n", 4);

        answer[size] = '\0';
        if (check_status(answer, size, fail))
                return fail ? fail->kind : FAIL_INVALID;
        if (!head_end || memchr(answer, '\0', (size_t)(head_end - answer)))
                return fail_set(fail, FAIL_INVALID, "the answer has no end of its headers");
        *head_end = '\0';
        char *body = head_end + 4;
        size_t body_size = size - (size_t)(body - answer);
        const char *coding = header_value(answer, "transfer-encoding"), *length = header_value(answer, "content-length");
        if (coding && strncasecmp(coding, "chunked", 7) == 0) {
                if (join_chunks(body, body_size, &body_size, fail))
                        return fail ? fail->kind : FAIL_INVALID;
        } else if (length) {
                unsigned long long wanted = strtoull(length, NULL, 10);
                if (wanted > body_size)
                        return fail_set(fail, FAIL_IO, "the answer was cut short");
                body_size = (size_t)wanted;
        }
        body[body_size] = '\0';
        *ret_body = body;
        *ret_size = body_size;
        return FAIL_NONE;
}
