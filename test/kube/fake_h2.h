/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP/2 frames by hand, through TLS, on the caller's loop: no state machine that would keep a test from breaking the rules.
 * Of what arrives, the frame heads and the streams' ends are understood; header blocks stay as they are. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "wire.h"

enum h2_frame {
        H2_DATA, H2_HEADERS, H2_PRIORITY, H2_RST_STREAM, H2_SETTINGS, H2_PUSH_PROMISE, H2_PING, H2_GOAWAY, H2_WINDOW_UPDATE,
        H2_CONTINUATION,
};

#define H2_END_STREAM 0x1 /* of DATA and HEADERS; H2_ACK of SETTINGS and PING */
#define H2_ACK 0x1
#define H2_END_HEADERS 0x4

enum h2_error { H2_NO_ERROR, H2_PROTOCOL_ERROR, H2_INTERNAL_ERROR, H2_REFUSED_STREAM = 7, H2_CANCEL = 8, H2_ENHANCE_YOUR_CALM = 11 };

struct h2_server;
struct h2_connection {
        struct h2_server *server;
        struct h2_connection *next;
        struct wire *wire;
        unsigned requests;   /* headers seen */
        unsigned pings, acks; /* PINGs that were not answers, and answers */
        bool greeted;
};

/* A request's headers have come; its body may follow. Called again with 'complete' when its stream has ended. */
typedef void h2_handle_fn(void *owner, struct h2_connection *connection, uint32_t stream, bool complete);

struct h2_server *h2_server_new(struct loop *loop, SSL_CTX *tls, h2_handle_fn *handle, void *owner);
struct h2_server *h2_server_free(struct h2_server *server);
const char *h2_server_url(const struct h2_server *server);
struct wire_server *h2_server_wires(const struct h2_server *server);
/* The payload of the SETTINGS that greets whoever connects from now on; "" at first. Borrowed. */
void h2_server_settings(struct h2_server *server, const void *payload, size_t size);

void h2_send(struct h2_connection *connection, enum h2_frame type, uint8_t flags, uint32_t stream, const void *payload, size_t size);
/* ":status" 200, 404 or 500 (static entries of HPACK), then 'body' and the end of the stream. */
void h2_answer(struct h2_connection *connection, uint32_t stream, int status, const char *body);
void h2_head(struct h2_connection *connection, uint32_t stream, int status, bool last);
void h2_data(struct h2_connection *connection, uint32_t stream, const char *data, bool last);
void h2_reset(struct h2_connection *connection, uint32_t stream, enum h2_error error);
void h2_goaway(struct h2_connection *connection, uint32_t last_stream, enum h2_error error);
