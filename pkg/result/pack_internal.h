/* SPDX-License-Identifier: Apache-2.0
 *
 * Between pack.c (detail, manifest, ConfigMaps), pack_chunk.c (items into chunks: histograms and samples) and pack_grid.c (the time grid). */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "result/pack.h"

#define OVERHEAD_BYTES 8192 /* metadata, kind, names: generous */
#define ROOM_BYTES (PACK_BYTES_MAX - OVERHEAD_BYTES)

/* One step of giving way. */
struct detail {
        int merged; /* points of the fold in one point of the grid */
        int main_digits, side_digits;
};

struct writer {
        const struct pack_input *input;
        struct detail detail;
        struct json_object *chunks[PACK_CHUNKS_MAX]; /* "data" objects */
        struct json_object *exact[PACK_CHUNKS_MAX];  /* of the histograms in the chunk */
        size_t len, used; /* chunks; bytes in the last of them */
        bool full;        /* more chunks would be needed */
};

void writer_done(struct writer *writer);

/* A new chunk with its head; NULL, and the writer is full, when there is none left. */
struct json_object *writer_open_chunk(struct writer *writer);
/* Puts one item into the last chunk, or into a new one, with 'more' bytes to come beside it. Takes 'text'; NULL is nothing. */
void writer_put(struct writer *writer, const char *key, char *text, size_t more);
/* Canonical JSON under a key; NULL is nothing. */
void pack_set_json(struct json_object *data, const char *key, struct json_object *doc);
/* Base64 HDR V2 with at most so many digits; NULL for an empty histogram. */
char *pack_encode_hist(const struct hist *hist, int digits);

/* In the order in which they are to be called. */
void writer_put_hists(struct writer *writer);
/* Returns the width of a point as written, in milliseconds. */
int64_t writer_put_grid(struct writer *writer);
void writer_put_samples(struct writer *writer);
void writer_put_exact(struct writer *writer);
