/* SPDX-License-Identifier: Apache-2.0
 *
 * The course of a run: one column per figure, one row per point of time. */
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "data/doc.h"
#include "report/parts.h"
#include "result/fold.h"

static double span_ms(const struct harvest_point *point)
{
        return point->to_ms > point->from_ms ? (double)(point->to_ms - point->from_ms) : 0;
}

static struct json_object *number(double value)
{
        char text[64];

        snprintf(text, sizeof text, "%.3f", value);
        return json_object_new_double_s(value, text);
}

/* What came in the last moments, after the shape, is no rate: one answer in 3 ms would be 333 a second. */
static bool is_stub(const struct unpack *unpack, const struct harvest_point *point)
{
        return span_ms(point) * 4 < (double)unpack->point_ms;
}

/* 'count' of events, or a sum over milliseconds in thousands, per second. */
static struct json_object *per_second(const struct unpack *unpack, const struct harvest_point *point, double count)
{
        return is_stub(unpack, point) ? NULL : number(count * 1e3 / span_ms(point));
}

static struct json_object *latency(struct fold_value value)
{
        char text[FOLD_TEXT_MAX];

        if (!value.known)
                return NULL;
        return value.censored ? json_object_new_string(fold_format(value, text)) : json_object_new_int64((value.ns + 500) / 1000);
}

static struct json_object *quantile(const struct unpack *unpack, const struct harvest_point *point, double q)
{
        return latency(fold_quantile(point->latency, point->censored, q, unpack->timeout_ns));
}

#define COLUMN(label, expression)                                                                               \
        static struct json_object *column_##label(const struct unpack *unpack, const struct harvest_point *point) \
        {                                                                                                       \
                (void)unpack;                                                                                   \
                return expression;                                                                              \
        }
COLUMN(from, json_object_new_int64(point->from_ms))
COLUMN(to, json_object_new_int64(point->to_ms))
COLUMN(workers, json_object_new_int64(point->workers))
COLUMN(offered, per_second(unpack, point, (double)point->counters.offered))
COLUMN(achieved, per_second(unpack, point, (double)(point->counters.ok + point->counters.missed)))
COLUMN(failed, per_second(unpack, point, (double)(point->counters.missed + point->counters.censored)))
COLUMN(p50, quantile(unpack, point, 0.5))
COLUMN(p90, quantile(unpack, point, 0.9))
COLUMN(p99, quantile(unpack, point, 0.99))
COLUMN(max, latency(fold_max(point->latency, point->censored, unpack->timeout_ns)))
COLUMN(in_flight, per_second(unpack, point, (double)point->in_flight_ms / 1e3))
COLUMN(backlog, per_second(unpack, point, (double)point->backlog_ms / 1e3))
COLUMN(cores, per_second(unpack, point, (double)point->cpu_us / 1e6))

struct column {
        const char *name;
        struct json_object *(*value)(const struct unpack *unpack, const struct harvest_point *point);
};

static const struct column series[] = {
        {"from", column_from},         {"to", column_to},       {"workers", column_workers},     {"offered", column_offered},
        {"achieved", column_achieved}, {"failed", column_failed}, {"p50", column_p50},           {"p90", column_p90},
        {"max", column_max},           {"inFlight", column_in_flight}, {"backlog", column_backlog}, {"cores", column_cores},
};
static const struct column tail[] = {{"from", column_from}, {"to", column_to}, {"p99", column_p99}};

static struct json_object *encode(const struct unpack *unpack, const struct harvest_point *points, size_t len, int64_t point_ms,
                                  const struct column *columns, size_t columns_len)
{
        struct json_object *object = doc_set_int(doc_object(), "pointMs", point_ms);

        for (size_t k = 0; k < columns_len; k++) {
                struct json_object *column = doc_array();
                for (size_t i = 0; i < len; i++)
                        json_object_array_add(column, columns[k].value(unpack, &points[i]));
                doc_set(object, columns[k].name, column);
        }
        return object;
}

struct json_object *parts_series(const struct unpack *unpack)
{
        if (!unpack->points_len)
                return NULL;
        struct json_object *object = encode(unpack, unpack->points, unpack->points_len, unpack->point_ms, series, ARRAY_LEN(series));
        return doc_set_int(object, "timeoutMs", unpack->timeout_ns / 1000000);
}

/* ---- wider points, for the tail ---- */

#define TAIL_POINTS_MIN 5

struct wide {
        struct harvest_point points[HARVEST_POINTS_MAX]; /* histograms are owned */
        size_t len;
};

static void widen(struct wide *wide, const struct unpack *unpack, int64_t point_ms)
{
        for (size_t i = 0; i < unpack->points_len; i++) {
                const struct harvest_point *point = &unpack->points[i];
                int64_t from_ms = point->from_ms / point_ms * point_ms;
                struct harvest_point *into = wide->len > 0 ? &wide->points[wide->len - 1] : NULL;
                if (!into || into->from_ms != from_ms) {
                        into = &wide->points[wide->len++];
                        into->from_ms = from_ms;
                }
                harvest_point_add(into, point);
        }
}

static void wide_done(struct wide *wide)
{
        for (size_t i = 0; i < wide->len; i++) {
                hist_free(wide->points[i].latency);
                hist_free(wide->points[i].error);
                hist_free(wide->points[i].censored);
        }
        *wide = (struct wide){0};
}

/* All but a tenth of the points have a 99th percentile. */
static bool tells(const struct wide *wide, const struct unpack *unpack)
{
        size_t known = 0;

        for (size_t i = 0; i < wide->len; i++)
                known += fold_quantile(wide->points[i].latency, wide->points[i].censored, 0.99, unpack->timeout_ns).known;
        return known * 10 >= wide->len * 9;
}

struct json_object *parts_tail(const struct unpack *unpack)
{
        static const int widths[] = {1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30};
        auto_free struct wide *wide = xnew(struct wide);
        struct json_object *object = NULL;

        for (size_t i = 0; i < ARRAY_LEN(widths) && unpack->points_len >= TAIL_POINTS_MIN && !object; i++) {
                int64_t point_ms = unpack->point_ms * widths[i];
                widen(wide, unpack, point_ms);
                bool few = wide->len < TAIL_POINTS_MIN;
                if (!few && tells(wide, unpack))
                        object = encode(unpack, wide->points, wide->len, point_ms, tail, ARRAY_LEN(tail));
                wide_done(wide);
                if (few)
                        break;
        }
        return object;
}

/* ---- what happened meanwhile ---- */

static void set_at(struct json_object *object, const char *name, const char *at, int64_t shape_wall_ms)
{
        int64_t wall_ms = at ? clock_parse(at) : -1;

        if (wall_ms >= 0 && shape_wall_ms >= 0)
                doc_set_int(object, name, wall_ms - shape_wall_ms);
        else
                json_object_object_add(object, name, NULL);
}

struct json_object *parts_changes(struct json_object *context, int64_t shape_wall_ms)
{
        struct json_object *from = doc_at(context, "changes"), *changes = doc_array();

        for (size_t i = 0; i < doc_len(from, ""); i++) {
                struct json_object *change = doc_copy(doc_item(from, i));
                set_at(change, "atMs", doc_text(change, "at"), shape_wall_ms);
                doc_push(changes, change);
        }
        return changes;
}

struct json_object *parts_gaps(struct json_object *context, int64_t shape_wall_ms)
{
        struct json_object *from = doc_at(context, "gaps"), *gaps = doc_array();

        for (size_t i = 0; i < doc_len(from, ""); i++) {
                struct json_object *gap = doc_object();
                set_at(gap, "fromMs", doc_text(doc_item(from, i), "from"), shape_wall_ms);
                set_at(gap, "toMs", doc_text(doc_item(from, i), "to"), shape_wall_ms);
                doc_push(gaps, gap);
        }
        return gaps;
}
