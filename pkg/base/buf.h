/* SPDX-License-Identifier: Apache-2.0
 *
 * A growing byte buffer with a bound. Appending past the bound is remembered, not performed: check
 * 'overflowed' once at the end instead of after every append. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct buf {
        char *data;      /* always followed by a NUL once anything was appended; NULL while empty */
        size_t size;     /* bytes in use, without that NUL */
        size_t capacity;
        size_t size_max; /* 0: unbounded */
        bool overflowed; /* an append did not fit; the buffer holds what came before it */
};

/* A buffer that refuses to grow beyond 'size_max' bytes (0: unbounded). Zeroed memory is a valid unbounded buffer. */
static inline struct buf buf_bounded(size_t size_max)
{
        return (struct buf){.size_max = size_max};
}

void buf_done(struct buf *buf); /* frees; the buffer is empty and usable again */
void buf_clear(struct buf *buf); /* size 0, memory kept */
/* False when it did not fit. */
bool buf_add(struct buf *buf, const void *data, size_t size);
bool buf_text(struct buf *buf, const char *text);
bool buf_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Drops the first 'size' bytes (at most buf->size). */
void buf_drop(struct buf *buf, size_t size);
/* Moves the text out as a NUL-terminated string that the caller frees ("" when empty). */
char *buf_take(struct buf *buf);

#define auto_buf __attribute__((cleanup(buf_done)))
