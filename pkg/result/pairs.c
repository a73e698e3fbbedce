/* SPDX-License-Identifier: Apache-2.0 */
#include "result/pairs.h"

#include <assert.h>
#include <math.h>

#include "base/text.h"

/* The trial of an arm in the round that begins at 'from'; 'len' when it was not made. */
static size_t trial_in(const struct profile *profile, size_t from, size_t len, uint32_t arm)
{
        size_t end = from + profile_arms(profile);

        for (size_t i = from; i < end && i < len; i++)
                if (profile_arm_of(profile, (uint32_t)i) == arm)
                        return i;
        return len;
}

void pairs_of(const struct profile *profile, const struct trial *trials, size_t len, uint32_t arm, struct pairs *ret_pairs)
{
        const struct profile_trials *plan = &profile->trials;
        uint32_t arms = profile_arms(profile);
        struct pairs *pairs = ret_pairs;

        assert(len <= PROFILE_TRIALS_MAX && arm >= 1 && arm < arms);
        *pairs = (struct pairs){0};
        for (size_t from = 0; from < len; from += arms) {
                size_t a = trial_in(profile, from, len, 0), b = trial_in(profile, from, len, arm);
                if (a == len || b == len || !trial_is_sound(&trials[a]) || !trial_is_sound(&trials[b]))
                        continue;
                pairs->a[pairs->len] = a;
                pairs->b[pairs->len++] = b;
                pairs->first += from / arms < plan->min;
        }
        /* Where the first stage could not say how pairs differ, all were made whatever they showed: then all may say it. */
        if (plan->min == plan->max || pairs->first < 2)
                pairs->first = pairs->len;
}

size_t pairs_differences(const struct pairs *pairs, const struct trial *trials, const struct comparable *what, double *ret_differences)
{
        for (size_t i = 0; i < pairs->len; i++) {
                const struct estimate *a = estimates_find(&trials[pairs->a[i]].estimates, what->metric);
                const struct estimate *b = estimates_find(&trials[pairs->b[i]].estimates, what->metric);
                bool known = a->known && b->known && !a->censored && !b->censored;
                if (!known || (!what->is_share && (a->value <= 0 || b->value <= 0)))
                        return 0;
                ret_differences[i] = what->is_share ? b->value - a->value : log(b->value / a->value);
        }
        return pairs->len;
}
