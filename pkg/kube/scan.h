/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking into JSON text without building a tree. A page of 500 pods is megabytes of text and ten times that as a tree,
 * half of it managedFields that nobody reads: items are cut out of the text one by one, and what is not wanted is cut out
 * of them, before the parser (data/doc.h) ever sees them. The parser still decides what is JSON: the scanner only has to
 * find ends, and says so when it cannot. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/fail.h"

struct scan_span {
        const char *text;
        size_t size;
};

struct scan_wanted {
        const char *key;
        const char *begin;      /* of the member, at its key's quote; NULL: absent */
        struct scan_span value;
};

/* Fills in the values of members of the object that 'object' spans, in one pass. Keys are compared as they stand, so that a
 * key written with escapes is not found. The last one counts when it repeats. False when this is no object from brace to brace. */
bool scan_members(struct scan_span object, struct scan_wanted *wanted, size_t wanted_len);

/* The next element of an array: start with *at = 0. False at the end or at the first error. */
bool scan_element(struct scan_span array, size_t *at, struct scan_span *ret_value);
/* After scan_element() said false: the array was properly closed. */
bool scan_complete(struct scan_span array, size_t at);

/* What to keep of an object: a tree of keys. Lists are passed through: what holds for a list holds for its elements. */
struct scan_keep {
        char *key;
        struct scan_keep *children; /* none: everything below is kept */
        size_t children_len;
};

/* From dotted paths ("status.containerStatuses.ready", "metadata.labels[\"a.b/c\"]"), ended by NULL; of an object at least metadata's name, namespace,
 * uid and resourceVersion are kept. NULL for NULL. */
struct scan_keep *scan_keep_new(const char *const *paths);
struct scan_keep *scan_keep_free(struct scan_keep *keep);

/* Parses an object's text without what 'keep' leaves out; without its metadata.managedFields when 'keep' is NULL.
 * FAIL_INVALID as of doc_parse(); what is left out need not even be JSON. */
enum fail_kind scan_parse(struct scan_span text, const struct scan_keep *keep, struct json_object **ret_doc,
                          struct fail *fail);
