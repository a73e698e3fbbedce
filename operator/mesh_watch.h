/* SPDX-License-Identifier: Apache-2.0
 *
 * What pkg/mesh wants to know of the cluster, read and kept current: each list once, and a watch on it that serves as a bell.
 * Whatever the bell says, that list is read again, so that a whole list is always what is resolved. What may not be read, or is not
 * served, is told to pkg/mesh as missing with its reason. Nothing here knows a mesh. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "kube/client.h"
#include "mesh/mesh.h"

struct mesh_watch;

struct mesh_watch_options {
        struct kube_client *client;
        struct loop *loop;
        /* The pair as it is now; what it borrows must live until the callback is called again, or the watch is freed. */
        void (*ask)(void *owner, struct mesh_question *ret_question);
        void (*settled)(void *owner);                  /* nothing that is wanted is still to come, for the first time */
        void (*changed)(void *owner, int64_t wall_ms); /* after that: a list was read again; when its bell rang */
        void *owner;
};

/* Starts at once. Callbacks come from the loop, never from a call; they may not free the watch. */
struct mesh_watch *mesh_watch_new(const struct mesh_watch_options *options);
struct mesh_watch *mesh_watch_free(struct mesh_watch *watch);

bool mesh_watch_settled(const struct mesh_watch *watch);
/* The snapshot of now; lists that have not come are "unknown" in it. Caller owns. */
struct json_object *mesh_watch_resolve(struct mesh_watch *watch);
