/* SPDX-License-Identifier: Apache-2.0
 *
 * Between session_samples.c (pages become rows) and session_samples_put.c (what they came to). */
#pragma once

#include "operator/session_samples.h"

struct sampled_node {
        struct session *session;
        char *name;
        struct samples_node *rows;
        enum samples_source source;  /* of the kubelet's page that is being read */
        struct samples_page *page, *second; /* the kubelet's, the probe's */
        struct probe_reader *probe_reader; /* NULL: nobody has probes */
        struct node_reader *reader;  /* NULL: nobody knows yet where its kubelet is, or it never will be asked */
        char *address;               /* where it is asked; owned, NULL: nowhere */
        int port;
        struct samples_strain worst; /* over all trials */
        struct samples_strain now;   /* in the last of them */
};

struct session_samples {
        struct session *session;
        struct samples *store;
        struct sampled_node *nodes[SAMPLES_NODES_MAX];
        size_t nodes_len;
        struct samples_summary target; /* over all trials */
        struct samples_summary trial;  /* in the last of them */
        bool judged;
};

/* NULL: it is not sampled. */
struct sampled_node *session_samples_node(const struct session_samples *samples, const char *name);
