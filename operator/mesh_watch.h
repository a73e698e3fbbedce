/* SPDX-License-Identifier: Apache-2.0
 *
 * The mesh of one pair of client and target, from what a mesh_store reads for it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "mesh/mesh.h"
#include "operator/mesh_store.h"

struct mesh_watch;

struct mesh_watch_options {
        struct mesh_store *store; /* borrowed for the life of the watch */
        /* The pair as it is now; what it borrows must live until the callback is called again, or the watch is freed. */
        void (*ask)(void *owner, struct mesh_question *ret_question);
        void (*settled)(void *owner);                  /* nothing that is wanted is still to come, for the first time */
        void (*changed)(void *owner, int64_t wall_ms); /* after that: something was read again; when its bell rang */
        void *owner;
};

/* 'settled' and 'changed' come from the loop, never from a call, and may not free the watch; what is in the store already may have the
 * watch settled at once, without a call. */
struct mesh_watch *mesh_watch_new(const struct mesh_watch_options *options);
struct mesh_watch *mesh_watch_free(struct mesh_watch *watch);

bool mesh_watch_settled(const struct mesh_watch *watch);
/* The snapshot of now; lists that have not come are "unknown" in it. Caller owns. */
struct json_object *mesh_watch_resolve(struct mesh_watch *watch);
/* Proxies of the pair in other pods, as the snapshot has it. */
void mesh_watch_proxies(struct mesh_watch *watch, struct json_object *snapshot, struct mesh_proxies *proxies);
