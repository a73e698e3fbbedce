/* SPDX-License-Identifier: Apache-2.0
 *
 * The operator's HTTP port: /healthz, /readyz and /metrics, by libwebsockets. It also does the waiting of the whole
 * process: the loop's descriptor is a guest of libwebsockets' own poll (this build of the library takes no foreign one). */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/loop.h"

/* Answers a GET of 'path': fills 'body' (bounded) and returns the HTTP status. */
typedef int serve_answer_fn(void *owner, const char *path, struct buf *body);

struct serve;

/* Listens on 'port' of every address and takes the loop as its guest. FAIL_IO when the port cannot be had. */
enum fail_kind serve_new(struct loop *loop, int port, serve_answer_fn *answer, void *owner, struct serve **ret_serve,
                         struct fail *fail);
struct serve *serve_free(struct serve *serve);
/* Waits for the next event of either side and handles it. */
void serve_step(struct serve *serve);
