/* SPDX-License-Identifier: Apache-2.0
 *
 * Linkerd's chapters. Inside of pkg/mesh. */
#pragma once

#include "mesh/parts.h"

/* The pod's annotation, else its namespace's; NULL: neither has it. */
const char *linkerd_annotation(struct json_object *pod, struct json_object *namespace, const char *key);
void linkerd_resolve(struct view *view);

struct linkerd {
        struct view *view;
        struct json_object *client_space, *server_space; /* Namespace objects, may be NULL */
        const char *bare;     /* why nothing of the mesh counts for the client's requests; NULL: it does */
        const char *unknown;  /* why nobody knows; NULL: known */
        bool opaque;
};

/* "80,8080-8090": whether the port is in such a list; NULL is empty. */
bool linkerd_lists_port(const char *list, int32_t port);
struct origin linkerd_origin(const char *ref, const char *field);

void linkerd_routes(struct linkerd *linkerd);  /* linkerd_route.c: retries, timeouts, split, failure accrual */
void linkerd_proxies(struct linkerd *linkerd); /* linkerd_proxy.c: what the proxies themselves are told */
void linkerd_inbound(struct linkerd *linkerd); /* linkerd_proxy.c: who is let in, limits, mTLS */
