/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/http_head.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

struct span {
        const char *text;
        size_t len;
};

static bool span_is(struct span span, const char *word)
{
        return span.len == strlen(word) && strncasecmp(span.text, word, span.len) == 0;
}

/* RFC 9110 5.6.2: what methods and header names are made of. */
static bool token_char(unsigned char c)
{
        return c > ' ' && c < 0x7f && !strchr("\"(),/:;<=>?@[\\]{}", c);
}

static bool is_token(struct span span)
{
        for (size_t i = 0; i < span.len; i++)
                if (!token_char((unsigned char)span.text[i]))
                        return false;
        return span.len > 0;
}

/* No control character but the tab is allowed anywhere: a lone CR or a NUL is read differently by different programs. */
static bool is_plain(struct span span)
{
        for (size_t i = 0; i < span.len; i++)
                if (((unsigned char)span.text[i] < ' ' && span.text[i] != '\t') || span.text[i] == 0x7f)
                        return false;
        return true;
}

/* What stands before 'end', which is dropped; the whole when there is none. */
static struct span cut(struct span *rest, char end)
{
        const char *at = memchr(rest->text, end, rest->len);
        struct span first = {rest->text, at ? (size_t)(at - rest->text) : rest->len};
        size_t dropped = first.len + (at ? 1 : 0);

        rest->text += dropped;
        rest->len -= dropped;
        return first;
}

static struct span trim(struct span span)
{
        for (; span.len && (span.text[0] == ' ' || span.text[0] == '\t'); span.len--)
                span.text++;
        while (span.len && (span.text[span.len - 1] == ' ' || span.text[span.len - 1] == '\t'))
                span.len--;
        return span;
}

static int read_target(struct span target, struct http_head *head)
{
        struct span path = cut(&target, '?');

        if (!path.len || path.text[0] != '/' || memchr(path.text, '\0', path.len))
                return 400;
        if (path.len >= sizeof head->path)
                return 414;
        memcpy(head->path, path.text, path.len);
        head->path[path.len] = '\0';
        return 0;
}

static int read_first_line(struct span line, struct http_head *head)
{
        struct span method = cut(&line, ' '), target = cut(&line, ' ');

        if (!is_token(method) || !target.len)
                return 400;
        if (line.len != strlen("HTTP/1.1") || strncmp(line.text, "HTTP/", strlen("HTTP/")) != 0)
                return 400;
        if (strncmp(line.text, "HTTP/1.1", line.len) != 0 && strncmp(line.text, "HTTP/1.0", line.len) != 0)
                return 505;
        head->close = line.text[line.len - 1] == '0';
        head->to_head = span_is(method, "HEAD");
        if (!head->to_head && !span_is(method, "GET"))
                return 405;
        return read_target(target, head);
}

static int read_bearer(struct span value, struct http_head *head)
{
        struct span scheme = cut(&value, ' ');

        if (head->token)
                return 400; /* two of them: whose right would be looked at? */
        value = trim(value);
        if (!span_is(scheme, "Bearer") || !value.len || memchr(value.text, ' ', value.len))
                return 0;
        head->token = value.text;
        head->token_len = value.len;
        return 0;
}

static int read_header(struct span line, struct http_head *head)
{
        struct span name = cut(&line, ':'), value = trim(line);

        /* A line that begins with a blank would continue the one before; a blank before the colon hides a name. */
        if (!is_token(name) || name.text + name.len == line.text)
                return 400;
        if (span_is(name, "authorization"))
                return read_bearer(value, head);
        if (span_is(name, "connection") && span_is(value, "close"))
                head->close = true;
        if (span_is(name, "transfer-encoding") || (span_is(name, "content-length") && !span_is(value, "0")))
                return 400; /* nothing here takes a body */
        return 0;
}

/* The end of the head: CRLF CRLF, with bare LFs taken for CRLF as RFC 9112 2.2 allows. 0: not there yet. */
static size_t find_end(const char *data, size_t size)
{
        for (const char *at = data; (at = memchr(at, '\n', size - (size_t)(at - data)));) {
                size_t next = (size_t)(++at - data);
                if (next < size && data[next] == '\n')
                        return next + 1;
                if (next + 1 < size && data[next] == '\r' && data[next + 1] == '\n')
                        return next + 2;
        }
        return 0;
}

long http_head_parse(const char *data, size_t size, struct http_head *ret_head)
{
        size_t looked_at = size < HTTP_HEAD_BYTES_MAX ? size : HTTP_HEAD_BYTES_MAX, end = find_end(data, looked_at);
        struct span rest = {data, end};
        int status = 0;

        *ret_head = (struct http_head){0};
        if (!end)
                return size >= HTTP_HEAD_BYTES_MAX ? -431 : 0;
        for (bool first = true; rest.len && !status; first = false) {
                struct span line = cut(&rest, '\n');
                if (line.len && line.text[line.len - 1] == '\r')
                        line.len--;
                if (!line.len && !first)
                        break;
                if (!is_plain(line))
                        return -400;
                status = first ? read_first_line(line, ret_head) : read_header(line, ret_head);
        }
        return status ? -status : (long)end;
}
