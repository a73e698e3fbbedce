/* SPDX-License-Identifier: Apache-2.0
 *
 * Pages of metrics of the nodes, asked of their kubelets again and again for as long as somebody reads them, once for all who do, one
 * page of a node at a time. The operator's token goes to a kubelet whose certificate the cluster's CA has signed for the node's
 * address, and to nobody else; it needs "get" on nodes/metrics and nothing more. */
#pragma once

#include "data/prometheus.h"
#include "kube/client.h"
#include "probe/samples.h"

struct node_pages;
struct node_reader;

struct node_reader_options {
        const char *node, *address; /* copied; 'address' is an IP address as text */
        int port;
        void (*begun)(void *owner, enum samples_source source); /* a page begins */
        prometheus_line_fn *line;
        void (*ended)(void *owner, const struct fail *fail); /* with a failure nothing of it counts; the text says what to tell */
        void *owner;
};

/* Borrows 'client' for its life: whose identity and CA it is. */
struct node_pages *node_pages_new(struct loop *loop, const struct kube_client *client);
struct node_pages *node_pages_free(struct node_pages *pages); /* when nobody reads any more */

/* From the loop, never from a call, come begun, line and ended; they may neither join nor leave. Where the node is read at another
 * address, all who read it are served from this one now: a node may be made again under its name.
 * NULL: FAIL_INVALID, the address cannot be asked; whoever reads the node goes on. */
struct node_reader *node_pages_join(struct node_pages *pages, const struct node_reader_options *options, struct fail *fail);
struct node_reader *node_pages_leave(struct node_reader *reader); /* NULL is fine; returns NULL */
