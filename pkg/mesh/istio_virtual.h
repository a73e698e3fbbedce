/* SPDX-License-Identifier: Apache-2.0
 *
 * Which VirtualService owns the host for the client, and which of its HTTP routes the load can hit. Inside of pkg/mesh. */
#pragma once

#include "mesh/istio.h"

#define VIRTUAL_ROUTES_MAX 64

/* A route with where it stands; with a delegate the root's route completes it. A rule of an HTTPRoute is read as such a route. */
struct virtual_route {
        struct json_object *own, *root;      /* root NULL: no delegate */
        char ref[REF_MAX], root_ref[REF_MAX];
        size_t index, root_index;
        bool converted;                      /* from rule 'index' of an HTTPRoute */
};

struct virtual_routes {
        struct virtual_route routes[VIRTUAL_ROUTES_MAX];
        size_t len;
        bool certain; /* one of them is hit by every request */
};

/* The VirtualService that owns the service's host in the client's view, NULL: none. Losers are noted. Borrowed. */
struct json_object *virtual_owner(struct istio *istio);
/* Those of its HTTP routes that the load can hit, up to the first that it always hits. */
void virtual_routes(struct istio *istio, struct json_object *owner, struct virtual_routes *routes);
/* HTTPRoutes for the service, read as istiod reads them. 'held' gets what the routes borrow from. False: there are none. *ret_unknown is set
 * when nobody can tell which counts. */
bool virtual_gateway(struct istio *istio, struct virtual_routes *routes, struct json_object *held, const char **ret_unknown);
/* A member of the route: the delegate's own, else the root's. Sets ref and field where it stands. NULL: it has none. */
struct json_object *virtual_member(const struct virtual_route *route, const char *name, const char **ret_ref, char field[static FIELD_MAX]);
