/* SPDX-License-Identifier: Apache-2.0
 *
 * Histograms and points become items of text; items fill chunks in order; a manifest names the chunks. When it does not fit,
 * the time grid is coarsened first, then the digits of the pieces' histograms. */
#include "result/pack.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/names.h"
#include "api/plan.h"
#include "api/sha.h"
#include "base/mem.h"
#include "data/doc.h"
#include "result/pack_internal.h"
#include "result/status.h"

_Static_assert(PACK_SHA256_MAX == SHA_HEX_MAX, "one text size for digests");

static const struct detail details[] = {
        {1, 3, 3}, {2, 3, 3}, {4, 3, 3}, {4, 3, 2}, {8, 3, 2}, {8, 2, 2}, {16, 2, 2}, {60, 2, 2}, {240, 2, 2},
};

void pack_digest(struct json_object *config_map, char sha256[static PACK_SHA256_MAX])
{
        auto_free char *text = doc_canonical(doc_at(config_map, "data"));

        sha256_hex(text, strlen(text), sha256);
}

static size_t data_bytes(struct json_object *map)
{
        auto_free char *text = doc_canonical(doc_at(map, "data"));

        return strlen(text);
}

static struct json_object *new_map(const struct pack_input *input, const char *name, const char *part,
                                   struct json_object *data)
{
        struct json_object *map = doc_object();
        struct json_object *metadata =
                plan_metadata(input->namespace, input->run_name, input->run_uid, input->profile, name, part);
        char trial[16];

        snprintf(trial, sizeof trial, "%d", input->trial);
        doc_set_text(doc_at(metadata, "labels"), PACK_LABEL_TRIAL, trial);
        doc_set_text(map, "apiVersion", "v1");
        doc_set_text(map, "kind", "ConfigMap");
        doc_set(map, "metadata", metadata);
        doc_set_bool(map, "immutable", true);
        return doc_set(map, "data", data);
}

static struct json_object *encode_manifest(const struct pack_input *input, const struct pack *pack,
                                           const struct detail *detail)
{
        struct json_object *manifest = doc_object(), *run = doc_object(), *chunks = doc_array();
        auto_json struct json_object *results = status_encode_results(input->fold, NULL);

        doc_set_text(run, "name", input->run_name);
        doc_set_text(run, "namespace", input->namespace);
        doc_set_text(run, "uid", input->run_uid);
        for (size_t i = 0; i < pack->len; i++) {
                struct json_object *chunk = doc_object();
                char sha256[PACK_SHA256_MAX];
                pack_digest(pack->maps[i], sha256);
                doc_set_text(chunk, "name", doc_text(pack->maps[i], "metadata.name"));
                doc_set_text(chunk, "sha256", sha256);
                doc_set_int(chunk, "bytes", (int64_t)data_bytes(pack->maps[i]));
                doc_push(chunks, chunk);
        }
        doc_set_int(manifest, "version", 1);
        doc_set(manifest, "run", run);
        doc_set_text(manifest, "profile", input->profile);
        doc_set_int(manifest, "trial", input->trial);
        doc_set_int(manifest, "intervalMs", input->interval_ms);
        doc_set_int(manifest, "pointMs", pack->point_ms);
        doc_set_int(manifest, "timeoutMs", input->fold->timeout_ns / 1000000);
        doc_set_int(manifest, "digits", detail->side_digits);
        doc_set(manifest, "window", json_object_get(doc_at(results, "window")));
        doc_set(manifest, "chunks", chunks);
        return doc_set_int(manifest, "bytes", (int64_t)pack->bytes);
}

/* The last map; returns its bytes. */
static size_t put_manifest(const struct pack_input *input, const struct detail *detail, struct pack *pack)
{
        struct json_object *data = doc_object();
        auto_json struct json_object *manifest = encode_manifest(input, pack, detail);
        char name[NAME_MAX_LEN];

        pack_set_json(data, "manifest.json", manifest);
        pack_set_json(data, "summary.json", input->summary);
        pack_set_json(data, "provenance.json", input->provenance);
        pack_set_json(data, "context.json", input->context);
        pack_set_json(data, "trial.json", input->trial_doc);
        if (input->trial_doc)
                name_trial(input->run_name, input->run_uid, input->trial, name);
        else
                name_result(input->run_name, input->run_uid, name);
        struct json_object *map = pack->maps[pack->len++] = new_map(input, name, input->trial_doc ? "trial" : "result", data);
        pack_digest(map, pack->digest);
        size_t bytes = data_bytes(map);
        pack->bytes += bytes;
        return bytes;
}

/* Chunks and manifest at this level of detail. False when it is too large. */
static bool try_write(const struct pack_input *input, const struct detail *detail, struct pack *pack)
{
        struct writer writer = {.input = input, .detail = *detail};
        char name[NAME_MAX_LEN];

        writer_put_hists(&writer);
        pack->point_ms = writer_put_grid(&writer);
        writer_put_samples(&writer);
        writer_put_exact(&writer);
        for (size_t i = 0; i < writer.len && !writer.full; i++) {
                name_series(input->run_name, input->run_uid, (size_t)input->trial * PACK_CHUNKS_MAX + i, name);
                pack->maps[pack->len] = new_map(input, name, "series", take(writer.chunks[i]));
                pack->bytes += data_bytes(pack->maps[pack->len++]);
        }
        bool full = writer.full;
        writer_done(&writer);
        if (full)
                return false;

        size_t bytes = put_manifest(input, detail, pack);
        return bytes <= ROOM_BYTES && pack->bytes <= (input->bytes_max ? input->bytes_max : PACK_TRIAL_BYTES_MAX);
}

enum fail_kind pack_write(const struct pack_input *input, struct pack *ret_pack, struct fail *fail)
{
        assert(input->trial >= 0);
        for (size_t i = 0; i < ARRAY_LEN(details); i++) {
                struct pack pack = {0};
                if (try_write(input, &details[i], &pack)) {
                        *ret_pack = pack;
                        return FAIL_NONE;
                }
                pack_done(&pack);
        }
        if (input->trial_doc) {
                *ret_pack = (struct pack){0};
                put_manifest(input, &details[ARRAY_LEN(details) - 1], ret_pack);
                return FAIL_NONE;
        }
        return fail_set(fail, FAIL_TOO_LARGE, "the result of run '%s' does not fit %d bytes", input->run_name,
                        PACK_TRIAL_BYTES_MAX);
}

void pack_done(struct pack *pack)
{
        for (size_t i = 0; i < pack->len; i++)
                json_object_put(pack->maps[i]);
        pack->len = 0;
}

struct json_object *pack_encode_ref(const struct pack *pack)
{
        struct json_object *ref = doc_object();
        char digest[PACK_SHA256_MAX + 8];

        snprintf(digest, sizeof digest, "sha256:%s", pack->digest);
        doc_set_text(ref, "configMap", doc_text(pack->maps[pack->len - 1], "metadata.name"));
        doc_set_text(ref, "digest", digest);
        doc_set_int(ref, "chunks", (int64_t)pack->len - 1);
        return doc_set_int(ref, "bytes", (int64_t)pack->bytes);
}
