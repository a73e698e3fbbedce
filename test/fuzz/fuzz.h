/* SPDX-License-Identifier: Apache-2.0
 *
 * What the targets share. A target is one file with one LLVMFuzzerTestOneInput; it says what must hold for every input, and
 * is linked twice: with replay.c, which needs no clang, and with libFuzzer. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not assert(): it holds in every build. */
#define must(property)                                                                          \
        do {                                                                                    \
                if (!(property)) {                                                              \
                        fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #property); \
                        abort();                                                                \
                }                                                                               \
        } while (0)

/* A copy whose end is the end of its heap block, so that a read beyond it is caught. The caller frees it. */
static inline char *fuzz_copy(const void *data, size_t size)
{
        char *copy = malloc(size ? size : 1);

        must(copy);
        if (size)
                memcpy(copy, data, size);
        return copy;
}

/* The same as text: what stands before the first NUL. */
static inline char *fuzz_text(const void *data, size_t size)
{
        char *text = strndup(data, size);

        must(text);
        return text;
}

/* How an input is cut into pieces: mostly short ones, now and then all that is left. Start with any state but 0. */
static inline size_t fuzz_piece(uint64_t *state, size_t left)
{
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        size_t most = *state % 8 == 0 ? left : *state % 8 < 4 ? 3 : 40;
        size_t piece = 1 + (*state >> 8) % most;
        return piece < left ? piece : left;
}
