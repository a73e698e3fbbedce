/* SPDX-License-Identifier: Apache-2.0
 *
 * A small real HTTP/1.1 server on loopback and on the caller's loop, for tests: it parses requests and does with the
 * connection whatever the test says, byte by byte if need be. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "wire.h"

struct fake_server;
struct fake_connection;

struct fake_request {
        const char *method, *path; /* path with its query */
        const char *head;          /* the whole head, for strcasestr() */
        const char *body;
        size_t body_size;
        unsigned count;            /* of this server, from 1 */
        unsigned on_connection;    /* of this connection, from 1 */
};

/* Called when a request is complete. It may answer at once, later, or never. */
typedef void fake_handle_fn(void *owner, struct fake_connection *connection, const struct fake_request *request);

struct fake_server *fake_server_new(struct loop *loop, fake_handle_fn *handle, void *owner);
/* The same through TLS; 'tls' is borrowed. */
struct fake_server *fake_server_new_tls(struct loop *loop, SSL_CTX *tls, fake_handle_fn *handle, void *owner);
struct fake_server *fake_server_free(struct fake_server *server);
const char *fake_server_url(const struct fake_server *server); /* "http://127.0.0.1:PORT" */
struct wire_server *fake_server_wires(const struct fake_server *server);
unsigned fake_server_connections(const struct fake_server *server); /* accepted so far */
unsigned fake_server_open(const struct fake_server *server); /* now */

struct wire *fake_wire(const struct fake_connection *connection);

/* A complete answer; 'headers' is NULL or "Name: value\r\n…". */
void fake_answer(struct fake_connection *connection, int status, const char *headers, const char *body);
/* The head of a chunked answer, its pieces, and its proper end. */
void fake_begin(struct fake_connection *connection, int status);
void fake_piece(struct fake_connection *connection, const char *data, size_t size);
void fake_end(struct fake_connection *connection);
/* Raw bytes; closing with everything sent, or with a reset. */
void fake_send(struct fake_connection *connection, const char *data, size_t size);
void fake_close(struct fake_connection *connection);
void fake_reset(struct fake_connection *connection);
