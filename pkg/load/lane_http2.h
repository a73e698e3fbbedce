/* SPDX-License-Identifier: Apache-2.0
 *
 * What the two halves of HTTP/2 share, for nobody else: lane_http2.c (connections), lane_http2_stream.c (requests and answers). */
#pragma once

#include <nghttp2/nghttp2.h>

#include "base/buf.h"
#include "load/lane_inner.h"
#include "load/pool.h"

#define HTTP2_WRITE_SIZE 65536

/* What the connections of a lane share. */
struct http2_shared {
        nghttp2_session_callbacks *callbacks;
        nghttp2_option *option;
        struct pool *pool; /* of the sessions: what each stream needs comes and goes with it */
        nghttp2_mem memory;
        nghttp2_nv fields[LOAD_REQUESTS_MAX][WIRE_FIELDS_MAX];
        bool grpc;
        char *out; /* HTTP2_WRITE_SIZE bytes, between nghttp2 and the socket */
};

struct http2 {
        struct lane *lane;
        struct conn *conn;
        nghttp2_session *session;
        struct buf blocked;      /* what the socket did not take */
        struct exchange *unsent, **unsent_end;
        struct exchange *found;  /* of the last frame's stream */
        int64_t read_ns;         /* when the bytes being read were there */
        bool greeted;            /* the peer's SETTINGS have come */
        bool leaving;            /* takes no further requests, and ends when it has none */
        bool at_fault;           /* the peer broke the protocol */
};

/* lane_http2_stream.c */
void http2_send(struct lane *lane, struct exchange *exchange);
/* The requests sent since the last time leave now. */
void http2_note_sent(struct http2 *http2);
void http2_abandon(struct lane *lane, struct exchange *exchange);
/* The lane's requests as nghttp2 wants them; what it is to tell of streams and frames. */
void http2_list_fields(struct http2_shared *shared, const struct wire *wire);
void http2_set_callbacks(nghttp2_session_callbacks *callbacks);
