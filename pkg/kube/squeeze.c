/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/squeeze.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* A window of 8 KiB covers a sample and a text of its size; more would only cost memory per cache. */
#define WINDOW_BITS 13
#define MEMORY_LEVEL 4
#define LEVEL 1
#define FITS(squeezed, size) ((squeezed) <= (size) / 3)

struct squeeze_tools *squeeze_tools_new(void)
{
        struct squeeze_tools *tools = xnew(struct squeeze_tools);

        /* Negative: without the header and the checksum of zlib. What we wrote ourselves needs neither. */
        if (deflateInit2(&tools->deflate, LEVEL, Z_DEFLATED, -WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK ||
            inflateInit2(&tools->inflate, -WINDOW_BITS) != Z_OK)
                abort();
        return tools;
}

struct squeeze_tools *squeeze_tools_free(struct squeeze_tools *tools)
{
        if (!tools)
                return NULL;
        deflateEnd(&tools->deflate);
        inflateEnd(&tools->inflate);
        free(tools);
        return NULL;
}

void squeeze_init(struct squeeze *squeeze, struct squeeze_tools *tools)
{
        *squeeze = (struct squeeze){.tools = tools};
}

void squeeze_done(struct squeeze *squeeze)
{
        for (uint8_t i = 0; i < squeeze->samples_len; i++)
                free(squeeze->samples[i]);
}

static void squeeze_against(struct squeeze *squeeze, uint8_t sample, const char *text, size_t size, struct buf *out)
{
        z_stream *stream = &squeeze->tools->deflate;
        unsigned char block[4096];
        int state;

        buf_clear(out);
        deflateReset(stream);
        deflateSetDictionary(stream, (const Bytef *)squeeze->samples[sample], (uInt)squeeze->sizes[sample]);
        stream->next_in = (Bytef *)text;
        stream->avail_in = (uInt)size;
        do {
                stream->next_out = block;
                stream->avail_out = sizeof block;
                state = deflate(stream, Z_FINISH);
                buf_add(out, block, sizeof block - stream->avail_out);
        } while (state == Z_OK);
}

/* The first part of 'text' becomes a sample; then it resembles itself perfectly. */
static void learn(struct squeeze *squeeze, const char *text, size_t size)
{
        uint8_t index = squeeze->samples_len++;

        squeeze->sizes[index] = size < SQUEEZE_SAMPLE_BYTES_MAX ? size : SQUEEZE_SAMPLE_BYTES_MAX;
        squeeze->samples[index] = xcalloc(squeeze->sizes[index], 1);
        memcpy(squeeze->samples[index], text, squeeze->sizes[index]);
        squeeze->current = index;
}

uint8_t squeeze_text(struct squeeze *squeeze, const char *text, size_t size, struct buf *out)
{
        size_t best_size = size;
        uint8_t best = SQUEEZE_PLAIN, tried = SQUEEZE_PLAIN; /* 'out' holds what 'tried' made of it */

        /* Objects come in runs that resemble each other: the sample that fitted last mostly fits again. */
        for (uint8_t i = 0; i < squeeze->samples_len && !FITS(best_size, size); i++) {
                tried = (uint8_t)((squeeze->current + i) % squeeze->samples_len);
                squeeze_against(squeeze, tried, text, size, out);
                if (out->size < best_size) {
                        best_size = out->size;
                        best = tried;
                }
        }
        if (!FITS(best_size, size) && squeeze->samples_len < SQUEEZE_SAMPLES_MAX) {
                learn(squeeze, text, size);
                best = squeeze->current;
        }
        if (best == SQUEEZE_PLAIN) {
                buf_clear(out);
                buf_add(out, text, size);
                return best;
        }
        if (best != tried)
                squeeze_against(squeeze, best, text, size, out);
        squeeze->current = best;
        return best;
}

char *squeeze_undo(struct squeeze *squeeze, uint8_t sample, const void *data, size_t size, size_t text_size)
{
        z_stream *stream = &squeeze->tools->inflate;
        char *text = xcalloc(text_size + 1, 1);

        if (sample == SQUEEZE_PLAIN) {
                memcpy(text, data, text_size);
                return text;
        }
        inflateReset(stream);
        inflateSetDictionary(stream, (const Bytef *)squeeze->samples[sample], (uInt)squeeze->sizes[sample]);
        stream->next_in = (Bytef *)data;
        stream->avail_in = (uInt)size;
        stream->next_out = (Bytef *)text;
        stream->avail_out = (uInt)text_size;
        if (inflate(stream, Z_FINISH) != Z_STREAM_END || stream->avail_out)
                abort();
        return text;
}
