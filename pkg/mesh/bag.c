/* SPDX-License-Identifier: Apache-2.0 */
#include "mesh/bag.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

static const char *const miss_names[MESH_MISSES] = {
        [MESH_FORBIDDEN] = "Forbidden", [MESH_NOT_SERVED] = "NotServed", [MESH_FAILED] = "ReadFailed",
        [MESH_TOO_MANY] = "TooMany",    [MESH_NOT_READ] = "NotRead",
};

const char *mesh_miss_name(enum mesh_miss miss)
{
        return miss < MESH_MISSES ? miss_names[miss] : MESH_UNKNOWN;
}

struct mesh_bag *mesh_bag_new(void)
{
        struct mesh_bag *bag = xnew(struct mesh_bag);

        bag->lists = doc_object();
        bag->objects = doc_object();
        return bag;
}

struct mesh_bag *mesh_bag_free(struct mesh_bag *bag)
{
        if (!bag)
                return NULL;
        json_object_put(bag->lists);
        json_object_put(bag->objects);
        json_object_put(bag->groups);
        map_done(&bag->known);
        free(bag);
        return NULL;
}

/* The member, made when it is not there: 'fresh' builds it. */
static struct json_object *member(struct json_object *parent, const char *key, struct json_object *(*fresh)(void))
{
        struct json_object *child = NULL;

        if (json_object_object_get_ex(parent, key, &child))
                return child;
        child = fresh();
        doc_set(parent, key, child);
        return child;
}

static struct json_object *find(struct json_object *parent, const char *key)
{
        struct json_object *child = NULL;

        return parent && json_object_object_get_ex(parent, key, &child) ? child : NULL;
}

#define KEY_MAX 1024

static void kind_key(char key[static KEY_MAX], const char *kind, const char *group)
{
        snprintf(key, KEY_MAX, "%s.%s", kind, group);
}

/* One answered list. A named object and a list with a selector say nothing about the rest of the kind. */
static void list_key(char key[static KEY_MAX], const char *namespace, const char *name, const char *selector)
{
        snprintf(key, KEY_MAX, "%s|%s|%s", namespace ? namespace : "", name ? name : "", selector ? selector : "");
}

static void mark(struct mesh_bag *bag, const struct mesh_list *list, const char *word)
{
        char kind[KEY_MAX], key[KEY_MAX];

        kind_key(kind, list->resource->kind, list->resource->group);
        list_key(key, list->namespace, list->name, list->resource->selector);
        doc_set_text(member(bag->lists, kind, doc_object), key, word);
}

static void add_version(struct json_object *versions, const char *version)
{
        if (version)
                doc_push_text(versions, version);
}

void mesh_bag_groups(struct mesh_bag *bag, struct json_object *group_list)
{
        struct json_object *list = doc_at(group_list, "groups");

        json_object_put(bag->groups);
        bag->groups = doc_object();
        for (size_t i = 0; i < doc_len(list, ""); i++) {
                struct json_object *group = doc_item(list, i), *versions = doc_array();
                for (size_t j = 0; j < doc_len(group, "versions"); j++)
                        add_version(versions, doc_text(doc_item(doc_at(group, "versions"), j), "version"));
                const char *name = doc_text(group, "name");
                doc_set(bag->groups, name ? name : "", versions);
        }
}

void mesh_bag_groups_missed(struct mesh_bag *bag, enum mesh_miss why)
{
        (void)why; /* whatever the reason: every kind is asked for, and answers for itself */
        bag->groups_missed = true;
}

/* Lists may overlap (two selectors, a namespace and all of them): an object is kept once. */
static bool is_new(struct mesh_bag *bag, const char *kind, struct json_object *object)
{
        const char *namespace = doc_text(object, "metadata.namespace"), *name = doc_text(object, "metadata.name");

        if (!name)
                return false;
        auto_free char *key = xasprintf("%s|%s|%s", kind, namespace ? namespace : "", name);
        return map_set(&bag->known, key, bag) == NULL;
}

void mesh_bag_add(struct mesh_bag *bag, const struct mesh_list *list, struct json_object *items)
{
        char kind[KEY_MAX];

        kind_key(kind, list->resource->kind, list->resource->group);
        struct json_object *kept = member(bag->objects, kind, doc_array);
        for (size_t i = 0; i < doc_len(items, ""); i++) {
                struct json_object *object = doc_item(items, i);
                if (bag->len >= MESH_BAG_OBJECTS_MAX) {
                        mark(bag, list, mesh_miss_name(MESH_TOO_MANY));
                        return;
                }
                if (!is_new(bag, kind, object))
                        continue;
                doc_push(kept, json_object_get(object));
                bag->len++;
        }
        mark(bag, list, "Read");
}

void mesh_bag_miss(struct mesh_bag *bag, const struct mesh_list *list, enum mesh_miss why)
{
        mark(bag, list, mesh_miss_name(why));
}

/* creationTimestamp is RFC 3339 in UTC: text order is time order. */
static int older_first(const void *a, const void *b)
{
        struct json_object *const *left = a, *const *right = b;
        static const char *const paths[] = {"metadata.creationTimestamp", "metadata.namespace", "metadata.name"};

        for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
                const char *l = doc_text(*left, paths[i]), *r = doc_text(*right, paths[i]);
                int order = strcmp(l ? l : "", r ? r : "");
                if (order)
                        return order;
        }
        return 0;
}

struct json_object *bag_objects(const struct mesh_bag *bag, const char *group, const char *kind, const char *namespace)
{
        char key[KEY_MAX];

        kind_key(key, kind, group);
        struct json_object *all = find(bag->objects, key), *found = doc_array();
        for (size_t i = 0; i < doc_len(all, ""); i++) {
                struct json_object *object = doc_item(all, i);
                if (!namespace || text_equal(doc_text(object, "metadata.namespace"), namespace))
                        doc_push(found, json_object_get(object));
        }
        json_object_array_sort(found, older_first);
        return found;
}

struct json_object *bag_object(const struct mesh_bag *bag, const char *group, const char *kind, const char *namespace, const char *name)
{
        char key[KEY_MAX];

        kind_key(key, kind, group);
        struct json_object *all = find(bag->objects, key);
        for (size_t i = 0; i < doc_len(all, ""); i++) {
                struct json_object *object = doc_item(all, i);
                if (text_equal(doc_text(object, "metadata.name"), name) &&
                    (!namespace || text_equal(doc_text(object, "metadata.namespace"), namespace)))
                        return object;
        }
        return NULL;
}

static enum mesh_miss miss_of(const char *word)
{
        for (enum mesh_miss i = 0; i < MESH_MISSES; i++)
                if (text_equal(word, miss_names[i]))
                        return i;
        return MESH_NOT_READ;
}

static bool answer(const struct mesh_bag *bag, const struct mesh_resource *resource, const char *namespace, const char *name,
                   enum mesh_miss *ret_why)
{
        char kind[KEY_MAX], key[KEY_MAX];

        kind_key(kind, resource->kind, resource->group);
        list_key(key, namespace, name, resource->selector);
        struct json_object *word = find(find(bag->lists, kind), key);
        if (!word) {
                *ret_why = bag_version(bag, resource) ? MESH_NOT_READ : MESH_NOT_SERVED;
                return resource->optional && *ret_why == MESH_NOT_SERVED;
        }
        *ret_why = miss_of(json_object_get_string(word));
        return text_equal(json_object_get_string(word), "Read") || (resource->optional && *ret_why == MESH_NOT_SERVED);
}

bool bag_was_answered(const struct mesh_bag *bag, const struct mesh_list *list, enum mesh_miss *ret_why)
{
        return answer(bag, list->resource, list->namespace, list->name, ret_why);
}

bool bag_was_read(const struct mesh_bag *bag, const struct mesh_resource *resource, const char *namespace, enum mesh_miss *ret_why)
{
        if (answer(bag, resource, "", "", ret_why))
                return true;
        enum mesh_miss everywhere = *ret_why;
        if (!namespace || !*namespace)
                return false;
        if (answer(bag, resource, namespace, "", ret_why))
                return true;
        if (*ret_why == MESH_NOT_READ)
                *ret_why = everywhere;
        return false;
}

bool bag_serves(const struct mesh_bag *bag, const char *group)
{
        return !bag->groups || !*group || find(bag->groups, group);
}

const char *bag_version(const struct mesh_bag *bag, const struct mesh_resource *resource)
{
        struct json_object *served = find(bag->groups, resource->group);

        if (!bag->groups || !*resource->group)
                return resource->versions[0];
        for (size_t i = 0; i < ARRAY_LEN(resource->versions) && resource->versions[i]; i++)
                for (size_t j = 0; j < doc_len(served, ""); j++)
                        if (text_equal(json_object_get_string(doc_item(served, j)), resource->versions[i]))
                                return resource->versions[i];
        return NULL;
}
