/* SPDX-License-Identifier: Apache-2.0
 *
 * Consul's chapters. Entries that were written to Consul itself have no object here, so that a default is only "no object says otherwise".
 * Inside of pkg/mesh. */
#pragma once

#include "mesh/parts.h"

#define NO_OBJECT "no object says otherwise"

struct consul {
        struct view *view;
        const char *bare, *unknown;
        bool http;
        /* Live entries, borrowed; NULL: there is none. */
        struct json_object *proxy, *mesh, *target, *own, *router, *splitter, *resolver; /* own: ServiceDefaults of the client */
};

struct origin consul_origin(char ref[static REF_MAX], const char *kind, struct json_object *entry, const char *field);
void consul_routes(struct consul *consul); /* consul_route.c: what the router and the resolver say of a request */
void consul_resolve(struct view *view);
