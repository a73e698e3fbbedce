/* SPDX-License-Identifier: Apache-2.0
 *
 * The scanner against the parser: what is cut out of text is what a tree, parsed whole and pruned, would have kept. */
#include "base/mem.h"
#include "base/text.h"
#include "fuzz_json.h"
#include "kube/scan.h"

static const char *const paths[] = {"spec.nodeName", "status.containerStatuses.ready", "status.containerStatuses.state", NULL};

static const struct scan_keep *child_of(const struct scan_keep *keep, const char *key)
{
        for (size_t i = 0; i < keep->children_len; i++)
                if (strcmp(keep->children[i].key, key) == 0)
                        return &keep->children[i];
        return NULL;
}

/* A new document with what 'keep' keeps of 'doc'. */
static struct json_object *pruned(struct json_object *doc, const struct scan_keep *keep)
{
        bool is_array = json_object_is_type(doc, json_type_array);

        if (!keep->children_len || (!is_array && !json_object_is_type(doc, json_type_object)))
                return doc_copy(doc);
        struct json_object *out = is_array ? doc_array() : doc_object();
        for (size_t i = 0; i < doc_len(doc, ""); i++)
                doc_push(out, pruned(doc_item(doc, i), keep));
        if (is_array)
                return out;
        json_object_object_foreach(doc, key, value) {
                if (child_of(keep, key))
                        json_object_object_add(out, key, pruned(value, child_of(keep, key)));
        }
        return out;
}

static void must_keep_alike(struct json_object *doc, struct scan_span text)
{
        struct scan_keep *keep = scan_keep_new(paths);
        auto_json struct json_object *scanned = NULL, *lean = NULL, *expected = doc_copy(doc);

        must(!scan_parse(text, keep, &scanned, NULL));
        auto_json struct json_object *wanted =
                json_object_is_type(doc, json_type_object) ? pruned(doc, keep) : doc_copy(doc);
        must(doc_equal(scanned, wanted));
        must(!scan_parse(text, NULL, &lean, NULL));
        struct json_object *metadata = doc_at(expected, "metadata");
        if (json_object_is_type(metadata, json_type_object))
                json_object_object_del(metadata, "managedFields");
        must(doc_equal(lean, expected));
        scan_keep_free(keep);
}

/* Every element once, and the end found. */
static void must_walk_alike(struct json_object *array, struct scan_span text)
{
        struct scan_span element;
        size_t at = 0, i = 0;

        for (; scan_element(text, &at, &element); i++) {
                auto_json struct json_object *one = NULL;
                must(i < doc_len(array, "") && !doc_parse(element.text, element.size, &one, NULL));
                must(doc_equal(one, doc_item(array, i)));
        }
        must(i == doc_len(array, "") && scan_complete(text, at));
}

/* Text that need not be JSON: spans lie within it. */
static void must_stay_inside(struct scan_span text)
{
        struct scan_wanted wanted[] = {{.key = "items"}, {.key = "metadata"}};
        struct scan_span element;
        size_t at = 0;

        if (scan_members(text, wanted, ARRAY_LEN(wanted)) && wanted[0].begin) {
                must(wanted[0].begin >= text.text && wanted[0].value.text > wanted[0].begin);
                must(wanted[0].value.text + wanted[0].value.size <= text.text + text.size);
        }
        while (scan_element(text, &at, &element))
                must(at <= text.size && element.text >= text.text && element.text + element.size <= text.text + text.size);
}

/* Text that need not be JSON, left out of and parsed. */
static void try_parsing(struct scan_span text)
{
        struct scan_keep *keep = scan_keep_new(paths);
        auto_json struct json_object *kept = NULL, *lean = NULL;

        scan_parse(text, keep, &kept, NULL);
        scan_parse(text, NULL, &lean, NULL);
        scan_keep_free(keep);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        auto_free char *raw = fuzz_copy(data, size);
        auto_json struct json_object *doc = fuzz_json(data, size);

        must_stay_inside((struct scan_span){raw, size});
        try_parsing((struct scan_span){raw, size});
        if (!doc)
                return 0;
        /* Printed, because keys that repeat, or are written with escapes, are for the scanner what they are. */
        auto_free char *text = xstrdup(doc_print(doc));
        must_keep_alike(doc, (struct scan_span){text, strlen(text)});
        if (json_object_is_type(doc, json_type_array))
                must_walk_alike(doc, (struct scan_span){text, strlen(text)});
        return 0;
}
