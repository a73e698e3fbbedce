/* SPDX-License-Identifier: Apache-2.0 */
#include "load/http1.h"

#include <string.h>
#include <strings.h>

void http1_begin(struct http1 *http1, bool to_head)
{
        /* 'line' needs no clearing. */
        memset(http1, 0, offsetof(struct http1, line));
        http1->to_head = to_head;
}

static enum http1_result broken(struct http1 *http1)
{
        http1->state = HTTP1_FAILED;
        return HTTP1_BROKEN;
}

static enum http1_result complete(struct http1 *http1)
{
        http1->state = HTTP1_COMPLETE;
        return HTTP1_DONE;
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static enum http1_result take_status_line(struct http1 *http1, const char *line, size_t size)
{
        /* "HTTP/1.1 200" and perhaps a reason */
        if (size < 12 || memcmp(line, "HTTP/1.", 7) != 0 || !is_digit(line[7]) || line[8] != ' ' ||
            !is_digit(line[9]) || !is_digit(line[10]) || !is_digit(line[11]) || (size > 12 && line[12] != ' '))
                return broken(http1);
        http1->status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
        if (http1->status < 100)
                return broken(http1);
        http1->persistent = line[7] != '0';
        http1->chunked = http1->coded = http1->has_length = http1->framing_last = false;
        http1->state = HTTP1_HEADER;
        return HTTP1_MORE;
}

/* True when a comma-separated 'list' holds 'word' in any case. */
static bool has_word(const char *list, size_t size, const char *word)
{
        size_t word_size = strlen(word);

        for (size_t at = 0; at < size;) {
                while (at < size && (list[at] == ' ' || list[at] == '\t' || list[at] == ','))
                        at++;
                size_t from = at;
                while (at < size && list[at] != ',')
                        at++;
                size_t end = at;
                while (end > from && (list[end - 1] == ' ' || list[end - 1] == '\t'))
                        end--;
                if (end - from == word_size && strncasecmp(list + from, word, word_size) == 0)
                        return true;
        }
        return false;
}

static bool take_length(struct http1 *http1, const char *value, size_t size)
{
        uint64_t length = 0;

        if (size == 0 || size > 18)
                return false;
        for (size_t i = 0; i < size; i++) {
                if (!is_digit(value[i]))
                        return false;
                length = length * 10 + (uint64_t)(value[i] - '0');
        }
        if (http1->has_length && http1->length != length)
                return false;
        http1->has_length = true;
        http1->length = length;
        return true;
}

static bool take_coding(struct http1 *http1, const char *value, size_t size)
{
        /* Nothing may follow chunked; without it the body ends with the connection. */
        if (http1->chunked)
                return false;
        http1->coded = true;
        while (size && value[size - 1] == ',')
                size--;
        const char *comma = memrchr(value, ',', size);
        const char *final = comma ? comma + 1 : value;
        http1->chunked = has_word(final, (size_t)(value + size - final), "chunked");
        return http1->chunked || !has_word(value, size, "chunked");
}

static bool take_connection(struct http1 *http1, const char *value, size_t size)
{
        /* As nearly every server writes it. */
        if (size == 10 && memcmp(value, "keep-alive", 10) == 0)
                http1->persistent = true;
        else if (has_word(value, size, "close"))
                http1->persistent = false;
        else if (has_word(value, size, "keep-alive"))
                http1->persistent = true;
        return true;
}

#define FRAMING(name, take) {name, sizeof name - 1, take}
static const struct framing {
        const char *name;
        size_t size;
        bool (*take)(struct http1 *http1, const char *value, size_t size);
} framing[] = {
        FRAMING("content-length", take_length),
        FRAMING("transfer-encoding", take_coding),
        FRAMING("connection", take_connection),
};

/* Most headers are told apart by length and first letter. */
static const struct framing *framing_of(const char *name, size_t size)
{
        for (size_t i = 0; i < sizeof framing / sizeof *framing; i++)
                if (size == framing[i].size && (name[0] | 32) == framing[i].name[0] && strncasecmp(name, framing[i].name, size) == 0)
                        return &framing[i];
        return NULL;
}

static enum http1_result take_header(struct http1 *http1, const char *line, size_t size)
{
        if (line[0] == ' ' || line[0] == '\t') /* an obsolete fold: harmless only where nothing depends on it */
                return http1->framing_last ? broken(http1) : HTTP1_MORE;
        http1->framing_last = false;
        const char *colon = memchr(line, ':', size);
        if (!colon || colon == line)
                return broken(http1);
        const struct framing *known = framing_of(line, (size_t)(colon - line));
        if (!known)
                return HTTP1_MORE;
        const char *value = colon + 1, *end = line + size;
        while (value < end && (*value == ' ' || *value == '\t'))
                value++;
        while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
                end--;
        http1->framing_last = true;
        return http1->cut || !known->take(http1, value, (size_t)(end - value)) ? broken(http1) : HTTP1_MORE;
}

/* The empty line: what comes now? (RFC 9112 section 6.3) */
static enum http1_result take_head_end(struct http1 *http1)
{
        if (http1->status == 101)
                return broken(http1); /* nobody asked for another protocol */
        if (http1->status < 200) {
                http1->state = HTTP1_STATUS;
                http1->status = 0;
                return HTTP1_MORE;
        }
        if (http1->to_head || http1->status == 204 || http1->status == 304)
                return complete(http1);
        if (http1->chunked) {
                /* Both framings at once smell of smuggling: the coding rules, the connection does not live on. */
                if (http1->has_length)
                        http1->persistent = false;
                http1->state = HTTP1_CHUNK_SIZE;
                return HTTP1_MORE;
        }
        if (http1->has_length && !http1->coded) {
                http1->left = http1->length;
                http1->state = HTTP1_LENGTH;
                return http1->left ? HTTP1_MORE : complete(http1);
        }
        http1->persistent = false;
        http1->state = HTTP1_UNTIL_CLOSE;
        return HTTP1_MORE;
}

static enum http1_result take_chunk_size(struct http1 *http1, const char *line, size_t size)
{
        uint64_t left = 0;
        size_t i = 0;

        for (; i < size; i++) {
                char c = line[i];
                int digit = is_digit(c) ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
                if (digit < 0)
                        break;
                if (left >> 56)
                        return broken(http1);
                left = left << 4 | (uint64_t)digit;
        }
        if (i == 0 || (i < size && line[i] != ';' && line[i] != ' ' && line[i] != '\t'))
                return broken(http1);
        http1->left = left;
        http1->state = left ? HTTP1_CHUNK_DATA : HTTP1_TRAILER;
        return HTTP1_MORE;
}

static enum http1_result take_line(struct http1 *http1, const char *line, size_t size)
{
        if (size && line[size - 1] == '\r' && !http1->cut)
                size--;
        if (memchr(line, '\0', size))
                return broken(http1);
        switch (http1->state) {
        case HTTP1_STATUS:
                return take_status_line(http1, line, size);
        case HTTP1_HEADER:
                return size ? take_header(http1, line, size) : take_head_end(http1);
        case HTTP1_CHUNK_SIZE:
                return take_chunk_size(http1, line, size);
        case HTTP1_CHUNK_END:
                http1->state = HTTP1_CHUNK_SIZE;
                return size ? broken(http1) : HTTP1_MORE;
        case HTTP1_TRAILER:
                return size ? HTTP1_MORE : complete(http1);
        default:
                return broken(http1);
        }
}

static void keep(struct http1 *http1, const char *data, size_t size)
{
        size_t room = HTTP1_LINE_KEPT - http1->kept;

        if (size > room) {
                size = room;
                http1->cut = true;
        }
        memcpy(http1->line + http1->kept, data, size);
        http1->kept += (uint32_t)size;
}

/* Takes bytes up to the end of a line; a line that lies in 'data' as a whole is read where it is. */
static enum http1_result feed_line(struct http1 *http1, const char *data, size_t size, size_t *ret_used)
{
        const char *end = memchr(data, '\n', size);
        size_t line_size = end ? (size_t)(end - data) : size;
        enum http1_result result = HTTP1_MORE;

        *ret_used = line_size + (end ? 1 : 0);
        /* Chunk sizes are no head: a long body of small chunks is fine, an endless line is not. */
        if (http1->state == HTTP1_CHUNK_SIZE || http1->state == HTTP1_CHUNK_END) {
                if (http1->kept + line_size > HTTP1_LINE_KEPT)
                        return broken(http1);
        } else {
                http1->head_size += (uint32_t)(*ret_used < HTTP1_HEAD_BYTES_MAX ? *ret_used : HTTP1_HEAD_BYTES_MAX);
                if (http1->head_size > HTTP1_HEAD_BYTES_MAX)
                        return broken(http1);
        }
        if (end && http1->kept == 0) {
                /* Cut like a line that came in pieces: what an answer means does not depend on how it arrives. */
                http1->cut = line_size > HTTP1_LINE_KEPT;
                result = take_line(http1, data, http1->cut ? HTTP1_LINE_KEPT : line_size);
                http1->cut = false;
                return result;
        }
        keep(http1, data, line_size);
        if (end) {
                result = take_line(http1, http1->line, http1->kept);
                http1->kept = 0;
                http1->cut = false;
        }
        return result;
}

static void look(struct http1 *http1, const char *data, size_t size)
{
        if (http1->body)
                match_feed(http1->body, data, size);
}

static size_t feed_counted(struct http1 *http1, const char *data, size_t size)
{
        size_t used = size < http1->left ? size : (size_t)http1->left;

        look(http1, data, used);
        http1->left -= used;
        return used;
}

enum http1_result http1_feed(struct http1 *http1, const char *data, size_t size, size_t *ret_used)
{
        enum http1_result result = HTTP1_MORE;
        size_t used = 0;

        while (used < size && result == HTTP1_MORE) {
                size_t step = 0;
                switch (http1->state) {
                case HTTP1_LENGTH:
                        step = feed_counted(http1, data + used, size - used);
                        if (http1->left == 0)
                                result = complete(http1);
                        break;
                case HTTP1_CHUNK_DATA:
                        step = feed_counted(http1, data + used, size - used);
                        if (http1->left == 0)
                                http1->state = HTTP1_CHUNK_END;
                        break;
                case HTTP1_UNTIL_CLOSE:
                        step = size - used;
                        look(http1, data + used, step);
                        break;
                case HTTP1_COMPLETE:
                case HTTP1_FAILED:
                        result = broken(http1);
                        break;
                default:
                        result = feed_line(http1, data + used, size - used, &step);
                }
                used += step;
        }
        *ret_used = used;
        return result;
}

enum http1_result http1_end(struct http1 *http1)
{
        return http1->state == HTTP1_UNTIL_CLOSE ? complete(http1) : broken(http1);
}
