/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known of each object, and what became of it. */
#include "probe/context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "probe/change.h"
#include "probe/context_internal.h"
#include "probe/facts.h"

enum context_kind context_kind_of(const char *kind)
{
        for (int i = 0; i < CONTEXT_KINDS; i++)
                if (text_equal(kind, facts_kind_names[i]))
                        return (enum context_kind)i;
        return CONTEXT_KINDS;
}

const char *context_change_name(enum context_change_kind kind)
{
        static const char *const names[CONTEXT_CHANGE_KINDS] = {
                [CONTEXT_SCALE] = "scale",         [CONTEXT_ROLLOUT] = "rollout",     [CONTEXT_RESTART] = "restart",
                [CONTEXT_EVICTION] = "eviction",   [CONTEXT_POD_JOIN] = "pod-join",   [CONTEXT_POD_LEAVE] = "pod-leave",
                [CONTEXT_ENDPOINT] = "endpoint",   [CONTEXT_IMAGE] = "image",         [CONTEXT_NODE_STATE] = "node",
                [CONTEXT_SERVICE_EDIT] = "service", [CONTEXT_AUTOSCALE] = "autoscale",
                [CONTEXT_RESIZE] = "resize",       [CONTEXT_MESH] = "mesh",
        };
        return names[kind];
}

struct context *context_new(void)
{
        return xnew(struct context);
}

struct context *context_also(struct context *context, const char *name)
{
        if (context->also_len == CONTEXT_ALSO_MAX)
                return NULL;
        struct context *also = context->also[context->also_len++] = context_new();
        also->of = context;
        also->name = xstrdup(name);
        return also;
}

static void entry_free(struct entry *entry)
{
        json_object_put(entry->facts);
        free(entry);
}

struct context *context_free(struct context *context)
{
        size_t at = 0;
        const char *key;
        void *value;

        if (!context)
                return NULL;
        while (map_next(&context->objects, &at, &key, &value))
                entry_free(value);
        map_done(&context->objects);
        map_done(&context->images);
        map_done(&context->target_nodes);
        for (size_t i = 0; i < context->changes_len; i++) {
                free(context->changes[i].object);
                free(context->changes[i].text);
        }
        free(context->changes);
        json_object_put(context->before);
        json_object_put(context->after);
        for (size_t i = 0; i < context->also_len; i++)
                context_free(context->also[i]);
        free(context->name);
        free(context);
        return NULL;
}

void context_nodes_unknown(struct context *context)
{
        context->nodes_unknown = true;
}

/* ---- the timeline ---- */

static void note(struct context *context, const struct change *what, const char *object, const char *text)
{
        const char *name = context->name;

        context = context->of ? context->of : context;
        if (context->changes_len == CONTEXT_CHANGES_MAX) {
                context->changes_dropped++;
                return;
        }
        context->changes = xrealloc(context->changes, (context->changes_len + 1) * sizeof *context->changes);
        struct change *change = &context->changes[context->changes_len++];
        *change = *what;
        change->also = name != NULL;
        change->object = xasprintf("%.63s%s%.320s", name ? name : "", name ? ": " : "", object);
        change->text = xasprintf("%.500s", text);
        text_scrub(change->object);
        text_scrub(change->text);
}

void context_note(struct context *context, enum context_change_kind kind, const char *object, const char *text, int64_t wall_ms)
{
        note(context, &(struct change){.wall_ms = wall_ms, .kind = kind, .count = 1}, object, text);
}

static void add_change(struct context *context, const struct change *what, struct json_object *facts, const char *text)
{
        auto_free char *object = xasprintf("%s/%.253s", doc_text(facts, "kind"), doc_text(facts, "name"));

        note(context, what, object, text);
}

struct finding { /* owner of change_found_fn */
        struct context *context;
        struct json_object *facts;
        int64_t wall_ms;
};

static void on_found(void *owner, enum context_change_kind kind, const char *text, int64_t count)
{
        struct finding *finding = owner;

        if (kind == CONTEXT_RESTART)
                finding->context->restarts += count;
        add_change(finding->context, &(struct change){.wall_ms = finding->wall_ms, .kind = kind, .count = (uint32_t)count}, finding->facts, text);
}

/* ---- objects ---- */

static void add_to_set(struct context *context, struct map *set, const char *key, size_t most)
{
        if (key && *key && set->len < most)
                map_set(set, key, context);
}

static void note_pod(struct context *context, struct json_object *facts)
{
        struct json_object *containers = doc_at(facts, "containers");

        context->pods_seen = true;
        add_to_set(context, &context->target_nodes, doc_text(facts, "node"), CONTEXT_STATE_OBJECTS_MAX);
        for (size_t i = 0; i < doc_len(containers, ""); i++) {
                const char *image = doc_text(doc_item(containers, i), "imageID");
                if (!image || !*image)
                        image = doc_text(doc_item(containers, i), "image");
                add_to_set(context, &context->images, image, 256);
        }
}

static void count_ready(struct context *context, struct json_object *before, struct json_object *after)
{
        context->ready -= doc_bool(before, "ready", false);
        context->ready += doc_bool(after, "ready", false);
        if (!context->watching)
                return;
        if (context->ready < context->ready_min)
                context->ready_min = context->ready;
        if (context->ready > context->ready_max)
                context->ready_max = context->ready;
}

static char *key_of(struct json_object *facts)
{
        return xasprintf("%s/%s", doc_text(facts, "kind"), doc_text(facts, "uid"));
}

/* Replaces what is known of an object; takes 'after', NULL when it is gone. */
static void store(struct context *context, enum context_kind kind, const char *key, struct json_object *after, bool restored)
{
        struct entry *entry = map_find(&context->objects, key);

        if (kind == CONTEXT_POD) {
                if (after)
                        note_pod(context, after);
                count_ready(context, entry ? entry->facts : NULL, after);
        }
        if (!after) {
                if (entry) {
                        map_remove(&context->objects, key);
                        entry_free(entry);
                }
                return;
        }
        if (!entry) {
                entry = xnew(struct entry);
                map_set(&context->objects, key, entry);
        }
        json_object_put(entry->facts);
        entry->kind = kind;
        entry->facts = after;
        entry->restored = restored;
}

void context_add(struct context *context, enum context_kind kind, struct json_object *object)
{
        auto_json struct json_object *facts = facts_of(kind, object);

        if (!facts || context->objects.len >= CONTEXT_OBJECTS_MAX)
                return;
        auto_free char *key = key_of(facts);
        store(context, kind, key, take(facts), false);
        context_note_pressure(map_find(&context->objects, key), 0);
}

void context_observe(struct context *context, enum context_kind kind, struct json_object *before,
                     struct json_object *after, int64_t wall_ms)
{
        auto_json struct json_object *old = before ? facts_of(kind, before) : NULL;
        auto_json struct json_object *new = after ? facts_of(kind, after) : NULL;
        struct json_object *any = new ? new : old;

        if (!any)
                return;
        auto_free char *key = key_of(any);
        struct entry *entry = map_find(&context->objects, key);
        if (!entry && (context->objects.len >= CONTEXT_OBJECTS_MAX || !new))
                return; /* what is not known any more has been told to be gone */
        struct json_object *known = entry ? entry->facts : old;
        if (known || !context->incomplete) {
                struct finding finding = {.context = context, .facts = any, .wall_ms = wall_ms};
                change_find(kind, known, new, on_found, &finding);
        }
        store(context, kind, key, take(new), false);
        context_note_pressure(map_find(&context->objects, key), wall_ms);
}

void context_settle(struct context *context, int64_t wall_ms)
{
        size_t at = 0, len = 0;
        const char *key;
        void *value;
        auto_free char **gone = xcalloc(context->objects.len + 1, sizeof *gone);

        while (map_next(&context->objects, &at, &key, &value)) {
                struct entry *entry = value;
                /* Nodes and the service are fetched one by one, not listed: not seen is not gone. */
                if (entry->restored && entry->kind != CONTEXT_NODE && entry->kind != CONTEXT_SERVICE)
                        gone[len++] = xstrdup(key);
        }
        for (size_t i = 0; i < len; i++) {
                auto_free char *name = gone[i];
                struct entry *entry = map_find(&context->objects, name);
                struct finding finding = {.context = context, .facts = entry->facts, .wall_ms = wall_ms};
                change_find(entry->kind, entry->facts, NULL, on_found, &finding);
                store(context, entry->kind, name, NULL, false);
        }
        for (size_t i = 0; i < context->also_len; i++)
                context_settle(context->also[i], wall_ms);
}

/* ---- gaps and marks ---- */

static void join_gaps(struct context *context)
{
        size_t len = 1;

        for (size_t i = 1; i < context->gaps_len; i++) {
                struct gap *last = &context->gaps[len - 1], *gap = &context->gaps[i];
                if (gap->from_wall_ms > last->to_wall_ms)
                        context->gaps[len++] = *gap;
                else if (gap->to_wall_ms > last->to_wall_ms)
                        last->to_wall_ms = gap->to_wall_ms;
        }
        context->gaps_len = len;
}

static int earlier_first(const void *a, const void *b)
{
        const struct gap *left = a, *right = b;

        return (left->from_wall_ms > right->from_wall_ms) - (left->from_wall_ms < right->from_wall_ms);
}

void context_gap(struct context *context, int64_t from_wall_ms, int64_t to_wall_ms)
{
        if (from_wall_ms >= to_wall_ms)
                return;
        if (context->gaps_len == CONTEXT_GAPS_MAX) {
                struct gap *last = &context->gaps[CONTEXT_GAPS_MAX - 1];
                last->from_wall_ms = from_wall_ms < last->from_wall_ms ? from_wall_ms : last->from_wall_ms;
                last->to_wall_ms = to_wall_ms > last->to_wall_ms ? to_wall_ms : last->to_wall_ms;
        } else {
                context->gaps[context->gaps_len++] = (struct gap){from_wall_ms, to_wall_ms};
        }
        qsort(context->gaps, context->gaps_len, sizeof *context->gaps, earlier_first);
        join_gaps(context);
}

static void start_watching(struct context *context)
{
        context->watching = true;
        context->ready_min = context->ready_max = context->ready;
        context->restarts = 0;
}

static struct json_object *snapshot(const struct context *context, int64_t wall_ms)
{
        return doc_set_time(context_encode_state(context), "at", wall_ms);
}

void context_mark_before(struct context *context, int64_t wall_ms)
{
        json_object_put(context->before);
        context->before = snapshot(context, wall_ms);
        start_watching(context);
        for (size_t i = 0; i < context->also_len; i++)
                context_mark_before(context->also[i], wall_ms);
}

void context_mark_after(struct context *context, int64_t wall_ms)
{
        json_object_put(context->after);
        context->after = snapshot(context, wall_ms);
        for (size_t i = 0; i < context->also_len; i++)
                context_mark_after(context->also[i], wall_ms);
}

uint32_t context_count(const struct context *context, enum context_change_kind kind, int64_t from_wall_ms,
                       int64_t to_wall_ms)
{
        uint32_t count = 0;

        for (size_t i = 0; i < context->changes_len; i++) {
                const struct change *change = &context->changes[i];
                if (change->kind == kind && !change->also && change->wall_ms >= from_wall_ms && change->wall_ms <= to_wall_ms)
                        count += change->count;
        }
        return count;
}

bool context_counts_restarts(const struct context *context, int64_t from_wall_ms, int64_t to_wall_ms, bool *ret_whole)
{
        *ret_whole = context->changes_dropped == 0;
        for (size_t i = 0; i < context->gaps_len; i++)
                if (context->gaps[i].from_wall_ms <= to_wall_ms && context->gaps[i].to_wall_ms >= from_wall_ms)
                        *ret_whole = false;
        return context->pods_seen;
}

/* One that the state does not know has not been looked at before: what is there is not new. */
static void restore_also(struct context *also, struct json_object *states, int64_t wall_ms)
{
        struct json_object *state = NULL;

        if (json_object_is_type(states, json_type_object) && json_object_object_get_ex(states, also->name, &state))
                context_restore(also, state, wall_ms);
        else
                also->incomplete = true;
}

void context_restore(struct context *context, struct json_object *state, int64_t wall_ms)
{
        struct json_object *objects = doc_at(state, "objects");

        context->incomplete = doc_int(state, "dropped", 0) > 0;
        for (size_t i = 0; i < doc_len(objects, "") && i < CONTEXT_OBJECTS_MAX; i++) {
                struct json_object *facts = doc_item(objects, i);
                enum context_kind kind = context_kind_of(doc_text(facts, "kind"));
                if (kind == CONTEXT_KINDS || !doc_text(facts, "name") || !doc_text(facts, "uid"))
                        continue;
                auto_free char *key = key_of(facts);
                store(context, kind, key, doc_copy(facts), true);
                context_note_pressure(map_find(&context->objects, key), 0);
        }
        for (size_t i = 0; i < context->also_len; i++)
                restore_also(context->also[i], doc_at(state, "also"), wall_ms);
        context_mark_before(context, wall_ms);
        /* The state is as old as it says, not as its reading. */
        if (doc_text(state, "at"))
                doc_set_text(context->before, "at", doc_text(state, "at"));
}
