/* SPDX-License-Identifier: Apache-2.0
 *
 * A non-blocking stream to the target, plain or TLS behind one set of operations. Knows nothing of HTTP or time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/fail.h"
#include "load/plan.h"

struct socket_tls; /* what all connections share: trust, name, mode */

/* Trust and name from the plan (which is borrowed for the call). *ret_tls is new, NULL for plain HTTP; several threads
 * may use it. FAIL_INVALID, FAIL_MISSING …: the CA file. */
enum fail_kind socket_tls_new(const struct load_plan *plan, struct socket_tls **ret_tls, struct fail *fail);
struct socket_tls *socket_tls_free(struct socket_tls *tls); /* NULL is fine; returns NULL */

enum socket_result {
        SOCKET_OK,
        SOCKET_AGAIN,  /* wait for the next edge */
        SOCKET_CLOSED, /* orderly end by the peer */
        SOCKET_RESET,  /* the connection broke */
        SOCKET_TLS,    /* handshake, certificate or record failure */
};

struct socket;
struct socket_ops {
        /* Continues after the TCP connection stands: OK when requests may be sent. */
        enum socket_result (*shake)(struct socket *sock);
        /* Moves at most 'size' bytes, *ret_moved > 0 when OK. */
        enum socket_result (*read)(struct socket *sock, char *data, size_t size, size_t *ret_moved);
        enum socket_result (*write)(struct socket *sock, const char *data, size_t size, size_t *ret_moved);
        void (*close)(struct socket *sock);
};

/* Zeroed memory with fd -1 is a closed socket. */
struct socket {
        int fd;
        const struct socket_ops *ops;
        const struct socket_tls *tls; /* borrowed, NULL when plain */
        void *ssl, *session;          /* OpenSSL's; the session outlives the connection, for resumption */
};

/* 'tls' (NULL: plain) is borrowed for the life of the socket. */
void socket_init(struct socket *sock, const struct socket_tls *tls);
void socket_done(struct socket *sock); /* closes and forgets the session */

/* Begins to connect. OK: stands already; AGAIN: wait for writability, then socket_connected; RESET: refused. */
enum socket_result socket_connect(struct socket *sock, const struct sockaddr_storage *address, socklen_t address_size);
/* After the first writable edge: OK or RESET; AGAIN when the edge was none. */
enum socket_result socket_connected(struct socket *sock);
void socket_close(struct socket *sock);
