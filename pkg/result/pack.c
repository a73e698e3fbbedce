/* SPDX-License-Identifier: Apache-2.0
 *
 * Histograms and points become items of text; items fill chunks in order; a manifest names the chunks. When it does not fit,
 * the time grid is coarsened first, then the digits of the pieces' histograms. */
#include "result/pack.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/names.h"
#include "api/plan.h"
#include "api/sha.h"
#include "base/buf.h"
#include "base/mem.h"
#include "data/doc.h"
#include "result/status.h"

_Static_assert(PACK_SHA256_MAX == SHA_HEX_MAX, "one text size for digests");

#define OVERHEAD_BYTES 8192 /* metadata, kind, names: generous */
#define ROOM_BYTES (PACK_BYTES_MAX - OVERHEAD_BYTES)
#define POINT_BYTES 1024    /* columns of one point, at most */
#define EXACT_BYTES 256     /* one entry of exact.json, at most */

/* One step of giving way. */
struct detail {
        int merged; /* points of the fold in one point of the grid */
        int main_digits, side_digits;
};

static const struct detail details[] = {
        {1, 3, 3}, {2, 3, 3}, {4, 3, 3}, {4, 3, 2}, {8, 3, 2}, {8, 2, 2}, {16, 2, 2}, {60, 2, 2}, {240, 2, 2},
};

struct writer {
        const struct pack_input *input;
        struct detail detail;
        struct json_object *chunks[PACK_CHUNKS_MAX]; /* "data" objects */
        struct json_object *exact[PACK_CHUNKS_MAX];  /* of the histograms in the chunk */
        size_t len, used; /* chunks; bytes in the last of them */
        bool full;        /* more chunks would be needed */
};

static void writer_done(struct writer *writer)
{
        for (size_t i = 0; i < writer->len; i++)
                json_object_put(writer->chunks[i]), json_object_put(writer->exact[i]);
}

/* Bytes of the text inside a JSON string. */
static size_t escaped_size(const char *text)
{
        size_t size = 0;

        for (; *text; text++)
                size += *text == '"' || *text == '\\' || *text == '\n' ? 2 : 1;
        return size;
}

static struct json_object *open_chunk(struct writer *writer)
{
        struct json_object *data, *head = doc_object();

        if (writer->len == PACK_CHUNKS_MAX) {
                writer->full = true;
                json_object_put(head);
                return NULL;
        }
        data = writer->chunks[writer->len] = doc_object();
        writer->exact[writer->len] = doc_object();
        doc_set_int(head, "version", 1);
        doc_set_text(head, "run", writer->input->run_uid);
        doc_set_int(head, "trial", writer->input->trial);
        doc_set_int(head, "chunk", (int64_t)writer->len);
        auto_free char *text = doc_canonical(head);
        doc_set_text(data, "chunk.json", text);
        json_object_put(head);
        writer->len++;
        writer->used = 256;
        return data;
}

/* Puts one item into the last chunk, or into a new one, with 'more' bytes to come beside it. Takes 'text'; NULL is nothing. */
static void put_item(struct writer *writer, const char *key, char *text, size_t more)
{
        auto_free char *value = text;

        if (!value)
                return;
        size_t size = strlen(key) + escaped_size(value) + 8 + more;
        struct json_object *data = writer->len > 0 ? writer->chunks[writer->len - 1] : NULL;
        if (!data || writer->used + size > ROOM_BYTES)
                data = open_chunk(writer);
        if (size > ROOM_BYTES)
                writer->full = true;
        if (!data || writer->full)
                return;
        doc_set_text(data, key, value);
        writer->used += size;
}

/* ---- histograms ---- */

/* NULL for an empty histogram. */
static char *encode_at(const struct hist *hist, int digits)
{
        if (!hist || hist_count(hist) == 0)
                return NULL;
        if (hist_digits(hist) <= digits)
                return hist_encode(hist);
        struct hist *coarse = hist_new(digits);
        hist_add(coarse, hist);
        char *text = hist_encode(coarse);
        hist_free(coarse);
        return text;
}

static void put_hist(struct writer *writer, const char *span, const char *what, const struct hist *hist, int digits)
{
        char key[64];

        if (!hist || hist_count(hist) == 0)
                return;
        snprintf(key, sizeof key, "h.%s.%s", span, what);
        put_item(writer, key, encode_at(hist, digits), EXACT_BYTES);
        if (writer->full)
                return;
        struct json_object *exact = doc_object();
        doc_set_int(exact, "count", (int64_t)hist_count(hist));
        doc_set_int(exact, "min", hist_min(hist));
        doc_set_int(exact, "max", hist_max(hist));
        doc_set_double(exact, "sum", hist_sum(hist), 0);
        doc_set(writer->exact[writer->len - 1], key + strlen("h."), exact);
}

static void set_json(struct json_object *data, const char *key, struct json_object *doc)
{
        if (!doc)
                return;
        auto_free char *text = doc_canonical(doc);
        doc_set_text(data, key, text);
}

static void put_exact(struct writer *writer)
{
        for (size_t i = 0; i < writer->len; i++)
                if (json_object_object_length(writer->exact[i]))
                        set_json(writer->chunks[i], "exact.json", writer->exact[i]);
}

static void put_span(struct writer *writer, const char *name, const struct fold_span *span)
{
        int main_digits = writer->detail.main_digits, side_digits = writer->detail.side_digits;

        put_hist(writer, name, "latency", span->latency, main_digits);
        put_hist(writer, name, "error", span->error, main_digits);
        put_hist(writer, name, "censored", span->censored, main_digits);
        put_hist(writer, name, "service", span->service, side_digits);
        put_hist(writer, name, "ttfb", span->ttfb, side_digits);
        put_hist(writer, name, "pacing", span->pacing, side_digits);
        put_hist(writer, name, "backlog", span->backlog, side_digits);
}

static void put_hists(struct writer *writer)
{
        const struct fold *fold = writer->input->fold;
        char name[16];

        if (fold->lost || fold->reduced > 0) {
                put_span(writer, "w", &fold->whole);
        } else {
                for (size_t i = 0; i < fold->pieces_len; i++) {
                        snprintf(name, sizeof name, "p%zu", i);
                        put_span(writer, name, &fold->pieces[i].span);
                }
                for (size_t i = 0; i < fold->requests_len; i++) {
                        snprintf(name, sizeof name, "r%zu", i);
                        put_span(writer, name, &fold->requests[i].span);
                }
        }
        put_hist(writer, "c", "connect", fold->connect, 2);
        put_hist(writer, "c", "handshake", fold->handshake, 2);
}

/* ---- the time grid ---- */

struct grid {
        struct harvest_point *points; /* histograms are owned, at 2 digits */
        size_t len;
        int64_t point_ms;
        struct record_counters total; /* says which columns there are */
};

static void add_point(struct grid *grid, const struct harvest_point *from)
{
        int64_t from_ms = from->from_ms / grid->point_ms * grid->point_ms;
        struct harvest_point *into = grid->len > 0 ? &grid->points[grid->len - 1] : NULL;

        if (!into || into->from_ms != from_ms) {
                into = &grid->points[grid->len++];
                into->from_ms = from_ms;
        }
        harvest_point_add(into, from);
        record_add_counters(&grid->total, &from->counters);
        /* Who reported each part is not known any more: the most at once. */
        if (into->workers < from->workers)
                into->workers = from->workers;
}

static void grid_init(struct grid *grid, const struct fold *fold, int merged)
{
        *grid = (struct grid){.point_ms = fold->point_ms * merged};
        grid->points = xcalloc(fold->points_len ? fold->points_len : 1, sizeof *grid->points);
        for (size_t i = 0; i < fold->points_len; i++)
                add_point(grid, &fold->points[i]);
}

static void grid_done(struct grid *grid)
{
        for (size_t i = 0; i < grid->len; i++) {
                hist_free(grid->points[i].latency);
                hist_free(grid->points[i].error);
                hist_free(grid->points[i].censored);
        }
        free(grid->points);
}

static int64_t mean_of(uint64_t integral_ms, const struct harvest_point *point)
{
        uint64_t span_ms = (uint64_t)(point->to_ms - point->from_ms);

        return point->to_ms > point->from_ms ? (int64_t)((integral_ms + span_ms / 2) / span_ms) : 0;
}

#define COLUMN(label, expression)                                       \
        static int64_t column_##label(const struct harvest_point *point) \
        {                                                               \
                return (int64_t)(expression);                           \
        }
COLUMN(from, point->from_ms)
COLUMN(to, point->to_ms)
COLUMN(workers, point->workers)
COLUMN(offered, point->counters.offered)
COLUMN(sent, point->counters.sent)
COLUMN(ok, point->counters.ok)
COLUMN(missed, point->counters.missed)
COLUMN(censored, point->counters.censored)
COLUMN(bytes_in, point->counters.bytes_in)
COLUMN(cpu, point->cpu_us)
COLUMN(throttled, point->throttled_us)
COLUMN(in_flight, mean_of(point->in_flight_ms, point))
COLUMN(backlog, mean_of(point->backlog_ms, point))
COLUMN(sum, point->latency_sum_ns)

static const struct column {
        const char *name;
        int64_t (*value)(const struct harvest_point *point);
} columns[] = {
        {"from", column_from},         {"to", column_to},
        {"workers", column_workers},   {"offered", column_offered},
        {"sent", column_sent},         {"ok", column_ok},
        {"missed", column_missed},     {"censored", column_censored},
        {"bytesIn", column_bytes_in},  {"cpuMicros", column_cpu},
        {"throttledMicros", column_throttled}, {"inFlight", column_in_flight},
        {"backlog", column_backlog},   {"sumNanos", column_sum},
};

static uint64_t count_status(const struct record_counters *counters, int code)
{
        for (size_t i = 0; i < RECORD_STATUS_CODES_MAX && counters->statuses[i].code; i++)
                if (counters->statuses[i].code == code)
                        return counters->statuses[i].count;
        return 0;
}

static struct json_object *encode_errors(const struct grid *grid, size_t from, size_t to)
{
        struct json_object *errors = doc_object();

        for (size_t class = 0; class < RECORD_ERRORS; class++) {
                if (grid->total.errors[class] == 0)
                        continue;
                struct json_object *column = doc_array();
                for (size_t i = from; i < to; i++)
                        doc_push(column, json_object_new_int64((int64_t)grid->points[i].counters.errors[class]));
                doc_set(errors, record_error_names[class], column);
        }
        return errors;
}

static struct json_object *encode_statuses(const struct grid *grid, size_t from, size_t to)
{
        struct json_object *statuses = doc_object();
        char text[RECORD_STATUS_TEXT];

        for (size_t k = 0; k < RECORD_STATUS_CODES_MAX && grid->total.statuses[k].code; k++) {
                int code = grid->total.statuses[k].code;
                struct json_object *column = doc_array();
                for (size_t i = from; i < to; i++)
                        doc_push(column, json_object_new_int64((int64_t)count_status(&grid->points[i].counters, code)));
                doc_set(statuses, record_format_status(code, text), column);
        }
        return statuses;
}

/* Columns of the points from..to-1. */
static char *encode_columns(const struct grid *grid, size_t from, size_t to)
{
        auto_json struct json_object *doc = doc_object();

        doc_set_int(doc, "version", 1);
        doc_set_int(doc, "pointMs", grid->point_ms);
        doc_set_int(doc, "first", (int64_t)from);
        doc_set_int(doc, "points", (int64_t)(to - from));
        for (size_t k = 0; k < ARRAY_LEN(columns); k++) {
                struct json_object *column = doc_array();
                for (size_t i = from; i < to; i++)
                        doc_push(column, json_object_new_int64(columns[k].value(&grid->points[i])));
                doc_set(doc, columns[k].name, column);
        }
        doc_set(doc, "errors", encode_errors(grid, from, to));
        doc_set(doc, "status", encode_statuses(grid, from, to));
        return doc_canonical(doc);
}

struct lines {
        struct buf latency, error, censored;
};

static void add_line(struct buf *lines, char *text)
{
        buf_text(lines, text ? text : "");
        buf_text(lines, "\n");
        free(text);
}

/* As many points from 'from' as fit into 'room' bytes; their histograms go to 'lines'. */
static size_t fit_points(const struct grid *grid, size_t from, size_t room, struct lines *lines)
{
        size_t used = 1024, at = from;

        for (; at < grid->len; at++) {
                const struct harvest_point *point = &grid->points[at];
                char *latency = encode_at(point->latency, 2), *error = encode_at(point->error, 2);
                char *censored = encode_at(point->censored, 2);
                used += POINT_BYTES + (latency ? strlen(latency) : 0) + (error ? strlen(error) : 0) +
                        (censored ? strlen(censored) : 0);
                if (used > room) {
                        free(latency);
                        free(error);
                        free(censored);
                        break;
                }
                add_line(&lines->latency, latency);
                add_line(&lines->error, error);
                add_line(&lines->censored, censored);
        }
        return at;
}

static void put_grid(struct writer *writer, const struct grid *grid)
{
        size_t at = 0;

        if (writer->len == 0)
                open_chunk(writer);
        while (at < grid->len && !writer->full) {
                struct lines lines = {0};
                size_t to = fit_points(grid, at, ROOM_BYTES - writer->used, &lines);
                if (to > at) {
                        put_item(writer, "grid.json", encode_columns(grid, at, to), 0);
                        put_item(writer, "grid.latency", buf_take(&lines.latency), 0);
                        put_item(writer, "grid.error", buf_take(&lines.error), 0);
                        put_item(writer, "grid.censored", buf_take(&lines.censored), 0);
                }
                buf_done(&lines.latency);
                buf_done(&lines.error);
                buf_done(&lines.censored);
                at = to;
                if (at < grid->len)
                        open_chunk(writer);
        }
}

/* ---- samples ---- */

static char *encode_samples(struct json_object *list, size_t from, size_t to)
{
        auto_json struct json_object *doc = doc_set_int(doc_object(), "version", 1), *subjects = doc_array();

        for (size_t i = from; i < to; i++)
                doc_push(subjects, json_object_get(doc_item(list, i)));
        doc_set(doc, "subjects", take(subjects));
        return doc_canonical(doc);
}

/* As many subjects as fit into each chunk. */
static void put_samples(struct writer *writer)
{
        struct json_object *list = writer->input->samples;
        size_t len = doc_len(list, ""), from = 0, used = 0;

        for (size_t i = 0; i < len; i++) {
                size_t size = escaped_size(doc_print(doc_item(list, i))) + 1;
                if (i > from && writer->used + used + size + 256 > ROOM_BYTES) {
                        put_item(writer, "samples.json", encode_samples(list, from, i), 0);
                        open_chunk(writer);
                        from = i;
                        used = 0;
                }
                used += size;
        }
        if (len > from && !writer->full)
                put_item(writer, "samples.json", encode_samples(list, from, len), 0);
}

/* ---- ConfigMaps ---- */

void pack_digest(struct json_object *config_map, char sha256[static PACK_SHA256_MAX])
{
        auto_free char *text = doc_canonical(doc_at(config_map, "data"));

        sha256_hex(text, strlen(text), sha256);
}

static size_t data_bytes(struct json_object *map)
{
        auto_free char *text = doc_canonical(doc_at(map, "data"));

        return strlen(text);
}

static struct json_object *new_map(const struct pack_input *input, const char *name, const char *part,
                                   struct json_object *data)
{
        struct json_object *map = doc_object();
        struct json_object *metadata =
                plan_metadata(input->namespace, input->run_name, input->run_uid, input->profile, name, part);
        char trial[16];

        snprintf(trial, sizeof trial, "%d", input->trial);
        doc_set_text(doc_at(metadata, "labels"), PACK_LABEL_TRIAL, trial);
        doc_set_text(map, "apiVersion", "v1");
        doc_set_text(map, "kind", "ConfigMap");
        doc_set(map, "metadata", metadata);
        doc_set_bool(map, "immutable", true);
        return doc_set(map, "data", data);
}

static struct json_object *encode_manifest(const struct pack_input *input, const struct pack *pack,
                                           const struct detail *detail)
{
        struct json_object *manifest = doc_object(), *run = doc_object(), *chunks = doc_array();
        auto_json struct json_object *results = status_encode_results(input->fold, NULL);

        doc_set_text(run, "name", input->run_name);
        doc_set_text(run, "namespace", input->namespace);
        doc_set_text(run, "uid", input->run_uid);
        for (size_t i = 0; i < pack->len; i++) {
                struct json_object *chunk = doc_object();
                char sha256[PACK_SHA256_MAX];
                pack_digest(pack->maps[i], sha256);
                doc_set_text(chunk, "name", doc_text(pack->maps[i], "metadata.name"));
                doc_set_text(chunk, "sha256", sha256);
                doc_set_int(chunk, "bytes", (int64_t)data_bytes(pack->maps[i]));
                doc_push(chunks, chunk);
        }
        doc_set_int(manifest, "version", 1);
        doc_set(manifest, "run", run);
        doc_set_text(manifest, "profile", input->profile);
        doc_set_int(manifest, "trial", input->trial);
        doc_set_int(manifest, "intervalMs", input->interval_ms);
        doc_set_int(manifest, "pointMs", pack->point_ms);
        doc_set_int(manifest, "timeoutMs", input->fold->timeout_ns / 1000000);
        doc_set_int(manifest, "digits", detail->side_digits);
        doc_set(manifest, "window", json_object_get(doc_at(results, "window")));
        doc_set(manifest, "chunks", chunks);
        return doc_set_int(manifest, "bytes", (int64_t)pack->bytes);
}

/* The last map; returns its bytes. */
static size_t put_manifest(const struct pack_input *input, const struct detail *detail, struct pack *pack)
{
        struct json_object *data = doc_object();
        auto_json struct json_object *manifest = encode_manifest(input, pack, detail);
        char name[NAME_MAX_LEN];

        set_json(data, "manifest.json", manifest);
        set_json(data, "summary.json", input->summary);
        set_json(data, "provenance.json", input->provenance);
        set_json(data, "context.json", input->context);
        set_json(data, "trial.json", input->trial_doc);
        if (input->trial_doc)
                name_trial(input->run_name, input->run_uid, input->trial, name);
        else
                name_result(input->run_name, input->run_uid, name);
        struct json_object *map = pack->maps[pack->len++] = new_map(input, name, input->trial_doc ? "trial" : "result", data);
        pack_digest(map, pack->digest);
        size_t bytes = data_bytes(map);
        pack->bytes += bytes;
        return bytes;
}

/* Chunks and manifest at this level of detail. False when it is too large. */
static bool try_write(const struct pack_input *input, const struct detail *detail, struct pack *pack)
{
        struct writer writer = {.input = input, .detail = *detail};
        struct grid grid;
        char name[NAME_MAX_LEN];

        grid_init(&grid, input->fold, detail->merged);
        put_hists(&writer);
        put_grid(&writer, &grid);
        put_samples(&writer);
        put_exact(&writer);
        pack->point_ms = grid.point_ms;
        grid_done(&grid);
        for (size_t i = 0; i < writer.len && !writer.full; i++) {
                name_series(input->run_name, input->run_uid, (size_t)input->trial * PACK_CHUNKS_MAX + i, name);
                pack->maps[pack->len] = new_map(input, name, "series", take(writer.chunks[i]));
                pack->bytes += data_bytes(pack->maps[pack->len++]);
        }
        bool full = writer.full;
        writer_done(&writer);
        if (full)
                return false;

        size_t bytes = put_manifest(input, detail, pack);
        return bytes <= ROOM_BYTES && pack->bytes <= (input->bytes_max ? input->bytes_max : PACK_TRIAL_BYTES_MAX);
}

enum fail_kind pack_write(const struct pack_input *input, struct pack *ret_pack, struct fail *fail)
{
        assert(input->trial >= 0);
        for (size_t i = 0; i < ARRAY_LEN(details); i++) {
                struct pack pack = {0};
                if (try_write(input, &details[i], &pack)) {
                        *ret_pack = pack;
                        return FAIL_NONE;
                }
                pack_done(&pack);
        }
        if (input->trial_doc) {
                *ret_pack = (struct pack){0};
                put_manifest(input, &details[ARRAY_LEN(details) - 1], ret_pack);
                return FAIL_NONE;
        }
        return fail_set(fail, FAIL_TOO_LARGE, "the result of run '%s' does not fit %d bytes", input->run_name,
                        PACK_TRIAL_BYTES_MAX);
}

void pack_done(struct pack *pack)
{
        for (size_t i = 0; i < pack->len; i++)
                json_object_put(pack->maps[i]);
        pack->len = 0;
}

struct json_object *pack_encode_ref(const struct pack *pack)
{
        struct json_object *ref = doc_object();
        char digest[PACK_SHA256_MAX + 8];

        snprintf(digest, sizeof digest, "sha256:%s", pack->digest);
        doc_set_text(ref, "configMap", doc_text(pack->maps[pack->len - 1], "metadata.name"));
        doc_set_text(ref, "digest", digest);
        doc_set_int(ref, "chunks", (int64_t)pack->len - 1);
        return doc_set_int(ref, "bytes", (int64_t)pack->bytes);
}
