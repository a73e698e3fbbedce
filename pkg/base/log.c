/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

#define LINE_BYTES_MAX 8192

static void add_quoted(struct buf *line, const char *text)
{
        buf_text(line, "\"");
        for (; *text; text++) {
                unsigned char c = (unsigned char)*text;
                if (c == '"' || c == '\\')
                        buf_format(line, "\\%c", c);
                else if (c < 0x20 || c == 0x7f)
                        buf_format(line, "\\u%04x", c);
                else
                        buf_add(line, text, 1);
        }
        buf_text(line, "\"");
}

void log_line(const char *what, ...)
{
        auto_buf struct buf line = buf_bounded(LINE_BYTES_MAX);
        char at[CLOCK_TEXT_MAX];
        const char *name;
        va_list args;

        clock_format_micros(clock_wall_ms(clock_system()), at);
        buf_format(&line, "{\"at\":\"%s\",\"what\":", at);
        add_quoted(&line, what);
        va_start(args, what);
        while ((name = va_arg(args, const char *))) {
                const char *value = va_arg(args, const char *);
                if (!value)
                        continue;
                buf_text(&line, ",");
                add_quoted(&line, name);
                buf_text(&line, ":");
                add_quoted(&line, value);
        }
        va_end(args);
        if (line.overflowed)
                return;
        buf_text(&line, "}\n");
        ssize_t written = write(STDERR_FILENO, line.data, line.size);
        (void)written; /* a log that cannot be written has nobody to tell */
}
