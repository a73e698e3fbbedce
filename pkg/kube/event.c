/* SPDX-License-Identifier: Apache-2.0
 *
 * An event is a small record here that is written now and then: first whole, later its count. At most two requests are
 * under way at once, so that events never stand in the way of what matters. */
#include "kube/event.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

#define SERIES_NS (360 * NS_PER_S)
#define COUNT_EVERY_NS (60 * NS_PER_S)
#define IN_FLIGHT_MAX 2
#define NAME_BYTES_MAX 200 /* of the regarding object, in the event's name; with the suffix below 253 */

struct series {
        char *key;
        struct event_sink *sink;
        struct json_object *event; /* as first written */
        uint64_t count, written;   /* emissions; those the server knows of */
        int64_t last_wall_ms;
        int64_t last_ns, written_ns;
        uint64_t request;          /* under way, 0: none */
        uint64_t asked;            /* 'count' when it went out */
};

struct event_sink {
        struct kube_client *client;
        struct loop *loop;
        char *controller, *instance;
        struct map series;         /* key -> struct series */
        unsigned in_flight;
        uint64_t dropped;
        struct loop_timer timer;
};

/* ---- What an event looks like ---- */

static char *key_of(struct json_object *regarding, bool warning, const char *reason, const char *action)
{
        const char *uid = doc_text(regarding, "metadata.uid"), *name = doc_text(regarding, "metadata.name");

        return xasprintf("%c\n%s\n%s\n%s\n%s", warning ? 'W' : 'N', reason, action, uid ? uid : "", name ? name : "");
}

static struct json_object *reference_to(struct json_object *object)
{
        struct json_object *reference = doc_object();

        doc_set_text(reference, "apiVersion", doc_text(object, "apiVersion"));
        doc_set_text(reference, "kind", doc_text(object, "kind"));
        doc_set_text(reference, "namespace", doc_text(object, "metadata.namespace"));
        doc_set_text(reference, "name", doc_text(object, "metadata.name"));
        doc_set_text(reference, "uid", doc_text(object, "metadata.uid"));
        return doc_set_text(reference, "resourceVersion", doc_text(object, "metadata.resourceVersion"));
}

/* At most 'size_max' bytes of 'text', never half a character. */
static char *cut(const char *text, size_t size_max)
{
        size_t size = strlen(text);

        if (size <= size_max)
                return xstrdup(text);
        for (size = size_max; size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80; size--)
                ;
        return xstrndup(text, size);
}

static struct json_object *metadata_for(struct event_sink *sink, struct json_object *regarding)
{
        const char *name = doc_text(regarding, "metadata.name"), *namespace = doc_text(regarding, "metadata.namespace");
        auto_free char *unique = xasprintf("%.*s.%016" PRIx64, NAME_BYTES_MAX, name ? name : "unknown",
                                           kube_client_random(sink->client));

        return doc_set_text(doc_set_text(doc_object(), "name", unique), "namespace", namespace ? namespace : "default");
}

static struct json_object *event_for(struct event_sink *sink, struct json_object *regarding, bool warning,
                                     const char *reason, const char *action, const char *note)
{
        auto_free char *short_note = cut(note ? note : "", EVENT_NOTE_BYTES_MAX);
        struct json_object *event = doc_object();
        char now[CLOCK_TEXT_MAX];

        clock_format_micros(clock_wall_ms(loop_clock(sink->loop)), now);
        doc_set_text(event, "apiVersion", "events.k8s.io/v1");
        doc_set_text(event, "kind", "Event");
        doc_set(event, "metadata", metadata_for(sink, regarding));
        doc_set_text(event, "eventTime", now);
        doc_set_text(event, "reportingController", sink->controller);
        doc_set_text(event, "reportingInstance", sink->instance);
        doc_set_text(event, "type", warning ? "Warning" : "Normal");
        doc_set_text(event, "reason", reason);
        doc_set_text(event, "action", action);
        doc_set_text(event, "note", short_note);
        return doc_set(event, "regarding", reference_to(regarding));
}

static struct json_object *count_of(const struct series *series)
{
        struct json_object *count = doc_object();
        char last[CLOCK_TEXT_MAX];

        clock_format_micros(series->last_wall_ms, last);
        doc_set_int(count, "count", (int64_t)series->count);
        return doc_set_text(count, "lastObservedTime", last);
}

/* ---- Writing ---- */

static void run(void *owner);

static void free_series(struct series *series)
{
        map_remove(&series->sink->series, series->key);
        json_object_put(series->event);
        free(series->key);
        free(series);
}

static void written(struct series *series)
{
        series->written = series->asked;
        series->written_ns = loop_now_ns(series->sink->loop);
}

static void on_written(void *owner, struct json_object *object, const struct fail *fail)
{
        struct series *series = owner;
        struct event_sink *sink = series->sink;

        (void)object;
        series->request = 0;
        sink->in_flight--;
        if (fail->kind == FAIL_MISSING && series->written > 0)
                series->written = 0; /* its time was up at the server: write it whole again */
        else if (!fail->kind || fail->kind == FAIL_EXISTS)
                written(series);
        else if (fail->kind == FAIL_UNKNOWN)
                written(series); /* a lost event is better than the same one twice */
        else {
                sink->dropped += series->count - series->written;
                free_series(series);
        }
        run(sink);
}

static void write_series(struct series *series)
{
        struct event_sink *sink = series->sink;
        struct kube_ref ref = {.kind = &kube_events,
                               .namespace = doc_text(series->event, "metadata.namespace"),
                               .name = doc_text(series->event, "metadata.name")};

        series->asked = series->count;
        sink->in_flight++;
        if (series->written > 0) {
                auto_json struct json_object *patch = doc_set(doc_object(), "series", count_of(series));
                series->request = kube_patch(sink->client, &ref, NULL, KUBE_PATCH_MERGE, patch, on_written, series);
                return;
        }
        auto_json struct json_object *event = doc_copy(series->event);
        if (series->count > 1)
                doc_set(event, "series", count_of(series));
        series->request = kube_create(sink->client, &ref, event, on_written, series);
}

/* When the series has something to write, or may be forgotten. */
static int64_t due_ns(const struct series *series)
{
        if (series->request)
                return INT64_MAX;
        if (series->written == 0)
                return 0;
        if (series->count > series->written)
                return series->written_ns + COUNT_EVERY_NS;
        return series->last_ns + SERIES_NS;
}

static struct series *next_due(const struct event_sink *sink)
{
        struct series *first = NULL;
        size_t at = 0;
        const char *key;
        void *series;

        while (map_next(&sink->series, &at, &key, &series))
                if (!first || due_ns(series) < due_ns(first))
                        first = series;
        return first;
}

static void run(void *owner)
{
        struct event_sink *sink = owner;
        int64_t now_ns = loop_now_ns(sink->loop);
        struct series *series;

        while ((series = next_due(sink)) && due_ns(series) <= now_ns) {
                if (series->written > 0 && series->count == series->written)
                        free_series(series);
                else if (sink->in_flight < IN_FLIGHT_MAX)
                        write_series(series);
                else
                        return; /* the end of a request brings us back */
        }
        if (series && due_ns(series) != INT64_MAX)
                loop_arm(sink->loop, &sink->timer, due_ns(series));
        else
                loop_disarm(sink->loop, &sink->timer);
}

/* ---- The sink ---- */

struct event_sink *event_sink_new(struct kube_client *client, const char *controller, const char *instance)
{
        struct event_sink *sink = xnew(struct event_sink);

        sink->client = client;
        sink->loop = kube_client_loop(client);
        sink->controller = xstrdup(controller);
        sink->instance = cut(instance, 128);
        sink->timer = (struct loop_timer){.fire = run, .owner = sink};
        return sink;
}

struct event_sink *event_sink_free(struct event_sink *sink)
{
        struct series *series;

        if (!sink)
                return NULL;
        while ((series = next_due(sink))) {
                kube_cancel(sink->client, series->request);
                free_series(series);
        }
        map_done(&sink->series);
        loop_disarm(sink->loop, &sink->timer);
        free(sink->controller);
        free(sink->instance);
        free(sink);
        return NULL;
}

static size_t waiting(const struct event_sink *sink)
{
        size_t at = 0, len = 0;
        const char *key;
        void *series;

        while (map_next(&sink->series, &at, &key, &series))
                len += ((const struct series *)series)->written == 0;
        return len;
}

/* Forgets the series that has been silent for longest among those that lose nothing by it. */
static bool make_room(struct event_sink *sink)
{
        struct series *oldest = NULL;
        size_t at = 0;
        const char *key;
        void *value;

        while (map_next(&sink->series, &at, &key, &value)) {
                struct series *series = value;
                if (!series->request && series->written == series->count &&
                    (!oldest || series->last_ns < oldest->last_ns))
                        oldest = series;
        }
        if (oldest)
                free_series(oldest);
        return oldest != NULL;
}

void event_emit(struct event_sink *sink, struct json_object *regarding, bool warning, const char *reason,
                const char *action, const char *note)
{
        auto_free char *key = key_of(regarding, warning, reason, action);
        struct series *series = map_find(&sink->series, key);

        if (!series) {
                if (waiting(sink) >= EVENT_WAITING_MAX ||
                    (sink->series.len >= EVENT_SERIES_MAX && !make_room(sink))) {
                        sink->dropped++;
                        return;
                }
                series = xnew(struct series);
                series->sink = sink;
                series->event = event_for(sink, regarding, warning, reason, action, note);
                map_set(&sink->series, key, series);
                series->key = take(key);
        }
        series->count++;
        series->last_ns = loop_now_ns(sink->loop);
        series->last_wall_ms = clock_wall_ms(loop_clock(sink->loop));
        if (!series->request && (!sink->timer.armed || due_ns(series) < sink->timer.at_ns))
                loop_arm(sink->loop, &sink->timer, due_ns(series));
}

uint64_t event_sink_dropped(const struct event_sink *sink)
{
        return sink->dropped;
}

bool event_sink_idle(const struct event_sink *sink)
{
        return sink->in_flight == 0 && waiting(sink) == 0;
}
