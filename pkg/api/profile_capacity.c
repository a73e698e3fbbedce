/* SPDX-License-Identifier: Apache-2.0
 *
 * A search for the target's capacity in the place of a shape: its probes are trials, each of which holds a rate of its own. */
#include "api/profile_parts.h"
#include "base/mem.h"
#include "data/doc.h"
#include "data/field.h"
#include "data/unit.h"
#include "stat/capacity.h"

#define RATE_MAX 1e7
#define RATE_LEAST 1e-5
#define PROBE_MS_MIN 2000.0
#define PROBE_MS_MAX 600000.0

static const struct field fields[] = {
        {"capacity.from", FIELD_RATE, offsetof(struct profile_capacity, search.from_rps), RATE_LEAST, RATE_MAX},
        {"capacity.limit", FIELD_RATE, offsetof(struct profile_capacity, search.limit_rps), RATE_LEAST, RATE_MAX},
        {"capacity.precision", FIELD_RATIO, offsetof(struct profile_capacity, search.precision), CAPACITY_PRECISION_MIN, CAPACITY_PRECISION_MAX, .optional = true},
        {"capacity.probe", FIELD_DURATION_MS, offsetof(struct profile_capacity, probe_ms), PROBE_MS_MIN, PROBE_MS_MAX, .optional = true},
};

/* What answers one question does not answer another beside it. */
static const struct {
        const char *path, *why;
} others[] = {
        {"load.shape[0]", "spec.capacity searches for the rate, which a shape says: remove one of the two"},
        {"trials", "spec.trials repeats one load, and a search has probes of its own: remove one of the two"},
        {"variants", "spec.variants are compared under one load, and a search has many: remove one of the two"},
};

static enum fail_kind check_alone(const struct profile *profile, struct fail *fail)
{
        for (size_t i = 0; i < ARRAY_LEN(others); i++)
                if (doc_at(profile->spec, others[i].path))
                        return fail_set(fail, FAIL_INVALID, "%s", others[i].why);
        return FAIL_NONE;
}

enum fail_kind profile_decode_capacity(struct profile *profile, struct fail *fail)
{
        struct profile_capacity *capacity = &profile->capacity;
        struct json_object *object = doc_at(profile->spec, "capacity");

        if (!object)
                return FAIL_NONE;
        if (!json_object_is_type(object, json_type_object))
                return fail_set(fail, FAIL_INVALID, "spec.capacity must be an object");
        *capacity = (struct profile_capacity){.given = true, .search = {.precision = 0.02}, .probe_ms = 30000};
        if (field_decode(profile->spec, "spec.", fields, ARRAY_LEN(fields), capacity, fail) || check_alone(profile, fail))
                return FAIL_INVALID;
        if (capacity->search.limit_rps < capacity->search.from_rps)
                return fail_set(fail, FAIL_INVALID, "spec.capacity.limit must not be below from");
        if (capacity_most(&capacity->search).probes > PROFILE_TRIALS_MAX)
                return fail_set(fail, FAIL_INVALID, "spec.capacity: from %g/s to %g/s may take more than %d probes: begin nearer to the limit, or take a coarser precision",
                                capacity->search.from_rps, capacity->search.limit_rps, PROFILE_TRIALS_MAX);
        return FAIL_NONE;
}

/* All probes, each with the time that a generator may need to stand. */
int64_t profile_search_ms(const struct profile *profile)
{
        const struct profile_capacity *capacity = &profile->capacity;
        struct capacity_cost most = capacity_most(&capacity->search);
        int64_t around_ms = profile->warmup_ms + profile->timeout_ms + profile->cooldown_ms + PROFILE_PROBE_AROUND_MS;

        return most.lengths * capacity->probe_ms + most.probes * around_ms;
}

enum fail_kind profile_check_search(const struct profile *profile, struct fail *fail)
{
        int64_t wanted_ms = profile_search_ms(profile);
        char wanted[UNIT_TEXT_MAX], total[UNIT_TEXT_MAX];

        if (profile->baseline.from != PROFILE_BASELINE_NONE)
                return fail_set(fail, FAIL_INVALID, "spec.baseline.from must be none with capacity: what two searches found stands in their status.capacity");
        if (wanted_ms <= profile->total_ms)
                return FAIL_NONE;
        unit_format_duration(wanted_ms * 1000000, wanted);
        unit_format_duration(profile->total_ms * 1000000, total);
        return fail_set(fail, FAIL_INVALID, "spec.limits.total must leave room for every probe that the search may need: %s, not %s; shorten capacity.probe or load.warmup, "
                                            "begin nearer to capacity.limit, or raise limits.total", wanted, total);
}
