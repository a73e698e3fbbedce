/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "probe/context_internal.h"
#include "probe/facts.h"

/* ---- sets and objects in a fixed order ---- */

static int compare_texts(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The members, sorted; the array is the caller's to free, the texts are borrowed. */
static const char **set_members(const struct map *set, size_t *ret_len)
{
        const char **members = xcalloc(set->len + 1, sizeof *members), *key;
        size_t at = 0;
        void *value;

        *ret_len = 0;
        while (map_next(set, &at, &key, &value))
                members[(*ret_len)++] = key;
        qsort(members, *ret_len, sizeof *members, compare_texts);
        return members;
}

static int compare_entries(const void *a, const void *b)
{
        const struct entry *left = *(const struct entry *const *)a, *right = *(const struct entry *const *)b;
        int order = (int)left->kind - (int)right->kind;

        if (order == 0)
                order = strcmp(doc_text(left->facts, "name"), doc_text(right->facts, "name"));
        return order ? order : strcmp(doc_text(left->facts, "uid"), doc_text(right->facts, "uid"));
}

static struct json_object *encode_also_states(const struct context *context)
{
        struct json_object *states = doc_object();

        for (size_t i = 0; i < context->also_len; i++)
                doc_set(states, context->also[i]->name, context_encode_state(context->also[i]));
        return states;
}

struct json_object *context_encode_state(const struct context *context)
{
        auto_free const struct entry **entries = xcalloc(context->objects.len + 1, sizeof *entries);
        struct json_object *state = doc_object(), *objects = doc_array();
        size_t at = 0, len = 0;
        const char *key;
        void *value;

        while (map_next(&context->objects, &at, &key, &value))
                entries[len++] = value;
        qsort(entries, len, sizeof *entries, compare_entries);
        for (size_t i = 0; i < len && i < CONTEXT_STATE_OBJECTS_MAX; i++)
                doc_push(objects, json_object_get(entries[i]->facts));
        doc_set_int(state, "version", 1);
        doc_set(state, "objects", objects);
        if (context->also_len > 0)
                doc_set(state, "also", encode_also_states(context));
        return doc_set_int(state, "dropped", len > CONTEXT_STATE_OBJECTS_MAX ? (int64_t)(len - CONTEXT_STATE_OBJECTS_MAX) : 0);
}

/* ---- status ---- */

/* Bounds of one printing. */
struct caps {
        size_t images, nodes, changes;
        struct json_object *truncated; /* may be NULL */
};

static size_t cut(size_t len, size_t most, const char *name, const struct caps *caps)
{
        if (len <= most)
                return len;
        if (caps->truncated)
                doc_push_text(caps->truncated, name);
        return most;
}

static void set_known(struct json_object *object, const char *name, bool known, int64_t value)
{
        if (known)
                doc_set_int(object, name, value);
        else
                doc_set_text(object, name, "unknown");
}

static struct json_object *encode_target(const struct context *context, const struct caps *caps)
{
        struct json_object *target = doc_object(), *pods = doc_object(), *images = doc_array();
        size_t len;
        auto_free const char **names = set_members(&context->images, &len);

        set_known(pods, "min", context->pods_seen, context->ready_min);
        set_known(pods, "max", context->pods_seen, context->ready_max);
        len = cut(len, caps->images, "context.target.images", caps);
        for (size_t i = 0; i < len; i++)
                doc_push_text(images, names[i]);
        doc_set(target, "pods", pods);
        doc_set(target, "images", images);
        set_known(target, "restarts", context->pods_seen, context->restarts);
        return target;
}

static struct json_object *node_facts_of(const struct context *context, const char *name)
{
        size_t at = 0;
        const char *key;
        void *value;

        while (map_next(&context->objects, &at, &key, &value)) {
                const struct entry *entry = value;
                if (entry->kind == CONTEXT_NODE && text_equal(doc_text(entry->facts, "name"), name))
                        return entry->facts;
        }
        return NULL;
}

static void set_or_unknown(struct json_object *object, const char *name, const char *value)
{
        doc_set_text(object, name, value ? value : "unknown");
}

static struct json_object *encode_node(const struct context *context, const char *name, const char *role)
{
        struct json_object *node = doc_object(), *facts = context->nodes_unknown ? NULL : node_facts_of(context, name);

        doc_set_text(node, "name", name);
        doc_set_text(node, "role", role);
        set_or_unknown(node, "kernel", doc_text(facts, "kernel"));
        set_or_unknown(node, "kubelet", doc_text(facts, "kubelet"));
        set_or_unknown(node, "instanceType", doc_text(facts, "instanceType"));
        return node;
}

static struct json_object *encode_nodes(const struct context *context, struct json_object *generator_nodes,
                                        const struct caps *caps)
{
        struct map all = {0}, generators = {0};
        struct json_object *nodes = doc_array();
        size_t at = 0, len;
        const char *key;
        void *value;

        while (map_next(&context->target_nodes, &at, &key, &value))
                map_set(&all, key, value);
        for (size_t i = 0; i < doc_len(generator_nodes, ""); i++) {
                const char *name = doc_text(doc_item(generator_nodes, i), "");
                if (!name || !*name)
                        continue;
                map_set(&all, name, nodes);
                map_set(&generators, name, nodes);
        }
        auto_free const char **names = set_members(&all, &len);
        len = cut(len, caps->nodes, "context.nodes", caps);
        for (size_t i = 0; i < len; i++) {
                bool target = map_find(&context->target_nodes, names[i]), generator = map_find(&generators, names[i]);
                doc_push(nodes, encode_node(context, names[i], !generator ? "target" : target ? "both" : "generator"));
        }
        map_done(&all);
        map_done(&generators);
        return nodes;
}

static struct json_object *encode_changes(const struct context *context, const struct caps *caps)
{
        struct json_object *changes = doc_array();
        size_t len = cut(context->changes_len, caps->changes, "context.changes", caps);

        for (size_t i = 0; i < len; i++) {
                const struct change *change = &context->changes[i];
                struct json_object *object = doc_object();
                doc_set_time(object, "at", change->wall_ms);
                doc_set_text(object, "kind", context_change_name(change->kind));
                doc_set_text(object, "object", change->object);
                doc_set_text(object, "text", change->text);
                doc_push(changes, object);
        }
        return changes;
}

/* What a mesh's policy took for a value names its object itself. */
struct json_object *context_encode_sentences(const struct context *context)
{
        struct json_object *list = doc_array();

        for (size_t i = 0; i < context->changes_len; i++) {
                const struct change *change = &context->changes[i];
                bool named = change->kind == CONTEXT_MESH && !change->also;
                auto_free char *sentence = xasprintf("%s%s%s", named ? "" : change->object, named ? "" : ": ", change->text);
                doc_push(list, doc_set_text(doc_set_int(doc_object(), "atMs", change->wall_ms), "sentence", sentence));
        }
        return list;
}

static struct json_object *encode_gaps(const struct context *context)
{
        struct json_object *gaps = doc_array();

        for (size_t i = 0; i < context->gaps_len; i++) {
                struct json_object *gap = doc_object();
                doc_set_time(gap, "from", context->gaps[i].from_wall_ms);
                doc_set_time(gap, "to", context->gaps[i].to_wall_ms);
                doc_push(gaps, gap);
        }
        return gaps;
}

static struct json_object *encode(const struct context *context, struct json_object *generator_nodes,
                                  const struct caps *caps)
{
        struct json_object *object = doc_object();

        doc_set(object, "target", encode_target(context, caps));
        doc_set(object, "nodes", encode_nodes(context, generator_nodes, caps));
        doc_set(object, "changes", encode_changes(context, caps));
        return doc_set(object, "gaps", encode_gaps(context));
}

struct json_object *context_encode_target(const struct context *context, struct json_object *truncated)
{
        return encode_target(context, &(struct caps){.images = CONTEXT_STATUS_IMAGES_MAX, .truncated = truncated});
}

struct json_object *context_encode_status(const struct context *context, struct json_object *generator_nodes,
                                          struct json_object *truncated)
{
        const struct caps caps = {
                .images = CONTEXT_STATUS_IMAGES_MAX,
                .nodes = CONTEXT_STATUS_NODES_MAX,
                .changes = CONTEXT_STATUS_CHANGES_MAX,
                .truncated = truncated,
        };

        return encode(context, generator_nodes, &caps);
}

struct json_object *context_encode_full(const struct context *context, struct json_object *generator_nodes)
{
        const struct caps caps = {.images = SIZE_MAX, .nodes = SIZE_MAX, .changes = SIZE_MAX};
        struct json_object *object = encode(context, generator_nodes, &caps);

        doc_set(object, "before", json_object_get(context->before));
        doc_set(object, "after", json_object_get(context->after));
        return doc_set_int(object, "changesDropped", (int64_t)context->changes_dropped);
}
