/* SPDX-License-Identifier: Apache-2.0 */
#include "result/restore.h"

#include <string.h>

#include "base/mem.h"
#include "data/doc.h"
#include "result/pack.h"

/* NULL when it is missing, or no JSON. */
static struct json_object *part_of(struct json_object *map, const char *key)
{
        auto_free char *path = xasprintf("data[\"%s\"]", key);
        const char *text = doc_text(map, path);
        struct json_object *part = NULL;

        if (text)
                doc_parse(text, strlen(text), &part, NULL);
        return part;
}

static struct json_object *encode_spec(struct json_object *manifest, struct json_object *provenance)
{
        struct json_object *spec = doc_set_text(doc_object(), "profile", doc_text(manifest, "profile"));

        return doc_set(spec, "labels", doc_copy(doc_at(provenance, "labels")));
}

static struct json_object *encode_status(struct json_object *map, struct json_object *manifest, struct json_object *stored)
{
        struct json_object *status = doc_copy(stored), *ref = doc_set_text(doc_object(), "configMap", doc_text(map, "metadata.name"));
        char sha256[PACK_SHA256_MAX];
        const char *message = doc_text(stored, "message"), *at_end = doc_text(map, "metadata.creationTimestamp");
        auto_free char *gone =
                xasprintf("%s%sthe run itself is gone, this is what it stored", message ? message : "", message ? "; " : "");

        pack_digest(map, sha256);
        auto_free char *digest = xasprintf("sha256:%s", sha256);
        doc_set_int(doc_set_text(ref, "digest", digest), "chunks", (int64_t)doc_len(manifest, "chunks"));
        doc_set_text(doc_set(status, "resultRef", ref), "message", gone);
        if (!doc_text(status, "finishTime")) /* times are the status's own; the result was written at the end */
                doc_set_text(status, "finishTime", at_end);
        return status;
}

enum fail_kind restore_run(struct json_object *map, struct json_object **ret_run, struct fail *fail)
{
        auto_json struct json_object *manifest = part_of(map, "manifest.json"), *summary = part_of(map, "summary.json");
        auto_json struct json_object *provenance = part_of(map, "provenance.json");
        struct json_object *stored = doc_at(summary, "status");

        if (!doc_text(manifest, "run.name") || !doc_text(manifest, "run.uid") || !json_object_is_type(stored, json_type_object))
                return fail_set(fail, FAIL_INVALID, "ConfigMap %.64s is not a run's result", doc_text(map, "metadata.name"));
        struct json_object *run = doc_set_text(doc_set_text(doc_object(), "apiVersion", "loadstone.dev/v1alpha1"), "kind", "BenchmarkRun");
        doc_set(run, "metadata", doc_copy(doc_at(manifest, "run")));
        doc_set(run, "spec", encode_spec(manifest, provenance));
        *ret_run = doc_set(run, "status", encode_status(map, manifest, stored));
        return FAIL_NONE;
}
