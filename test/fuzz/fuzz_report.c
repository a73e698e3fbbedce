/* SPDX-License-Identifier: Apache-2.0
 *
 * Stored runs from outside, whose digests are right: {"run":BenchmarkRun,"chunk":data of a chunk,"result":data of the manifest}. Whatever
 * they hold, a report is made or refused, its page is script-safe, and what it says is JSON. */
#include <string.h>

#include "base/mem.h"
#include "data/doc.h"
#include "fuzz.h"
#include "report/page.h"
#include "report/run_report.h"
#include "result/pack.h"

static struct json_object *map_of(const char *name, struct json_object *data)
{
        struct json_object *map = doc_set(doc_object(), "metadata", doc_set_text(doc_object(), "name", name));

        return doc_set(map, "data", json_object_is_type(data, json_type_object) ? doc_copy(data) : doc_object());
}

/* A manifest that vouches for the chunk, and a run that vouches for the manifest. */
static struct json_object *vouch(struct json_object *run, struct json_object *chunk, struct json_object *result)
{
        struct json_object *maps = doc_array(), *chunk_map = map_of("s0", chunk), *result_map = map_of("result", result);
        auto_json struct json_object *manifest = NULL;
        const char *given = doc_text(result, "[\"manifest.json\"]");
        char sha256[PACK_SHA256_MAX], digest[PACK_SHA256_MAX + 8];

        if (!given || doc_parse(given, strlen(given), &manifest, NULL) || !json_object_is_type(manifest, json_type_object)) {
                json_object_put(manifest);
                manifest = doc_object();
        }
        pack_digest(chunk_map, sha256);
        doc_set(doc_set_int(manifest, "version", 1), "chunks",
                doc_push(doc_array(), doc_set_text(doc_set_text(doc_object(), "name", "s0"), "sha256", sha256)));
        doc_set_text(doc_at(result_map, "data"), "manifest.json", doc_print(manifest));
        pack_digest(result_map, sha256);
        snprintf(digest, sizeof digest, "sha256:%s", sha256);
        if (json_object_is_type(doc_at(run, "status"), json_type_object))
                doc_set(doc_at(run, "status"), "resultRef", doc_set_text(doc_set_text(doc_object(), "configMap", "result"), "digest", digest));
        return doc_push(doc_push(maps, chunk_map), result_map);
}

static void must_be_safe(const char *html)
{
        size_t before = (size_t)(strstr(page_html, PAGE_MARK) - page_html), after = strlen(page_html) - before - strlen(PAGE_MARK);
        auto_free char *inside = xstrndup(html + before, strlen(html) - before - after);
        auto_json struct json_object *data = NULL;

        must(!strpbrk(inside, "<>&") && !strstr(inside, "\xe2\x80\xa8") && !strstr(inside, "\xe2\x80\xa9"));
        must(!doc_parse(inside, strlen(inside), &data, NULL) && doc_int(data, "version", 0) == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
        auto_json struct json_object *doc = NULL;
        auto_run_report struct run_report report = {0};

        if (doc_parse((const char *)bytes, size, &doc, NULL))
                return 0;
        struct json_object *run = doc_copy(doc_at(doc, "run"));
        if (run_report_init(&report, run, vouch(run, doc_at(doc, "chunk"), doc_at(doc, "result")), NULL))
                return 0;
        for (size_t i = 0; report_exporter_at(i); i++) {
                char *text = NULL;
                size_t text_size = 0;
                if (run_report_write(&report, report_exporter_at(i), &text, &text_size, NULL))
                        continue;
                if (report_exporter_at(i) == &report_html)
                        must_be_safe(text);
                free(text);
        }
        return 0;
}
