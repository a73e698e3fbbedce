/* SPDX-License-Identifier: Apache-2.0
 *
 * The objects that surround one Service, watched: its pods and EndpointSlices, and the workloads and autoscalers behind them. */
#pragma once

#include "kube/cache.h"
#include "probe/context.h"

typedef void around_changed_fn(void *owner, enum context_kind kind, struct json_object *before, struct json_object *after);

struct around_options {
        struct kube_client *client;
        const char *namespace, *service; /* borrowed for the life */
        struct json_object *selector;    /* of its pods; borrowed for the life; NULL or empty: it names none */
        around_changed_fn *changed;      /* of objects that are the Service's; both as in context_observe() */
        void (*listed)(void *owner);     /* a first list came */
        void *owner;
};

struct around { /* zeroed memory watches nothing */
        struct around_options options;
        struct kube_cache *caches[CONTEXT_KINDS]; /* NULL where there is none */
};

void around_open(struct around *around, const struct around_options *options);
void around_done(struct around *around);
/* All first lists are here. */
bool around_synced(const struct around *around);
/* The Service's pods that are not being deleted, as a new array; NULL: they are not known. */
struct json_object *around_pods(const struct around *around);
