/* SPDX-License-Identifier: Apache-2.0
 *
 * The time grid: points as columns, their histograms as lines, over as many chunks as it takes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "data/doc.h"
#include "result/pack_internal.h"

#define POINT_BYTES 1024 /* columns of one point, at most */

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
                char *latency = pack_encode_hist(point->latency, 2), *error = pack_encode_hist(point->error, 2);
                char *censored = pack_encode_hist(point->censored, 2);
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

static void put_points(struct writer *writer, const struct grid *grid)
{
        size_t at = 0;

        if (writer->len == 0)
                writer_open_chunk(writer);
        while (at < grid->len && !writer->full) {
                struct lines lines = {0};
                size_t to = fit_points(grid, at, ROOM_BYTES - writer->used, &lines);
                if (to > at) {
                        writer_put(writer, "grid.json", encode_columns(grid, at, to), 0);
                        writer_put(writer, "grid.latency", buf_take(&lines.latency), 0);
                        writer_put(writer, "grid.error", buf_take(&lines.error), 0);
                        writer_put(writer, "grid.censored", buf_take(&lines.censored), 0);
                }
                buf_done(&lines.latency);
                buf_done(&lines.error);
                buf_done(&lines.censored);
                at = to;
                if (at < grid->len)
                        writer_open_chunk(writer);
        }
}

int64_t writer_put_grid(struct writer *writer)
{
        struct grid grid;

        grid_init(&grid, writer->input->fold, writer->detail.merged);
        put_points(writer, &grid);
        grid_done(&grid);
        return grid.point_ms;
}
