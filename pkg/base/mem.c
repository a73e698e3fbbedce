/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *checked(void *memory)
{
        if (!memory)
                abort();
        return memory;
}

void *xcalloc(size_t count, size_t size)
{
        return checked(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *old, size_t size)
{
        return checked(realloc(old, size ? size : 1));
}

char *xstrdup(const char *text)
{
        return checked(strdup(text));
}

char *xstrndup(const char *text, size_t len_max)
{
        return checked(strndup(text, len_max));
}

char *xasprintf(const char *format, ...)
{
        char *text = NULL;
        va_list args;

        va_start(args, format);
        int len = vasprintf(&text, format, args);
        va_end(args);
        if (len < 0)
                abort();
        return text;
}

void mem_free_at(void *pointer_to_pointer)
{
        free(*(void **)pointer_to_pointer);
}

void mem_close_at(const int *fd)
{
        if (*fd >= 0)
                close(*fd);
}
