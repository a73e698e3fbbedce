/* SPDX-License-Identifier: Apache-2.0
 *
 * The addresses of the cluster itself, which are never loaded: nodes, the API server, the cluster's DNS. Asked for only when a run
 * needs them (a URL, an endpoint that no pod of the namespace has), and kept for a minute. Needs the cluster-wide install. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "data/address.h"
#include "kube/client.h"

struct forbidden;

/* 'arrived' is called when an answer to forbidden_ask is complete, or has failed. Borrows everything for its life. */
struct forbidden *forbidden_new(struct kube_client *client, void (*arrived)(void *owner), void *owner);
struct forbidden *forbidden_free(struct forbidden *forbidden);

/* True when what is known is no older than a minute; else it is being asked for, and 'arrived' will be called. */
bool forbidden_ask(struct forbidden *forbidden);
/* Why the last asking failed, "" when it did not. */
const char *forbidden_problem(const struct forbidden *forbidden);
/* "the address of a node", NULL when it is none of them. In whatever order the answers came, an address has one word. */
const char *forbidden_what(const struct forbidden *forbidden, const struct address *address);
size_t forbidden_len(const struct forbidden *forbidden);
const struct address *forbidden_at(const struct forbidden *forbidden, size_t index);
