/* SPDX-License-Identifier: Apache-2.0
 *
 * A TCP port of the operator that answers GET with small documents, plainly or by TLS, on the loop of everything else: so it is
 * built to be of no use to whoever wants to keep the operator busy. Bounds: PORT_CONNECTIONS_MAX connections, of which the oldest of
 * the address that has most gives way to a newcomer; 8 KiB of head; 5 s for a handshake, a head or the reading of
 * an answer; 15 s for making one; at most one request per connection and step of the loop. HTTP/1.1 only: no bodies, no
 * upgrades, no HTTP/2. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/loop.h"
#include "serve/certificate.h"
#include "serve/http_head.h"

#define PORT_CONNECTIONS_MAX 64

struct port;
struct port_request;

/* Has to call port_answer() with 'request', now or within 15 s. 'head' is borrowed for the call. */
typedef void port_asked_fn(void *owner, struct port_request *request, const struct http_head *head);
/* The connection of a request that waits for its answer is gone, and the request with it. */
typedef void port_gone_fn(void *owner, struct port_request *request);

struct port_options {
        int number;                      /* 0: any that is free */
        struct certificate *certificate; /* NULL: plain HTTP. Borrowed for the life of the port */
        port_asked_fn *asked;
        port_gone_fn *gone;              /* NULL when 'asked' always answers at once */
        void *owner;
};

/* Listens on every address. FAIL_IO when the port cannot be had. */
enum fail_kind port_new(struct loop *loop, const struct port_options *options, struct port **ret_port, struct fail *fail);
struct port *port_free(struct port *port);
int port_number(const struct port *port);
/* The 'owner' of the port that the request came to. */
void *port_owner(const struct port_request *request);
/* Answers with 'status' and the text in 'body', which is copied; 'content_type' is a constant. */
void port_answer(struct port_request *request, int status, const char *content_type, const struct buf *body);
