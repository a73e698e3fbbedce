/* SPDX-License-Identifier: Apache-2.0
 *
 * How often a run repeats its load, and how long all of that may take. */
#include "api/profile_parts.h"
#include "base/mem.h"
#include "data/doc.h"
#include "data/field.h"
#include "data/unit.h"

#define HOUR_MS 3600000.0

static const struct field fields[] = {
        {"trials.repeats.min", FIELD_INT32, offsetof(struct profile_trials, min), 1, PROFILE_TRIALS_MAX, .optional = true},
        {"trials.repeats.max", FIELD_INT32, offsetof(struct profile_trials, max), 1, PROFILE_TRIALS_MAX, .optional = true},
        {"trials.until", FIELD_RATIO, offsetof(struct profile_trials, until), 0.001, 1, .optional = true},
        {"trials.pause", FIELD_DURATION_MS, offsetof(struct profile_trials, pause_ms), 0, HOUR_MS, .optional = true},
};

int64_t profile_deadline_ms(const struct profile *profile)
{
        const struct profile_trials *trials = &profile->trials;

        return trials->max * profile->deadline_ms + (trials->max - 1) * trials->pause_ms;
}

uint32_t profile_trials_most(const struct profile *profile)
{
        uint32_t twice = 2 * profile->trials.max;

        return profile->trials.max == 1 ? 1 : twice < PROFILE_TRIALS_MAX ? twice : PROFILE_TRIALS_MAX;
}

int64_t profile_given_ms(const struct profile *profile)
{
        int64_t needed_ms = profile_deadline_ms(profile), before_ms = profile->has_workload ? profile->workload_ready_ms : 0;

        if (profile->trials.max == 1)
                return before_ms + needed_ms;
        return before_ms + (2 * needed_ms < profile->total_ms ? 2 * needed_ms : profile->total_ms);
}

static enum fail_kind check_total(const struct profile *profile, struct fail *fail)
{
        int64_t wanted_ms = profile_deadline_ms(profile);
        char wanted[UNIT_TEXT_MAX], total[UNIT_TEXT_MAX];

        if (profile->trials.max == 1 || wanted_ms <= profile->total_ms)
                return FAIL_NONE;
        unit_format_duration(wanted_ms * 1000000, wanted);
        unit_format_duration(profile->total_ms * 1000000, total);
        return fail_set(fail, FAIL_INVALID,
                        "spec.limits.total must leave room for every trial: %u times limits.deadline with the pauses are %s, not %s; lower limits.deadline "
                        "or trials.repeats, or raise limits.total", profile->trials.max, wanted, total);
}

enum fail_kind profile_decode_trials(struct profile *profile, struct fail *fail)
{
        struct profile_trials *trials = &profile->trials;
        struct json_object *object = doc_at(profile->spec, "trials");

        if (object && !json_object_is_type(object, json_type_object))
                return fail_set(fail, FAIL_INVALID, "spec.trials must be an object");
        *trials = (struct profile_trials){.min = 1, .until = 0.05, .pause_ms = 10000};
        if (field_decode(profile->spec, "spec.", fields, ARRAY_LEN(fields), trials, fail))
                return FAIL_INVALID;
        if (trials->max == 0)
                trials->max = trials->min;
        if (trials->max < trials->min)
                return fail_set(fail, FAIL_INVALID, "spec.trials.repeats.max must not be below min");
        if (trials->max > trials->min && trials->min < 3)
                return fail_set(fail, FAIL_INVALID, "spec.trials.repeats.min must be at least 3 where max is more: fewer say too little about how many are needed");
        return check_total(profile, fail);
}
