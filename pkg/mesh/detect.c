/* SPDX-License-Identifier: Apache-2.0
 *
 * Which meshes the cluster has. Custom resources alone prove nothing: many clusters keep them after an uninstall. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/parts.h"

#define CONTROLS_MAX 16 /* workloads of one mesh that are named */

void detect_version(const char *image, struct json_object *labels, char *version, size_t size)
{
        static const char *const variants[] = {"-distroless", "-debug"}; /* how the image was built, not what it is */
        struct json_object *label = NULL;

        version[0] = '\0';
        if (labels && json_object_object_get_ex(labels, "app.kubernetes.io/version", &label) && json_object_is_type(label, json_type_string)) {
                snprintf(version, size, "%s", json_object_get_string(label));
                return;
        }
        if (!image)
                return;
        size_t end = strcspn(image, "@");
        const char *slash = memrchr(image, '/', end), *from = slash ? slash : image;
        const char *colon = memchr(from, ':', end - (size_t)(from - image));
        if (!colon)
                return;
        snprintf(version, size, "%.*s", (int)(image + end - colon - 1), colon + 1);
        for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
                size_t len = strlen(version), cut = strlen(variants[i]);
                if (len > cut && strcmp(version + len - cut, variants[i]) == 0)
                        version[len - cut] = '\0';
        }
}

static bool is_control(const struct control_row *row, struct json_object *workload)
{
        return text_equal(select_label(workload, row->label), row->value) ||
               text_equal(select_label(doc_at(workload, "spec.template"), row->label), row->value);
}

struct json_object *detect_control(const struct mesh_bag *bag, const struct mesh_table *table, const char *revision)
{
        const struct control_row *row = table->controls;
        struct json_object *found = NULL;

        if (!row || !row->kind)
                return NULL;
        auto_json struct json_object *all = bag_objects(bag, "apps", row->kind, NULL);
        for (size_t i = 0; i < doc_len(all, ""); i++) {
                struct json_object *workload = doc_item(all, i);
                if (!is_control(row, workload))
                        continue;
                bool same = row->revision_label && text_equal(select_label(workload, row->revision_label), revision);
                if (!revision || same)
                        return workload;
                found = found ? found : workload;
        }
        /* A revision that is a tag, or is gone: some control plane of the mesh is better than none for its namespace. */
        return found;
}

static const char *image_of(const struct control_row *row, struct json_object *workload)
{
        struct json_object *list = doc_at(workload, "spec.template.spec.containers");

        for (size_t i = 0; row->container && i < doc_len(list, ""); i++)
                if (text_equal(doc_text(doc_item(list, i), "name"), row->container))
                        return doc_text(doc_item(list, i), "image");
        return doc_text(doc_item(list, 0), "image");
}

static struct json_object *control_facts(const struct control_row *row, struct json_object *workload)
{
        struct json_object *facts = doc_object(), *labels = doc_at(workload, "metadata.labels");
        const char *image = image_of(row, workload);
        const char *ready = strcmp(row->kind, "DaemonSet") == 0 ? "status.numberReady" : "status.readyReplicas";
        char version[128];

        detect_version(image, labels, version, sizeof version);
        if (!*version)
                detect_version(image, doc_at(workload, "spec.template.metadata.labels"), version, sizeof version);
        doc_set_text(facts, "kind", row->kind);
        doc_set_text(facts, "namespace", doc_text(workload, "metadata.namespace"));
        doc_set_text(facts, "name", doc_text(workload, "metadata.name"));
        if (row->revision_label)
                doc_set_text(facts, "revision", select_label(workload, row->revision_label));
        doc_set_text(facts, "version", *version ? version : MESH_UNKNOWN);
        doc_set_text(facts, "image", image);
        return doc_set_int(facts, "ready", doc_int(workload, ready, 0));
}

/* All workloads of the mesh; *ret_ready: pods of the first row's that are ready, *ret_mode: what they add. */
static struct json_object *controls_of(struct view *view, const struct mesh_table *table, int64_t *ret_ready, const char **ret_mode)
{
        struct json_object *list = doc_array();

        *ret_ready = -1;
        *ret_mode = table->mode;
        for (const struct control_row *row = table->controls; row && row->kind; row++) {
                auto_json struct json_object *all = bag_objects(view->bag, "apps", row->kind, NULL);
                for (size_t i = 0; i < doc_len(all, ""); i++) {
                        struct json_object *workload = doc_item(all, i);
                        if (!is_control(row, workload) || doc_len(list, "") >= CONTROLS_MAX)
                                continue;
                        struct json_object *facts = control_facts(row, workload);
                        if (row == table->controls)
                                *ret_ready = (*ret_ready < 0 ? 0 : *ret_ready) + doc_int(facts, "ready", 0);
                        if (row->mode)
                                *ret_mode = row->mode;
                        doc_push(list, facts);
                }
        }
        return list;
}

static bool controls_were_read(const struct view *view, const struct mesh_table *table, enum mesh_miss *ret_why)
{
        for (size_t i = 0; i < table->resources_len; i++)
                if (text_equal(table->resources[i].group, "apps") && !bag_was_read(view->bag, &table->resources[i], NULL, ret_why))
                        return false;
        return true;
}

static bool pod_shows(const struct view *view, const struct mesh_table *table)
{
        return text_equal(doc_text(view->snapshot, "membership.client.mesh"), table->name) ||
               text_equal(doc_text(view->snapshot, "membership.server.pod.mesh"), table->name);
}

static bool webhook_shows(const struct view *view, const struct mesh_table *table)
{
        const struct mesh_resource *row = table_row(table, "MutatingWebhookConfiguration");
        char key[128];
        auto_json struct json_object *all = bag_objects(view->bag, "admissionregistration.k8s.io", "MutatingWebhookConfiguration", NULL);

        if (!row || !row->selector)
                return false;
        size_t len = strcspn(row->selector, "=");
        snprintf(key, sizeof key, "%.*s", (int)len, row->selector);
        for (size_t i = 0; row->selector[len] && i < doc_len(all, ""); i++)
                if (text_equal(select_label(doc_item(all, i), key), row->selector + len + 1))
                        return true;
        return false;
}

static void detect_one(struct view *view, const struct mesh_table *table)
{
        int64_t ready;
        const char *mode;
        enum mesh_miss why = MESH_NOT_READ;
        struct json_object *controls = controls_of(view, table, &ready, &mode), *evidence = doc_array();
        bool read = controls_were_read(view, table, &why), group = view->bag->groups && table->groups[0] && table_serves(view->bag, table);
        bool pod = pod_shows(view, table);

        if (group)
                doc_push_text(evidence, "api-group");
        if (doc_len(controls, "") > 0)
                doc_push_text(evidence, "workload");
        if (webhook_shows(view, table))
                doc_push_text(evidence, "webhook");
        if (pod)
                doc_push_text(evidence, "pod");
        if (table->claims && table->claims(view->question->service))
                doc_push_text(evidence, "service");
        bool sure = ready >= 0 || read;
        if (doc_len(evidence, "") == 0) {
                json_object_put(controls);
                json_object_put(evidence);
                return;
        }
        bool asked = doc_len(evidence, "") > (size_t)group; /* more than an API group speaks for it */
        const char *present = ready > 0 ? "running" : ready == 0 ? "not-ready" : !sure || asked ? MESH_UNKNOWN : "crds-only";
        struct json_object *mesh = doc_set_text(doc_set_text(doc_object(), "type", table->name), "present", present);
        if (text_equal(present, MESH_UNKNOWN))
                put_missed(view, "meshes.controlPlane", read ? "NotFound" : mesh_miss_name(why));
        doc_set_text(mesh, "mode", ready >= 0 || pod ? mode : "none");
        doc_push(doc_at(view->snapshot, "meshes"), doc_set(doc_set(mesh, "controlPlane", controls), "evidence", evidence));
}

void detect_meshes(struct view *view)
{
        for (enum mesh_type i = 0; i < MESH_TYPES; i++)
                if (mesh_table_of(i))
                        detect_one(view, mesh_table_of(i));
}

static const struct mesh_table *table_named(const char *name)
{
        for (enum mesh_type i = 0; name && i < MESH_TYPES; i++)
                if (mesh_table_of(i) && strcmp(mesh_table_of(i)->name, name) == 0)
                        return mesh_table_of(i);
        return NULL;
}

/* A mesh whose proxies stand on the nodes, in case it runs. */
static const struct mesh_table *node_mesh(const struct view *view)
{
        struct json_object *meshes = doc_at(view->snapshot, "meshes");

        for (size_t i = 0; i < doc_len(meshes, ""); i++) {
                const struct mesh_table *table = table_named(doc_text(doc_item(meshes, i), "type"));
                const char *present = doc_text(doc_item(meshes, i), "present");
                if (table && table->node_proxy && !text_equal(present, "crds-only"))
                        return table;
        }
        return NULL;
}

const struct mesh_table *detect_decider(struct view *view)
{
        struct json_object *membership = doc_at(view->snapshot, "membership");
        const char *client = doc_text(membership, "client.mesh");

        if (!client && !view->client_known)
                client = doc_text(membership, "client.intentMesh");
        client = client ? client : doc_text(membership, "server.pod.mesh");
        return client ? table_named(client) : node_mesh(view);
}
