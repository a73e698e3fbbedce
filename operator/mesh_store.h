/* SPDX-License-Identifier: Apache-2.0
 *
 * The lists that pkg/mesh wants, read from the cluster and kept current, once for all runs that want them: each is listed, and a watch on it
 * serves as a bell. Whatever the bell says, that list is read again, so that a whole list is always what is resolved. What nobody wants any
 * more is forgotten after a minute. Nothing here knows a mesh. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "kube/client.h"
#include "mesh/mesh.h"

struct mesh_store;
struct mesh_reader; /* one who wants lists */

struct mesh_store *mesh_store_new(struct kube_client *client, struct loop *loop);
struct mesh_store *mesh_store_free(struct mesh_store *store); /* after its readers; NULL is fine */

/* 'arrived' is called from the loop when a list that this reader wants, or the API's groups, came for the first time (rang_wall_ms 0),
 * or came again because its bell had rung at rang_wall_ms. It may want further lists, but not end readers. */
struct mesh_reader *mesh_reader_new(struct mesh_store *store, void (*arrived)(void *owner, int64_t rang_wall_ms), void *owner);
struct mesh_reader *mesh_reader_free(struct mesh_reader *reader);

/* False: more than a reader may want. Wanting a list again is nothing. */
bool mesh_reader_want(struct mesh_reader *reader, const struct mesh_list *list);
size_t mesh_reader_len(const struct mesh_reader *reader); /* lists that are wanted */
/* All that is wanted has come, or is known not to. */
bool mesh_reader_complete(const struct mesh_reader *reader);
/* The API's groups are known: without them every kind of every mesh would be wanted. */
bool mesh_reader_knows_groups(const struct mesh_reader *reader);
/* A new bag with all that has come. */
struct mesh_bag *mesh_reader_bag(const struct mesh_reader *reader);
