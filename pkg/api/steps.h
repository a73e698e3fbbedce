/* SPDX-License-Identifier: Apache-2.0
 *
 * What "loadstone apply" does and "loadstone undo" takes back: a document that the operator writes into an immutable ConfigMap before the
 * first Job exists, of the workload into one of its own, of each variant into the plan. Its digest stands in the Jobs' arguments, so that
 * nobody who may only write ConfigMaps puts other manifests there; so does the name of the journal, which is another one each time. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/profile.h"
#include "api/run.h"
#include "api/sha.h"
#include "base/fail.h"

#define STEPS_KEY "steps.json"
#define STEPS_BYTES_MAX 262144

struct steps {
        struct json_object *doc;                               /* owned; everything else is borrowed from it */
        const char *run, *run_uid, *namespace, *profile;       /* profile: NULL with a template */
        const char *journal;                                   /* name of the ConfigMap that keeps what was there before; not of the document */
        bool allow_managed;
        int64_t ready_timeout_ms;
        struct json_object *manifests;
        struct json_object *patches;                           /* for each whether it patches what has to be there; NULL: none does */
};

/* The ConfigMap, with the profile's spec beside the steps; caller owns. The profile has a workload. */
struct json_object *steps_encode(const struct run *run, const struct profile *profile);
/* The document alone, of what a variant applies; NULL when it applies nothing. Caller owns. */
struct json_object *steps_encode_variant(const struct run *run, const struct profile *profile, uint32_t arm);
/* The digest of the steps in that ConfigMap, and of a document as a ConfigMap has it. */
void steps_digest(struct json_object *configmap, char hex[static SHA_HEX_MAX]);
void steps_digest_doc(struct json_object *doc, char hex[static SHA_HEX_MAX]);
/* The profile's spec in that ConfigMap; *ret_spec is new. FAIL_INVALID: it is not one of ours. */
enum fail_kind steps_decode_profile(struct json_object *configmap, struct json_object **ret_spec, struct fail *fail);

bool steps_patch(const struct steps *steps, size_t index);
/* FAIL_INVALID: no steps, or not those of the digest. Release with steps_done. */
enum fail_kind steps_decode(const char *text, size_t size, const char *digest, struct steps *ret_steps, struct fail *fail);
void steps_done(struct steps *steps);
#define auto_steps __attribute__((cleanup(steps_done)))
