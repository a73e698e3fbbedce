/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/parts.h"

static struct json_object *empty_snapshot(const struct view *view)
{
        static const char *const lists[] = {"meshes", "policies", "findings", "unknown", "inventory"};
        struct json_object *snapshot = doc_set_text(doc_object(), "schema", "meshsnapshot/v1"), *target = doc_object();

        doc_set_text(target, "namespace", view->target_namespace);
        if (*view->service_name)
                doc_set_text(target, "service", view->service_name);
        doc_set_int(target, "port", view->port);
        if (view->target_port)
                doc_set_int(target, "targetPort", view->target_port);
        doc_set(doc_set(snapshot, "target", target), "membership", doc_object());
        for (size_t i = 0; i < ARRAY_LEN(lists); i++)
                doc_set(snapshot, lists[i], doc_array());
        return snapshot;
}

/* The control plane with the client's revision, else the only one. Two revisions without a word which one: unknown. */
static const char *control_version(struct view *view)
{
        struct json_object *meshes = doc_at(view->snapshot, "meshes");
        const char *version = NULL;

        for (size_t i = 0; i < doc_len(meshes, ""); i++) {
                struct json_object *mesh = doc_item(meshes, i), *list = doc_at(mesh, "controlPlane");
                if (!text_equal(doc_text(mesh, "type"), view->table->name))
                        continue;
                for (size_t j = 0; j < doc_len(list, ""); j++) {
                        struct json_object *control = doc_item(list, j);
                        if (!view->table->controls || !text_equal(doc_text(control, "kind"), view->table->controls[0].kind))
                                continue;
                        if (*view->revision && text_equal(doc_text(control, "revision"), view->revision))
                                return doc_text(control, "version");
                        version = version && !text_equal(version, doc_text(control, "version")) ? MESH_UNKNOWN : doc_text(control, "version");
                }
        }
        return version ? version : MESH_UNKNOWN;
}

static void set_head(struct view *view)
{
        struct json_object *membership = doc_at(view->snapshot, "membership");
        bool known = view->client_known && view->server_known;

        if (!view->table) {
                doc_set_text(view->snapshot, "type", known ? "NONE" : MESH_UNKNOWN);
                doc_set_text(view->snapshot, "mode", known ? "none" : MESH_UNKNOWN);
                return;
        }
        const char *mode = doc_text(membership, "client.mode");
        mode = mode ? mode : doc_text(membership, "server.pod.mode");
        mode = !mode && view->table->node_proxy ? view->table->mode : mode;
        doc_set_text(view->snapshot, "type", view->table->name);
        doc_set_text(view->snapshot, "mode", mode ? mode : MESH_UNKNOWN);
        doc_set_text(view->snapshot, "version", control_version(view));
        doc_set_text(view->snapshot, "revision", *view->revision ? view->revision : MESH_UNKNOWN);
}

struct json_object *mesh_resolve(const struct mesh_bag *bag, const struct mesh_question *question)
{
        struct view view;

        view_begin(&view, bag, question);
        view.snapshot = empty_snapshot(&view);
        member_client(&view);
        member_server(&view);
        detect_meshes(&view);
        const struct mesh_table *decider = detect_decider(&view);
        if (decider)
                view_configure(&view, decider);
        set_head(&view);
        if (decider && decider->resolve)
                decider->resolve(&view);
        else if (decider)
                put_missed(&view, "policies", "NotSupported");
        view_done(&view);
        snapshot_finish(view.snapshot);
        return view.snapshot;
}

void mesh_find_proxies(const struct mesh_bag *bag, const struct mesh_question *question, struct json_object *snapshot, struct mesh_proxies *proxies)
{
        const char *type = doc_text(snapshot, "type");

        proxies->len = 0;
        for (enum mesh_type i = 0; i < MESH_TYPES; i++) {
                const struct mesh_table *table = mesh_table_of(i);
                if (table && table->proxies_between && text_equal(type, table->name))
                        table->proxies_between(bag, question, snapshot, proxies);
        }
}
