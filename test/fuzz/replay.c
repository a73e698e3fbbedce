/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs a fuzz entry point without libFuzzer: replay FILE… feeds files; replay --mutate ROUNDS SEED FILE… also feeds
 * random changes of them, for compilers that bring no fuzzer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_BYTES_MAX (1 << 20)

static uint64_t next_random(uint64_t *state)
{
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        return *state;
}

/* Changes, removes or repeats a few bytes; returns the new size, at most 'size' + 16. */
static size_t mutate(uint8_t *data, size_t size, uint64_t *state)
{
        for (uint64_t changes = next_random(state) % 4 + 1; changes > 0 && size > 0; changes--) {
                size_t at = next_random(state) % size, length = next_random(state) % 4 + 1;
                if (length > size - at)
                        length = size - at;
                switch (next_random(state) % 4) {
                case 0:
                        data[at] ^= (uint8_t)(1u << next_random(state) % 8);
                        break;
                case 1:
                        data[at] = (uint8_t)next_random(state);
                        break;
                case 2:
                        memmove(data + at, data + at + length, size - at - length);
                        size -= length;
                        break;
                default:
                        memmove(data + at + length, data + at, size - at);
                        size += length;
                }
        }
        return size;
}

static void replay(const char *path, long rounds, uint64_t seed)
{
        auto_free char *data = NULL;
        struct fail fail;
        size_t size = 0;

        if (text_file_read(path, INPUT_BYTES_MAX, &data, &size, &fail)) {
                fprintf(stderr, "%s\n", fail.text);
                exit(2);
        }
        LLVMFuzzerTestOneInput((uint8_t *)data, size);
        for (long round = 0; round < rounds; round++) {
                auto_free uint8_t *changed = xcalloc(size + 17, 1);
                memcpy(changed, data, size);
                size_t changed_size = mutate(changed, size, &seed);
                uint8_t *exact = malloc(changed_size ? changed_size : 1); /* its end is the heap block's end */
                memcpy(exact, changed, changed_size);
                LLVMFuzzerTestOneInput(exact, changed_size);
                free(exact);
        }
}

int main(int argc, char **argv)
{
        bool mutating = argc > 4 && strcmp(argv[1], "--mutate") == 0;
        long rounds = mutating ? atol(argv[2]) : 0;
        uint64_t seed = mutating ? strtoull(argv[3], NULL, 10) | 1 : 1;

        for (int i = mutating ? 4 : 1; i < argc; i++)
                replay(argv[i], rounds, seed + (uint64_t)i * 2);
        return 0;
}
