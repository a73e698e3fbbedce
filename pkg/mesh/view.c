/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/parts.h"

static const char *or_empty(const char *text)
{
        return text ? text : "";
}

struct json_object *view_service_port(const struct view *view)
{
        struct json_object *ports = doc_at(view->question->service, "spec.ports");

        for (size_t i = 0; i < doc_len(ports, ""); i++)
                if (doc_int(doc_item(ports, i), "port", 0) == view->question->port)
                        return doc_item(ports, i);
        return NULL;
}

/* The number behind a port's name, in the pod's own containers. */
static int32_t port_named(struct json_object *pod, const char *name)
{
        struct json_object *containers = doc_at(pod, "spec.containers");

        for (size_t i = 0; i < doc_len(containers, ""); i++) {
                struct json_object *ports = doc_at(doc_item(containers, i), "ports");
                for (size_t j = 0; j < doc_len(ports, ""); j++)
                        if (text_equal(doc_text(doc_item(ports, j), "name"), name))
                                return (int32_t)doc_int(doc_item(ports, j), "containerPort", 0);
        }
        return 0;
}

static int32_t target_port_of(const struct view *view)
{
        struct json_object *port = view_service_port(view);
        const char *name = doc_text(port, "targetPort");

        if (!view->question->service)
                return view->question->port;
        if (!port)
                return 0;
        if (name)
                return port_named(doc_item(view->question->server_pods, 0), name);
        return (int32_t)doc_int(port, "targetPort", view->question->port);
}

void view_begin(struct view *view, const struct mesh_bag *bag, const struct mesh_question *question)
{
        const char *domain = question->cluster_domain ? question->cluster_domain : "cluster.local";

        *view = (struct view){.bag = bag, .question = question, .protocol = MESH_UNKNOWN};
        view->client_namespace = or_empty(question->client_namespace);
        view->target_namespace = or_empty(question->target_namespace);
        view->service_name = or_empty(doc_text(question->service, "metadata.name"));
        view->control_namespace = view->root_namespace = view->revision = "";
        view->client_labels = doc_at(question->client, "metadata.labels");
        view->port = question->port;
        view->target_port = target_port_of(view);
        if (*view->service_name)
                snprintf(view->host, sizeof view->host, "%.253s.%.63s.svc.%.128s", view->service_name, view->target_namespace, domain);
        else if (question->host)
                snprintf(view->host, sizeof view->host, "%.253s", question->host);
}

/* The revision is the one the client's proxy is connected to, else the server's, else the only one there is. */
static const char *revision_of(const struct view *view, const struct mesh_table *table)
{
        struct json_object *pods[] = {view->question->client, doc_item(view->question->server_pods, 0)};

        for (size_t i = 0; i < ARRAY_LEN(pods); i++) {
                const struct proxy_row *row = pods[i] ? member_row(table, pods[i]) : NULL;
                const char *revision = row && row->revision ? select_annotation(pods[i], row->revision) : NULL;
                if (revision)
                        return revision;
        }
        return NULL;
}

void view_configure(struct view *view, const struct mesh_table *table)
{
        const char *revision = revision_of(view, table);
        struct json_object *control = detect_control(view->bag, table, revision);

        view->table = table;
        if (control) {
                const char *label = table->controls[0].revision_label;
                view->control_namespace = or_empty(doc_text(control, "metadata.namespace"));
                revision = label && !revision ? select_label(control, label) : revision;
        }
        view->revision = or_empty(revision);
        view->root_namespace = view->control_namespace;
        if (table->configure)
                table->configure(view);
}

void view_set_protocol(struct view *view, const char *protocol, const char *source)
{
        struct json_object *target = doc_at(view->snapshot, "target");

        view->protocol = protocol;
        doc_set_text(target, "protocol", protocol);
        doc_set_text(target, "protocolSource", source);
}

void view_client_side(const struct view *view, const char **ret_bare, const char **ret_unknown)
{
        struct json_object *intent = doc_at(view->snapshot, "membership.client.intent");
        bool meshed = view->client_known ? view->client_meshed : json_object_is_type(intent, json_type_boolean) && json_object_get_boolean(intent);

        *ret_bare = *ret_unknown = NULL;
        if (!view->client_known && !json_object_is_type(intent, json_type_boolean))
                *ret_unknown = "nobody knows whether the client is in the mesh";
        else if (!meshed)
                *ret_bare = "the client is not in the mesh";
        else if (!view->question->service && !(view->table && view->table->external && *view->host))
                *ret_unknown = "the target is not a Service";
}

void view_done(struct view *view)
{
        json_object_put(view->config);
        view->config = NULL;
}
