/* SPDX-License-Identifier: Apache-2.0
 *
 * What the chapters of mesh_explain() share. Inside of pkg/mesh. */
#pragma once

#include "mesh/diff.h"
#include "mesh/explain.h"

enum side {SIDE_CLIENT, SIDE_SERVER, SIDE_WAYPOINT, SIDE_LOAD};

struct explaining {
        struct json_object *snapshot, *after, *list; /* after: NULL, it is the same */
        const struct mesh_window *windows[SIDE_LOAD];
        const struct mesh_load *load;
        const struct mesh_use *use; /* may be NULL */
};

struct telling {
        const char *code, *confidence, *key; /* key: the policy to cite; NULL: none */
        enum side side;
        const char *counter;
        double value;
};

/* Adds an explanation and returns it, borrowed. */
struct json_object *explain_tell(struct explaining *explaining, const struct telling *telling, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* What changed when the load did. */
void explain_coincidences(struct explaining *explaining, struct json_object *changes);
/* What changed since the run that this one was compared with. */
void explain_since(struct explaining *explaining, const struct mesh_case *mesh_case);
