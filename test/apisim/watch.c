/* SPDX-License-Identifier: Apache-2.0
 *
 * Watches. One holds a position in the history and nothing else; what it has to say is made when it is read. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "select.h"
#include "stream.h"

#define BOOKMARK_NS (60 * NS_PER_S)
#define BOOKMARK_BEFORE_END_NS (2 * NS_PER_S)
#define SHORTEST_DEFAULT_S 1800

struct watch_stream {
        struct apisim_stream stream;
        struct apisim *sim;
        struct kind *kind;
        struct select select;
        uint64_t position;
        bool initial, bookmarks, told_initial;
        int64_t ends_ns, bookmark_ns;
};

size_t history_after(const struct apisim *sim, uint64_t version)
{
        size_t low = 0, high = sim->history_len;

        while (low < high) {
                size_t middle = (low + high) / 2;
                if (sim->history[middle].version <= version)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* ---- Frames ---- */

static void frame(struct buf *out, const char *type, struct json_object *object)
{
        buf_format(out, "{\"type\":\"%s\",\"object\":", type);
        buf_text(out, doc_print(object));
        buf_text(out, "}\n");
        json_object_put(object);
}

/* A tree with another version; everything but metadata is shared with the old one. */
static struct json_object *at_version(struct json_object *json, uint64_t version)
{
        struct json_object *out = doc_object(), *metadata = doc_object();
        auto_free char *text = xasprintf("%" PRIu64, version);

        json_object_object_foreach(doc_at(json, "metadata"), name, part)
                json_object_object_add(metadata, name, json_object_get(part));
        doc_set_text(metadata, "resourceVersion", text);
        json_object_object_foreach(json, key, value)
                json_object_object_add(out, key, strcmp(key, "metadata") == 0 ? metadata : json_object_get(value));
        return out;
}

static void bookmark(struct watch_stream *watch, struct buf *out, bool initial_end)
{
        struct json_object *object = doc_object(), *metadata = doc_object();
        auto_free char *api_version = kind_api_version(watch->kind), *version = xasprintf("%" PRIu64, watch->position);

        doc_set_text(metadata, "resourceVersion", version);
        if (initial_end)
                doc_set(metadata, "annotations", doc_set_text(doc_object(), "k8s.io/initial-events-end", "true"));
        doc_set_text(doc_set_text(object, "kind", watch->kind->name), "apiVersion", api_version);
        frame(out, "BOOKMARK", doc_set(object, "metadata", metadata));
}

static void show_change(struct watch_stream *watch, const struct change *change, struct buf *out)
{
        bool before = select_takes(&watch->select, change->before), after = select_takes(&watch->select, change->after);
        struct json_object *gone;

        if (after) {
                frame(out, before ? "MODIFIED" : "ADDED", event_shown(watch->kind, change->after));
        } else if (before) {
                gone = at_version(change->before, change->version);
                frame(out, "DELETED", event_shown(watch->kind, gone));
                json_object_put(gone);
        }
}

static void show_initial(struct watch_stream *watch, struct buf *out)
{
        const struct kind *storage = watch->kind->storage;

        for (size_t i = 0; i < storage->len; i++)
                if (select_takes(&watch->select, storage->objects[i]->json))
                        frame(out, "ADDED", event_shown(watch->kind, storage->objects[i]->json));
        watch->position = watch->sim->version;
        watch->told_initial = true;
        if (watch->bookmarks)
                bookmark(watch, out, true);
}

/* ---- The stream ---- */

static int64_t next_bookmark_ns(const struct watch_stream *watch, int64_t now_ns)
{
        int64_t minute_ns = now_ns + BOOKMARK_NS, last_ns = watch->ends_ns - BOOKMARK_BEFORE_END_NS;

        if (!watch->bookmarks)
                return INT64_MAX;
        return last_ns > now_ns && last_ns < minute_ns ? last_ns : minute_ns;
}

static bool read_watch(struct apisim_stream *stream, struct buf *out)
{
        struct watch_stream *watch = (struct watch_stream *)stream;
        struct apisim *sim = watch->sim;
        int64_t now_ns = sim_now_ns(sim);

        if (watch->initial && !watch->told_initial)
                show_initial(watch, out);
        if (watch->position < sim->compacted) {
                frame(out, "ERROR", status_expired("too old resource version: %" PRIu64 " (%" PRIu64 ")", watch->position, sim->compacted));
                return false;
        }
        for (size_t i = history_after(sim, watch->position); i < sim->history_len; i++)
                if (sim->history[i].kind == watch->kind->storage)
                        show_change(watch, &sim->history[i], out);
        /* A watch may wait for a version of the future: nothing before it is shown. */
        if (watch->position < sim->version)
                watch->position = sim->version;
        if (now_ns >= watch->bookmark_ns) {
                if (watch->position <= sim->version) /* there is nothing to say about the future either */
                        bookmark(watch, out, false);
                watch->bookmark_ns = next_bookmark_ns(watch, now_ns);
        }
        return now_ns < watch->ends_ns;
}

static int64_t wake_watch(const struct apisim_stream *stream)
{
        const struct watch_stream *watch = (const struct watch_stream *)stream;

        return watch->ends_ns < watch->bookmark_ns ? watch->ends_ns : watch->bookmark_ns;
}

static void done_watch(struct apisim_stream *stream)
{
        select_done(&((struct watch_stream *)stream)->select);
}

bool apisim_stream_read(struct apisim_stream *stream, struct buf *out)
{
        return stream->read(stream, out);
}

int64_t apisim_stream_wake_ns(const struct apisim_stream *stream)
{
        return stream->wake_ns(stream);
}

struct apisim_stream *apisim_stream_free(struct apisim_stream *stream)
{
        if (!stream)
                return NULL;
        stream->done(stream);
        free(stream);
        return NULL;
}

/* ---- The request ---- */

/* False when it was answered. */
static bool begin_position(struct call *call, struct watch_stream *watch)
{
        const char *text = call_query(call, "resourceVersion"), *match = call_query(call, "resourceVersionMatch");
        bool asked = call_query_true(call, "sendInitialEvents");
        char *end;

        if (asked && !text_equal(match, "NotOlderThan")) {
                struct json_object *causes = doc_array();
                cause_add(causes, CAUSE_FORBIDDEN, "resourceVersionMatch",
                          "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
                refuse_options(call, "ListOptions", causes);
                return false;
        }
        watch->position = text && text[0] ? strtoull(text, &end, 10) : 0;
        if (text && text[0] && *end) {
                refuse(call, 500, NULL, NULL, "resourceVersion: Invalid value: \"%s\": strconv.ParseUint: parsing \"%s\": invalid syntax", text, text);
                return false;
        }
        watch->initial = asked || watch->position == 0;
        return true;
}

static bool begin_times(struct call *call, struct watch_stream *watch)
{
        int64_t timeout_s, now_ns = sim_now_ns(call->sim);

        if (!call_query_int(call, "timeoutSeconds", 0, &timeout_s))
                return false;
        if (timeout_s <= 0)
                timeout_s = SHORTEST_DEFAULT_S + (int64_t)(sim_random(call->sim) % SHORTEST_DEFAULT_S);
        watch->bookmarks = call_query_true(call, "allowWatchBookmarks");
        watch->ends_ns = now_ns + timeout_s * NS_PER_S;
        watch->bookmark_ns = next_bookmark_ns(watch, now_ns);
        return true;
}

void verb_watch(struct call *call)
{
        struct watch_stream *watch = xnew(struct watch_stream);
        struct fail fail;

        *watch = (struct watch_stream){.stream = {read_watch, wake_watch, done_watch}, .sim = call->sim, .kind = call->kind};
        if (select_parse(call->kind->storage, call->namespace, call_query(call, "labelSelector"), call_query(call, "fieldSelector"),
                         &watch->select, &fail)) {
                refuse_bad_request(call, "%s", fail.text);
        } else if (begin_position(call, watch) && begin_times(call, watch)) {
                call->answer->status = 200;
                call->answer->stream = &watch->stream;
                return;
        }
        apisim_stream_free(&watch->stream);
}
