/* SPDX-License-Identifier: Apache-2.0
 *
 * What the operator answers on its own ports: /healthz and /readyz plainly, to anybody, with nothing in them that is worth
 * hiding; /metrics by TLS, to those whom the API server lets GET the non-resource path "/metrics". */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/loop.h"
#include "kube/client.h"
#include "operator/options.h"

/* Answers a GET of 'path': fills 'body' and returns the HTTP status. */
typedef int serve_answer_fn(void *owner, const char *path, struct buf *body);

struct serve;

/* Opens both ports. Borrows everything for its life. FAIL_IO: a port cannot be had; FAIL_MISSING, FAIL_INVALID: the certificate. */
enum fail_kind serve_new(struct kube_client *client, const struct options *options, serve_answer_fn *answer, void *owner,
                         struct serve **ret_serve, struct fail *fail);
struct serve *serve_free(struct serve *serve);
