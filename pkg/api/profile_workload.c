/* SPDX-License-Identifier: Apache-2.0
 *
 * What a profile brings along: objects that exist only for the run, and the account that applies them. */
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

enum fail_kind profile_decode_workload(struct profile *profile, struct fail *fail)
{
        struct json_object *workload = doc_at(profile->spec, "workload"), *manifests = doc_at(workload, "manifests");
        struct json_object *account = doc_at(profile->spec, "serviceAccountName");

        profile->account = doc_text(profile->spec, "serviceAccountName");
        profile->workload_ready_ms = 120000;
        if (account && (!profile->account || strlen(profile->account) > ACCOUNT_MAX || !*profile->account))
                return fail_set(fail, FAIL_INVALID, "spec.serviceAccountName must be the name of a service account");
        if (workload && !json_object_is_type(workload, json_type_object))
                return fail_set(fail, FAIL_INVALID, "spec.workload must be an object");
        if (field_decode(profile->spec, "spec.", fields, ARRAY_LEN(fields), profile, fail))
                return FAIL_INVALID;
        if (!workload)
                return profile->account ? fail_set(fail, FAIL_INVALID, "spec.serviceAccountName only applies spec.workload: remove it") : FAIL_NONE;
        if (doc_len(manifests, "") == 0)
                return fail_set(fail, FAIL_INVALID, "spec.workload.manifests must have at least one object");
        if (manifest_check_list(manifests, NULL, fail))
                return fail_wrap(fail, "spec.workload.manifests");
        profile->has_workload = true;
        if (!profile->account)
                profile->account = "default";
        return FAIL_NONE;
}
