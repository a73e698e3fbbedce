/* SPDX-License-Identifier: Apache-2.0
 *
 * CPU and memory of the target beside its latency. Samples have times of their own; a point of the course shows what the rows over it say,
 * each by its share, and nothing where they cover less than half of it. */
#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "report/parts.h"

enum sum {SUM_ALL, SUM_WORST}; /* of several pods */

static const struct column {
        const char *name, *from; /* in the page, in the samples */
        double scale;
        enum sum sum;
        const char *limits;      /* of which it is the limit: pods without one have none together; NULL: it is no limit */
} columns[] = {
        {"targetCores", "cpuMilli", 1e-3, SUM_ALL, NULL},
        {"targetCoresLimit", "cpuLimitMilli", 1e-3, SUM_ALL, "cpuMilli"},
        {"targetMemoryMiB", "memoryKiB", 1.0 / 1024, SUM_ALL, NULL},
        {"targetMemoryLimitMiB", "memoryLimitKiB", 1.0 / 1024, SUM_ALL, "memoryKiB"},
        {"targetThrottled", "throttledPermille", 1e-1, SUM_WORST, NULL},
};

#define GONE_MS 20000 /* a pod of which nothing was heard for so long is none any more */

/* What one subject says at each point, NaN where it does not. */
struct course {
        double values[HARVEST_POINTS_MAX];
        double from_ms, to_ms; /* of all its rows */
        size_t rows;           /* that say something of a point */
};

static double overlap_ms(const struct harvest_point *point, double from_ms, double to_ms)
{
        double from = fmax(from_ms, (double)point->from_ms), to = fmin(to_ms, (double)point->to_ms);

        return to > from ? to - from : 0;
}

static double cell(struct json_object *column, size_t row)
{
        struct json_object *value = doc_item(column, row);

        return json_object_is_type(value, json_type_int) ? (double)json_object_get_int64(value) : NAN;
}

static struct course course_of(const struct unpack *unpack, struct json_object *subject, const struct column *column)
{
        struct json_object *from = doc_at(subject, "from"), *to = doc_at(subject, "to"), *values = doc_at(subject, column->from);
        double ms[HARVEST_POINTS_MAX] = {0}, sums[HARVEST_POINTS_MAX] = {0};
        struct course course = {.rows = 0};

        for (size_t row = 0; row < doc_len(values, ""); row++) {
                double value = cell(values, row), from_ms = cell(from, row), to_ms = cell(to, row);
                bool says = false;
                for (size_t i = 0; i < unpack->points_len && !isnan(value + from_ms + to_ms); i++) {
                        double shared = overlap_ms(&unpack->points[i], from_ms, to_ms);
                        sums[i] += value * shared;
                        ms[i] += shared;
                        says = says || shared > 0;
                }
                if (says && course.rows++ == 0)
                        course.from_ms = from_ms;
                course.to_ms = says ? to_ms : course.to_ms;
        }
        for (size_t i = 0; i < unpack->points_len; i++) {
                double span = (double)(unpack->points[i].to_ms - unpack->points[i].from_ms);
                bool knows = span > 0 && ms[i] * 2 >= span;
                course.values[i] = knows ? sums[i] / ms[i] * column->scale : NAN;
        }
        return course;
}

static bool is_target_pod(struct json_object *subject)
{
        return text_equal(doc_text(subject, "kind"), "pod") && text_equal(doc_text(subject, "role"), "target");
}

static bool same_pod(struct json_object *a, struct json_object *b)
{
        return text_equal(doc_text(a, "name"), doc_text(b, "name")) && text_equal(doc_text(a, "namespace"), doc_text(b, "namespace"));
}

/* Of several sources of one pod the one that says most; false for all but the first of them. */
static bool best_course(const struct unpack *unpack, size_t first, const struct column *column, struct course *ret_course)
{
        struct json_object *subject = doc_item(unpack->samples, first);

        for (size_t i = 0; i < first; i++)
                if (is_target_pod(doc_item(unpack->samples, i)) && same_pod(doc_item(unpack->samples, i), subject))
                        return false;
        *ret_course = (struct course){.rows = 0};
        for (size_t i = first; i < doc_len(unpack->samples, ""); i++) {
                if (!is_target_pod(doc_item(unpack->samples, i)) || !same_pod(doc_item(unpack->samples, i), subject))
                        continue;
                struct course course = course_of(unpack, doc_item(unpack->samples, i), column);
                if (course.rows > ret_course->rows)
                        *ret_course = course;
        }
        return ret_course->rows > 0;
}

/* A sum without one that should be in it is none. */
static double together(enum sum sum, double all, const struct course *one, size_t i, const struct harvest_point *point)
{
        bool missing = isnan(one->values[i]) && (double)point->to_ms > one->from_ms && (double)point->from_ms < one->to_ms + GONE_MS;

        if (sum == SUM_WORST)
                return fmax(all, one->values[i]); /* a NaN beside a number is nothing */
        if (missing || isnan(all))
                return NAN;
        return isnan(one->values[i]) ? all : all + one->values[i];
}

static bool has_any(const struct unpack *unpack, size_t first, const char *from)
{
        struct course course;

        return from && best_course(unpack, first, &(struct column){.from = from, .scale = 1}, &course);
}

/* NULL when no point knows it. */
static struct json_object *encode_column(const struct unpack *unpack, const struct column *column)
{
        double all[HARVEST_POINTS_MAX];
        size_t known[HARVEST_POINTS_MAX] = {0}, pods = 0;
        char text[64];

        for (size_t i = 0; i < HARVEST_POINTS_MAX; i++)
                all[i] = column->sum == SUM_WORST ? NAN : 0;
        for (size_t k = 0; k < doc_len(unpack->samples, ""); k++) {
                struct course course;
                if (!is_target_pod(doc_item(unpack->samples, k)))
                        continue;
                if (!best_course(unpack, k, column, &course)) {
                        if (has_any(unpack, k, column->limits))
                                return NULL;
                        continue;
                }
                pods++;
                for (size_t i = 0; i < unpack->points_len; i++) {
                        known[i] += !isnan(course.values[i]);
                        all[i] = together(column->sum, all[i], &course, i, &unpack->points[i]);
                }
        }
        if (pods == 0)
                return NULL;
        struct json_object *list = doc_array();
        for (size_t i = 0; i < unpack->points_len; i++) {
                snprintf(text, sizeof text, "%.3f", all[i]);
                json_object_array_add(list, isnan(all[i]) || !known[i] ? NULL : json_object_new_double_s(all[i], text));
        }
        return list;
}

void parts_add_samples(const struct unpack *unpack, struct json_object *series)
{
        for (size_t i = 0; series && i < ARRAY_LEN(columns); i++)
                doc_set(series, columns[i].name, encode_column(unpack, &columns[i]));
}
