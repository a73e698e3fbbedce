/* SPDX-License-Identifier: Apache-2.0
 *
 * What is looked at around a run beside its target, and what has to be in effect for its result to count. */
#include <string.h>

#include "api/profile_parts.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

/* Bounds are those of the schema in crds/. */
static const struct {
        const char *key;
        const char *values[8]; /* none: true or false */
} rows[] = {
        {"mesh.type", {"none", "istio", "linkerd", "consul", "kuma", "cilium"}},
        {"mesh.mtls", {"strict", "mutual", "plaintext"}},
        {"clientMeshed", {NULL}},
        {"serverMeshed", {NULL}},
};

/* NULL: the key has no such value. */
static const char *value_of(const char *const *values, struct json_object *value)
{
        if (!values[0])
                return !json_object_is_type(value, json_type_boolean) ? NULL : json_object_get_boolean(value) ? "true" : "false";
        for (; *values; values++)
                if (json_object_is_type(value, json_type_string) && text_equal(json_object_get_string(value), *values))
                        return *values;
        return NULL;
}

static enum fail_kind decode_one(struct json_object *entry, struct profile_requirement *requirement, struct fail *fail)
{
        if (!json_object_is_type(entry, json_type_object) || json_object_object_length(entry) != 1)
                return fail_set(fail, FAIL_INVALID, "must name one thing: mesh.type, mesh.mtls, clientMeshed or serverMeshed");
        json_object_object_foreach(entry, key, value) {
                for (size_t i = 0; i < ARRAY_LEN(rows); i++)
                        if (text_equal(key, rows[i].key) && (requirement->value = value_of(rows[i].values, value)))
                                requirement->key = rows[i].key;
        }
        if (!requirement->key)
                return fail_set(fail, FAIL_INVALID, "is nothing that can be required, or has no such value: %.100s", doc_print(entry));
        return FAIL_NONE;
}

/* The list spec.context.<name>, NULL when there is none. */
static enum fail_kind find_list(const struct profile *profile, const char *name, int len_max, struct json_object **ret_list, struct fail *fail)
{
        auto_free char *path = xasprintf("context.%s", name);

        *ret_list = doc_at(profile->spec, path);
        if (*ret_list && !json_object_is_type(*ret_list, json_type_array))
                return fail_set(fail, FAIL_INVALID, "spec.%s must be a list", path);
        if (doc_len(*ret_list, "") > (size_t)len_max)
                return fail_set(fail, FAIL_INVALID, "spec.%s must be at most %d", path, len_max);
        return FAIL_NONE;
}

static enum fail_kind decode_also(struct profile *profile, struct fail *fail)
{
        struct json_object *list;

        if (find_list(profile, "also", PROFILE_ALSO_MAX, &list, fail))
                return FAIL_INVALID;
        size_t len = doc_len(list, "");
        for (size_t i = 0; i < len; i++) {
                const char *name = doc_text(doc_item(list, i), "service.name");
                if (!name || !profile_is_label(name))
                        return fail_set(fail, FAIL_INVALID, "spec.context.also[%zu].service.name must be the name of a Service", i);
                if (!profile->namespace && text_equal(name, profile->service))
                        return fail_set(fail, FAIL_INVALID, "spec.context.also[%zu] is the target, which is observed already", i);
                for (size_t j = 0; j < profile->also_len; j++)
                        if (text_equal(profile->also[j], name))
                                return fail_set(fail, FAIL_INVALID, "spec.context.also names %.63s twice", name);
                profile->also[profile->also_len++] = name;
        }
        return FAIL_NONE;
}

/* Characters of UTF-8, as the schema counts them. */
static size_t characters_of(const char *text)
{
        size_t count = 0;

        for (; *text; text++)
                count += ((unsigned char)*text & 0xc0) != 0x80;
        return count;
}

static bool is_short_label(const char *name, size_t len_max)
{
        return name && name[0] && strlen(name) <= len_max && profile_is_label(name);
}

static enum fail_kind decode_metric(struct json_object *entry, struct profile_metric *metric, struct fail *fail)
{
        *metric = (struct profile_metric){doc_text(entry, "name"), doc_text(entry, "query"), doc_text(entry, "source"), doc_text(entry, "unit")};
        if (!metric->unit)
                metric->unit = "";
        if (!is_short_label(metric->name, PROFILE_METRIC_NAME_MAX))
                return fail_set(fail, FAIL_INVALID, "name must be a name of at most %d characters, for example queue", PROFILE_METRIC_NAME_MAX);
        if (!metric->query || !metric->query[0] || characters_of(metric->query) > PROFILE_QUERY_MAX)
                return fail_set(fail, FAIL_INVALID, "query must be PromQL of 1 to %d characters", PROFILE_QUERY_MAX);
        if (!is_short_label(metric->source, 63))
                return fail_set(fail, FAIL_INVALID, "source must be the name of a source in the administrator's configuration, never a URL");
        if (characters_of(metric->unit) > PROFILE_UNIT_MAX)
                return fail_set(fail, FAIL_INVALID, "unit must be at most %d characters", PROFILE_UNIT_MAX);
        return FAIL_NONE;
}

static enum fail_kind decode_metrics(struct profile *profile, struct fail *fail)
{
        struct json_object *list;

        if (find_list(profile, "metrics", PROFILE_METRICS_MAX, &list, fail))
                return FAIL_INVALID;
        size_t len = doc_len(list, "");
        for (size_t i = 0; i < len; i++) {
                if (decode_metric(doc_item(list, i), &profile->metrics[i], fail))
                        return fail_wrap(fail, "spec.context.metrics[%zu]", i);
                for (size_t j = 0; j < i; j++)
                        if (text_equal(profile->metrics[j].name, profile->metrics[i].name))
                                return fail_set(fail, FAIL_INVALID, "spec.context.metrics names %.32s twice", profile->metrics[i].name);
        }
        profile->metrics_len = len;
        return FAIL_NONE;
}

static enum fail_kind decode_require(struct profile *profile, struct fail *fail)
{
        struct json_object *list;

        if (find_list(profile, "require", PROFILE_REQUIREMENTS_MAX, &list, fail))
                return FAIL_INVALID;
        size_t len = doc_len(list, "");
        if (len > 0 && !profile->mesh_detect)
                return fail_set(fail, FAIL_INVALID, "spec.context.require is about the mesh, which is only looked at with mesh.detect: true");
        for (size_t i = 0; i < len; i++)
                if (decode_one(doc_item(list, i), &profile->requirements[i], fail))
                        return fail_wrap(fail, "spec.context.require[%zu]", i);
        profile->requirements_len = len;
        return FAIL_NONE;
}

enum fail_kind profile_decode_context(struct profile *profile, struct fail *fail)
{
        if (decode_require(profile, fail) || decode_also(profile, fail))
                return FAIL_INVALID;
        return decode_metrics(profile, fail);
}
