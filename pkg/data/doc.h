/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON documents (json-c) read by dotted paths, parsed under bounds, printed canonically.
 * Ownership: whoever holds a 'struct json_object *' in an auto_json owns one reference; adding to a parent gives
 * it away (write take(child) there); everything the getters return is borrowed from the document. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"

#define DOC_DEPTH_MAX 64

void doc_put_at(struct json_object **document);
#define auto_json __attribute__((cleanup(doc_put_at)))

/* Parses exactly one JSON value of 'size' bytes; nothing but white space may follow it.
 * On success *ret_doc is a new reference. FAIL_INVALID (syntax, depth over DOC_DEPTH_MAX, trailing bytes, numbers that are
 * not finite: NaN, Infinity, 1e999). An integer beyond 64 bits is read as the nearest that fits. */
enum fail_kind doc_parse(const char *text, size_t size, struct json_object **ret_doc, struct fail *fail);

/* The value at 'path', e.g. "spec.load.requests[0].path"; a key with dots is written ["a.b/c"].
 * NULL when any step is missing, of the wrong type, or JSON null. 'doc' may be NULL. */
struct json_object *doc_at(struct json_object *doc, const char *path);

/* NULL / 'otherwise' when the path is missing or holds another type. */
const char *doc_text(struct json_object *doc, const char *path);
int64_t doc_int(struct json_object *doc, const char *path, int64_t otherwise);
double doc_double(struct json_object *doc, const char *path, double otherwise);
bool doc_bool(struct json_object *doc, const char *path, bool otherwise);
/* 0 and NULL when the path holds no array. */
size_t doc_len(struct json_object *doc, const char *path);
struct json_object *doc_item(struct json_object *array, size_t index);
/* The first item that has this text under 'key' (a path), as conditions have their type; NULL when none has, or it is no array. */
struct json_object *doc_find(struct json_object *array, const char *key, const char *text);

/* Builders. Each returns 'object', so calls chain; values are copied, a child's reference is taken.
 * doc_set_text with a NULL value, and doc_set with a NULL child, leave the key out. */
struct json_object *doc_object(void);
struct json_object *doc_array(void);
struct json_object *doc_set(struct json_object *object, const char *key, struct json_object *child);
/* The object under 'key' (no path), made when there is none; borrowed. What else was there is replaced. */
struct json_object *doc_object_at(struct json_object *object, const char *key);
struct json_object *doc_set_text(struct json_object *object, const char *key, const char *value);
struct json_object *doc_set_int(struct json_object *object, const char *key, int64_t value);
struct json_object *doc_set_bool(struct json_object *object, const char *key, bool value);
/* A wall clock time as RFC 3339 in UTC with seconds, "2026-11-26T10:00:00Z". */
struct json_object *doc_set_time(struct json_object *object, const char *key, int64_t wall_ms);
struct json_object *doc_set_double(struct json_object *object, const char *key, double value, int decimals);
struct json_object *doc_push(struct json_object *array, struct json_object *child);
struct json_object *doc_push_text(struct json_object *array, const char *value);

/* A deep copy that the caller owns. NULL stays NULL. */
struct json_object *doc_copy(struct json_object *doc);
/* Same JSON value (keys in any order). NULLs are equal to each other. */
bool doc_equal(struct json_object *a, struct json_object *b);
/* RFC 7386: returns a new document, 'target' changed by 'patch' (null removes). Both are borrowed, both may be NULL. */
struct json_object *doc_merge(struct json_object *target, struct json_object *patch);
/* Canonical text: keys sorted by bytes, no white space. New string, the caller frees it. */
char *doc_canonical(struct json_object *doc);
/* Plain text, no white space, keys in document order. Borrowed, valid until 'doc' changes. */
const char *doc_print(struct json_object *doc);
