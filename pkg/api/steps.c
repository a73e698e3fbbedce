/* SPDX-License-Identifier: Apache-2.0 */
#include "api/steps.h"

#include <string.h>

#include "api/entry.h"
#include "api/manifest.h"
#include "api/names.h"
#include "api/plan.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

#define STEPS_VERSION 1
#define PROFILE_KEY "profile.json"

static struct json_object *encode_doc(const struct run *run, int64_t ready_ms, bool allow_managed, struct json_object *takes_manifests)
{
        struct json_object *doc = doc_set_int(doc_object(), "version", STEPS_VERSION);

        doc_set_text(doc_set_text(doc_set_text(doc, "run", run->name), "runUID", run->uid), "namespace", run->namespace);
        doc_set_text(doc, "profile", run->profile);
        return doc_set(doc_set_bool(doc_set_int(doc, "readyTimeoutMs", ready_ms), "allowManaged", allow_managed), "manifests", takes_manifests);
}

struct json_object *steps_encode_variant(const struct run *run, const struct profile *profile, uint32_t arm)
{
        const struct profile_variant *variant = profile->variants_len ? &profile->variants[arm] : NULL;
        struct json_object *patches = NULL;

        if (!variant || !variant->apply)
                return NULL;
        patches = doc_array();
        for (size_t i = 0; i < doc_len(variant->apply, ""); i++)
                doc_push(patches, json_object_new_boolean(entry_is_patch(doc_item(variant->apply, i))));
        return doc_set(encode_doc(run, profile->ready_timeout_ms, variant->allow_managed, entry_manifests(variant->apply)), "patches", patches);
}

static void add_key(struct json_object *data, const char *key, struct json_object *takes_value)
{
        auto_json struct json_object *value = takes_value;
        auto_free char *text = doc_canonical(value);

        doc_set_text(data, key, text);
}

struct json_object *steps_encode(const struct run *run, const struct profile *profile)
{
        struct json_object *configmap = doc_set_text(doc_set_text(doc_object(), "apiVersion", "v1"), "kind", "ConfigMap"), *data = doc_object();
        char name[NAME_MAX_LEN];

        name_workload(run->name, run->uid, name);
        add_key(data, STEPS_KEY, encode_doc(run, profile->workload_ready_ms, profile->allow_managed,
                                            json_object_get(doc_at(profile->spec, "workload.manifests"))));
        add_key(data, PROFILE_KEY, json_object_get(profile->spec));
        doc_set(configmap, "metadata", plan_metadata(run->namespace, run->name, run->uid, run->profile, name, "workload"));
        return doc_set(doc_set_bool(configmap, "immutable", true), "data", data);
}

void steps_digest(struct json_object *configmap, char hex[static SHA_HEX_MAX])
{
        const char *text = doc_text(configmap, "data[\"" STEPS_KEY "\"]");

        sha256_hex(text ? text : "", text ? strlen(text) : 0, hex);
}

void steps_digest_doc(struct json_object *doc, char hex[static SHA_HEX_MAX])
{
        auto_free char *text = doc_canonical(doc);

        sha256_hex(text, strlen(text), hex);
}

enum fail_kind steps_decode_profile(struct json_object *configmap, struct json_object **ret_spec, struct fail *fail)
{
        const char *text = doc_text(configmap, "data[\"" PROFILE_KEY "\"]");

        if (!text || doc_parse(text, strlen(text), ret_spec, fail))
                return fail_set(fail, FAIL_INVALID, "workload ConfigMap has no usable " PROFILE_KEY);
        return FAIL_NONE;
}

static enum fail_kind read_doc(struct steps *steps, struct fail *fail)
{
        struct json_object *doc = steps->doc;

        steps->run = doc_text(doc, "run");
        steps->run_uid = doc_text(doc, "runUID");
        steps->namespace = doc_text(doc, "namespace");
        steps->profile = doc_text(doc, "profile");
        steps->allow_managed = doc_bool(doc, "allowManaged", false);
        steps->ready_timeout_ms = doc_int(doc, "readyTimeoutMs", 0);
        steps->manifests = doc_at(doc, "manifests");
        steps->patches = doc_at(doc, "patches");
        if (doc_int(doc, "version", 0) != STEPS_VERSION || !steps->run || !steps->run_uid || !steps->namespace ||
            doc_len(steps->manifests, "") == 0)
                return fail_set(fail, FAIL_INVALID, "the steps are not of this version, or not whole");
        if (manifest_check_list(steps->manifests, steps->namespace, fail))
                return fail_wrap(fail, "manifests");
        return FAIL_NONE;
}

bool steps_patch(const struct steps *steps, size_t index)
{
        return doc_bool(doc_item(steps->patches, index), "", false);
}

enum fail_kind steps_decode(const char *text, size_t size, const char *digest, struct steps *ret_steps, struct fail *fail)
{
        char hex[SHA_HEX_MAX];

        *ret_steps = (struct steps){0};
        sha256_hex(text, size, hex);
        if (!text_equal(hex, digest))
                return fail_set(fail, FAIL_INVALID, "the steps were changed: their digest is not the one that the operator named");
        if (doc_parse(text, size, &ret_steps->doc, fail))
                return FAIL_INVALID;
        return read_doc(ret_steps, fail);
}

void steps_done(struct steps *steps)
{
        json_object_put(steps->doc);
        *steps = (struct steps){0};
}
