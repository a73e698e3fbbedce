/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads HTTP/1.x answers as they arrive, in pieces of any size: pure, no allocation, no buffer of the caller's is
 * kept. Only what frames an answer is understood (status, length, coding, persistence); bodies are counted and may be
 * searched for one text, never kept.
 *
 *   STATUS ─▶ HEADER ─┬─▶ LENGTH ──────────────────────────────▶ DONE
 *      ▲        │     ├─▶ CHUNK_SIZE ⇄ CHUNK_DATA, CHUNK_END
 *      └─ 1xx ──┘     │       └─(0)─▶ TRAILER ─────────────────▶ DONE
 *                     └─▶ UNTIL_CLOSE ──(http1_end)────────────▶ DONE */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load/match.h"

#define HTTP1_HEAD_BYTES_MAX 65536 /* status line, headers and trailers, interim answers included */
#define HTTP1_LINE_KEPT 200        /* what framing needs of a line; the rest of longer lines is skipped */

enum http1_result { HTTP1_MORE, HTTP1_DONE, HTTP1_BROKEN };

enum http1_state {
        HTTP1_STATUS,
        HTTP1_HEADER,
        HTTP1_LENGTH,
        HTTP1_CHUNK_SIZE,
        HTTP1_CHUNK_DATA,
        HTTP1_CHUNK_END,
        HTTP1_TRAILER,
        HTTP1_UNTIL_CLOSE,
        HTTP1_COMPLETE,
        HTTP1_FAILED,
};

struct http1 {
        enum http1_state state; /* read-only for the owner, like all members */
        int status;             /* of the final answer; 0 until known */
        bool persistent;        /* valid when DONE: the connection may carry another request */
        bool to_head;           /* the request was HEAD: never a body */
        bool chunked, coded, has_length, framing_last; /* framing_last: the line before framed the body */
        uint64_t left;          /* bytes until the end of the body or chunk */
        uint64_t length;
        struct match_cursor *body; /* is fed the body as it was sent (chunks joined, codings not undone); NULL: nobody wants it */
        uint32_t head_size, kept;
        bool cut;               /* the line was longer than what is kept */
        char line[HTTP1_LINE_KEPT];
};

/* Begins a new answer; 'to_head' when the request's method is HEAD. */
void http1_begin(struct http1 *http1, bool to_head);
/* After http1_begin: looks for a text in the body; 'cursor' is borrowed until the next http1_begin. */
static inline void http1_look_for(struct http1 *http1, struct match_cursor *cursor)
{
        http1->body = cursor;
}
/* Takes 'size' bytes; *ret_used says how many belong to this answer (less than 'size' only when DONE or BROKEN).
 * After DONE or BROKEN only http1_begin makes sense. */
enum http1_result http1_feed(struct http1 *http1, const char *data, size_t size, size_t *ret_used);
/* The peer closed: DONE when the answer ends that way, else BROKEN (a cut answer). */
enum http1_result http1_end(struct http1 *http1);
/* Anything of the answer has arrived. */
static inline bool http1_begun(const struct http1 *http1)
{
        return http1->head_size > 0;
}
