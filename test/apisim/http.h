/* SPDX-License-Identifier: Apache-2.0
 *
 * apisim behind a socket: plain HTTP/1.1, one thread, bodies with Content-Length, streams in chunks. For tests on one's own
 * machine: no TLS, no credentials, no bound on who connects. */
#pragma once

#include "apisim.h"
#include "base/loop.h"

struct http;

/* Listens on 'address' ("127.0.0.1:0": any free port); loop and sim are borrowed. FAIL_INVALID, FAIL_IO. */
enum fail_kind http_new(struct loop *loop, struct apisim *sim, const char *address, struct http **ret_http, struct fail *fail);
struct http *http_free(struct http *http);
int http_port(const struct http *http);
/* For whoever changes the sim behind its back: lets watches tell of it. */
void http_changed(struct http *http);
