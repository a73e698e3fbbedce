/* SPDX-License-Identifier: Apache-2.0
 *
 * The head of an HTTP/1.x request (RFC 9112) to one of the operator's own ports, which have nothing but documents to GET:
 * whatever else HTTP can do (bodies, upgrades, proxies, other versions) is refused here, before anything looks at it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define HTTP_HEAD_BYTES_MAX 8192
#define HTTP_PATH_BYTES_MAX 128

struct http_head {
        char path[HTTP_PATH_BYTES_MAX]; /* without the query; begins with '/' */
        const char *token;              /* of "Authorization: Bearer …", inside 'data'; NULL: none */
        size_t token_len;
        bool to_head;                   /* HEAD: the answer has no body */
        bool close;                     /* the connection ends with the answer */
};

/* Reads the head at the beginning of 'data'. 0: more bytes are needed. > 0: its size; *ret_head is filled, and what follows
 * belongs to the next request. < 0: the connection has to end after an answer with that status, negated (400, 405, 414, 431,
 * 505). The same bytes give the same result however they arrive. */
long http_head_parse(const char *data, size_t size, struct http_head *ret_head);
