/* SPDX-License-Identifier: Apache-2.0
 *
 * Inputs that are JSON, for targets behind the parser. */
#pragma once

#include "data/doc.h"
#include "fuzz.h"

/* The input as a document that the caller owns; NULL when it is none. */
static inline struct json_object *fuzz_json(const uint8_t *data, size_t size)
{
        struct json_object *doc = NULL;
        char *text = fuzz_copy(data, size);

        if (doc_parse(text, size, &doc, NULL))
                doc = NULL;
        free(text);
        return doc;
}

/* What is written can be read again and is the same. */
static inline void fuzz_must_survive(struct json_object *doc)
{
        struct json_object *again = NULL;
        const char *text = doc_print(doc);

        must(!doc_parse(text, strlen(text), &again, NULL));
        must(strcmp(text, doc_print(again)) == 0);
        json_object_put(again);
}

/* Valid UTF-8 without control characters, as people and the API server get to see it. */
static inline void fuzz_must_be_utf8(const char *text)
{
        struct json_object *doc = json_object_new_string(text);

        fuzz_must_survive(doc); /* the parser validates UTF-8 */
        json_object_put(doc);
}
