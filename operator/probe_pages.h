/* SPDX-License-Identifier: Apache-2.0
 *
 * What loadstone-probe says of nodes (probe/node_page.h), asked every two seconds of each node's probe for as long as somebody
 * reads it, once for all who do. Probes are the running pods of one namespace with the label app.kubernetes.io/name=loadstone-probe, each for the node that
 * it is on; they may come and go at any time. The token that they get is made out for them and of no use elsewhere. */
#pragma once

#include "kube/client.h"
#include "probe/node_page.h"

#define PROBE_PORT 9443

struct probe_pages;
struct probe_reader;

struct probe_pages_options { /* copied */
        const char *namespace;
        const char *token_file;
        const char *ca_file; /* of their certificates, which then have to be for "loadstone-probe.<namespace>.svc"; NULL: they are not looked at */
};

struct probe_reader_options {
        const char *node; /* copied */
        void (*begun)(void *owner, int64_t wall_ms); /* a second of the node */
        void (*row)(void *owner, int64_t wall_ms, const char *path, const struct node_row *row);
        void (*ended)(void *owner, int64_t wall_ms);
        void (*missed)(void *owner, const char *problem); /* a second that has begun is void; told once when a probe that was there is gone */
        void *owner;
};

/* Borrows loop and client for its life. */
struct probe_pages *probe_pages_new(struct loop *loop, struct kube_client *client, const struct probe_pages_options *options);
struct probe_pages *probe_pages_free(struct probe_pages *pages); /* when nobody reads any more; NULL is fine; returns NULL */

/* From the loop, never from a call, come the others; they may neither join nor leave. NULL for 'pages' NULL. */
struct probe_reader *probe_pages_join(struct probe_pages *pages, const struct probe_reader_options *options);
struct probe_reader *probe_pages_leave(struct probe_reader *reader); /* NULL is fine; returns NULL */
