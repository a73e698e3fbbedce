/* SPDX-License-Identifier: Apache-2.0
 *
 * Short texts that resemble each other (the objects of one kind), each squeezed by itself: deflate with one of a few
 * samples as its dictionary. A pod that differs from another in names and times shrinks to a tenth, and comes back in about
 * a microsecond. Samples are learnt on the way, from texts that none of those known resembles. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#include "base/buf.h"

#define SQUEEZE_SAMPLES_MAX 4
#define SQUEEZE_SAMPLE_BYTES_MAX 4096
#define SQUEEZE_PLAIN UINT8_MAX /* instead of a sample: the text as it is */

/* What deflate and inflate work with, some 60 KiB: one for everybody on a thread, between calls it holds nothing. */
struct squeeze_tools {
        z_stream deflate, inflate;
};

struct squeeze_tools *squeeze_tools_new(void);
struct squeeze_tools *squeeze_tools_free(struct squeeze_tools *tools); /* NULL is fine; returns NULL */

struct squeeze {
        struct squeeze_tools *tools;
        char *samples[SQUEEZE_SAMPLES_MAX];
        size_t sizes[SQUEEZE_SAMPLES_MAX];
        uint8_t samples_len;
        uint8_t current; /* the sample that fitted last */
};

void squeeze_init(struct squeeze *squeeze, struct squeeze_tools *tools); /* 'tools' are borrowed until squeeze_done() */
void squeeze_done(struct squeeze *squeeze);
/* Puts the squeezed text into 'out' (cleared first) and returns the sample that squeeze_undo() needs. */
uint8_t squeeze_text(struct squeeze *squeeze, const char *text, size_t size, struct buf *out);
/* The text of 'text_size' bytes again, NUL-terminated, in a new string. Samples are never forgotten before
 * squeeze_done(), so this cannot fail for what squeeze_text() made. */
char *squeeze_undo(struct squeeze *squeeze, uint8_t sample, const void *data, size_t size, size_t text_size);
