/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a text occurs in bytes that arrive in pieces of any size: pure, nothing of the pieces is kept, each byte is looked
 * at a bounded number of times (D. E. Knuth, J. H. Morris, V. R. Pratt: Fast Pattern Matching in Strings, 1977). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MATCH_BYTES_MAX 1024

struct match { /* the text; constant while it is looked for, by any number of cursors */
        char text[MATCH_BYTES_MAX];
        uint16_t size;
        uint16_t border[MATCH_BYTES_MAX]; /* [i]: of the first i + 1 bytes, the longest end that is also a beginning */
};

struct match_cursor { /* zeroed: looks for nothing, and has found it */
        const struct match *match; /* borrowed */
        uint16_t at;               /* bytes of the text that the last bytes seen agree with */
};

/* 'size' is 1..MATCH_BYTES_MAX. */
void match_init(struct match *match, const char *text, size_t size);
/* Begins anew; with 'match' NULL nothing is looked for. */
static inline void match_begin(struct match_cursor *cursor, const struct match *match)
{
        *cursor = (struct match_cursor){.match = match};
}
void match_feed(struct match_cursor *cursor, const char *data, size_t size);
static inline bool match_found(const struct match_cursor *cursor)
{
        return !cursor->match || cursor->at == cursor->match->size;
}
