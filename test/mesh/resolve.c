/* SPDX-License-Identifier: Apache-2.0
 *
 * loadstone-mesh-resolve: pkg/mesh as a filter, for tests that get the objects elsewhere. Reads one document from standard input:
 *  {"groups": APIGroupList, "answers": [{"group", "plural", "selector", "namespace", "name", "items": [objects]}],
 *   "questions": [{"clientNamespace", "client", "targetNamespace", "service", "port", "serverPods", "request"}]}
 * and writes {"wants": [the same keys, and "version"]} while lists are missing, else {"snapshots": one for each question}.
 * --cases: reads the documents of a file of cases (YAML) instead, and writes them as one array. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/yaml.h"
#include "mesh/mesh.h"

static struct json_object *read_all(FILE *file, bool cases)
{
        auto_buf struct buf text = {0};
        char piece[65536];
        struct json_object *doc = NULL;
        struct fail fail = {0};

        for (size_t got; (got = fread(piece, 1, sizeof piece, file)) > 0;)
                buf_add(&text, piece, got);
        if (text.size == 0 || (cases ? yaml_parse_all(text.data, text.size, &doc, &fail) : doc_parse(text.data, text.size, &doc, &fail))) {
                fprintf(stderr, "standard input: %s\n", text.size ? fail.text : "nothing");
                exit(2);
        }
        return doc;
}

static struct mesh_question question_of(struct json_object *doc)
{
        return (struct mesh_question){
                .client_namespace = doc_text(doc, "clientNamespace"),
                .client = doc_at(doc, "client"),
                .target_namespace = doc_text(doc, "targetNamespace"),
                .service = doc_at(doc, "service"),
                .port = (int32_t)doc_int(doc, "port", 0),
                .server_pods = doc_at(doc, "serverPods"),
                .request = doc_at(doc, "request"),
        };
}

static bool is_answer_to(struct json_object *answer, const struct mesh_list *list)
{
        const char *selector = doc_text(answer, "selector");

        return text_equal(doc_text(answer, "group"), list->resource->group) && text_equal(doc_text(answer, "plural"), list->resource->plural) &&
               text_equal(selector && *selector ? selector : NULL, list->resource->selector) &&
               text_equal(doc_text(answer, "namespace"), list->namespace) && text_equal(doc_text(answer, "name"), list->name);
}

static bool give(struct mesh_bag *bag, struct json_object *answers, const struct mesh_list *list)
{
        for (size_t i = 0; i < doc_len(answers, ""); i++)
                if (is_answer_to(doc_item(answers, i), list)) {
                        mesh_bag_add(bag, list, doc_at(doc_item(answers, i), "items"));
                        return true;
                }
        return false;
}

static void want(struct json_object *wants, const struct mesh_list *list)
{
        struct json_object *entry = doc_set_text(doc_set_text(doc_object(), "group", list->resource->group), "version", list->version);

        doc_set_text(doc_set_text(entry, "plural", list->resource->plural), "selector", list->resource->selector ? list->resource->selector : "");
        doc_push(wants, doc_set_text(doc_set_text(entry, "namespace", list->namespace), "name", list->name));
}

/* Everything that is wanted is given, or stands in 'wants'. */
static void fill(struct mesh_bag *bag, const struct mesh_question *question, struct json_object *answers, struct json_object *wants)
{
        auto_free struct mesh_list *lists = xcalloc(MESH_LISTS_MAX, sizeof *lists);
        size_t len, given;

        do {
                given = 0;
                len = mesh_wants(bag, question, lists);
                for (size_t i = 0; i < len; i++)
                        given += give(bag, answers, &lists[i]);
        } while (given > 0);
        for (size_t i = 0; i < len; i++)
                want(wants, &lists[i]);
}

static int run(struct json_object *input)
{
        auto_json struct json_object *output = doc_object();
        struct json_object *questions = doc_at(input, "questions"), *wants = doc_array(), *snapshots = doc_array();
        struct mesh_bag *bag = mesh_bag_new();

        mesh_bag_groups(bag, doc_at(input, "groups"));
        for (size_t i = 0; i < doc_len(questions, ""); i++) {
                struct mesh_question question = question_of(doc_item(questions, i));
                fill(bag, &question, doc_at(input, "answers"), wants);
                if (doc_len(wants, "") == 0)
                        doc_push(snapshots, mesh_resolve(bag, &question));
        }
        if (doc_len(wants, "") > 0)
                doc_set(output, "wants", json_object_get(wants));
        else
                doc_set(output, "snapshots", json_object_get(snapshots));
        puts(doc_print(output));
        json_object_put(wants);
        json_object_put(snapshots);
        mesh_bag_free(bag);
        return 0;
}

int main(int argc, char **argv)
{
        bool cases = argc > 1 && text_equal(argv[1], "--cases");
        auto_json struct json_object *input = read_all(stdin, cases);

        return cases ? puts(doc_print(input)) < 0 : run(input);
}
