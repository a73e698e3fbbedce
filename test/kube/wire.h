/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes over loopback, plain or through TLS, on the caller's loop: what the scripted servers of this folder stand on. A wire
 * does what it is told and nothing by itself; it lives until its server is freed, so that a test may hold on to it. */
#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/loop.h"

struct wire_server;
struct wire;

struct wire_calls {
        void (*opened)(void *owner, struct wire *wire); /* accepted, its handshake done; may be NULL */
        void (*bytes)(void *owner, struct wire *wire, const char *data, size_t size);
        void (*closed)(void *owner, struct wire *wire); /* by the peer; may be NULL */
};

/* Listens on a free port of 127.0.0.1. 'tls' NULL: plain; it is borrowed and may be exchanged for the connections to come. */
struct wire_server *wire_listen(struct loop *loop, SSL_CTX *tls, const struct wire_calls *calls, void *owner);
struct wire_server *wire_server_free(struct wire_server *server);
void wire_server_use(struct wire_server *server, SSL_CTX *tls);
/* Says nothing to whoever connects from now on, not even in a handshake. */
void wire_server_mute(struct wire_server *server, bool mute);
int wire_server_port(const struct wire_server *server);
unsigned wire_server_accepted(const struct wire_server *server); /* so far */
unsigned wire_server_open(const struct wire_server *server);     /* now */

/* A plain connection to a port of 127.0.0.1; belongs to 'server', whose calls it makes ('opened' aside). */
struct wire *wire_connect(struct wire_server *server, int port);

void wire_send(struct wire *wire, const char *data, size_t size);
void wire_close(struct wire *wire); /* when everything is sent */
void wire_reset(struct wire *wire); /* at once, with RST */
/* Without TLS's farewell, as a cut cable or an attacker ends a connection. */
void wire_cut(struct wire *wire);
bool wire_is_open(const struct wire *wire);
bool wire_is_idle(const struct wire *wire); /* all that was sent has gone */
const char *wire_protocol(const struct wire *wire); /* what was agreed on: "h2", "http/1.1", or "" */

/* One number of the test's own, 0 at first. */
void wire_mark(struct wire *wire, void *mark);
void *wire_marked(const struct wire *wire);
