/* SPDX-License-Identifier: Apache-2.0
 *
 * {"question": {…}, "objects": […], "missed": ["Kind", …]}: a cluster, however absurd. The lists that are wanted come to an end, the
 * snapshot is the same twice, bounded and printable, and differs in nothing from itself. */
#include <stdio.h>

#include "base/text.h"
#include "fuzz_json.h"
#include "mesh/diff.h"
#include "mesh/explain.h"
#include "mesh/mesh.h"

#define ROUNDS_MAX 16

static bool is_missed(struct json_object *input, const char *kind)
{
        for (size_t i = 0; i < doc_len(input, "missed"); i++)
                if (text_equal(json_object_get_string(doc_item(doc_at(input, "missed"), i)), kind))
                        return true;
        return false;
}

static void answer(struct mesh_bag *bag, struct json_object *input, const struct mesh_list *list)
{
        struct json_object *objects = doc_at(input, "objects"), *items = doc_array();

        for (size_t i = 0; i < doc_len(objects, ""); i++)
                if (text_equal(doc_text(doc_item(objects, i), "kind"), list->resource->kind))
                        doc_push(items, json_object_get(doc_item(objects, i)));
        if (is_missed(input, list->resource->kind))
                mesh_bag_miss(bag, list, MESH_FORBIDDEN);
        else
                mesh_bag_add(bag, list, items);
        json_object_put(items);
}

static struct json_object *resolve(struct json_object *input)
{
        static struct mesh_list lists[MESH_LISTS_MAX];
        struct mesh_bag *bag = mesh_bag_new();
        struct mesh_question question = {
                .client_namespace = doc_text(input, "question.client_namespace"),
                .client = doc_at(input, "question.client"),
                .target_namespace = doc_text(input, "question.target_namespace"),
                .service = doc_at(input, "question.service"),
                .port = (int32_t)doc_int(input, "question.port", 80),
                .server_pods = doc_at(input, "question.server_pods"),
                .request = doc_at(input, "question.request"),
        };
        size_t len, rounds = 0;

        if (doc_at(input, "groups"))
                mesh_bag_groups(bag, input);
        else
                mesh_bag_groups_missed(bag, MESH_FORBIDDEN);
        while ((len = mesh_wants(bag, &question, lists)) > 0) {
                must(++rounds < ROUNDS_MAX && len <= MESH_LISTS_MAX);
                for (size_t i = 0; i < len; i++)
                        answer(bag, input, &lists[i]);
        }
        struct json_object *snapshot = mesh_resolve(bag, &question);
        mesh_bag_free(bag);
        return snapshot;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const struct mesh_load load = {.requests = 10, .failed = 10};
        struct json_object *input = fuzz_json(data, size);

        if (!json_object_is_type(input, json_type_object)) {
                json_object_put(input);
                return 0;
        }
        struct json_object *once = resolve(input), *twice = resolve(input), *diff = mesh_diff(once, twice), *told;
        fuzz_must_survive(once);
        must(doc_equal(once, twice));
        must(doc_len(once, "policies") <= MESH_POLICIES_MAX);
        must(doc_len(diff, "changes") == 0);
        told = mesh_explain(&(struct mesh_case){.snapshot = once, .load = &load, .baseline = twice, .baseline_run = "a"});
        must(doc_len(told, "") <= MESH_EXPLANATIONS_MAX);
        fuzz_must_survive(told);
        json_object_put(told);
        json_object_put(diff);
        json_object_put(twice);
        json_object_put(once);
        json_object_put(input);
        return 0;
}
