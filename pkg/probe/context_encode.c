/* SPDX-License-Identifier: Apache-2.0
 *
 * How a context is shown: short in status, whole in the result, and as state in the plan. */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "probe/context_inner.h"

static struct json_object *set_time(struct json_object *object, const char *key, int64_t wall_ms)
{
        char text[CLOCK_TEXT_MAX];

        clock_format_micros(wall_ms, text);
        return doc_set_text(object, key, text);
}

static int compare_names(const void *a, const void *b)
{
        struct json_object *const *left = a, *const *right = b;
        const char *x = doc_text(*left, "name"), *y = doc_text(*right, "name");

        return strcmp(x ? x : "", y ? y : "");
}

struct json_object *context_encode_state(const struct context *context)
{
        struct json_object *state = doc_object();

        for (size_t kind = 0; kind < CONTEXT_KINDS; kind++) {
                struct json_object *list = doc_array();
                size_t at = 0;
                const char *uid;
                void *entry;
                while (map_next(&context->known[kind], &at, &uid, &entry))
                        doc_push(list, json_object_get(entry));
                json_object_array_sort(list, compare_names);
                doc_set(state, context_kind_name((enum context_kind)kind), list);
        }
        return state;
}

static struct json_object *encode_changes(const struct context *context, size_t most)
{
        struct json_object *list = doc_array();

        for (size_t i = 0; i < context->changes_len && i < most; i++) {
                const struct context_change *change = &context->changes[i];
                struct json_object *entry = set_time(doc_object(), "at", change->wall_ms);
                doc_set_text(doc_set_text(entry, "kind", context_change_name(change->kind)), "object", change->object);
                doc_push(list, doc_set_text(entry, "text", change->text));
        }
        return list;
}

static struct json_object *encode_gaps(const struct context *context)
{
        struct json_object *list = doc_array();

        for (size_t i = 0; i < context->gaps_len; i++) {
                struct json_object *gap = set_time(doc_object(), "from", context->gaps[i].from_wall_ms);
                doc_push(list, set_time(gap, "to", context->gaps[i].to_wall_ms));
        }
        return list;
}

static struct json_object *encode_target(const struct context *context, struct json_object *truncated)
{
        struct json_object *target = doc_object(), *pods = doc_object(), *images = doc_array();
        int64_t restarts = 0;
        size_t at = 0, count = 0;
        const char *uid;
        void *state;

        while (map_next(&context->known[CONTEXT_POD], &at, &uid, &state))
                restarts += doc_int(state, "restarts", 0);
        doc_set_int(doc_set_int(pods, "min", context->pods_min < 0 ? 0 : context->pods_min), "max", context->pods_max);
        json_object_object_foreach(context->images, image, unused) {
                (void)unused;
                if (count++ < CONTEXT_STATUS_IMAGES_MAX)
                        doc_push_text(images, image);
        }
        if (count > CONTEXT_STATUS_IMAGES_MAX && truncated)
                doc_push_text(truncated, "context.target.images");
        doc_set(doc_set(target, "pods", pods), "images", images);
        return doc_set_int(target, "restarts", restarts > context->restarts_before ? restarts - context->restarts_before : 0);
}

/* ---- nodes ---- */

static void add_role(struct json_object *roles, const char *node, const char *role)
{
        struct json_object *old = NULL;

        if (!node)
                return;
        if (json_object_object_get_ex(roles, node, &old) && !text_equal(json_object_get_string(old), role))
                role = "both";
        doc_set_text(roles, node, role);
}

static struct json_object *roles_of(const struct context *context, struct json_object *generator_nodes)
{
        struct json_object *roles = doc_object();
        size_t at = 0;
        const char *uid;
        void *state;

        while (map_next(&context->known[CONTEXT_POD], &at, &uid, &state))
                add_role(roles, doc_text(state, "node"), "target");
        for (size_t i = 0; i < doc_len(generator_nodes, ""); i++)
                add_role(roles, json_object_get_string(doc_item(generator_nodes, i)), "generator");
        return roles;
}

static struct json_object *node_named(const struct context *context, const char *name)
{
        size_t at = 0;
        const char *uid;
        void *state;

        while (map_next(&context->known[CONTEXT_NODE], &at, &uid, &state))
                if (text_equal(doc_text(state, "name"), name))
                        return state;
        return NULL;
}

static struct json_object *encode_nodes(const struct context *context, struct json_object *generator_nodes, size_t most,
                                        struct json_object *truncated)
{
        static const char *const facts[] = {"kernel", "kubelet", "instanceType"};
        auto_json struct json_object *roles = roles_of(context, generator_nodes);
        struct json_object *list = doc_array();

        json_object_object_foreach(roles, name, role) {
                struct json_object *node = node_named(context, name), *entry = doc_set_text(doc_object(), "name", name);
                if (json_object_array_length(list) == most) {
                        if (truncated)
                                doc_push_text(truncated, "context.nodes");
                        json_object_put(entry);
                        break;
                }
                doc_set_text(entry, "role", json_object_get_string(role));
                for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
                        const char *value = doc_text(node, facts[i]);
                        bool always = strcmp(facts[i], "instanceType") != 0;
                        doc_set_text(entry, facts[i], value ? value : always ? "unknown" : NULL);
                }
                doc_push(list, entry);
        }
        return list;
}

/* ---- whole ---- */

struct json_object *context_encode_status(const struct context *context, struct json_object *generator_nodes,
                                          struct json_object *truncated)
{
        struct json_object *out = doc_set(doc_object(), "target", encode_target(context, truncated));

        doc_set(out, "nodes", encode_nodes(context, generator_nodes, CONTEXT_STATUS_NODES_MAX, truncated));
        doc_set(out, "changes", encode_changes(context, CONTEXT_STATUS_CHANGES_MAX));
        if (context->changes_len > CONTEXT_STATUS_CHANGES_MAX && truncated)
                doc_push_text(truncated, "context.changes");
        return doc_set(out, "gaps", encode_gaps(context));
}

struct json_object *context_encode_full(const struct context *context, struct json_object *generator_nodes)
{
        struct json_object *out = doc_set(doc_object(), "target", encode_target(context, NULL));

        doc_set(out, "nodes", encode_nodes(context, generator_nodes, CONTEXT_NODES_MAX, NULL));
        doc_set(out, "changes", encode_changes(context, CONTEXT_CHANGES_MAX));
        doc_set_int(out, "changesDropped", (int64_t)context->changes_dropped);
        doc_set(out, "gaps", encode_gaps(context));
        if (context->before)
                doc_set(set_time(out, "beforeAt", context->before_wall_ms), "before", json_object_get(context->before));
        if (context->after)
                doc_set(set_time(out, "afterAt", context->after_wall_ms), "after", json_object_get(context->after));
        return out;
}
