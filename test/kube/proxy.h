/* SPDX-License-Identifier: Apache-2.0
 *
 * A proxy between the client and a plain HTTP/1.1 server on the same loop, that passes everything on until its script says
 * otherwise. The script counts the bytes of the answer to the one request whose head it looks for. */
#pragma once

#include "wire.h"

enum proxy_end { PROXY_CLOSES, PROXY_RESETS, PROXY_STALLS };

struct proxy_script {
        const char *request;  /* "watch=true": what the head must contain; NULL: nothing is ever cut */
        size_t cut_at;        /* so many bytes of its answer are passed on, then the end */
        enum proxy_end end;
        size_t piece_bytes;   /* answers go out in pieces of so many bytes, each a TLS record of its own; 0: as they come */
        unsigned times;       /* that it is done, then no more */
};

struct proxy;

/* 'tls' NULL: plain towards the client. */
struct proxy *proxy_new(struct loop *loop, SSL_CTX *tls, int port);
struct proxy *proxy_free(struct proxy *proxy);
const char *proxy_url(const struct proxy *proxy);
void proxy_use(struct proxy *proxy, const struct proxy_script *script); /* copied */
unsigned proxy_done(const struct proxy *proxy);        /* how often the script was carried out */
size_t proxy_passed(const struct proxy *proxy);        /* bytes of the last answer looked for, so far */
unsigned proxy_requests(const struct proxy *proxy);    /* that the script looked for, so far */
void proxy_target(struct proxy *proxy, int port);      /* of the connections to come */
void proxy_reset_all(struct proxy *proxy);             /* every connection, with RST */
