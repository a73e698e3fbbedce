/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known now, and the timeline. What the states are is context_state.c, how they are shown context_encode.c. */
#include "probe/context.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "probe/context_inner.h"

struct context *context_new(void)
{
        struct context *context = xnew(struct context);

        context->images = doc_object();
        context->pods_min = -1;
        return context;
}

struct context *context_free(struct context *context)
{
        if (!context)
                return NULL;
        for (size_t kind = 0; kind < CONTEXT_KINDS; kind++) {
                size_t at = 0;
                const char *key;
                void *state;
                while (map_next(&context->known[kind], &at, &key, &state))
                        json_object_put(state);
                map_done(&context->known[kind]);
        }
        for (size_t i = 0; i < context->changes_len; i++) {
                free(context->changes[i].object);
                free(context->changes[i].text);
        }
        free(context->changes);
        free(context->gaps);
        json_object_put(context->images);
        json_object_put(context->before);
        json_object_put(context->after);
        free(context);
        return NULL;
}

void context_nodes_unknown(struct context *context)
{
        context->nodes_unknown = true;
}

const char *context_change_name(enum context_change_kind kind)
{
        static const char *const names[CONTEXT_CHANGE_KINDS] = {
                [CONTEXT_SCALE] = "scale",         [CONTEXT_ROLLOUT] = "rollout",      [CONTEXT_RESTART] = "restart",
                [CONTEXT_EVICTION] = "eviction",   [CONTEXT_POD_JOIN] = "pod-join",    [CONTEXT_POD_LEAVE] = "pod-leave",
                [CONTEXT_ENDPOINT] = "endpoint",   [CONTEXT_IMAGE] = "image",          [CONTEXT_NODE_STATE] = "node",
                [CONTEXT_SERVICE_EDIT] = "service",
        };
        return names[kind];
}

void context_change_add(struct context *context, enum context_change_kind kind, const char *object, const char *text,
                        int64_t wall_ms)
{
        if (context->changes_len == CONTEXT_CHANGES_MAX) {
                context->changes_dropped++;
                return;
        }
        if ((context->changes_len & (context->changes_len - 1)) == 0) {
                size_t capacity = context->changes_len ? context->changes_len * 2 : 1;
                context->changes = xrealloc(context->changes, capacity * sizeof *context->changes);
        }
        context->changes[context->changes_len++] =
                (struct context_change){.wall_ms = wall_ms, .kind = kind, .object = xstrdup(object), .text = xstrdup(text)};
}

static size_t known_max(enum context_kind kind)
{
        return kind == CONTEXT_NODE ? CONTEXT_NODES_MAX : CONTEXT_PODS_MAX;
}

static const char *uid_of(struct json_object *object)
{
        return doc_text(object, "metadata.uid");
}

/* Ready pods and their images now, into the extremes since "before". */
static void note_pods(struct context *context)
{
        int64_t ready = 0;
        size_t at = 0;
        const char *key;
        void *state;

        while (map_next(&context->known[CONTEXT_POD], &at, &key, &state)) {
                ready += doc_bool(state, "ready", false);
                for (size_t i = 0; i < doc_len(state, "containers"); i++) {
                        struct json_object *container = doc_item(doc_at(state, "containers"), i);
                        const char *image = doc_text(container, "imageID");
                        if (image && *image && json_object_object_length(context->images) < 64)
                                doc_set_text(context->images, image, doc_text(container, "image"));
                }
        }
        if (context->pods_min < 0 || ready < context->pods_min)
                context->pods_min = ready;
        if (ready > context->pods_max)
                context->pods_max = ready;
}

/* Replaces the remembered state; 'state' (taken) may be NULL. Returns the old one, which the caller owns. */
static struct json_object *remember(struct context *context, enum context_kind kind, const char *uid,
                                    struct json_object *state)
{
        struct map *known = &context->known[kind];

        if (!state)
                return map_remove(known, uid);
        if (known->len >= known_max(kind) && !map_find(known, uid)) {
                json_object_put(state);
                return NULL;
        }
        return map_set(known, uid, state);
}

void context_add(struct context *context, enum context_kind kind, struct json_object *object)
{
        if (kind >= CONTEXT_KINDS || !uid_of(object))
                return;
        json_object_put(remember(context, kind, uid_of(object), context_state_encode(kind, object)));
}

void context_observe(struct context *context, enum context_kind kind, struct json_object *before,
                     struct json_object *after, int64_t wall_ms)
{
        const char *uid = uid_of(after ? after : before);

        if (kind >= CONTEXT_KINDS || !uid)
                return;
        struct json_object *state = after ? context_state_encode(kind, after) : NULL;
        auto_json struct json_object *old = remember(context, kind, uid, state);
        if (!old && before)
                old = context_state_encode(kind, before);
        if (!old && !state)
                return;
        /* 'state' may have been dropped by the bound; then it is not compared either. */
        if (after && map_find(&context->known[kind], uid) != state)
                return;
        context_state_compare(context, kind, old, state, wall_ms);
        if (kind == CONTEXT_POD)
                note_pods(context);
}

void context_gap(struct context *context, int64_t from_wall_ms, int64_t to_wall_ms)
{
        if (to_wall_ms <= from_wall_ms)
                return;
        for (size_t i = 0; i < context->gaps_len; i++) {
                struct context_gap *gap = &context->gaps[i];
                if (from_wall_ms > gap->to_wall_ms || to_wall_ms < gap->from_wall_ms)
                        continue;
                int64_t from = from_wall_ms < gap->from_wall_ms ? from_wall_ms : gap->from_wall_ms;
                int64_t to = to_wall_ms > gap->to_wall_ms ? to_wall_ms : gap->to_wall_ms;
                *gap = context->gaps[--context->gaps_len]; /* joined: look again with the larger one */
                context_gap(context, from, to);
                return;
        }
        context->gaps = xrealloc(context->gaps, (context->gaps_len + 1) * sizeof *context->gaps);
        context->gaps[context->gaps_len++] = (struct context_gap){from_wall_ms, to_wall_ms};
}

static int64_t restarts_now(const struct context *context)
{
        int64_t restarts = 0;
        size_t at = 0;
        const char *key;
        void *state;

        while (map_next(&context->known[CONTEXT_POD], &at, &key, &state))
                restarts += doc_int(state, "restarts", 0);
        return restarts;
}

void context_mark_before(struct context *context, int64_t wall_ms)
{
        json_object_put(context->before);
        context->before = context_encode_state(context);
        context->before_wall_ms = wall_ms;
        context->restarts_before = restarts_now(context);
        context->pods_min = -1;
        context->pods_max = 0;
        note_pods(context);
}

void context_mark_after(struct context *context, int64_t wall_ms)
{
        json_object_put(context->after);
        context->after = context_encode_state(context);
        context->after_wall_ms = wall_ms;
        note_pods(context);
}

uint32_t context_count(const struct context *context, enum context_change_kind kind, int64_t from_wall_ms,
                       int64_t to_wall_ms)
{
        uint32_t count = 0;

        for (size_t i = 0; i < context->changes_len; i++) {
                const struct context_change *change = &context->changes[i];
                count += change->kind == kind && change->wall_ms >= from_wall_ms && change->wall_ms <= to_wall_ms;
        }
        return count;
}

void context_restore(struct context *context, struct json_object *state, int64_t wall_ms)
{
        for (size_t kind = 0; kind < CONTEXT_KINDS; kind++) {
                struct json_object *list = doc_at(state, context_kind_name((enum context_kind)kind));
                for (size_t i = 0; i < doc_len(list, ""); i++) {
                        struct json_object *entry = doc_item(list, i);
                        if (doc_text(entry, "uid") && doc_text(entry, "name"))
                                json_object_put(remember(context, (enum context_kind)kind, doc_text(entry, "uid"), doc_copy(entry)));
                }
        }
        context_mark_before(context, wall_ms);
}
