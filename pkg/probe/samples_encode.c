/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "probe/samples_internal.h"

#define LISTED_MAX (SAMPLES_SOURCES * (SAMPLES_NODES_MAX + SAMPLES_PODS_MAX * (1 + SAMPLES_CONTAINERS_MAX)))

static const char *const kind_names[] = {[SUBJECT_NODE] = "node", [SUBJECT_POD] = "pod", [SUBJECT_CONTAINER] = "container"};

struct listed { /* one source's rows of one subject */
        const struct subject *subject;
        const struct rows *rows;
        enum samples_source source;
        const struct samples_pod *pod; /* NULL: a node */
        int roles;
        int rank;                      /* lower ones stay longer */
        double busy;                   /* mean CPU */
};

static double busy_of(const struct rows *rows)
{
        double sum = 0;

        for (size_t i = 0; i < rows->len; i++) {
                float value = rows_value(rows, SAMPLE_CPU, i);
                sum += isnan(value) ? 0 : (double)value;
        }
        return rows->len > 0 ? sum / (double)rows->len : 0;
}

static void list_one(struct listed *list, size_t *len, const struct listed *like)
{
        for (size_t i = 0; i < SAMPLES_SOURCES; i++) {
                const struct rows *rows = like->subject->tracks[i].rows;
                if (!rows)
                        continue;
                struct listed *one = &list[(*len)++];
                *one = *like;
                one->rows = rows;
                one->source = (enum samples_source)i;
                one->busy = busy_of(rows);
        }
}

/* Fixed, so that the same rows give the same bytes: what matters most first, then what did most. */
static int compare_listed(const void *a, const void *b)
{
        const struct listed *left = a, *right = b;
        int order = left->rank - right->rank;

        if (order == 0 && fabs(left->busy - right->busy) > 0)
                order = left->busy > right->busy ? -1 : 1;
        if (order == 0)
                order = strcmp(left->pod ? left->pod->whole.name : "", right->pod ? right->pod->whole.name : "");
        if (order == 0)
                order = strcmp(left->subject->name, right->subject->name);
        return order ? order : (int)left->source - (int)right->source;
}

static bool has_rows(const struct subject *subject)
{
        for (size_t i = 0; i < SAMPLES_SOURCES; i++)
                if (subject->tracks[i].rows)
                        return true;
        return false;
}

/* The only container of a pod is not told beside it. */
static struct listed *list_all(const struct samples *samples, size_t *ret_len)
{
        struct listed *list = xcalloc(LISTED_MAX, sizeof *list);
        size_t len = 0;

        for (size_t i = 0; i < samples->nodes_len; i++)
                list_one(list, &len, &(struct listed){.subject = &samples->nodes[i]->whole, .roles = samples->nodes[i]->roles});
        for (size_t i = 0; i < samples->pods_len; i++) {
                const struct samples_pod *pod = samples->pods[i];
                struct listed like = {.subject = &pod->whole, .pod = pod, .roles = (int)pod->role, .rank = pod->role == SAMPLES_TARGET ? 1 : 2};
                list_one(list, &len, &like);
                like.rank += 2;
                for (size_t k = 0; k < pod->containers_len && (pod->containers_len > 1 || !has_rows(&pod->whole)); k++) {
                        like.subject = &pod->containers[k];
                        list_one(list, &len, &like);
                }
        }
        qsort(list, len, sizeof *list, compare_listed);
        *ret_len = len;
        return list;
}

/* ---- one subject ---- */

static void push_number(struct json_object *array, float value)
{
        json_object_array_add(array, isnan(value) ? NULL : json_object_new_int64(llround((double)value)));
}

/* The rows that count, at most rows_max of them. Caller frees. */
static struct rows *fewer(const struct rows *all, int64_t from_wall_ms, size_t rows_max)
{
        struct rows *rows = xnew(struct rows);
        size_t first = 0, joined = 0;

        while (first < all->len && all->to_wall_ms[first] <= from_wall_ms)
                first++;
        size_t every = (all->len - first + rows_max - 1) / rows_max;
        for (size_t i = first; i < all->len; i++) {
                bool joins = rows->len > 0 && joined < every && all->from_wall_ms[i] <= rows->to_wall_ms[rows->len - 1];
                joined = joins ? joined + 1 : 1;
                if (joins) {
                        rows_join(rows, rows->len - 1, all, i);
                        continue;
                }
                rows->from_wall_ms[rows->len] = all->from_wall_ms[i];
                rows->to_wall_ms[rows->len] = all->to_wall_ms[i];
                for (enum sample_metric k = 0; k < SAMPLE_METRICS; k++)
                        rows_set(rows, k, rows->len, rows_value(all, k, i));
                rows->len++;
        }
        return rows;
}

static void put_columns(struct json_object *object, const struct rows *rows, int64_t zero_wall_ms)
{
        struct json_object *from = doc_array(), *to = doc_array();

        for (size_t i = 0; i < rows->len; i++) {
                doc_push(from, json_object_new_int64(rows->from_wall_ms[i] - zero_wall_ms));
                doc_push(to, json_object_new_int64(rows->to_wall_ms[i] - zero_wall_ms));
        }
        doc_set(doc_set(object, "from", from), "to", to);
        for (enum sample_metric k = 0; k < SAMPLE_METRICS; k++) {
                if (!rows->columns[k])
                        continue;
                struct json_object *column = doc_array();
                for (size_t i = 0; i < rows->len; i++)
                        push_number(column, rows->columns[k][i]);
                doc_set(object, sample_metric_name(k), column);
        }
}

static const char *role_name(int roles)
{
        return roles == SAMPLES_TARGET ? "target" : roles == SAMPLES_GENERATOR ? "generator" : "both";
}

/* NULL when no row counts. */
static struct json_object *encode_subject(const struct listed *listed, int64_t zero_wall_ms, int64_t from_wall_ms, size_t rows_max)
{
        struct rows *rows = fewer(listed->rows, from_wall_ms, rows_max);
        struct json_object *object = NULL;

        if (rows->len > 0) {
                object = doc_set_text(doc_object(), "kind", kind_names[listed->subject->kind]);
                doc_set_text(doc_set_text(object, "role", role_name(listed->roles)), "name", listed->subject->name);
                if (listed->pod) {
                        doc_set_text(doc_set_text(object, "namespace", listed->pod->namespace), "node", listed->pod->node);
                        doc_set_text(object, "pod", listed->subject->kind == SUBJECT_CONTAINER ? listed->pod->whole.name : NULL);
                }
                doc_set_text(object, "source", samples_source_name(listed->source));
                put_columns(object, rows, zero_wall_ms);
        }
        rows_free(rows);
        return object;
}

/* ---- all of them ---- */

/* The first subjects that fit; *ret_whole: none was left out. */
static struct json_object *encode_within(const struct listed *list, size_t len, int64_t zero_wall_ms, int64_t from_wall_ms, size_t rows_max,
                                         size_t bytes_max, bool *ret_whole)
{
        struct json_object *subjects = doc_array();
        size_t bytes = 2;

        for (size_t i = 0; i < len; i++) {
                struct json_object *subject = encode_subject(&list[i], zero_wall_ms, from_wall_ms, rows_max);
                if (!subject)
                        continue;
                bytes += strlen(doc_print(subject)) + 1;
                if (bytes > bytes_max) {
                        json_object_put(subject);
                        *ret_whole = false;
                        return subjects;
                }
                doc_push(subjects, subject);
        }
        *ret_whole = true;
        return subjects;
}

struct json_object *samples_encode(const struct samples *samples, int64_t zero_wall_ms, int64_t from_wall_ms, size_t bytes_max)
{
        static const size_t rows_max[] = {SAMPLES_ROWS_MAX, 120, 60, 30};
        size_t len;
        auto_free struct listed *list = list_all(samples, &len);
        struct json_object *subjects = NULL;
        bool whole = false;

        for (size_t i = 0; i < ARRAY_LEN(rows_max) && !whole; i++) {
                json_object_put(subjects);
                subjects = encode_within(list, len, zero_wall_ms, from_wall_ms, rows_max[i], bytes_max, &whole);
        }
        return subjects;
}

struct json_object *samples_encode_sources(const struct samples *samples)
{
        struct json_object *sources = doc_object(), *nodes = doc_array();

        for (size_t i = 0; i < samples->nodes_len; i++) {
                const struct samples_node *node = samples->nodes[i];
                struct json_object *entry = doc_set_text(doc_object(), "name", node->whole.name);
                struct json_object *pages = doc_object();
                for (size_t k = 0; k < SAMPLES_SOURCES; k++)
                        if (node->pages[k].count > 0)
                                doc_set_int(pages, samples_source_name((enum samples_source)k), node->pages[k].count);
                doc_set_int(doc_set(entry, "pages", pages), "missed", node->missed);
                doc_push(nodes, doc_set_text(entry, "problem", samples_problem(node)[0] ? samples_problem(node) : NULL));
        }
        doc_set(sources, "nodes", nodes);
        return doc_set_int(doc_set_int(sources, "podsCut", (int64_t)samples->pods_cut.len), "nodesCut", (int64_t)samples->nodes_cut.len);
}
