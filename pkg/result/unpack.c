/* SPDX-License-Identifier: Apache-2.0 */
#include "result/unpack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "load/record.h"
#include "result/pack.h"

static const char *const whats[UNPACK_WHATS] = {
        [UNPACK_LATENCY] = "latency", [UNPACK_SERVICE] = "service", [UNPACK_ERROR] = "error",     [UNPACK_CENSORED] = "censored",
        [UNPACK_TTFB] = "ttfb",       [UNPACK_PACING] = "pacing",   [UNPACK_BACKLOG] = "backlog", [UNPACK_CONNECT] = "connect",
        [UNPACK_HANDSHAKE] = "handshake",
};

static const char *text_at(struct json_object *map, const char *key)
{
        struct json_object *value = NULL;

        json_object_object_get_ex(doc_at(map, "data"), key, &value);
        return doc_text(value, "");
}

/* NULL in *ret_doc when the map has no such key. */
static enum fail_kind parse_at(struct json_object *map, const char *key, struct json_object **ret_doc, struct fail *fail)
{
        const char *text = text_at(map, key);

        if (text && doc_parse(text, strlen(text), ret_doc, fail))
                return fail_wrap(fail, "%s", key);
        return FAIL_NONE;
}

/* ---- digests ---- */

static enum fail_kind find_map(struct json_object *maps, const char *name, const char *sha256, struct json_object **ret_map,
                               struct fail *fail)
{
        char found[PACK_SHA256_MAX];

        for (size_t i = 0; i < doc_len(maps, ""); i++) {
                struct json_object *map = doc_item(maps, i);
                if (!name || !text_equal(doc_text(map, "metadata.name"), name))
                        continue;
                if (!json_object_is_type(doc_at(map, "data"), json_type_object))
                        return fail_set(fail, FAIL_INVALID, "ConfigMap %.64s is empty", name);
                pack_digest(map, found);
                if (!text_equal(found, sha256))
                        return fail_set(fail, FAIL_INVALID, "ConfigMap %.64s differs from its digest: it is not what the run wrote", name);
                *ret_map = map;
                return FAIL_NONE;
        }
        return fail_set(fail, FAIL_MISSING, "ConfigMap %.64s is not there", name ? name : "of the result");
}

static enum fail_kind find_manifest(struct json_object *ref, struct json_object *maps, struct json_object **ret_map, struct fail *fail)
{
        const char *digest = doc_text(ref, "digest");

        if (!digest || !text_starts(digest, "sha256:"))
                return fail_set(fail, FAIL_INVALID, "resultRef.digest: sha256:… is wanted");
        return find_map(maps, doc_text(ref, "configMap"), digest + strlen("sha256:"), ret_map, fail);
}

/* ---- histograms ---- */

static struct unpack_span *span_of(struct unpack *unpack, const char *name, size_t len)
{
        for (size_t i = 0; i < unpack->spans_len; i++)
                if (strlen(unpack->spans[i].name) == len && strncmp(unpack->spans[i].name, name, len) == 0)
                        return &unpack->spans[i];
        if (unpack->spans_len == UNPACK_SPANS_MAX || len == 0 || len >= sizeof unpack->spans[0].name)
                return NULL;
        struct unpack_span *span = &unpack->spans[unpack->spans_len++];
        memcpy(span->name, name, len);
        return span;
}

/* "h.p0.latency": its buckets, and beside them in exact.json what buckets cannot say. */
static enum fail_kind read_hist(struct unpack *unpack, const char *key, const char *hdr, struct json_object *exact, struct fail *fail)
{
        const char *name = key + strlen("h."), *what = strchr(name, '.');
        struct unpack_span *span = what ? span_of(unpack, name, (size_t)(what - name)) : NULL;
        struct json_object *beside = NULL;

        for (size_t i = 0; span && i < UNPACK_WHATS; i++) {
                if (!text_equal(what + 1, whats[i]))
                        continue;
                if (span->hists[i])
                        return fail_set(fail, FAIL_INVALID, "%.60s: stands there twice", key);
                if (json_object_object_get_ex(exact, name, &beside)) {
                        auto_json struct json_object *doc = doc_copy(beside);
                        doc_set_text(doc, "hdr", hdr);
                        return record_decode_hist(doc, &span->hists[i], fail) ? fail_wrap(fail, "%.60s", key) : FAIL_NONE;
                }
                return hist_decode(hdr, strlen(hdr), &span->hists[i], fail) ? fail_wrap(fail, "%.60s", key) : FAIL_NONE;
        }
        return fail_set(fail, FAIL_INVALID, "%.60s: not a histogram of a run", key);
}

static enum fail_kind read_hists(struct unpack *unpack, struct json_object *chunk, struct fail *fail)
{
        auto_json struct json_object *exact = NULL;

        if (parse_at(chunk, "exact.json", &exact, fail))
                return FAIL_INVALID;
        json_object_object_foreach(doc_at(chunk, "data"), key, value) {
                const char *hdr = doc_text(value, "");
                if (text_starts(key, "h.") && hdr && read_hist(unpack, key, hdr, exact, fail))
                        return FAIL_INVALID;
        }
        return FAIL_NONE;
}

/* ---- the time grid ---- */

/* Most that a column may hold: sums of it, and milliseconds times it, stay within 64 bits. */
#define CELL_MAX (INT64_C(1) << 53)

static int64_t cell(struct json_object *column, size_t at)
{
        int64_t value = doc_int(doc_item(column, at), "", 0);

        return value < 0 ? 0 : value > CELL_MAX ? CELL_MAX : value;
}

static void read_classes(struct json_object *grid, size_t at, struct record_counters *counters)
{
        for (size_t i = 0; i < RECORD_ERRORS; i++)
                counters->errors[i] = (uint64_t)cell(doc_at(doc_at(grid, "errors"), record_error_names[i]), at);
        if (!json_object_is_type(doc_at(grid, "status"), json_type_object))
                return;
        json_object_object_foreach(doc_at(grid, "status"), name, column) {
                int code = record_parse_status(name);
                if (code && cell(column, at))
                        record_count_status(counters, code, (uint64_t)cell(column, at));
        }
}

static void read_point(struct json_object *grid, size_t at, struct harvest_point *point)
{
        const struct { const char *name; uint64_t *into; } counts[] = {
                {"offered", &point->counters.offered}, {"sent", &point->counters.sent},         {"ok", &point->counters.ok},
                {"missed", &point->counters.missed},   {"censored", &point->counters.censored}, {"bytesIn", &point->counters.bytes_in},
        };

        point->from_ms = cell(doc_at(grid, "from"), at);
        point->to_ms = cell(doc_at(grid, "to"), at);
        point->workers = (uint32_t)cell(doc_at(grid, "workers"), at);
        for (size_t i = 0; i < ARRAY_LEN(counts); i++)
                *counts[i].into = (uint64_t)cell(doc_at(grid, counts[i].name), at);
        point->counters.done = point->counters.ok + point->counters.missed + point->counters.censored;
        point->cpu_us = cell(doc_at(grid, "cpuMicros"), at);
        point->throttled_us = cell(doc_at(grid, "throttledMicros"), at);
        point->latency_sum_ns = cell(doc_at(grid, "sumNanos"), at);
        /* The grid keeps means; the point keeps requests times milliseconds. */
        uint64_t span_ms = point->to_ms > point->from_ms ? (uint64_t)(point->to_ms - point->from_ms) % (uint64_t)INT32_MAX : 0;
        point->in_flight_ms = (uint64_t)cell(doc_at(grid, "inFlight"), at) % (uint64_t)INT32_MAX * span_ms;
        point->backlog_ms = (uint64_t)cell(doc_at(grid, "backlog"), at) % (uint64_t)INT32_MAX * span_ms;
        read_classes(grid, at, &point->counters);
}

/* One histogram a line, as many lines as points; a missing key is empty lines. */
static enum fail_kind read_lines(struct json_object *chunk, const char *key, struct unpack *unpack, size_t first, size_t len,
                                 size_t member, struct fail *fail)
{
        const char *at = text_at(chunk, key);

        for (size_t i = 0; at && i < len; i++) {
                size_t size = strcspn(at, "\n");
                struct hist **into = (struct hist **)((char *)&unpack->points[first + i] + member);
                if (size && hist_decode(at, size, into, fail))
                        return fail_wrap(fail, "%s, point %zu", key, first + i);
                at += size;
                if (*at != '\n')
                        return fail_set(fail, FAIL_INVALID, "%s ends at point %zu", key, first + i);
                at++;
        }
        return FAIL_NONE;
}

static enum fail_kind read_grid(struct unpack *unpack, struct json_object *chunk, struct fail *fail)
{
        auto_json struct json_object *grid = NULL;

        if (parse_at(chunk, "grid.json", &grid, fail))
                return FAIL_INVALID;
        if (!grid)
                return FAIL_NONE;
        int64_t first = doc_int(grid, "first", -1), len = doc_int(grid, "points", -1), point_ms = doc_int(grid, "pointMs", 0);
        if (first != (int64_t)unpack->points_len || len < 0 || len > HARVEST_POINTS_MAX - first || point_ms <= 0)
                return fail_set(fail, FAIL_INVALID, "grid.json: points %lld to %lld", (long long)first, (long long)(first + len));
        for (size_t i = 0; i < (size_t)len; i++)
                read_point(grid, i, &unpack->points[(size_t)first + i]);
        unpack->points_len = (size_t)(first + len);
        unpack->point_ms = point_ms;
        if (read_lines(chunk, "grid.latency", unpack, (size_t)first, (size_t)len, offsetof(struct harvest_point, latency), fail) ||
            read_lines(chunk, "grid.error", unpack, (size_t)first, (size_t)len, offsetof(struct harvest_point, error), fail))
                return FAIL_INVALID;
        return read_lines(chunk, "grid.censored", unpack, (size_t)first, (size_t)len, offsetof(struct harvest_point, censored), fail);
}

/* ---- samples ---- */

#define SUBJECTS_MAX 4096

static enum fail_kind read_samples(struct unpack *unpack, struct json_object *chunk, struct fail *fail)
{
        auto_json struct json_object *samples = NULL;

        if (parse_at(chunk, "samples.json", &samples, fail))
                return FAIL_INVALID;
        struct json_object *subjects = doc_at(samples, "subjects");
        for (size_t i = 0; i < doc_len(subjects, "") && doc_len(unpack->samples, "") < SUBJECTS_MAX; i++)
                if (json_object_is_type(doc_item(subjects, i), json_type_object))
                        doc_push(unpack->samples, json_object_get(doc_item(subjects, i)));
        return FAIL_NONE;
}

/* ---- the whole ---- */

static enum fail_kind read_chunks(struct unpack *unpack, struct json_object *maps, struct fail *fail)
{
        struct json_object *chunks = doc_at(unpack->manifest, "chunks");

        for (size_t i = 0; i < doc_len(chunks, "") && i < PACK_CHUNKS_MAX; i++) {
                struct json_object *chunk = doc_item(chunks, i), *map = NULL;
                const char *name = doc_text(chunk, "name");
                if (find_map(maps, name, doc_text(chunk, "sha256"), &map, fail))
                        return fail->kind;
                if (read_hists(unpack, map, fail) || read_grid(unpack, map, fail) || read_samples(unpack, map, fail))
                        return fail_wrap(fail, "ConfigMap %.64s", name);
        }
        return FAIL_NONE;
}

static enum fail_kind read_all(struct unpack *unpack, struct json_object *ref, struct json_object *maps, struct fail *fail)
{
        struct json_object *map = NULL;
        const struct { const char *key; struct json_object **into; } parts[] = {
                {"manifest.json", &unpack->manifest}, {"summary.json", &unpack->summary},
                {"provenance.json", &unpack->provenance}, {"context.json", &unpack->context},
        };

        if (find_manifest(ref, maps, &map, fail))
                return fail->kind;
        for (size_t i = 0; i < ARRAY_LEN(parts); i++)
                if (parse_at(map, parts[i].key, parts[i].into, fail))
                        return FAIL_INVALID;
        if (doc_int(unpack->manifest, "version", 0) != 1)
                return fail_set(fail, FAIL_INVALID, "manifest.json: version 1 is wanted");
        int64_t timeout_ms = doc_int(unpack->manifest, "timeoutMs", 0);
        unpack->timeout_ns = timeout_ms > 0 && timeout_ms < INT32_MAX ? timeout_ms * 1000000 : 0;
        return read_chunks(unpack, maps, fail);
}

enum fail_kind unpack_read(struct json_object *ref, struct json_object *maps, struct unpack **ret_unpack, struct fail *fail)
{
        struct unpack *unpack = xnew(struct unpack);
        struct fail local = {0};
        struct fail *said = fail ? fail : &local;

        unpack->samples = doc_array();
        if (read_all(unpack, ref, maps, said)) {
                unpack_free(unpack);
                return said->kind;
        }
        *ret_unpack = unpack;
        return FAIL_NONE;
}

struct unpack *unpack_free(struct unpack *unpack)
{
        for (size_t i = 0; unpack && i < unpack->spans_len; i++)
                for (size_t k = 0; k < UNPACK_WHATS; k++)
                        hist_free(unpack->spans[i].hists[k]);
        for (size_t i = 0; unpack && i < HARVEST_POINTS_MAX; i++) {
                hist_free(unpack->points[i].latency);
                hist_free(unpack->points[i].error);
                hist_free(unpack->points[i].censored);
        }
        if (unpack) {
                json_object_put(unpack->manifest);
                json_object_put(unpack->summary);
                json_object_put(unpack->provenance);
                json_object_put(unpack->context);
                json_object_put(unpack->samples);
        }
        free(unpack);
        return NULL;
}

const struct unpack_span *unpack_find(const struct unpack *unpack, const char *name)
{
        for (size_t i = 0; i < unpack->spans_len; i++)
                if (text_equal(unpack->spans[i].name, name))
                        return &unpack->spans[i];
        return NULL;
}

const struct unpack_span *unpack_window(const struct unpack *unpack)
{
        int64_t piece = doc_int(unpack->manifest, "window.piece", -1);
        char name[16];

        snprintf(name, sizeof name, "p%d", (int)(piece & 0xffff));
        return unpack_find(unpack, piece >= 0 ? name : "w");
}
