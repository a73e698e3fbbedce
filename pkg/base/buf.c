/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void buf_done(struct buf *buf)
{
        free(buf->data);
        *buf = buf_bounded(buf->size_max);
}

void buf_clear(struct buf *buf)
{
        buf->size = 0;
        buf->overflowed = false;
        if (buf->data)
                buf->data[0] = '\0';
}

static bool reserve(struct buf *buf, size_t more)
{
        if (buf->size_max && more > buf->size_max - buf->size) {
                buf->overflowed = true;
                return false;
        }
        size_t need = buf->size + more + 1;
        if (need <= buf->capacity)
                return true;
        size_t capacity = buf->capacity ? buf->capacity : 256;
        while (capacity < need)
                capacity *= 2;
        buf->data = xrealloc(buf->data, capacity);
        buf->capacity = capacity;
        return true;
}

bool buf_add(struct buf *buf, const void *data, size_t size)
{
        if (!reserve(buf, size))
                return false;
        if (size)
                memcpy(buf->data + buf->size, data, size);
        buf->size += size;
        buf->data[buf->size] = '\0';
        return true;
}

bool buf_text(struct buf *buf, const char *text)
{
        return buf_add(buf, text, strlen(text));
}

bool buf_format(struct buf *buf, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        int len = vsnprintf(NULL, 0, format, args);
        va_end(args);
        if (len < 0 || !reserve(buf, (size_t)len))
                return false;
        va_start(args, format);
        vsnprintf(buf->data + buf->size, (size_t)len + 1, format, args);
        va_end(args);
        buf->size += (size_t)len;
        return true;
}

void buf_drop(struct buf *buf, size_t size)
{
        if (size >= buf->size) {
                buf_clear(buf);
                return;
        }
        memmove(buf->data, buf->data + size, buf->size - size + 1);
        buf->size -= size;
}

char *buf_take(struct buf *buf)
{
        if (!buf->data)
                return xstrdup("");
        char *text = buf->data;
        *buf = buf_bounded(buf->size_max);
        return text;
}
