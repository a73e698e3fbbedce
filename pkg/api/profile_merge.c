/* SPDX-License-Identifier: Apache-2.0
 *
 * From a stored spec and a run's overrides to the one spec that is run, and its digest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/profile.h"
#include "api/sha.h"
#include "base/mem.h"
#include "data/doc.h"

/* The schema's defaults. The API server fills them into profiles and templates; objects stored before a field existed come
 * without. test/golden/check-crds compares them with the schema. */
static const char defaults_text[] =
        "{\"target\":{\"scheme\":\"http\"},"
        "\"load\":{\"requests\":[{\"name\":\"default\"}],\"timeout\":\"5s\",\"concurrency\":{\"connections\":64,\"whenBusy\":\"queue\"},"
        "\"arrival\":\"constant\",\"seed\":1,\"pacing\":\"precise\",\"warmup\":\"5s\",\"cooldown\":\"0s\",\"workers\":1,\"shape\":[]},"
        "\"limits\":{\"deadline\":\"30m\",\"total\":\"4h\",\"readyTimeout\":\"5m\",\"queueTimeout\":\"1h\","
        "\"brake\":{\"errorRatio\":\"50%\",\"for\":\"10s\",\"off\":false}},"
        "\"validity\":{\"pacingLateness\":\"1ms\",\"generatorCPU\":\"80%\",\"throttled\":\"1%\",\"stolen\":\"2%\",\"minWindow\":\"60s\"},"
        "\"context\":{\"mesh\":{\"detect\":true,\"client\":\"inherit\"}},"
        "\"history\":{\"keep\":50},\"suspend\":false}";
static const char request_defaults_text[] = "{\"weight\":1,\"method\":\"GET\",\"path\":\"/\"}";

static struct json_object *parse_own(const char *text, size_t size)
{
        struct json_object *doc = NULL;

        if (doc_parse(text, size, &doc, NULL))
                abort(); /* a literal of ours */
        return doc;
}

/* Every request of 'requests' (may be NULL) with its own defaults under it. */
static void fill_requests(struct json_object *requests)
{
        for (size_t i = 0; i < doc_len(requests, ""); i++) {
                auto_json struct json_object *plain = parse_own(request_defaults_text, sizeof request_defaults_text - 1);
                json_object_array_put_idx(requests, i, doc_merge(plain, doc_item(requests, i)));
        }
}

static struct json_object *fill_defaults(struct json_object *spec)
{
        auto_json struct json_object *defaults = parse_own(defaults_text, sizeof defaults_text - 1);
        struct json_object *filled = doc_merge(defaults, spec);

        fill_requests(doc_at(filled, "load.requests"));
        return filled;
}

static bool is_listed(const char *word, const char *const *list)
{
        while (*list && strcmp(word, *list) != 0)
                list++;
        return *list != NULL;
}

/* The members of one object that may be overridden. */
struct overridable {
        const char *at;    /* path of the object, "" for the whole */
        const char *can;   /* the same members, in words */
        const char *const *members;
};

static const char *const run_tops[] = {"load", "objectives", "trials", "limits", NULL}, *const variant_tops[] = {"load", "context", NULL},
                         *const loads[] = {"shape", "workers", "concurrency", "warmup", NULL}, *const contexts[] = {"mesh", NULL},
                         *const meshes[] = {"client", NULL};

static const struct overridable by_run[] = {
        {"", "load, objectives, trials and limits", run_tops},
        {"load", "shape, workers, concurrency and warmup", loads},
};
static const struct overridable by_variant[] = {
        {"", "load and context", variant_tops},
        {"load", "shape, workers, concurrency and warmup", loads},
        {"context", "mesh", contexts},
        {"context.mesh", "client", meshes},
};

/* 'who' overrides, at 'where'; what is of another type than it should be is left to profile_decode. */
static enum fail_kind check_overrides(struct json_object *overrides, const struct overridable *rows, size_t len, const char *where,
                                      const char *who, struct fail *fail)
{
        if (overrides && !json_object_is_type(overrides, json_type_object))
                return fail_set(fail, FAIL_INVALID, "%soverrides must be an object", where);
        for (size_t i = 0; overrides && i < len; i++) {
                struct json_object *object = rows[i].at[0] ? doc_at(overrides, rows[i].at) : overrides;
                if (!json_object_is_type(object, json_type_object))
                        continue;
                json_object_object_foreach(object, member, unused) {
                        (void)unused;
                        if (!is_listed(member, rows[i].members))
                                return fail_set(fail, FAIL_INVALID, "%soverrides.%s%s%.60s cannot be overridden by a %s; %s can", where, rows[i].at,
                                                rows[i].at[0] ? "." : "", member, who, rows[i].can);
                }
        }
        return FAIL_NONE;
}

enum fail_kind profile_merge(struct json_object *spec, struct json_object *overrides, struct json_object **ret_spec,
                             struct fail *fail)
{
        if (!json_object_is_type(spec, json_type_object))
                return fail_set(fail, FAIL_INVALID, "spec must be an object");
        if (check_overrides(overrides, by_run, ARRAY_LEN(by_run), "spec.", "run", fail))
                return FAIL_INVALID;
        auto_json struct json_object *merged = doc_merge(spec, overrides);
        *ret_spec = fill_defaults(merged);
        return FAIL_NONE;
}

enum fail_kind profile_merge_variant(struct json_object *spec, struct json_object *overrides, struct json_object **ret_spec, struct fail *fail)
{
        auto_json struct json_object *alone = doc_copy(spec);

        if (check_overrides(overrides, by_variant, ARRAY_LEN(by_variant), "", "variant", fail))
                return FAIL_INVALID;
        json_object_object_del(alone, "variants");
        json_object_object_del(alone, "trials");
        if (!doc_at(alone, "workload"))
                json_object_object_del(alone, "serviceAccountName"); /* applies what variants change, which an arm does not say */
        auto_json struct json_object *merged = doc_merge(alone, overrides);
        *ret_spec = fill_defaults(merged);
        return FAIL_NONE;
}

/* ---- digest ---- */

/* Removes from 'doc' what equals 'defaults' and what is empty, so that writing a default out changes nothing, and neither does a
 * field that a later version adds. */
static void drop_defaults(struct json_object *doc, struct json_object *defaults)
{
        if (!json_object_is_type(doc, json_type_object))
                return;
        json_object_object_foreach(defaults, key, value) {
                struct json_object *mine = NULL;
                if (!json_object_object_get_ex(doc, key, &mine))
                        continue;
                if (json_object_is_type(value, json_type_object))
                        drop_defaults(mine, value);
                bool empty = json_object_is_type(mine, json_type_object) && json_object_object_length(mine) == 0;
                if (empty || doc_equal(mine, value))
                        json_object_object_del(doc, key);
        }
}

static void drop_request_defaults(struct json_object *requests)
{
        auto_json struct json_object *plain = parse_own(request_defaults_text, sizeof request_defaults_text - 1);

        for (size_t i = 0; i < doc_len(requests, ""); i++)
                drop_defaults(doc_item(requests, i), plain);
}

/* Of all that is measured, or of all but the target. */
static void digest_of(const struct profile *profile, bool with_target, char text[static PROFILE_DIGEST_MAX])
{
        static const char tls_defaults_text[] = "{\"tls\":{\"insecureSkipVerify\":false}}";
        auto_json struct json_object *defaults = parse_own(defaults_text, sizeof defaults_text - 1);
        auto_json struct json_object *tls_defaults = parse_own(tls_defaults_text, sizeof tls_defaults_text - 1);
        auto_json struct json_object *measured = doc_object();
        char hex[SHA_HEX_MAX];

        if (with_target)
                doc_set(measured, "target", doc_copy(doc_at(profile->spec, "target")));
        if (with_target)
                doc_set(measured, "workload", doc_copy(doc_at(profile->spec, "workload.manifests")));
        doc_set(measured, "load", doc_copy(doc_at(profile->spec, "load")));
        doc_set(measured, "context", doc_copy(doc_at(profile->spec, "context")));
        doc_set(measured, "variants", doc_copy(doc_at(profile->spec, "variants")));
        doc_set(measured, "capacity", doc_copy(doc_at(profile->spec, "capacity")));
        /* Looking changes nothing. */
        if (doc_at(measured, "context"))
                json_object_object_del(doc_at(measured, "context"), "require");
        if (doc_at(measured, "context.mesh"))
                json_object_object_del(doc_at(measured, "context.mesh"), "detect");
        drop_request_defaults(doc_at(measured, "load.requests"));
        drop_defaults(doc_at(measured, "load"), tls_defaults);
        drop_defaults(measured, defaults);
        auto_free char *canonical = doc_canonical(measured);
        sha256_hex(canonical, strlen(canonical), hex);
        snprintf(text, PROFILE_DIGEST_MAX, "v1:sha256:%s", hex);
}

void profile_digest(const struct profile *profile, char text[static PROFILE_DIGEST_MAX])
{
        digest_of(profile, true, text);
}

void profile_load_digest(const struct profile *profile, char text[static PROFILE_DIGEST_MAX])
{
        digest_of(profile, false, text);
}
