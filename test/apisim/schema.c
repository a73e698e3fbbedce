/* SPDX-License-Identifier: Apache-2.0
 *
 * Structural schemas of custom resources (apiextensions-apiserver pkg/apiserver/schema): pruning, defaults, and the checks
 * of OpenAPI v3. CEL and patterns are not evaluated. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "rules.h"

static struct json_object *member(struct json_object *schema, const char *key)
{
        struct json_object *value = NULL;

        return schema && json_object_is_type(schema, json_type_object) && json_object_object_get_ex(schema, key, &value) ? value : NULL;
}

/* Where a value stands; written out only when something is to be said about it. The outermost is NULL. */
struct place {
        const struct place *above;
        const char *key; /* NULL: an item */
        size_t item;
};

/* "spec.load.shape[0].hold"; new. */
static char *place_text(const struct place *at)
{
        if (!at)
                return xstrdup("");
        auto_free char *above = place_text(at->above);
        return at->key ? xasprintf("%s%s%s", above, above[0] ? "." : "", at->key) : xasprintf("%s[%zu]", above, at->item);
}

/* Schema of a member of an object; NULL: there is none. */
static struct json_object *schema_of(struct json_object *schema, const char *key)
{
        struct json_object *known = member(member(schema, "properties"), key), *others = member(schema, "additionalProperties");

        return known ? known : json_object_is_type(others, json_type_object) ? others : NULL;
}

static bool keeps_unknown(struct json_object *schema)
{
        return doc_bool(schema, "x-kubernetes-preserve-unknown-fields", false) || doc_bool(schema, "additionalProperties", false);
}

/* ---- Pruning ---- */

static void prune(struct json_object *schema, struct json_object *json, const struct place *at, struct json_object *unknown)
{
        if (json_object_is_type(json, json_type_array)) {
                struct json_object *items = member(schema, "items");
                for (size_t i = 0; i < doc_len(json, ""); i++)
                        prune(items, doc_item(json, i), &(struct place){at, NULL, i}, unknown);
                return;
        }
        if (!json_object_is_type(json, json_type_object))
                return;
        json_object_object_foreach(json, key, value) {
                const struct place below = {at, key, 0};
                struct json_object *known = schema_of(schema, key);
                if (!at && (strcmp(key, "metadata") == 0 || strcmp(key, "kind") == 0 || strcmp(key, "apiVersion") == 0))
                        continue;
                if (known) {
                        prune(known, value, &below, unknown);
                } else if (!keeps_unknown(schema)) {
                        auto_free char *path = place_text(&below);
                        doc_push_text(unknown, path);
                        json_object_object_del(json, key); /* json-c allows this of the current one */
                }
        }
}

void schema_prune(struct json_object *schema, struct json_object *json, struct json_object *unknown)
{
        prune(schema, json, NULL, unknown);
}

/* ---- Defaults ---- */

void schema_default(struct json_object *schema, struct json_object *json)
{
        struct json_object *properties = member(schema, "properties"), *there;

        for (size_t i = 0; json_object_is_type(json, json_type_array) && i < doc_len(json, ""); i++)
                schema_default(member(schema, "items"), doc_item(json, i));
        if (!json_object_is_type(json, json_type_object))
                return;
        if (properties) {
                json_object_object_foreach(properties, name, known) {
                        struct json_object *standard = member(known, "default");
                        bool has = json_object_object_get_ex(json, name, &there);
                        if (standard && (!has || (!there && !doc_bool(known, "nullable", false))))
                                json_object_object_add(json, name, doc_copy(standard));
                        else if (has && !there)
                                json_object_object_del(json, name);
                }
        }
        json_object_object_foreach(json, key, value)
                schema_default(schema_of(schema, key), value);
}

/* ---- Checks ---- */

static const char *type_name(struct json_object *json)
{
        static const char *const names[] = {[json_type_null] = "null",     [json_type_boolean] = "boolean", [json_type_double] = "number",
                                            [json_type_int] = "integer",   [json_type_object] = "object",   [json_type_array] = "array",
                                            [json_type_string] = "string"};
        return names[json_object_get_type(json)];
}

static bool type_fits(struct json_object *schema, struct json_object *json)
{
        const char *wanted = doc_text(schema, "type");
        json_type type = json_object_get_type(json);

        if (doc_bool(schema, "x-kubernetes-int-or-string", false))
                return type == json_type_int || type == json_type_string;
        return !wanted || strcmp(wanted, type_name(json)) == 0 || (strcmp(wanted, "number") == 0 && type == json_type_int);
}

static void check_enum(struct json_object *schema, struct json_object *json, const struct place *at, struct json_object *causes)
{
        struct json_object *words = member(schema, "enum");
        auto_buf struct buf known = {0};

        if (!words)
                return;
        for (size_t i = 0; i < doc_len(words, ""); i++)
                if (doc_equal(doc_item(words, i), json))
                        return;
        for (size_t i = 0; i < doc_len(words, ""); i++)
                buf_format(&known, "%s%s", i ? ", " : "", doc_print(doc_item(words, i)));
        auto_free char *path = place_text(at);
        cause_add(causes, CAUSE_UNSUPPORTED, path, "%s: supported values: %s", doc_print(json), known.data);
}

static size_t characters(const char *text)
{
        size_t len = 0;

        for (; *text; text++)
                len += ((unsigned char)*text & 0xc0) != 0x80;
        return len;
}

static void check_string(struct json_object *schema, struct json_object *json, const struct place *at, struct json_object *causes)
{
        const char *text = json_object_get_string(json);
        int64_t most = doc_int(schema, "maxLength", INT64_MAX), least = doc_int(schema, "minLength", 0), len = (int64_t)characters(text);
        bool bad_time = text_equal(doc_text(schema, "format"), "date-time") && clock_parse(text) < 0;

        if (len <= most && len >= least && !bad_time)
                return;
        auto_free char *path = place_text(at);
        if (len > most)
                cause_add(causes, CAUSE_TOO_LONG, path, "may not be more than %" PRId64 " bytes", most);
        if (len < least)
                cause_add(causes, CAUSE_INVALID, path, "\"%s\": %s in body should be at least %" PRId64 " chars long", text, path, least);
        if (bad_time)
                cause_add(causes, CAUSE_INVALID, path, "\"%s\": %s in body must be of type date-time: \"%s\"", text, path, text);
}

static void check_number(struct json_object *schema, struct json_object *json, const struct place *at, struct json_object *causes)
{
        struct json_object *least = member(schema, "minimum"), *most = member(schema, "maximum");
        double value = json_object_get_double(json);
        bool low = least && value < json_object_get_double(least), high = most && value > json_object_get_double(most);

        if (!low && !high)
                return;
        auto_free char *path = place_text(at);
        if (low)
                cause_add(causes, CAUSE_INVALID, path, "%s: %s in body should be greater than or equal to %s", doc_print(json), path, doc_print(least));
        if (high)
                cause_add(causes, CAUSE_INVALID, path, "%s: %s in body should be less than or equal to %s", doc_print(json), path, doc_print(most));
}

static void check_value(struct json_object *schema, struct json_object *json, const struct place *at, struct json_object *causes);

/* Two items of a map-like list with equal keys. */
static void check_keys(struct json_object *schema, struct json_object *list, const struct place *at, struct json_object *causes)
{
        struct json_object *keys = member(schema, "x-kubernetes-list-map-keys");
        bool set = text_equal(doc_text(schema, "x-kubernetes-list-type"), "set");

        for (size_t i = 1; (keys || set) && i < doc_len(list, ""); i++)
                for (size_t j = 0; j < i; j++) {
                        bool same = set ? doc_equal(doc_item(list, i), doc_item(list, j)) : true;
                        for (size_t k = 0; k < doc_len(keys, ""); k++) {
                                const char *key = json_object_get_string(doc_item(keys, k));
                                same = same && doc_equal(doc_at(doc_item(list, i), key), doc_at(doc_item(list, j), key));
                        }
                        auto_free char *item = same ? place_text(&(struct place){at, NULL, i}) : NULL;
                        if (same)
                                cause_add(causes, CAUSE_DUPLICATE, item, "%s", doc_print(doc_item(list, i)));
                }
}

static void check_array(struct json_object *schema, struct json_object *json, const struct place *at, struct json_object *causes)
{
        int64_t most = doc_int(schema, "maxItems", INT64_MAX), least = doc_int(schema, "minItems", 0), len = (int64_t)doc_len(json, "");

        auto_free char *path = len > most || len < least ? place_text(at) : NULL;
        if (len > most) {
                cause_add(causes, CAUSE_TOO_MANY, path, "%" PRId64 ": must have at most %" PRId64 " items", len, most);
                return;
        }
        if (len < least)
                cause_add(causes, CAUSE_INVALID, path, "%" PRId64 ": %s in body should have at least %" PRId64 " items", len, path, least);
        check_keys(schema, json, at, causes);
        struct json_object *items = member(schema, "items");
        for (size_t i = 0; i < (size_t)len; i++)
                check_value(items, doc_item(json, i), &(struct place){at, NULL, i}, causes);
}

static void check_object(struct json_object *schema, struct json_object *json, const struct place *at, struct json_object *causes)
{
        struct json_object *needed = member(schema, "required");
        int64_t most = doc_int(schema, "maxProperties", INT64_MAX);

        if (json_object_object_length(json) > most) {
                auto_free char *path = place_text(at);
                cause_add(causes, CAUSE_TOO_MANY, path, "%d: must have at most %" PRId64 " items", json_object_object_length(json), most);
        }
        for (size_t i = 0; i < doc_len(needed, ""); i++) {
                const char *name = json_object_get_string(doc_item(needed, i));
                if (json_object_object_get_ex(json, name, NULL))
                        continue;
                auto_free char *field = place_text(&(struct place){at, name, 0});
                cause_add(causes, CAUSE_REQUIRED, field, "%s", "");
        }
        json_object_object_foreach(json, key, value) {
                struct json_object *known = schema_of(schema, key);
                if (known && (at || strcmp(key, "metadata") != 0))
                        check_value(known, value, &(struct place){at, key, 0}, causes);
        }
}

static void check_value(struct json_object *schema, struct json_object *json, const struct place *at, struct json_object *causes)
{
        static void (*const checks[])(struct json_object *, struct json_object *, const struct place *, struct json_object *) = {
                [json_type_string] = check_string, [json_type_int] = check_number,     [json_type_double] = check_number,
                [json_type_array] = check_array,   [json_type_object] = check_object,
        };
        json_type type = json_object_get_type(json);

        if (!schema || (!json && doc_bool(schema, "nullable", false)))
                return;
        if (!type_fits(schema, json)) {
                const char *wanted = doc_text(schema, "type");
                auto_free char *path = place_text(at);
                cause_add(causes, CAUSE_TYPE, path, "\"%s\": %s in body must be of type %s: \"%s\"", type_name(json), path,
                          wanted ? wanted : "integer,string", type_name(json));
        } else if (type < (json_type)ARRAY_LEN(checks) && checks[type]) {
                checks[type](schema, json, at, causes);
        }
        check_enum(schema, json, at, causes);
}

void schema_check(struct json_object *schema, struct json_object *json, struct json_object *causes)
{
        check_value(schema, json, NULL, causes);
        /* As the real server says when it did not come to the CEL rules. */
        if (doc_len(causes, ""))
                cause_add(causes, CAUSE_INVALID, "<nil>",
                          "null: some validation rules were not checked because the object was invalid; correct the existing errors to complete "
                          "validation");
}
