/* SPDX-License-Identifier: Apache-2.0 */
#include "node/figures.h"

#include <string.h>

#include "base/text.h"

#define NO_LIMIT (UINT64_C(1) << 62) /* nothing that is counted comes near */

/* Digits that end with a blank, the line or the text. */
static bool parse(const char *text, uint64_t *ret_value)
{
        uint64_t value = 0;
        size_t len = strspn(text, "0123456789");

        if (len == 0 || len > 19 || (text[len] && !strchr(" \n", text[len])))
                return false;
        for (size_t i = 0; i < len; i++)
                value = value * 10 + (uint64_t)(text[i] - '0');
        *ret_value = value;
        return value < NO_LIMIT;
}

static const char *next_line(const char *line)
{
        const char *end = strchr(line, '\n');

        return end ? end + 1 : line + strlen(line);
}

/* The rest of the line that begins with the word; NULL: there is none. */
static const char *line_of(const char *text, const char *word)
{
        size_t len = strlen(word);

        for (const char *line = text; *line; line = next_line(line))
                if (strncmp(line, word, len) == 0 && line[len] == ' ')
                        return line + len + strspn(line + len, " ");
        return NULL;
}

static const char *second_word(const char *text)
{
        const char *blank = strchr(text, ' ');

        return blank && blank < next_line(text) ? blank + 1 : NULL;
}

static const char *pressure_total(const char *text)
{
        const char *line = line_of(text, "some"), *total = line ? strstr(line, "total=") : NULL;

        return total && total < next_line(line) ? total + strlen("total=") : NULL;
}

bool figure_find(const char *text, enum figure_shape shape, const char *key, uint64_t *ret_value)
{
        const char *at = text;

        if (shape == FIGURE_SECOND)
                at = second_word(text);
        else if (shape == FIGURE_KEYED)
                at = line_of(text, key);
        else if (shape == FIGURE_PRESSURE)
                at = pressure_total(text);
        return at && parse(at, ret_value);
}

/* ---- /proc/stat ---- */

enum cpu_column { CPU_USER, CPU_NICE, CPU_SYSTEM, CPU_IDLE, CPU_IOWAIT, CPU_IRQ, CPU_SOFTIRQ, CPU_STEAL, CPU_COLUMNS };

static bool parse_columns(const char *at, uint64_t columns[static CPU_COLUMNS])
{
        for (size_t i = 0; i < CPU_COLUMNS; i++) {
                if (!parse(at, &columns[i]))
                        return false;
                at += strspn(at, "0123456789");
                at += strspn(at, " ");
        }
        return true;
}

bool figure_cpu(const char *text, struct figure_cpu *ret_cpu)
{
        uint64_t columns[CPU_COLUMNS];
        const char *line = line_of(text, "cpu");
        struct figure_cpu cpu = {0};

        if (!line || !parse_columns(line, columns))
                return false;
        cpu.used = columns[CPU_USER] + columns[CPU_NICE] + columns[CPU_SYSTEM] + columns[CPU_IRQ] + columns[CPU_SOFTIRQ];
        cpu.stolen = columns[CPU_STEAL];
        for (const char *at = text; *at; at = next_line(at))
                cpu.cores += text_starts(at, "cpu") && at[3] >= '0' && at[3] <= '9';
        *ret_cpu = cpu;
        return cpu.cores > 0;
}
