/* SPDX-License-Identifier: Apache-2.0
 *
 * Histograms from outside: the input is the inner payload (deflated here, or the fuzzer would only ever meet zlib's
 * checksum) and, once more, the text itself. What decodes encodes to what decodes to the same. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "stat/hist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_text(const char *text)
{
        struct hist *hist = NULL, *again = NULL;

        if (hist_decode(text, strlen(text), &hist, NULL))
                return;
        auto_free char *encoded = hist_encode(hist);
        if (hist_decode(encoded, strlen(encoded), &again, NULL))
                abort();
        if (hist_count(hist) != hist_count(again) || hist_quantile(hist, 0.5) != hist_quantile(again, 0.5))
                abort();
        hist_free(hist);
        hist_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        uLongf deflated_size = compressBound(size);
        auto_free uint8_t *wrapped = xcalloc(deflated_size + 8, 1);
        auto_free char *plain = xcalloc(size + 1, 1);

        memcpy(plain, data, size);
        try_text(plain);
        if (compress2(wrapped + 8, &deflated_size, data, size, 1) != Z_OK)
                return 0;
        const uint8_t head[8] = {0x1c, 0x84, 0x93, 0x14, (uint8_t)(deflated_size >> 24), (uint8_t)(deflated_size >> 16),
                                 (uint8_t)(deflated_size >> 8), (uint8_t)deflated_size};
        memcpy(wrapped, head, 8);
        auto_free char *text = text_base64_encode(wrapped, 8 + deflated_size);
        try_text(text);
        return 0;
}
