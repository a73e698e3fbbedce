/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "data/doc.h"
#include "mesh/parts.h"

static struct json_object *value_at(struct json_object *map, const char *key)
{
        struct json_object *value = NULL;

        return json_object_is_type(map, json_type_object) && json_object_object_get_ex(map, key, &value) ? value : NULL;
}

static const char *text_at(struct json_object *map, const char *key)
{
        struct json_object *value = value_at(map, key);

        return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

const char *select_label(struct json_object *object, const char *key)
{
        return text_at(doc_at(object, "metadata.labels"), key);
}

const char *select_annotation(struct json_object *object, const char *key)
{
        return text_at(doc_at(object, "metadata.annotations"), key);
}

const char *select_variable(struct json_object *container, const char *name)
{
        struct json_object *list = doc_at(container, "env");

        for (size_t i = 0; i < doc_len(list, ""); i++)
                if (text_equal(doc_text(doc_item(list, i), "name"), name))
                        return doc_text(doc_item(list, i), "value");
        return NULL;
}

bool select_labels(struct json_object *match_labels, struct json_object *labels)
{
        if (!json_object_is_type(match_labels, json_type_object))
                return true;
        json_object_object_foreach(match_labels, key, value) {
                if (!json_object_is_type(value, json_type_string) || !text_equal(text_at(labels, key), json_object_get_string(value)))
                        return false;
        }
        return true;
}

int select_count(struct json_object *map)
{
        return json_object_is_type(map, json_type_object) ? json_object_object_length(map) : 0;
}

static bool is_listed(struct json_object *values, const char *value)
{
        for (size_t i = 0; value && i < doc_len(values, ""); i++)
                if (json_object_is_type(doc_item(values, i), json_type_string) &&
                    strcmp(json_object_get_string(doc_item(values, i)), value) == 0)
                        return true;
        return false;
}

/* The four operators of a LabelSelectorRequirement; NotIn also fits an object without the label. */
static bool expression_fits(struct json_object *expression, struct json_object *labels)
{
        const char *key = doc_text(expression, "key"), *operator = doc_text(expression, "operator");
        const char *value = key ? text_at(labels, key) : NULL;
        struct json_object *values = doc_at(expression, "values");

        if (text_equal(operator, "In"))
                return is_listed(values, value);
        if (text_equal(operator, "NotIn"))
                return !is_listed(values, value);
        if (text_equal(operator, "Exists"))
                return value != NULL;
        return text_equal(operator, "DoesNotExist") && !value;
}

bool select_matches(struct json_object *selector, struct json_object *labels)
{
        struct json_object *expressions = doc_at(selector, "matchExpressions");

        for (size_t i = 0; i < doc_len(expressions, ""); i++)
                if (!expression_fits(doc_item(expressions, i), labels))
                        return false;
        return select_labels(doc_at(selector, "matchLabels"), labels);
}

static int pods_fitting(bool fits(struct json_object *wanted, struct json_object *labels), struct json_object *wanted, struct json_object *pods)
{
        size_t fitting = 0, len = doc_len(pods, "");

        for (size_t i = 0; i < len; i++)
                fitting += fits(wanted, doc_at(doc_item(pods, i), "metadata.labels"));
        return fitting == 0 ? 0 : fitting == len ? 1 : -1;
}

int select_pods(struct json_object *match_labels, struct json_object *pods)
{
        return pods_fitting(select_labels, match_labels, pods);
}

int select_pods_matching(struct json_object *selector, struct json_object *pods)
{
        return pods_fitting(select_matches, selector, pods);
}
