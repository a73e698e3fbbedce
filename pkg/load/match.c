/* SPDX-License-Identifier: Apache-2.0 */
#include "load/match.h"

#include <assert.h>
#include <string.h>

/* How much agrees after 'c', when 'at' bytes agreed before it. */
static uint16_t step(const struct match *match, uint16_t at, char c)
{
        while (at > 0 && match->text[at] != c)
                at = match->border[at - 1];
        return match->text[at] == c ? (uint16_t)(at + 1) : 0;
}

void match_init(struct match *match, const char *text, size_t size)
{
        assert(size >= 1 && size <= MATCH_BYTES_MAX);
        *match = (struct match){.size = (uint16_t)size};
        memcpy(match->text, text, size);
        for (size_t i = 1; i < size; i++)
                match->border[i] = step(match, match->border[i - 1], text[i]);
}

void match_feed(struct match_cursor *cursor, const char *data, size_t size)
{
        const char *end = data + size;

        if (!cursor->match)
                return;
        while (data < end && cursor->at < cursor->match->size) {
                if (cursor->at == 0) { /* most bytes of most bodies: as quickly as the C library can */
                        data = memchr(data, cursor->match->text[0], (size_t)(end - data));
                        if (!data)
                                return;
                }
                cursor->at = step(cursor->match, cursor->at, *data++);
        }
}
