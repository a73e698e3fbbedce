/* SPDX-License-Identifier: Apache-2.0
 *
 * What a profile brings along: objects that exist only for the run, and the account that applies them and what its variants change. */
#include <string.h>

#include "api/manifest.h"
#include "api/profile_parts.h"
#include "base/mem.h"
#include "data/doc.h"
#include "data/field.h"

#define READY_MS_MAX 3600000
#define ACCOUNT_MAX 253

static const struct field fields[] = {
        {"workload.readyTimeout", FIELD_DURATION_MS, offsetof(struct profile, workload_ready_ms), 1000, READY_MS_MAX, .optional = true},
        {"workload.allowManaged", FIELD_BOOL, offsetof(struct profile, allow_managed), .optional = true},
};

static bool some_variant_applies(struct json_object *spec)
{
        struct json_object *variants = doc_at(spec, "variants");

        for (size_t i = 0; i < doc_len(variants, ""); i++)
                if (doc_at(doc_item(variants, i), "apply"))
                        return true;
        return false;
}

static enum fail_kind decode_account(struct profile *profile, struct fail *fail)
{
        struct json_object *account = doc_at(profile->spec, "serviceAccountName");

        profile->account = doc_text(profile->spec, "serviceAccountName");
        if (account && (!profile->account || strlen(profile->account) > ACCOUNT_MAX || !*profile->account))
                return fail_set(fail, FAIL_INVALID, "spec.serviceAccountName must be the name of a service account");
        if (profile->account && !profile->has_workload && !profile->applies)
                return fail_set(fail, FAIL_INVALID, "spec.serviceAccountName only applies spec.workload and variants[].apply: remove it");
        if (!profile->account && (profile->has_workload || profile->applies))
                profile->account = "default";
        return FAIL_NONE;
}

enum fail_kind profile_decode_workload(struct profile *profile, struct fail *fail)
{
        struct json_object *workload = doc_at(profile->spec, "workload"), *manifests = doc_at(workload, "manifests");

        profile->workload_ready_ms = 120000;
        profile->applies = some_variant_applies(profile->spec);
        profile->has_workload = workload != NULL;
        if (workload && !json_object_is_type(workload, json_type_object))
                return fail_set(fail, FAIL_INVALID, "spec.workload must be an object");
        if (field_decode(profile->spec, "spec.", fields, ARRAY_LEN(fields), profile, fail))
                return FAIL_INVALID;
        if (workload && doc_len(manifests, "") == 0)
                return fail_set(fail, FAIL_INVALID, "spec.workload.manifests must have at least one object");
        if (manifest_check_list(manifests, NULL, fail))
                return fail_wrap(fail, "spec.workload.manifests");
        return decode_account(profile, fail);
}
