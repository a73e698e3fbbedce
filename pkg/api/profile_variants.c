/* SPDX-License-Identifier: Apache-2.0
 *
 * The arms of a run that compares within itself: each is the profile with a variant's overrides over it, and which trial is whose. */
#include <string.h>

#include "api/entry.h"
#include "api/profile_parts.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "stat/plan.h"

/* ---- reading ---- */

static bool is_name(const char *name)
{
        static const char inner[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
        size_t len = name ? strlen(name) : 0;

        return len > 0 && len <= PROFILE_VARIANT_NAME_MAX && strspn(name, inner) == len && name[0] != '-' && name[len - 1] != '-';
}

static bool is_taken(const struct profile *profile, const char *name)
{
        for (size_t i = 0; i < profile->variants_len; i++)
                if (text_equal(profile->variants[i].name, name))
                        return true;
        return false;
}

static enum fail_kind decode_variant(struct profile *profile, struct json_object *entry, struct fail *fail)
{
        struct profile_variant *variant = &profile->variants[profile->variants_len];
        auto_json struct json_object *spec = NULL;

        variant->name = doc_text(entry, "name");
        if (!is_name(variant->name))
                return fail_set(fail, FAIL_INVALID, "name must be 1 to %d lower-case letters, digits and -, for example mtls", PROFILE_VARIANT_NAME_MAX);
        if (is_taken(profile, variant->name))
                return fail_set(fail, FAIL_INVALID, "name: there is another variant of the name %s", variant->name);
        if (profile_merge_variant(profile->spec, doc_at(entry, "overrides"), &spec, fail) || profile_decode(spec, &variant->profile, fail))
                return FAIL_INVALID;
        profile->variants_len++;
        variant->apply = doc_at(entry, "apply");
        variant->allow_managed = doc_bool(entry, "allowManaged", false);
        if (variant->apply && entry_check_list(variant->apply, fail))
                return fail_wrap(fail, "apply");
        if (doc_at(entry, "allowManaged") && !variant->apply)
                return fail_set(fail, FAIL_INVALID, "allowManaged goes with apply");
        if (variant->profile->closed != profile->closed)
                return fail_set(fail, FAIL_INVALID, "overrides.load.shape: a closed loop and a rate are not compared, since the loop waits where the rate does not");
        return FAIL_NONE;
}

enum fail_kind profile_decode_variants(struct profile *profile, struct fail *fail)
{
        struct json_object *list = doc_at(profile->spec, "variants");
        size_t len = doc_len(list, "");

        if (!list)
                return FAIL_NONE;
        if (!json_object_is_type(list, json_type_array) || len < 2 || len > PROFILE_VARIANTS_MAX)
                return fail_set(fail, FAIL_INVALID, "spec.variants must be 2 to %d: the first is the reference, the others are compared with it", PROFILE_VARIANTS_MAX);
        if (profile->baseline.from != PROFILE_BASELINE_NONE)
                return fail_set(fail, FAIL_INVALID, "spec.baseline.from must be none with variants, which are compared with the first of them; remove one of the two");
        for (size_t i = 0; i < len; i++)
                if (decode_variant(profile, doc_item(list, i), fail))
                        return fail_wrap(fail, "spec.variants[%zu]", i);
        return FAIL_NONE;
}

/* ---- which trial is whose ---- */

uint32_t profile_arms(const struct profile *profile)
{
        return profile->variants_len ? (uint32_t)profile->variants_len : 1;
}

uint32_t profile_trials_planned(const struct profile *profile)
{
        if (profile->capacity.given)
                return capacity_most(&profile->capacity.search).probes;
        return profile->trials.max * profile_arms(profile);
}

uint32_t profile_arm_of(const struct profile *profile, uint32_t trial)
{
        uint32_t arms = profile_arms(profile);

        switch (profile->trials.order) {
        case PROFILE_ORDER_SEQUENCE:
                return trial % arms;
        case PROFILE_ORDER_RANDOM:
                return plan_arm_random(trial, arms, (uint64_t)profile->seed);
        case PROFILE_ORDER_ABBA:
                break;
        }
        return plan_arm(trial, arms);
}

const struct profile *profile_arm(const struct profile *profile, uint32_t arm)
{
        return profile->variants_len ? profile->variants[arm].profile : profile;
}

const char *profile_arm_name(const struct profile *profile, uint32_t arm)
{
        return profile->variants_len ? profile->variants[arm].name : NULL;
}
