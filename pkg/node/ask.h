/* SPDX-License-Identifier: Apache-2.0
 *
 * One POST of a small JSON document to the API server, on the loop: HTTP/1.0, a connection of its own, no second try. A probe has
 * one question a minute, and the client of the other programs (kube/) brings libraries that take more memory than all of the probe. */
#pragma once

#include <json-c/json.h>

#include "base/fail.h"
#include "base/loop.h"

#define ASK_PATIENCE_NS (5 * NS_PER_S)
#define ASK_BYTES_MAX (64u << 10)

struct ask_server { /* all borrowed until 'done' */
        const char *host;    /* an IP address */
        int port;
        const char *ca_file; /* NULL: plain HTTP */
        const char *token;   /* our own */
};

struct ask;

/* Called once, from the loop, unless cancelled; 'object' is borrowed, NULL when fail->kind is set. */
typedef void ask_done_fn(void *owner, struct json_object *object, const struct fail *fail);

/* Never NULL; frees itself after 'done'. */
struct ask *ask_post(struct loop *loop, const struct ask_server *server, const char *path, struct json_object *body, ask_done_fn *done, void *owner);
void ask_cancel(struct ask *ask); /* NULL is fine */

/* The status and the body of a whole answer. FAIL_INVALID: no such answer; FAIL_DENIED: 401, 403; FAIL_IO: any other status but 2xx. */
enum fail_kind ask_decode(const char *text, size_t size, struct json_object **ret_object, struct fail *fail);
