/* SPDX-License-Identifier: Apache-2.0
 *
 * The nodes that target and generator run on: their versions, conditions and taints, and what is sampled there. */
#include "data/doc.h"
#include "operator/session.h"
#include "operator/session_samples.h"

/* A node's status has a list of all its images. */
static const char *const kept_of_nodes[] = {
        "metadata.labels", "spec.unschedulable", "spec.taints", "status.addresses", "status.conditions", "status.daemonEndpoints", "status.nodeInfo", NULL,
};

static void node_changed(void *owner, struct json_object *before, struct json_object *after)
{
        struct session *session = owner;

        /* What a restored plan knew of it is compared with what is there now. */
        if (session->before_marked)
                context_observe(session->context, CONTEXT_NODE, before, after, clock_wall_ms(loop_clock(session->manager->loop)));
        else if (after)
                context_add(session->context, CONTEXT_NODE, after);
        if (after)
                session_samples_see_node(session, after);
}

static void node_arrived(void *owner, struct json_object *node, const struct fail *fail)
{
        struct session *session = owner;

        if (fail->kind == FAIL_NONE)
                context_add(session->context, CONTEXT_NODE, node);
}

void session_ask_node(struct session *session, const char *node)
{
        struct kube_client *client = session->manager->client;

        if (session->manager->options->namespace) /* installed for one namespace: no rights on nodes */
                return;
        if (!session->context || map_find(&session->nodes_asked, node))
                return;
        map_set(&session->nodes_asked, node, session);
        if (session->nodes_len == SAMPLES_NODES_MAX) {
                session_asked(session, kube_get(client, &(struct kube_ref){&kube_nodes, NULL, node}, node_arrived, session));
                return;
        }
        session->nodes[session->nodes_len++] = kube_cache_new(client, &(struct kube_cache_options){
                .kind = &kube_nodes,
                .name = node,
                .keep = kept_of_nodes,
                .changed = node_changed,
                .owner = session,
        });
}

void session_forget_nodes(struct session *session)
{
        while (session->nodes_len > 0)
                kube_cache_free(session->nodes[--session->nodes_len]);
        map_done(&session->nodes_asked);
}
