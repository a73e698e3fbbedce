/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON: what is accepted is finite, prints as JSON that means the same, has one canonical text, and merges by the laws of
 * RFC 7386. The input is also tried as a path into itself. */
#include <math.h>

#include "fuzz_json.h"

static void must_be_finite(struct json_object *doc, int depth)
{
        must(depth <= DOC_DEPTH_MAX);
        if (json_object_is_type(doc, json_type_double))
                must(isfinite(json_object_get_double(doc)));
        for (size_t i = 0; i < doc_len(doc, ""); i++)
                must_be_finite(doc_item(doc, i), depth + 1);
        if (!json_object_is_type(doc, json_type_object))
                return;
        json_object_object_foreach(doc, key, value) {
                (void)key;
                must_be_finite(value, depth + 1);
        }
}

static void must_have_one_canonical_text(struct json_object *doc)
{
        struct json_object *again = NULL;
        char *text = doc_canonical(doc);

        must(!doc_parse(text, strlen(text), &again, NULL));
        char *text_again = doc_canonical(again);
        must(strcmp(text, text_again) == 0);
        free(text);
        free(text_again);
        json_object_put(again);
}

static void must_merge_by_law(struct json_object *doc)
{
        auto_json struct json_object *nothing = doc_object(), *same = doc_merge(doc, nothing);
        auto_json struct json_object *once = doc_merge(NULL, doc), *twice = doc_merge(once, doc);
        auto_json struct json_object *copy = doc_copy(doc);

        must(!json_object_is_type(doc, json_type_object) || doc_equal(doc, same));
        must(doc_equal(once, twice));
        must(doc_equal(doc, copy));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        auto_json struct json_object *doc = NULL;
        char *text = fuzz_copy(data, size), *path = fuzz_text(data, size);
        struct fail fail = {0};

        enum fail_kind kind = doc_parse(text, size, &doc, &fail);
        free(text);
        must(kind == fail.kind && (!kind || fail.text[0]));
        doc_at(doc, path);
        free(path);
        if (kind)
                return 0;
        must_be_finite(doc, 0);
        fuzz_must_survive(doc);
        must_have_one_canonical_text(doc);
        must_merge_by_law(doc);
        return 0;
}
