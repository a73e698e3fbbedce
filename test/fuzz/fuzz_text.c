/* SPDX-License-Identifier: Apache-2.0
 *
 * Base64, CRC-32C and the squeezing of texts: there and back is where one was, in whatever pieces. */
#include "base/mem.h"
#include "base/text.h"
#include "fuzz.h"
#include "kube/squeeze.h"

static void try_base64(const char *data, size_t size)
{
        uint8_t *back = NULL;
        size_t back_size = 0;

        if (!text_base64_decode(data, size, &back, &back_size, NULL)) {
                must(back_size <= size / 4 * 3);
                free(back);
        }
        auto_free char *text = text_base64_encode(data, size);
        must(!text_base64_decode(text, strlen(text), &back, &back_size, NULL));
        must(back_size == size && memcmp(back, data, size) == 0);
        free(back);
}

static void try_crc(const char *data, size_t size)
{
        uint64_t state = size + 1;
        uint32_t crc = 0;

        for (size_t at = 0, piece; at < size; at += piece) {
                piece = fuzz_piece(&state, size - at);
                crc = text_crc32c(crc, data + at, piece);
        }
        must(crc == text_crc32c(0, data, size));
}

/* Lines are texts of one kind: each is squeezed with what was learnt from those before it. */
static void try_squeeze(const char *data, size_t size)
{
        struct squeeze squeeze;
        auto_buf struct buf out = {0};

        struct squeeze_tools *tools = squeeze_tools_new();
        squeeze_init(&squeeze, tools);
        for (size_t at = 0, len; at < size; at += len + 1) {
                const char *end = memchr(data + at, '\n', size - at);
                len = end ? (size_t)(end - data) - at : size - at;
                if (len == 0)
                        continue;
                uint8_t sample = squeeze_text(&squeeze, data + at, len, &out);
                auto_free char *back = squeeze_undo(&squeeze, sample, out.data, out.size, len);
                must(memcmp(back, data + at, len) == 0);
                must(out.size <= len || sample != SQUEEZE_PLAIN);
        }
        squeeze_done(&squeeze);
        squeeze_tools_free(tools);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        auto_free char *copy = fuzz_copy(data, size);

        try_base64(copy, size);
        try_crc(copy, size);
        try_squeeze(copy, size);
        return 0;
}
