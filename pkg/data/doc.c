/* SPDX-License-Identifier: Apache-2.0 */
#include "data/doc.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#define PLAIN_TEXT (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

/* json-c reports missing memory; a document without the member that did not fit must never leave this process. */
static void *checked(void *memory)
{
        if (!memory)
                abort();
        return memory;
}

void doc_put_at(struct json_object **document)
{
        json_object_put(*document);
        *document = NULL;
}

/* json-c reads NaN and Infinity also when it is strict, and 1e999 as infinity; nobody could read them again. */
static bool is_finite(struct json_object *doc)
{
        enum json_type type = json_object_get_type(doc);

        if (type == json_type_double)
                return isfinite(json_object_get_double(doc));
        for (size_t i = 0; type == json_type_array && i < json_object_array_length(doc); i++)
                if (!is_finite(json_object_array_get_idx(doc, i)))
                        return false;
        if (type != json_type_object)
                return true;
        json_object_object_foreach(doc, key, value) {
                (void)key;
                if (!is_finite(value))
                        return false;
        }
        return true;
}

enum fail_kind doc_parse(const char *text, size_t size, struct json_object **ret_doc, struct fail *fail)
{
        if (size > INT_MAX)
                return fail_set(fail, FAIL_TOO_LARGE, "JSON of %zu bytes", size);
        struct json_tokener *tokener = checked(json_tokener_new_ex(DOC_DEPTH_MAX));
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
        struct json_object *doc = json_tokener_parse_ex(tokener, text, (int)size);
        enum json_tokener_error error = json_tokener_get_error(tokener);
        size_t end = json_tokener_get_parse_end(tokener);
        /* A bare number at the end of input is only complete once the tokener knows that nothing follows. */
        if (error == json_tokener_continue) {
                doc = json_tokener_parse_ex(tokener, "", 1);
                error = json_tokener_get_error(tokener);
                end = size;
        }
        json_tokener_free(tokener);
        if (error != json_tokener_success)
                return fail_set(fail, FAIL_INVALID, "not JSON at byte %zu: %s", end, json_tokener_error_desc(error));
        while (end < size && strchr(" \t\r\n", text[end]) && text[end])
                end++;
        if (end < size) {
                json_object_put(doc);
                return fail_set(fail, FAIL_INVALID, "more after the JSON value at byte %zu", end);
        }
        if (!is_finite(doc)) {
                json_object_put(doc);
                return fail_set(fail, FAIL_INVALID, "not JSON: a number that is not finite");
        }
        *ret_doc = doc;
        return FAIL_NONE;
}

/* Cuts one step off 'path': a key in 'key', or an index >= 0. Returns the rest, NULL when the path is malformed. */
static const char *next_step(const char *path, char *key, size_t key_size, long *index)
{
        *index = -1;
        if (path[0] == '[' && path[1] == '"') {
                const char *end = strstr(path + 2, "\"]");
                if (!end || (size_t)(end - path - 2) >= key_size)
                        return NULL;
                memcpy(key, path + 2, (size_t)(end - path - 2));
                key[end - path - 2] = '\0';
                path = end + 2;
        } else if (path[0] == '[') {
                char *end;
                *index = strtol(path + 1, &end, 10);
                if (*end != ']' || *index < 0)
                        return NULL;
                path = end + 1;
        } else {
                size_t len = strcspn(path, ".[");
                if (len == 0 || len >= key_size)
                        return NULL;
                memcpy(key, path, len);
                key[len] = '\0';
                path += len;
        }
        return *path == '.' ? path + 1 : path;
}

struct json_object *doc_at(struct json_object *doc, const char *path)
{
        char key[256];
        long index;

        while (doc && path && *path) {
                path = next_step(path, key, sizeof key, &index);
                if (!path)
                        return NULL;
                if (index >= 0) {
                        doc = doc_item(doc, (size_t)index);
                        continue;
                }
                struct json_object *child = NULL;
                if (!json_object_is_type(doc, json_type_object) || !json_object_object_get_ex(doc, key, &child))
                        return NULL;
                doc = child;
        }
        return doc;
}

const char *doc_text(struct json_object *doc, const char *path)
{
        struct json_object *at = doc_at(doc, path);
        return json_object_is_type(at, json_type_string) ? json_object_get_string(at) : NULL;
}

int64_t doc_int(struct json_object *doc, const char *path, int64_t otherwise)
{
        struct json_object *at = doc_at(doc, path);
        return json_object_is_type(at, json_type_int) ? json_object_get_int64(at) : otherwise;
}

double doc_double(struct json_object *doc, const char *path, double otherwise)
{
        struct json_object *at = doc_at(doc, path);
        if (json_object_is_type(at, json_type_int))
                return (double)json_object_get_int64(at);
        return json_object_is_type(at, json_type_double) ? json_object_get_double(at) : otherwise;
}

bool doc_bool(struct json_object *doc, const char *path, bool otherwise)
{
        struct json_object *at = doc_at(doc, path);
        return json_object_is_type(at, json_type_boolean) ? json_object_get_boolean(at) : otherwise;
}

size_t doc_len(struct json_object *doc, const char *path)
{
        struct json_object *at = doc_at(doc, path);
        return json_object_is_type(at, json_type_array) ? json_object_array_length(at) : 0;
}

struct json_object *doc_item(struct json_object *array, size_t index)
{
        return json_object_is_type(array, json_type_array) ? json_object_array_get_idx(array, index) : NULL;
}

struct json_object *doc_find(struct json_object *array, const char *key, const char *text)
{
        for (size_t i = 0; i < doc_len(array, ""); i++)
                if (text_equal(doc_text(doc_item(array, i), key), text))
                        return doc_item(array, i);
        return NULL;
}

struct json_object *doc_object(void)
{
        return checked(json_object_new_object());
}

struct json_object *doc_array(void)
{
        return checked(json_object_new_array());
}

struct json_object *doc_set(struct json_object *object, const char *key, struct json_object *child)
{
        if (child && json_object_object_add(object, key, child) < 0)
                abort();
        return object;
}

struct json_object *doc_object_at(struct json_object *object, const char *key)
{
        struct json_object *child = NULL;

        if (!json_object_object_get_ex(object, key, &child) || !json_object_is_type(child, json_type_object))
                doc_set(object, key, child = doc_object());
        return child;
}

struct json_object *doc_set_text(struct json_object *object, const char *key, const char *value)
{
        return value ? doc_set(object, key, checked(json_object_new_string(value))) : object;
}

struct json_object *doc_set_int(struct json_object *object, const char *key, int64_t value)
{
        return doc_set(object, key, checked(json_object_new_int64(value)));
}

struct json_object *doc_set_bool(struct json_object *object, const char *key, bool value)
{
        return doc_set(object, key, checked(json_object_new_boolean(value)));
}

struct json_object *doc_set_double(struct json_object *object, const char *key, double value, int decimals)
{
        char text[64];

        snprintf(text, sizeof text, "%.*f", decimals, value);
        return doc_set(object, key, checked(json_object_new_double_s(value, text)));
}

struct json_object *doc_set_time(struct json_object *object, const char *key, int64_t wall_ms)
{
        char text[CLOCK_TEXT_MAX];

        clock_format_seconds(wall_ms, text);
        return doc_set_text(object, key, text);
}

struct json_object *doc_push(struct json_object *array, struct json_object *child)
{
        if (json_object_array_add(array, child) < 0)
                abort();
        return array;
}

struct json_object *doc_push_text(struct json_object *array, const char *value)
{
        return doc_push(array, checked(json_object_new_string(value)));
}

struct json_object *doc_copy(struct json_object *doc)
{
        struct json_object *copy = NULL;

        if (doc && json_object_deep_copy(doc, &copy, NULL) < 0)
                abort();
        return copy;
}

bool doc_equal(struct json_object *a, struct json_object *b)
{
        return json_object_equal(a, b);
}

struct json_object *doc_merge(struct json_object *target, struct json_object *patch)
{
        if (!json_object_is_type(patch, json_type_object))
                return patch ? doc_copy(patch) : doc_copy(target);
        struct json_object *merged =
                json_object_is_type(target, json_type_object) ? doc_copy(target) : doc_object();
        json_object_object_foreach(patch, key, change) {
                if (!change) {
                        json_object_object_del(merged, key);
                        continue;
                }
                struct json_object *old = NULL;
                json_object_object_get_ex(merged, key, &old);
                if (json_object_object_add(merged, key, doc_merge(old, change)) < 0)
                        abort();
        }
        return merged;
}

static int compare_keys(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void print_canonical(struct buf *out, struct json_object *doc);

static void print_object(struct buf *out, struct json_object *object)
{
        size_t len = 0, count = (size_t)json_object_object_length(object);
        auto_free const char **keys = xcalloc(count, sizeof *keys);

        json_object_object_foreach(object, key, unused) {
                (void)unused;
                keys[len++] = key;
        }
        qsort(keys, len, sizeof *keys, compare_keys);
        buf_text(out, "{");
        for (size_t i = 0; i < len; i++) {
                struct json_object *value = NULL;
                auto_json struct json_object *name = checked(json_object_new_string(keys[i]));
                json_object_object_get_ex(object, keys[i], &value);
                buf_format(out, "%s%s:", i ? "," : "", doc_print(name));
                print_canonical(out, value);
        }
        buf_text(out, "}");
}

static void print_canonical(struct buf *out, struct json_object *doc)
{
        if (json_object_is_type(doc, json_type_object)) {
                print_object(out, doc);
                return;
        }
        if (!json_object_is_type(doc, json_type_array)) {
                buf_text(out, doc_print(doc));
                return;
        }
        buf_text(out, "[");
        for (size_t i = 0; i < json_object_array_length(doc); i++) {
                buf_text(out, i ? "," : "");
                print_canonical(out, json_object_array_get_idx(doc, i));
        }
        buf_text(out, "]");
}

char *doc_canonical(struct json_object *doc)
{
        struct buf out = {0};

        print_canonical(&out, doc);
        return buf_take(&out);
}

const char *doc_print(struct json_object *doc)
{
        return doc ? checked((char *)json_object_to_json_string_ext(doc, PLAIN_TEXT)) : "null";
}
