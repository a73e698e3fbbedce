/* SPDX-License-Identifier: Apache-2.0
 *
 * Wires the parts into a controller: caches feed names into a queue, names are worked one pass at a time while the Lease
 * is held. A standby keeps its caches warm and acts on nothing. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/loop.h"
#include "kube/client.h"
#include "operator/options.h"

struct manager;

/* Starts caches and election at once. Borrows everything for its life. */
struct manager *manager_new(struct loop *loop, struct kube_client *client, const struct options *options);
struct manager *manager_free(struct manager *manager);

/* Begins an orderly end: no new passes, the running ones finish (at most 5 s), the Lease is given back. */
void manager_stop(struct manager *manager);
bool manager_stopped(const struct manager *manager);
/* The Lease was held and is lost: everything in memory may be outdated, the process must end at once. */
bool manager_deposed(const struct manager *manager);

/* How many passes it has made, over runs and profiles. */
uint64_t manager_passes(const struct manager *manager);

/* Answers /healthz, /readyz and /metrics (a serve_answer_fn). */
int manager_answer(void *manager, const char *path, struct buf *body);
