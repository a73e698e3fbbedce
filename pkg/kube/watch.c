/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "kube/answer.h"
#include "kube/watch_frame.h"
#include "kube/store.h"

#define FIRST_PAUSE_NS (800 * NS_PER_MS)
#define LONGEST_PAUSE_NS (30 * NS_PER_S)
#define FORGIVE_NS (120 * NS_PER_S)
#define SHORT_LIFE_NS NS_PER_S
#define KEPT_LINE_BYTES (64u << 10)

void watch_init(struct watch *watch, const struct sift *sift, uint64_t seed, int64_t now_ns)
{
        *watch = (struct watch){.list_next = true,
                                .wake_ns = now_ns,
                                .random = seed,
                                .sift = sift,
                                .line = buf_bounded(WATCH_LINE_BYTES_MAX)};
}

void watch_done(struct watch *watch)
{
        free(take(watch->version));
        buf_done(&watch->line);
        sifted_done(&watch->sifted);
}

static uint64_t random_below(struct watch *watch, uint64_t bound)
{
        uint64_t z = watch->random += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return (z ^ z >> 31) % bound;
}

/* ---- Pauses ---- */

static void wait_until(struct watch *watch, bool list, int64_t wake_ns)
{
        watch->state = WATCH_WAITING;
        watch->list_next = list;
        watch->wake_ns = wake_ns;
        buf_clear(&watch->line);
}

static int64_t next_pause_ns(struct watch *watch, int64_t now_ns)
{
        int64_t pause_ns = FIRST_PAUSE_NS;

        if (now_ns - watch->failed_ns > FORGIVE_NS)
                watch->failures = 0;
        watch->failed_ns = now_ns;
        for (unsigned i = 0; i < watch->failures && pause_ns < LONGEST_PAUSE_NS; i++)
                pause_ns *= 2;
        watch->failures++;
        pause_ns = pause_ns < LONGEST_PAUSE_NS ? pause_ns : LONGEST_PAUSE_NS;
        return pause_ns + (int64_t)random_below(watch, (uint64_t)pause_ns + 1);
}

static void pause_after(struct watch *watch, bool list, const struct fail *fail, int64_t now_ns)
{
        int64_t pause_ns = next_pause_ns(watch, now_ns), asked_ns = fail->retry_after_s * NS_PER_S;

        snprintf(watch->problem, sizeof watch->problem, "%s", fail->text[0] ? fail->text : fail_kind_name(fail->kind));
        wait_until(watch, list, now_ns + (asked_ns > pause_ns ? asked_ns : pause_ns));
}

/* ---- What a failure means ---- */

static void expired(struct watch *watch, const struct fail *fail, int64_t now_ns)
{
        /* Our version has been compacted away: only a fresh list helps, and it helps at once. Unless a list has just been
         * made and nothing came of it; then hurrying would only make the server's day worse. */
        if (watch->progress)
                wait_until(watch, true, now_ns);
        else
                pause_after(watch, true, fail, now_ns);
}

static void stream_failed(struct watch *watch, const struct fail *fail, int64_t now_ns)
{
        bool list = false;

        switch (fail->kind) {
        case FAIL_EXPIRED:
                expired(watch, fail, now_ns);
                return;
        case FAIL_IO:
        case FAIL_TIMEOUT:
        case FAIL_BUSY:
                /* Nobody there, or too busy, or a server behind our position (504): the position stays good, and going
                 * back to an older one is never an answer. A server that goes on answering like this has lost its past
                 * (a restored backup): then only a list knows what is true. */
                if (fail->status)
                        list = ++watch->fruitless >= WATCH_FRUITLESS_MAX;
                break;
        default:
                list = true;
                break;
        }
        if (list)
                watch->fruitless = 0;
        pause_after(watch, list, fail, now_ns);
}

static void drop_stream(struct watch *watch, const struct fail *fail, int64_t now_ns)
{
        watch->drop = true;
        stream_failed(watch, fail, now_ns);
}

/* ---- Frames ---- */

static void move_to(struct watch *watch, const char *version)
{
        char *moved = xstrdup(version);

        free(watch->version);
        watch->version = moved;
        watch->events++;
        watch->fruitless = 0;
        watch->progress = true;
        watch->problem[0] = '\0';
}

/* Versions of one kind only grow. */
bool watch_is_behind(const struct watch *watch, const char *version)
{
        bool comparable = false;

        return version && watch->version && version_compare(version, watch->version, &comparable) < 0 && comparable;
}

/* A watch from a version that is yet to come would wait for it, silently and perhaps for days. */
static void lost_past(struct watch *watch, const char *version, int64_t now_ns)
{
        struct fail fail;

        fail_set(&fail, FAIL_EXPIRED, "watch: the server is at version %s, and was at %s", version, watch->version);
        watch->drop = true;
        expired(watch, &fail, now_ns);
}

static void not_understood(struct watch *watch, const char *why, int64_t now_ns)
{
        struct fail fail;

        /* As if the server had answered 500: from the same position again, and after a few times from a new list. */
        fail_set(&fail, FAIL_IO, "watch: %s", why);
        fail.status = 500;
        drop_stream(watch, &fail, now_ns);
}

static void take_error(struct watch *watch, const char *text, size_t size, int64_t now_ns)
{
        auto_json struct json_object *status = NULL;
        struct fail fail = {0};

        if (doc_parse(text, size, &status, &fail)) {
                not_understood(watch, fail.text, now_ns);
                return;
        }
        answer_status(status, &fail);
        drop_stream(watch, &fail, now_ns);
}

static void take_frame(struct watch *watch, const char *line, size_t size, int64_t now_ns, watch_event_fn *event,
                       void *owner)
{
        struct frame frame;
        struct fail fail = {0};

        if (frame_read(watch->sift, line, size, &frame, &watch->sifted, &fail)) {
                not_understood(watch, fail.text, now_ns);
                return;
        }
        if (frame.type == FRAME_ERROR) {
                take_error(watch, frame.object, frame.size, now_ns);
                return;
        }
        const char *version = watch->sifted.version;
        if (frame.type == FRAME_UNKNOWN || !version[0]) {
                not_understood(watch, frame.type == FRAME_UNKNOWN ? "an event of unknown type" : "an event without a version",
                               now_ns);
                return;
        }
        bool behind = watch_is_behind(watch, version);
        if (behind && frame.type == FRAME_BOOKMARK) {
                lost_past(watch, version, now_ns);
                return;
        }
        /* Old news may be told twice, but never takes us back. */
        move_to(watch, behind ? watch->version : version);
        if (frame.type == FRAME_OBJECT)
                event(owner, frame.event, &watch->sifted);
}

static bool only_space(const char *line, size_t size)
{
        while (size > 0 && strchr(" \t\r", line[size - 1]) && line[size - 1])
                size--;
        return size == 0;
}

void watch_data(struct watch *watch, const char *data, size_t size, int64_t now_ns, watch_event_fn *event, void *owner)
{
        const char *end;

        watch->heard_ns = now_ns;
        if (watch->state == WATCH_STREAMING && size == 0)
                watch->problem[0] = '\0';
        while (watch->state == WATCH_STREAMING && size > 0 && (end = memchr(data, '\n', size))) {
                size_t len = (size_t)(end - data);
                const char *line = data;
                size_t line_size = len;
                /* Most frames come whole and are read where they lie. */
                if (watch->line.size) {
                        buf_add(&watch->line, data, len);
                        line = watch->line.data;
                        line_size = watch->line.size;
                }
                if (watch->line.overflowed || line_size > WATCH_LINE_BYTES_MAX)
                        not_understood(watch, "an event beyond the bound", now_ns);
                else if (!only_space(line, line_size))
                        take_frame(watch, line, line_size, now_ns, event, owner);
                buf_clear(&watch->line);
                data += len + 1;
                size -= len + 1;
        }
        if (watch->line.capacity > KEPT_LINE_BYTES && !watch->line.size)
                buf_done(&watch->line);
        if (watch->sifted.text.capacity > KEPT_LINE_BYTES)
                sifted_done(&watch->sifted);
        if (watch->state == WATCH_STREAMING && size && !buf_add(&watch->line, data, size))
                not_understood(watch, "an event beyond the bound", now_ns);
}

/* ---- Ends and beginnings ---- */

void watch_closed(struct watch *watch, const struct fail *fail, int64_t now_ns)
{
        if (watch->state != WATCH_STREAMING)
                return;
        if (fail->kind) {
                stream_failed(watch, fail, now_ns);
                return;
        }
        /* Servers and proxies that accept and hang up at once would make a hot loop. */
        if (watch->events == 0 && now_ns - watch->started_ns < SHORT_LIFE_NS) {
                struct fail brief;
                fail_set(&brief, FAIL_IO, "watch: closed as soon as it was opened");
                brief.status = 200;
                stream_failed(watch, &brief, now_ns);
                return;
        }
        wait_until(watch, false, now_ns);
}

void watch_listed(struct watch *watch, const char *version, int64_t now_ns)
{
        struct fail fail;

        if (watch->state != WATCH_LISTING)
                return;
        if (!version || !version[0]) {
                fail_set(&fail, FAIL_INVALID, "a list without a version");
                pause_after(watch, true, &fail, now_ns);
                return;
        }
        move_to(watch, version);
        watch->progress = false;
        watch->synced = true;
        wait_until(watch, false, now_ns);
}

void watch_list_failed(struct watch *watch, const struct fail *fail, int64_t now_ns)
{
        if (watch->state == WATCH_LISTING)
                pause_after(watch, true, fail, now_ns);
}

void watch_probed(struct watch *watch, bool answered, const char *version, int64_t now_ns)
{
        if (watch->state != WATCH_STREAMING || !watch->probing)
                return;
        watch->probing = false;
        /* Something may have come while we asked. */
        if (now_ns - watch->heard_ns < WATCH_SILENCE_S * NS_PER_S)
                return;
        if (!answered) {
                watch->probe_ns = now_ns + WATCH_PROBE_AGAIN_S * NS_PER_S;
                return;
        }
        if (watch_is_behind(watch, version)) {
                lost_past(watch, version, now_ns);
                return;
        }
        watch->drop = true;
        wait_until(watch, false, now_ns);
}

static enum watch_action begin(struct watch *watch, int64_t now_ns)
{
        watch->state = watch->list_next ? WATCH_LISTING : WATCH_STREAMING;
        watch->started_ns = watch->heard_ns = now_ns;
        watch->probe_ns = 0;
        watch->probing = false;
        watch->events = 0;
        watch->timeout_s = WATCH_LONGEST_S / 2 + (int)random_below(watch, WATCH_LONGEST_S / 2);
        return watch->list_next ? WATCH_LIST : WATCH_STREAM;
}

static int64_t stream_ends_ns(const struct watch *watch)
{
        return watch->started_ns + (watch->timeout_s + WATCH_OVERTIME_S) * NS_PER_S;
}

static int64_t question_ns(const struct watch *watch)
{
        int64_t silent_ns = watch->heard_ns + WATCH_SILENCE_S * NS_PER_S;

        if (watch->probing)
                return INT64_MAX;
        return silent_ns > watch->probe_ns ? silent_ns : watch->probe_ns;
}

enum watch_action watch_run(struct watch *watch, int64_t now_ns)
{
        if (watch->drop) {
                watch->drop = false;
                return WATCH_DROP;
        }
        if (watch->state == WATCH_WAITING)
                return now_ns < watch->wake_ns ? WATCH_IDLE : begin(watch, now_ns);
        if (watch->state == WATCH_LISTING)
                return WATCH_IDLE;
        if (now_ns >= stream_ends_ns(watch)) {
                wait_until(watch, false, now_ns);
                return WATCH_DROP;
        }
        if (now_ns >= question_ns(watch)) {
                watch->probing = true;
                return WATCH_PROBE;
        }
        return WATCH_IDLE;
}

int64_t watch_wake_ns(const struct watch *watch)
{
        if (watch->drop)
                return 0;
        if (watch->state == WATCH_WAITING)
                return watch->wake_ns;
        if (watch->state == WATCH_LISTING)
                return INT64_MAX;
        return stream_ends_ns(watch) < question_ns(watch) ? stream_ends_ns(watch) : question_ns(watch);
}

bool watch_synced(const struct watch *watch)
{
        return watch->synced;
}

const char *watch_problem(const struct watch *watch)
{
        return watch->problem;
}

const char *watch_version(const struct watch *watch)
{
        return watch->version;
}

int watch_timeout_s(const struct watch *watch)
{
        return watch->timeout_s;
}
