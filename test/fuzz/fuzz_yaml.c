/* SPDX-License-Identifier: Apache-2.0
 *
 * YAML becomes trees that are JSON; what is JSON already is read as the same tree or refused, never as another one. */
#include "base/mem.h"
#include "data/yaml.h"
#include "fuzz_json.h"

static size_t count(struct json_object *doc, int depth)
{
        size_t nodes = 1;

        must(depth <= YAML_DEPTH_MAX + 1);
        for (size_t i = 0; i < doc_len(doc, ""); i++)
                nodes += count(doc_item(doc, i), depth + 1);
        if (!json_object_is_type(doc, json_type_object))
                return nodes;
        json_object_object_foreach(doc, key, value) {
                (void)key;
                nodes += count(value, depth + 1);
        }
        return nodes;
}

/* Integers beyond 64 bits: the parser of JSON takes the nearest that fits, that of YAML a float. */
static bool has_huge_number(const char *text)
{
        for (size_t digits = 0; *text; text++) {
                digits = *text >= '0' && *text <= '9' ? digits + 1 : 0;
                if (digits > 18)
                        return true;
        }
        return false;
}

static void must_read_json_alike(struct json_object *doc)
{
        auto_json struct json_object *read = NULL;
        const char *text = doc_print(doc);

        if (!has_huge_number(text) && !yaml_parse(text, strlen(text), &read, NULL))
                must(doc_equal(doc, read));
}

static void must_be_written_alike(struct json_object *doc)
{
        auto_json struct json_object *read = NULL;
        auto_free char *text = yaml_format(doc);

        if (!yaml_parse(text, strlen(text), &read, NULL))
                must(doc_equal(doc, read));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        auto_json struct json_object *docs = NULL, *json = fuzz_json(data, size);
        struct fail fail = {0};
        char *text = fuzz_copy(data, size);

        enum fail_kind kind = yaml_parse_all(text, size, &docs, &fail);
        free(text);
        must(kind == fail.kind && (!kind || fail.text[0]));
        if (json)
                must_read_json_alike(json);
        if (kind)
                return 0;
        must(count(docs, 0) <= YAML_NODES_MAX + 1);
        for (size_t i = 0; i < doc_len(docs, ""); i++)
                if (!has_huge_number(doc_print(doc_item(docs, i)))) {
                        fuzz_must_survive(doc_item(docs, i));
                        must_be_written_alike(doc_item(docs, i));
                }
        return 0;
}
