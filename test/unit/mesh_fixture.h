/* SPDX-License-Identifier: Apache-2.0
 *
 * A cluster made of YAML for the tests of pkg/mesh. */
#pragma once

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/yaml.h"
#include "mesh/mesh.h"

static inline struct json_object *fixture_load(const char *path)
{
        auto_free char *text = NULL;
        struct json_object *docs = NULL;
        struct fail fail = {0};
        size_t size;

        if (text_file_read(path, 1 << 20, &text, &size, &fail) || yaml_parse_all(text, size, &docs, &fail))
                fail_msg("%s: %s", path, fail.text);
        return docs;
}

static inline bool fixture_is_kind(struct json_object *object, const struct mesh_resource *resource)
{
        const char *version = doc_text(object, "apiVersion"), *slash = version ? strchr(version, '/') : NULL;
        size_t len = slash ? (size_t)(slash - version) : 0;

        return text_equal(doc_text(object, "kind"), resource->kind) && strlen(resource->group) == len &&
               (len == 0 || strncmp(version, resource->group, len) == 0);
}

static inline bool fixture_has_label(struct json_object *object, const char *selector)
{
        char key[128];
        struct json_object *value = NULL;

        if (!selector)
                return true;
        snprintf(key, sizeof key, "%.*s", (int)strcspn(selector, "="), selector);
        return json_object_object_get_ex(doc_at(object, "metadata.labels"), key, &value) &&
               (!strchr(selector, '=') || strcmp(json_object_get_string(value), strchr(selector, '=') + 1) == 0);
}

/* What an API server would answer to the list. */
static inline struct json_object *fixture_items(struct json_object *objects, const struct mesh_list *list)
{
        struct json_object *items = doc_array();

        for (size_t i = 0; i < doc_len(objects, ""); i++) {
                struct json_object *object = doc_item(objects, i);
                if (fixture_is_kind(object, list->resource) && fixture_has_label(object, list->resource->selector) &&
                    (!*list->namespace || text_equal(doc_text(object, "metadata.namespace"), list->namespace)) &&
                    (!*list->name || text_equal(doc_text(object, "metadata.name"), list->name)))
                        doc_push(items, json_object_get(object));
        }
        return items;
}

/* Each row {"kind", "namespace" (missing: wherever), "why"} of 'unreadable' refuses lists. */
static inline bool fixture_refuses(struct json_object *unreadable, const struct mesh_list *list, enum mesh_miss *ret_why)
{
        for (size_t i = 0; i < doc_len(unreadable, ""); i++) {
                struct json_object *row = doc_item(unreadable, i);
                const char *namespace = doc_text(row, "namespace");
                if (!text_equal(doc_text(row, "kind"), list->resource->kind) || (namespace && !text_equal(namespace, list->namespace)))
                        continue;
                for (*ret_why = 0; *ret_why < MESH_MISSES; ++*ret_why)
                        if (text_equal(mesh_miss_name(*ret_why), doc_text(row, "why")))
                                return true;
                fail_msg("no such reason: %s", doc_text(row, "why"));
        }
        return false;
}

static inline struct mesh_bag *fixture_bag(struct json_object *groups, struct json_object *objects, struct json_object *unreadable,
                                           const struct mesh_question *question)
{
        static struct mesh_list lists[MESH_LISTS_MAX];
        struct mesh_bag *bag = mesh_bag_new();
        auto_json struct json_object *group_list = doc_object();
        struct json_object *rows = doc_array();

        doc_set(group_list, "groups", rows);
        json_object_object_foreach(groups, name, versions) {
                struct json_object *group = doc_set_text(doc_object(), "name", name), *list = doc_array();
                for (size_t i = 0; i < doc_len(versions, ""); i++)
                        doc_push(list, doc_set_text(doc_object(), "version", json_object_get_string(doc_item(versions, i))));
                doc_push(rows, doc_set(group, "versions", list));
        }
        mesh_bag_groups(bag, group_list);
        size_t len, rounds = 0;
        while ((len = mesh_wants(bag, question, lists)) > 0) {
                if (++rounds > 10)
                        fail_msg("mesh_wants() asks for the same again: %s", lists[0].resource->kind);
                for (size_t i = 0; i < len; i++) {
                        enum mesh_miss why;
                        auto_json struct json_object *items = fixture_items(objects, &lists[i]);
                        if (fixture_refuses(unreadable, &lists[i], &why))
                                mesh_bag_miss(bag, &lists[i], why);
                        else
                                mesh_bag_add(bag, &lists[i], items);
                }
        }
        return bag;
}

/* The world's objects and the case's: the same kind, namespace and name replaces; kinds of "without" are left out. */
static inline struct json_object *fixture_objects(struct json_object *world, struct json_object *one)
{
        struct json_object *objects = doc_array();

        for (int own = 1; own >= 0; own--) {
                struct json_object *list = doc_at(own ? one : world, "objects");
                for (size_t i = 0; i < doc_len(list, ""); i++) {
                        struct json_object *object = doc_item(list, i);
                        bool out = false;
                        for (size_t j = 0; j < doc_len(one, "without"); j++)
                                out = out || (!own && text_equal(json_object_get_string(doc_item(doc_at(one, "without"), j)), doc_text(object, "kind")));
                        for (size_t j = 0; !own && j < doc_len(objects, ""); j++) {
                                struct json_object *other = doc_item(objects, j);
                                out = out || (text_equal(doc_text(object, "kind"), doc_text(other, "kind")) &&
                                              text_equal(doc_text(object, "metadata.name"), doc_text(other, "metadata.name")) &&
                                              text_equal(doc_text(object, "metadata.namespace"), doc_text(other, "metadata.namespace")));
                        }
                        if (!out)
                                doc_push(objects, json_object_get(object));
                }
        }
        return objects;
}

/* 'proxies' may be NULL. */
static inline struct json_object *fixture_resolve_with(struct json_object *world, struct json_object *one, struct mesh_proxies *proxies)
{
        auto_json struct json_object *asked = doc_merge(doc_at(world, "question"), doc_at(one, "question"));
        auto_json struct json_object *objects = fixture_objects(world, one);
        struct mesh_question question = {
                .client_namespace = doc_text(asked, "client_namespace"),
                .client = doc_at(asked, "client"),
                .target_namespace = doc_text(asked, "target_namespace"),
                .service = doc_at(asked, "service"),
                .host = doc_text(asked, "host"),
                .port = (int32_t)doc_int(asked, "port", 0),
                .server_pods = doc_at(asked, "server_pods"),
                .request = doc_at(asked, "request"),
        };
        struct json_object *groups = doc_at(one, "groups") ? doc_at(one, "groups") : doc_at(world, "groups");
        struct mesh_bag *bag = fixture_bag(groups, objects, doc_at(one, "unreadable"), &question);
        struct json_object *snapshot = mesh_resolve(bag, &question);

        if (proxies)
                mesh_find_proxies(bag, &question, snapshot, proxies);
        mesh_bag_free(bag);
        return snapshot;
}

static inline struct json_object *fixture_resolve(struct json_object *world, struct json_object *one)
{
        return fixture_resolve_with(world, one, NULL);
}
