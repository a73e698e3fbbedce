/* SPDX-License-Identifier: Apache-2.0
 *
 * An answer means the same whether it comes whole or in pieces, and a body is never longer than what came. The first byte
 * says whether the request was HEAD. */
#include "fuzz.h"
#include "load/http1.h"

static struct match sought;

/* 'seed' 0: whole, 1: byte by byte, else in pieces. */
static enum http1_result feed(struct http1 *http1, struct match_cursor *body, const uint8_t *data, size_t size, bool to_head, uint64_t seed, size_t *ret_used)
{
        enum http1_result result = HTTP1_MORE;

        http1_begin(http1, to_head);
        match_begin(body, &sought);
        http1_look_for(http1, body);
        *ret_used = 0;
        while (result == HTTP1_MORE && *ret_used < size) {
                size_t left = size - *ret_used, used = 0;
                size_t length = !seed ? left : seed == 1 ? 1 : fuzz_piece(&seed, left);
                char *piece = fuzz_copy(data + *ret_used, length);
                result = http1_feed(http1, piece, length, &used);
                free(piece);
                must(used <= length && (result != HTTP1_MORE || used == length));
                must(http1->head_size <= HTTP1_HEAD_BYTES_MAX + 1 || result == HTTP1_BROKEN);
                must(http1->kept <= HTTP1_LINE_KEPT);
                *ret_used += used;
        }
        return result == HTTP1_MORE ? http1_end(http1) : result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const uint64_t seeds[] = {0, 1, size + 2};
        struct http1 parsed[3];
        struct match_cursor bodies[3];
        size_t used[3];

        if (size < 2)
                return 0;
        bool to_head = data[0] == 'h';
        match_init(&sought, "ok", 2);
        for (size_t i = 0; i < 3; i++) {
                enum http1_result result = feed(&parsed[i], &bodies[i], data + 1, size - 1, to_head, seeds[i], &used[i]);
                must((result == HTTP1_DONE) == (parsed[i].state == HTTP1_COMPLETE) && result != HTTP1_MORE);
                must(parsed[i].state == parsed[0].state);
                if (result != HTTP1_DONE)
                        continue;
                must(parsed[i].status >= 100 && parsed[i].status <= 999);
                must(used[i] == used[0] && parsed[i].status == parsed[0].status && parsed[i].persistent == parsed[0].persistent &&
                     match_found(&bodies[i]) == match_found(&bodies[0]));
        }
        return 0;
}
