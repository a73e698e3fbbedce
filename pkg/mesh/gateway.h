/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTPRoutes or GRPCRoutes that are attached to a Service (Gateway API for mesh, GEP-1324): which rules a load can hit. Inside of
 * pkg/mesh. */
#pragma once

#include "mesh/parts.h"

#define GATEWAY_HITS_MAX 64

struct gateway_hit {
        struct json_object *route, *rule; /* borrowed */
        size_t index;                     /* of the rule */
        char ref[REF_MAX];
};

struct gateway_hits {
        struct gateway_hit hits[GATEWAY_HITS_MAX]; /* best first, up to the first that is always hit */
        size_t len;
        bool attached; /* there are routes for the Service and port */
        bool certain;  /* every request hits one of them */
};

/* Routes of this kind and these groups in the target's and another namespace that 'controller' has accepted. Others for the Service are noted as
 * inert. 'replaces': routes of the other namespace take the place of the target's, as the standard says; else all are one set. */
struct gateway_query {
        const char *kind; /* "HTTPRoute", "GRPCRoute" */
        const char *const *groups;
        size_t groups_len;
        const char *controller;
        const char *other; /* namespace: the client's, or that of the proxy that decides */
        bool replaces;
};
void gateway_find(struct view *view, const struct gateway_query *query, struct gateway_hits *hits);
/* An HTTPRoute or GRPCRoute that has the Service and port for a parent. */
bool gateway_is_attached(const struct view *view, struct json_object *route);
