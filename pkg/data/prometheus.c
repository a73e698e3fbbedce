/* SPDX-License-Identifier: Apache-2.0 */
#include "data/prometheus.h"

#include <stdlib.h>
#include <string.h>

static bool is_name(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t';
}

/* The end of a label block: the first brace outside of quotes. */
static const char *labels_end(const char *at, const char *end)
{
        bool quoted = false;

        for (; at < end; at++) {
                if (quoted && *at == '\\' && at + 1 < end)
                        at++;
                else if (*at == '"')
                        quoted = !quoted;
                else if (*at == '}' && !quoted)
                        return at;
        }
        return NULL;
}

/* The next word after blanks; its length, 0 when there is none. */
static size_t cut_word(const char **at, const char *end, const char **ret_word)
{
        while (*at < end && is_blank(**at))
                ++*at;
        *ret_word = *at;
        while (*at < end && !is_blank(**at) && **at != '\r')
                ++*at;
        return (size_t)(*at - *ret_word);
}

static bool cut_line(const char *at, const char *end, struct prometheus_line *line)
{
        *line = (struct prometheus_line){.name = at};
        while (at < end && is_name(*at))
                at++;
        line->name_len = (size_t)(at - line->name);
        if (line->name_len == 0)
                return false;
        if (at < end && *at == '{') {
                line->labels = at + 1;
                at = labels_end(at + 1, end);
                if (!at)
                        return false;
                line->labels_len = (size_t)(at - line->labels);
                at++;
        }
        if (at >= end || !is_blank(*at))
                return false;
        line->value_len = cut_word(&at, end, &line->value);
        line->stamp_len = cut_word(&at, end, &line->stamp);
        if (line->stamp_len == 0)
                line->stamp = NULL;
        return line->value_len > 0;
}

/* One line without its end. */
static void take_line(struct prometheus_page *page, const char *at, const char *end, prometheus_line_fn *take, void *owner)
{
        struct prometheus_line line;

        if (at == end || *at == '#' || *at == '\r')
                return;
        if (!cut_line(at, end, &line)) {
                page->malformed++;
                return;
        }
        page->series++;
        take(owner, &line);
}

enum fail_kind prometheus_feed(struct prometheus_page *page, const char *text, size_t size, prometheus_line_fn *take, void *owner,
                               struct fail *fail)
{
        const char *at = text, *end = text + size;

        page->rest.size_max = PROMETHEUS_LINE_BYTES_MAX;
        page->bytes += size;
        if (page->bytes > page->bytes_max)
                return fail_set(fail, FAIL_TOO_LARGE, "a page of more than %zu bytes", page->bytes_max);
        while (at < end) {
                const char *newline = memchr(at, '\n', (size_t)(end - at)), *to = newline ? newline : end;
                bool begun = page->rest.size > 0;
                if (to - at > PROMETHEUS_LINE_BYTES_MAX || ((begun || !newline) && !buf_add(&page->rest, at, (size_t)(to - at))))
                        return fail_set(fail, FAIL_TOO_LARGE, "a line of more than %d bytes", PROMETHEUS_LINE_BYTES_MAX);
                if (!newline)
                        break;
                if (++page->lines > page->lines_max)
                        return fail_set(fail, FAIL_TOO_LARGE, "a page of more than %u lines", page->lines_max);
                if (begun)
                        take_line(page, page->rest.data, page->rest.data + page->rest.size, take, owner);
                else
                        take_line(page, at, to, take, owner);
                buf_clear(&page->rest);
                at = newline + 1;
        }
        return FAIL_NONE;
}

enum fail_kind prometheus_end(const struct prometheus_page *page, struct fail *fail)
{
        if (page->rest.size > 0)
                return fail_set(fail, FAIL_INVALID, "the page ends in the middle of a line");
        if (page->series == 0 && page->malformed > 0)
                return fail_set(fail, FAIL_INVALID, "not a page of metrics");
        return FAIL_NONE;
}

void prometheus_done(struct prometheus_page *page)
{
        buf_done(&page->rest);
}

bool prometheus_label(const struct prometheus_line *line, const char *name, const char **ret_value, size_t *ret_len)
{
        const char *at = line->labels, *end = at ? at + line->labels_len : NULL;
        size_t name_len = strlen(name);

        while (at && at < end) {
                const char *key = at;
                while (at < end && is_name(*at))
                        at++;
                size_t key_len = (size_t)(at - key);
                if (at + 1 >= end || at[0] != '=' || at[1] != '"')
                        return false;
                at += 2;
                const char *value = at;
                while (at < end && *at != '"')
                        at += *at == '\\' && at + 1 < end ? 2 : 1;
                if (at >= end)
                        return false;
                if (key_len == name_len && memcmp(key, name, name_len) == 0) {
                        *ret_value = value;
                        *ret_len = (size_t)(at - value);
                        return true;
                }
                at++;
                while (at < end && (*at == ',' || *at == ' '))
                        at++;
        }
        return false;
}

bool prometheus_label_is(const struct prometheus_line *line, const char *name, const char *wanted)
{
        const char *value;
        size_t len;

        return wanted && prometheus_label(line, name, &value, &len) && strlen(wanted) == len && memcmp(value, wanted, len) == 0;
}

bool prometheus_number(const struct prometheus_line *line, double *ret_number)
{
        char copy[64], *end;

        if (line->value_len == 0 || line->value_len >= sizeof copy)
                return false;
        memcpy(copy, line->value, line->value_len);
        copy[line->value_len] = '\0';
        *ret_number = strtod(copy, &end);
        return *end == '\0' && *ret_number >= 0 && *ret_number <= PROMETHEUS_NUMBER_MAX;
}

bool prometheus_stamp(const struct prometheus_line *line, int64_t *ret_wall_ms)
{
        char copy[24], *end;

        if (!line->stamp || line->stamp_len >= sizeof copy)
                return false;
        memcpy(copy, line->stamp, line->stamp_len);
        copy[line->stamp_len] = '\0';
        *ret_wall_ms = strtoll(copy, &end, 10);
        return *end == '\0' && *ret_wall_ms > 0 && *ret_wall_ms < (INT64_C(1) << 53);
}
