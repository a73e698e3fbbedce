/* SPDX-License-Identifier: Apache-2.0
 *
 * Series of the administrator's sources beside the course of the run. They come from a stored result, which anybody could have written:
 * what is no series is left out. */
#include <math.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "report/parts.h"

#define SERIES_MAX 32
#define VALUES_MAX 240

static bool is_metric(struct json_object *subject)
{
        return text_equal(doc_text(subject, "kind"), "metric");
}

static bool is_series(struct json_object *subject)
{
        struct json_object *values = doc_at(subject, "values");
        int64_t from_ms = doc_int(subject, "from", INT64_MIN), step_ms = doc_int(subject, "step", 0);

        if (!is_metric(subject) || !doc_text(subject, "name") || !doc_text(subject, "source") || !json_object_is_type(values, json_type_array) ||
            doc_len(values, "") > VALUES_MAX || from_ms < INT32_MIN || from_ms > INT32_MAX || step_ms <= 0 || step_ms > INT32_MAX)
                return false;
        for (size_t i = 0; i < doc_len(values, ""); i++) {
                struct json_object *value = doc_item(values, i);
                if (value && !json_object_is_type(value, json_type_double) && !json_object_is_type(value, json_type_int))
                        return false;
        }
        return true;
}

/* Takes it. */
static struct json_object *unless_empty(struct json_object *list)
{
        if (doc_len(list, "") > 0)
                return list;
        json_object_put(list);
        return NULL;
}

struct json_object *parts_samples(const struct unpack *unpack)
{
        struct json_object *list = doc_array();

        for (size_t i = 0; i < doc_len(unpack->samples, ""); i++)
                if (!is_metric(doc_item(unpack->samples, i)))
                        doc_push(list, json_object_get(doc_item(unpack->samples, i)));
        return unless_empty(list);
}

static struct json_object *copy_series(struct json_object *subject)
{
        static const char *const texts[] = {"name", "source", "unit", "labels"};
        struct json_object *one = doc_object();

        for (size_t i = 0; i < ARRAY_LEN(texts); i++)
                if (doc_text(subject, texts[i]))
                        doc_set_text(one, texts[i], doc_text(subject, texts[i]));
        doc_set_int(doc_set_int(one, "from", doc_int(subject, "from", 0)), "step", doc_int(subject, "step", 0));
        return doc_set(one, "values", json_object_get(doc_at(subject, "values")));
}

struct json_object *parts_metrics(const struct unpack *unpack)
{
        struct json_object *list = doc_array();

        for (size_t i = 0; i < doc_len(unpack->samples, "") && doc_len(list, "") < SERIES_MAX; i++)
                if (is_series(doc_item(unpack->samples, i)))
                        doc_push(list, copy_series(doc_item(unpack->samples, i)));
        return unless_empty(list);
}

double parts_metric_between(struct json_object *metric, int64_t from_ms, int64_t to_ms)
{
        struct json_object *values = doc_at(metric, "values");
        int64_t at_ms = doc_int(metric, "from", 0), step_ms = doc_int(metric, "step", 1);
        double sum = 0;
        size_t count = 0;

        for (size_t i = 0; i < doc_len(values, ""); i++, at_ms += step_ms) {
                if (at_ms < from_ms || at_ms >= to_ms || !doc_item(values, i))
                        continue;
                sum += json_object_get_double(doc_item(values, i));
                count++;
        }
        return count > 0 ? sum / (double)count : NAN;
}
