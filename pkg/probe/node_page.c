/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/node_page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define MAGIC "loadstone-probe 1 "
#define LINE_BYTES_MAX 1024
#define COLUMNS_MAX 64
#define LATE_MS_MAX 60000

static const char *const names[NODE_FIGURES] = {
        [NODE_CPU_US] = "cpu_us",
        [NODE_PERIODS] = "periods",
        [NODE_STOPPED] = "stopped",
        [NODE_STOPPED_US] = "stopped_us",
        [NODE_MEMORY] = "memory",
        [NODE_QUOTA_US] = "quota_us",
        [NODE_QUOTA_PERIOD_US] = "quota_period_us",
        [NODE_MEMORY_LIMIT] = "memory_limit",
        [NODE_CPU_WAIT_US] = "cpu_wait_us",
        [NODE_MEMORY_WAIT_US] = "memory_wait_us",
        [NODE_IO_WAIT_US] = "io_wait_us",
        [NODE_STEAL_US] = "steal_us",
        [NODE_CORES] = "cores",
};

/* ---- written ---- */

void node_page_encode_head(struct buf *buf, const char *node)
{
        buf_format(buf, MAGIC "%s\ncolumns late_ms", node);
        for (size_t i = 0; i < NODE_FIGURES; i++)
                buf_format(buf, " %s", names[i]);
        buf_text(buf, "\n");
}

void node_page_encode_group(struct buf *buf, uint32_t number, const char *path)
{
        buf_format(buf, "group %" PRIu32 " %s\n", number, path);
}

void node_page_encode_second(struct buf *buf, int64_t wall_ms)
{
        buf_format(buf, "second %" PRId64 "\n", wall_ms);
}

void node_page_encode_row(struct buf *buf, uint32_t number, const struct node_row *row)
{
        buf_format(buf, "%" PRIu32 " %" PRIu32, number, row->late_ms);
        for (enum node_figure i = 0; i < NODE_FIGURES; i++)
                if (node_row_knows(row, i))
                        buf_format(buf, " %" PRIu64, row->value[i]);
                else
                        buf_text(buf, " -");
        buf_text(buf, "\n");
}

void node_page_encode_end(struct buf *buf)
{
        buf_text(buf, "end\n");
}

/* ---- read ---- */

#define LATE NODE_FIGURES /* the column that is none of the figures */
#define SKIPPED (NODE_FIGURES + 1)

struct node_page {
        char *node;
        struct node_page_reader reader;
        char *paths[NODE_PAGE_GROUPS_MAX]; /* by number; NULL: there is none */
        uint8_t columns[COLUMNS_MAX];      /* a figure, LATE or SKIPPED */
        size_t columns_len, bytes, seconds;
        bool headed, ended;
        size_t line_size;
        char line[LINE_BYTES_MAX];
};

struct node_page *node_page_new(const char *node, const struct node_page_reader *reader)
{
        struct node_page *page = xnew(struct node_page);

        page->node = xstrdup(node);
        page->reader = *reader;
        return page;
}

struct node_page *node_page_free(struct node_page *page)
{
        if (!page)
                return NULL;
        for (size_t i = 0; i < NODE_PAGE_GROUPS_MAX; i++)
                free(page->paths[i]);
        free(page->node);
        free(page);
        return NULL;
}

static enum fail_kind malformed(struct fail *fail)
{
        return fail_set(fail, FAIL_INVALID, "no page of a probe");
}

/* The next word, which ends with a blank or the line; "" at the end. */
static char *next_word(char **rest)
{
        char *word = *rest, *blank = strchr(word, ' ');

        *rest = blank ? blank + 1 : word + strlen(word);
        if (blank)
                *blank = '\0';
        return word;
}

/* Digits alone, at most 19 of them. */
static bool parse_number(const char *word, uint64_t most, uint64_t *ret_number)
{
        uint64_t number = 0;
        size_t len = strspn(word, "0123456789");

        if (len == 0 || len > 19 || word[len])
                return false;
        for (size_t i = 0; i < len; i++)
                number = number * 10 + (uint64_t)(word[i] - '0');
        *ret_number = number;
        return number <= most;
}

static enum fail_kind take_head(struct node_page *page, char *line, struct fail *fail)
{
        if (!text_starts(line, MAGIC))
                return malformed(fail);
        page->headed = true;
        if (!text_equal(line + strlen(MAGIC), page->node))
                return fail_set(fail, FAIL_INVALID, "the probe there is of node %.64s", line + strlen(MAGIC));
        return FAIL_NONE;
}

static uint8_t column_of(const char *name)
{
        for (size_t i = 0; i < NODE_FIGURES; i++)
                if (text_equal(names[i], name))
                        return (uint8_t)i;
        return text_equal(name, "late_ms") ? LATE : SKIPPED;
}

static enum fail_kind take_columns(struct node_page *page, char *rest, struct fail *fail)
{
        for (page->columns_len = 0; *rest; page->columns_len++) {
                if (page->columns_len == COLUMNS_MAX)
                        return fail_set(fail, FAIL_TOO_LARGE, "a probe's rows have more than %d columns", COLUMNS_MAX);
                page->columns[page->columns_len] = column_of(next_word(&rest));
        }
        return FAIL_NONE;
}

static enum fail_kind take_group(struct node_page *page, char *rest, struct fail *fail)
{
        uint64_t number;

        if (!parse_number(next_word(&rest), NODE_PAGE_GROUPS_MAX - 1, &number) || strlen(rest) >= NODE_PAGE_PATH_MAX)
                return malformed(fail);
        free(page->paths[number]);
        page->paths[number] = xstrdup(rest);
        return FAIL_NONE;
}

static enum fail_kind take_second(struct node_page *page, char *rest, struct fail *fail)
{
        uint64_t wall_ms;

        if (!parse_number(rest, NODE_PAGE_WALL_MS_MAX, &wall_ms) || wall_ms == 0)
                return malformed(fail);
        if (++page->seconds > NODE_PAGE_SECONDS_MAX)
                return fail_set(fail, FAIL_TOO_LARGE, "a probe's page has more than %d seconds", NODE_PAGE_SECONDS_MAX);
        page->reader.second(page->reader.owner, (int64_t)wall_ms);
        return FAIL_NONE;
}

/* A number that cannot be read is not known; a row of nobody, or before the first second, is skipped. */
static void take_row(struct node_page *page, char *rest)
{
        struct node_row row = {0};
        uint64_t group, number;

        if (!parse_number(next_word(&rest), NODE_PAGE_GROUPS_MAX - 1, &group) || !page->paths[group] || page->seconds == 0)
                return;
        for (size_t i = 0; i < page->columns_len && *rest; i++) {
                const char *word = next_word(&rest);
                if (page->columns[i] == LATE && parse_number(word, LATE_MS_MAX, &number))
                        row.late_ms = (uint32_t)number;
                else if (page->columns[i] < NODE_FIGURES && parse_number(word, INT64_MAX, &number))
                        node_row_set(&row, page->columns[i], number);
        }
        page->reader.row(page->reader.owner, page->paths[group], &row);
}

static enum fail_kind take_line(struct node_page *page, char *line, struct fail *fail)
{
        static const struct {
                const char *word;
                enum fail_kind (*read)(struct node_page *page, char *rest, struct fail *fail);
        } kinds[] = {{"columns ", take_columns}, {"group ", take_group}, {"second ", take_second}};

        if (page->ended)
                return malformed(fail);
        if (!page->headed)
                return take_head(page, line, fail);
        for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
                if (text_starts(line, kinds[i].word))
                        return kinds[i].read(page, line + strlen(kinds[i].word), fail);
        page->ended = text_equal(line, "end");
        if (page->ended)
                page->reader.ended(page->reader.owner);
        else
                take_row(page, line);
        return FAIL_NONE;
}

enum fail_kind node_page_feed(struct node_page *page, const char *text, size_t size, struct fail *fail)
{
        page->bytes += size;
        if (page->bytes > NODE_PAGE_BYTES_MAX)
                return fail_set(fail, FAIL_TOO_LARGE, "a probe's page is longer than %u bytes", NODE_PAGE_BYTES_MAX);
        while (size > 0) {
                const char *end = memchr(text, '\n', size);
                size_t piece = end ? (size_t)(end - text) : size;
                if (page->line_size + piece >= sizeof page->line)
                        return fail_set(fail, FAIL_TOO_LARGE, "a line of a probe's page is longer than %d bytes", LINE_BYTES_MAX);
                memcpy(page->line + page->line_size, text, piece);
                page->line_size += piece;
                page->line[page->line_size] = '\0';
                text += piece + (end ? 1 : 0);
                size -= piece + (end ? 1 : 0);
                if (!end)
                        break;
                page->line_size = 0;
                enum fail_kind kind = take_line(page, page->line, fail);
                if (kind)
                        return kind;
        }
        return FAIL_NONE;
}

enum fail_kind node_page_end(const struct node_page *page, struct fail *fail)
{
        return page->ended && page->line_size == 0 ? FAIL_NONE : fail_set(fail, FAIL_INVALID, "a probe's page was cut off");
}
