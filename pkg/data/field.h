/* SPDX-License-Identifier: Apache-2.0
 *
 * Decoding by table: one row says where a value stands in a document, what it must be and where it goes. A refusal names the
 * field by its path and says what to write. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/fail.h"

enum field_type {
        FIELD_TEXT,        /* const char *, borrowed from the document; least..most bytes */
        FIELD_BOOL,        /* bool */
        FIELD_INT,         /* int64_t; least..most */
        FIELD_INT32,       /* int32_t or uint32_t; least..most, which must fit */
        FIELD_WORD,        /* int: index of the text in 'words' */
        FIELD_DURATION_MS, /* int64_t from "90s"; least..most milliseconds */
        FIELD_DURATION_NS, /* int64_t from "1ms"; least..most nanoseconds */
        FIELD_RATE,        /* double, requests per second, from "500/s"; least..most */
        FIELD_RATIO,       /* double, 0..1, from "0.1%"; least..most */
};

struct field {
        const char *path; /* below the document, as doc_at takes it */
        enum field_type type;
        size_t offset;    /* into the decoded struct */
        double least, most;
        const char *const *words; /* of FIELD_WORD, ends with NULL */
        bool optional;    /* an absent value leaves the struct as it is */
};

/* Fills 'into' from 'doc' by all rows, in order. 'where' stands before each path in failures, e.g. "spec."; "" is fine.
 * FAIL_INVALID names the first field that is missing, of another type or out of bounds; rows before it are then filled. */
enum fail_kind field_decode(struct json_object *doc, const char *where, const struct field *table, size_t len, void *into,
                            struct fail *fail);
