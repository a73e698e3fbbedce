/* SPDX-License-Identifier: Apache-2.0
 *
 * The meshes that are known, and which of their lists are still to be read. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/parts.h"

static const struct mesh_table *const tables[MESH_TYPES] = {
        [MESH_ISTIO] = &mesh_istio, [MESH_LINKERD] = &mesh_linkerd, [MESH_CONSUL] = &mesh_consul,   [MESH_KUMA] = &mesh_kuma,
        [MESH_CILIUM] = &mesh_cilium, [MESH_OSM] = &mesh_osm,       [MESH_NGINX] = &mesh_nginx,     [MESH_APP_MESH] = &mesh_app_mesh,
        [MESH_TRAEFIK] = &mesh_traefik,
};

const struct mesh_table *mesh_table_of(enum mesh_type type)
{
        return type < MESH_TYPES ? tables[type] : NULL;
}

const char *mesh_type_name(enum mesh_type type)
{
        const struct mesh_table *table = mesh_table_of(type);

        return table ? table->name : MESH_UNKNOWN;
}

const struct mesh_resource *mesh_resources(enum mesh_type type, size_t *ret_len)
{
        const struct mesh_table *table = mesh_table_of(type);

        *ret_len = table ? table->resources_len : 0;
        return table ? table->resources : NULL;
}

const struct mesh_resource *table_row(const struct mesh_table *table, const char *kind)
{
        for (size_t i = 0; i < table->resources_len; i++)
                if (strcmp(table->resources[i].kind, kind) == 0)
                        return &table->resources[i];
        return NULL;
}

static bool tells_presence(const struct mesh_resource *row)
{
        return row->own_names || text_equal(row->group, "apps") || text_equal(row->group, "admissionregistration.k8s.io");
}

bool table_serves(const struct mesh_bag *bag, const struct mesh_table *table)
{
        bool serves = !table->groups[0];

        for (size_t i = 0; i < ARRAY_LEN(table->groups) && table->groups[i]; i++)
                serves = serves || bag_serves(bag, table->groups[i]);
        return serves;
}

static bool any_pod_shows(const struct mesh_table *table, const struct mesh_question *question)
{
        size_t len = doc_len(question->server_pods, "");

        if (question->client && member_row(table, question->client))
                return true;
        for (size_t i = 0; i < len; i++)
                if (member_row(table, doc_item(question->server_pods, i)))
                        return true;
        return false;
}

/* Policies are only read of a mesh that is there, or might be: custom resources often outlive an uninstalled mesh. */
static bool is_worth_reading(const struct mesh_bag *bag, const struct mesh_table *table, const struct mesh_question *question)
{
        enum mesh_miss why = MESH_NOT_READ;

        if (!table->controls || detect_control(bag, table, NULL) || any_pod_shows(table, question))
                return true;
        for (size_t i = 0; i < table->resources_len; i++) {
                const struct mesh_resource *row = &table->resources[i];
                if (text_equal(row->group, "apps") && !bag_was_read(bag, row, NULL, &why) && why != MESH_NOT_READ)
                        return true;
        }
        return false;
}

/* The lists of one pass, as they are collected. */
struct wish {
        const struct mesh_bag *bag;
        struct mesh_list *lists;
        size_t len;
};

static void want(struct wish *wish, const struct mesh_resource *row, const char *namespace, const char *name)
{
        const char *version = bag_version(wish->bag, row);
        struct mesh_list list = {.resource = row, .version = version};
        enum mesh_miss why = MESH_NOT_READ;

        snprintf(list.namespace, sizeof list.namespace, "%s", namespace ? namespace : "");
        snprintf(list.name, sizeof list.name, "%s", name ? name : "");
        if (!version || wish->len >= MESH_LISTS_MAX || bag_was_answered(wish->bag, &list, &why) || why != MESH_NOT_READ)
                return;
        for (size_t i = 0; i < wish->len; i++)
                if (strcmp(wish->lists[i].resource->kind, row->kind) == 0 && strcmp(wish->lists[i].resource->group, row->group) == 0 &&
                    text_equal(wish->lists[i].resource->selector, row->selector) &&
                    strcmp(wish->lists[i].namespace, list.namespace) == 0 && strcmp(wish->lists[i].name, list.name) == 0)
                        return;
        wish->lists[wish->len++] = list;
}

/* One named object for each revision of the control plane. */
static void want_revisions(struct wish *wish, const struct mesh_table *table, const struct mesh_resource *row, const char *namespace)
{
        const struct control_row *control = &table->controls[0];
        auto_json struct json_object *all = bag_objects(wish->bag, "apps", control->kind, NULL);

        for (size_t i = 0; i < doc_len(all, ""); i++) {
                char name[MESH_NAME_MAX];
                struct json_object *workload = doc_item(all, i);
                if (!text_equal(select_label(workload, control->label), control->value))
                        continue;
                const char *revision = control->revision_label ? select_label(workload, control->revision_label) : NULL;
                bool suffix = revision && strcmp(revision, "default") != 0;
                snprintf(name, sizeof name, "%s%s%.200s", row->name, suffix ? "-" : "", suffix ? revision : "");
                want(wish, row, namespace, name);
        }
}

static void want_places(struct wish *wish, const struct mesh_table *table, const struct mesh_resource *row, const struct view *view)
{
        const struct {
                unsigned place;
                const char *namespace;
        } places[] = {{MESH_AT_CLIENT, view->client_namespace}, {MESH_AT_TARGET, view->target_namespace},
                      {MESH_AT_ROOT, view->root_namespace}, {MESH_AT_CONTROL, view->control_namespace}};
        enum mesh_miss why = MESH_NOT_READ;

        if (row->at & MESH_AT_CLUSTER)
                want(wish, row, "", row->name);
        if (row->at & MESH_AT_EVERY)
                want(wish, row, "", "");
        /* Without the right to see all namespaces, our own are better than nothing. */
        if ((row->at & MESH_AT_EVERY) && (bag_was_read(wish->bag, row, NULL, &why) || why == MESH_NOT_READ))
                return;
        for (size_t i = 0; i < ARRAY_LEN(places); i++) {
                if (!(row->at & places[i].place) || !*places[i].namespace)
                        continue;
                if (row->name_has_revision)
                        want_revisions(wish, table, row, places[i].namespace);
                else
                        want(wish, row, places[i].namespace, row->name);
        }
}

size_t mesh_wants(const struct mesh_bag *bag, const struct mesh_question *question, struct mesh_list lists[static MESH_LISTS_MAX])
{
        struct wish wish = {.bag = bag, .lists = lists};

        if (!bag->groups && !bag->groups_missed)
                return 0;
        for (size_t i = 0; i < MESH_TYPES; i++) {
                const struct mesh_table *table = tables[i];
                struct view view;
                if (!table || (!table_serves(bag, table) && !any_pod_shows(table, question)))
                        continue;
                view_begin(&view, bag, question);
                view_configure(&view, table);
                bool policies = is_worth_reading(bag, table, question);
                for (size_t j = 0; j < table->resources_len; j++) {
                        const struct mesh_resource *row = &table->resources[j];
                        if (row->own_names) {
                                want(&wish, row, "", view.client_namespace);
                                want(&wish, row, "", view.target_namespace);
                        } else if (policies || tells_presence(row)) {
                                want_places(&wish, table, row, &view);
                        }
                }
                view_done(&view);
        }
        return wish.len;
}
