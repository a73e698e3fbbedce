/* SPDX-License-Identifier: Apache-2.0
 *
 * An answer means the same whether it comes whole or in pieces; the first byte says how it is cut. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "load/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum http1_result feed(struct http1 *http1, const uint8_t *data, size_t size, size_t step, size_t *ret_used)
{
        enum http1_result result = HTTP1_MORE;

        http1_begin(http1, false);
        *ret_used = 0;
        while (result == HTTP1_MORE && *ret_used < size) {
                size_t length = step < size - *ret_used ? step : size - *ret_used, used = 0;
                char *piece = malloc(length); /* of its own, so that a read beyond it is caught */
                memcpy(piece, data + *ret_used, length);
                result = http1_feed(http1, piece, length, &used);
                assert(used <= length && (result != HTTP1_MORE || used == length));
                free(piece);
                *ret_used += used;
        }
        return result == HTTP1_MORE ? http1_end(http1) : result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct http1 whole, cut;
        size_t used_whole, used_cut;

        if (size < 2)
                return 0;
        enum http1_result a = feed(&whole, data + 1, size - 1, size, &used_whole);
        enum http1_result b = feed(&cut, data + 1, size - 1, data[0] % 16 + 1u, &used_cut);
        if (a != b)
                abort();
        if (a == HTTP1_DONE &&
            (used_whole != used_cut || whole.status != cut.status || whole.persistent != cut.persistent))
                abort();
        return 0;
}
