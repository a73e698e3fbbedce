/* SPDX-License-Identifier: Apache-2.0
 *
 * How often a run repeats its load, and how long all of that may take. */
#include "api/profile_parts.h"
#include "base/mem.h"
#include "data/doc.h"
#include "data/field.h"
#include "data/unit.h"

#define HOUR_MS 3600000.0
#define PAUSE_TIMES 6       /* a target that does not come to rest is waited for so many pauses, */
#define PAUSE_MS_MAX 60000  /* or so long, whichever is less */
#define COLLECT_MS 30000 /* from the end of a trial's load to its stored result; the rule in crds/ has it too */

static const char *const orders[] = {"abba", "sequence", "random", NULL};

struct words {
        int order;
};

static const struct field word_fields[] = {
        {"trials.order", FIELD_WORD, offsetof(struct words, order), .words = orders, .optional = true},
};

static const struct field fields[] = {
        {"trials.repeats.min", FIELD_INT32, offsetof(struct profile_trials, min), 1, PROFILE_TRIALS_MAX, .optional = true},
        {"trials.repeats.max", FIELD_INT32, offsetof(struct profile_trials, max), 1, PROFILE_TRIALS_MAX, .optional = true},
        {"trials.until", FIELD_RATIO, offsetof(struct profile_trials, until), 0.001, 1, .optional = true},
        {"trials.pause", FIELD_DURATION_MS, offsetof(struct profile_trials, pause_ms), 0, HOUR_MS, .optional = true},
};

/* Of one trial: as long as its parts may take, and limits.deadline ends it. */
static int64_t trial_ms(const struct profile *arm)
{
        int64_t parts_ms = arm->ready_timeout_ms + arm->warmup_ms + arm->shape_ms + arm->timeout_ms + arm->cooldown_ms + COLLECT_MS;

        return parts_ms < arm->deadline_ms ? parts_ms : arm->deadline_ms;
}

/* A variant that applies something is waited for when it comes into effect, and so is what was there when it goes. */
static int64_t applying_ms(const struct profile *profile)
{
        uint32_t trials = profile_trials_planned(profile), changes = 0;

        for (uint32_t trial = 0; profile->applies && trial < trials; trial++) {
                uint32_t arm = profile_arm_of(profile, trial);
                bool begins = trial == 0 || profile_arm_of(profile, trial - 1) != arm;
                changes += begins && profile->variants[arm].apply ? 2 : 0;
        }
        return changes * profile->ready_timeout_ms;
}

int64_t profile_pause_most_ms(const struct profile *profile)
{
        int64_t least_ms = profile->trials.pause_ms, most_ms = PAUSE_TIMES * least_ms < PAUSE_MS_MAX ? PAUSE_TIMES * least_ms : PAUSE_MS_MAX;

        return most_ms > least_ms ? most_ms : least_ms;
}

int64_t profile_deadline_ms(const struct profile *profile)
{
        int64_t trials = profile_trials_planned(profile), round_ms = 0;

        if (profile->capacity.given)
                return profile_search_ms(profile);
        if (trials == 1)
                return profile->deadline_ms;
        for (uint32_t arm = 0; arm < profile_arms(profile); arm++)
                round_ms += trial_ms(profile_arm(profile, arm));
        return profile->trials.max * round_ms + (trials - 1) * profile_pause_most_ms(profile) + applying_ms(profile);
}

uint32_t profile_trials_most(const struct profile *profile)
{
        if (profile->capacity.given)
                return PROFILE_TRIALS_MAX;
        uint32_t planned = profile_trials_planned(profile), most = (profile->variants_len ? 3 : 2) * planned;

        return planned == 1 ? 1 : most < PROFILE_TRIALS_MAX ? most : PROFILE_TRIALS_MAX;
}

int64_t profile_given_ms(const struct profile *profile)
{
        int64_t needed_ms = profile_deadline_ms(profile), before_ms = profile->has_workload ? profile->workload_ready_ms : 0;

        if (profile_trials_most(profile) == 1)
                return before_ms + needed_ms;
        return before_ms + (2 * needed_ms < profile->total_ms ? 2 * needed_ms : profile->total_ms);
}

static enum fail_kind check_total(const struct profile *profile, struct fail *fail)
{
        int64_t wanted_ms = profile_deadline_ms(profile);
        char wanted[UNIT_TEXT_MAX], total[UNIT_TEXT_MAX];

        if (profile_trials_planned(profile) == 1 || wanted_ms <= profile->total_ms)
                return FAIL_NONE;
        unit_format_duration(wanted_ms * 1000000, wanted);
        unit_format_duration(profile->total_ms * 1000000, total);
        return fail_set(fail, FAIL_INVALID,
                        "spec.limits.total must leave room for every trial: %u times limits.readyTimeout and the load, with the pauses, are %s, not %s; lower "
                        "limits.readyTimeout, limits.deadline or trials.repeats, or raise limits.total", profile_trials_planned(profile), wanted, total);
}

/* What variants ask of the rounds: one alone has no spread, and two stages need a first one that knows it. */
static enum fail_kind check_rounds(const struct profile *profile, struct fail *fail)
{
        const struct profile_trials *trials = &profile->trials;
        uint32_t least = profile->variants_len ? 4 : 3;

        if (trials->max < trials->min)
                return fail_set(fail, FAIL_INVALID, "spec.trials.repeats.max must not be below min");
        if (trials->max > trials->min && trials->min < least)
                return fail_set(fail, FAIL_INVALID, "spec.trials.repeats.min must be at least %u where max is more%s: fewer say too little about how many are needed",
                                least, profile->variants_len ? " and there are variants" : "");
        if (profile->variants_len && trials->min < 2)
                return fail_set(fail, FAIL_INVALID, "spec.trials.repeats.min must be at least 2 with variants: it counts pairs, and one pair says nothing about how pairs differ");
        if (profile->variants_len && trials->max * profile->variants_len > PROFILE_TRIALS_MAX)
                return fail_set(fail, FAIL_INVALID, "spec.trials.repeats must be at most %d trials in all, and there is one of each variant in every repeat",
                                PROFILE_TRIALS_MAX);
        if (!profile->variants_len && doc_at(profile->spec, "trials.order"))
                return fail_set(fail, FAIL_INVALID, "spec.trials.order goes with variants: trials that are all the same have no order");
        return FAIL_NONE;
}

enum fail_kind profile_decode_trials(struct profile *profile, struct fail *fail)
{
        struct profile_trials *trials = &profile->trials;
        struct json_object *object = doc_at(profile->spec, "trials");
        struct words words = {0};

        if (object && !json_object_is_type(object, json_type_object))
                return fail_set(fail, FAIL_INVALID, "spec.trials must be an object");
        *trials = (struct profile_trials){.min = profile->variants_len ? PROFILE_PAIRS_DEFAULT : 1, .until = 0.05, .pause_ms = profile->capacity.given ? 0 : 10000};
        if (field_decode(profile->spec, "spec.", fields, ARRAY_LEN(fields), trials, fail) ||
            field_decode(profile->spec, "spec.", word_fields, ARRAY_LEN(word_fields), &words, fail))
                return FAIL_INVALID;
        trials->order = (enum profile_order)words.order;
        if (trials->max == 0)
                trials->max = trials->min;
        if (profile->capacity.given)
                return profile_check_search(profile, fail);
        return check_rounds(profile, fail) ? FAIL_INVALID : check_total(profile, fail);
}
