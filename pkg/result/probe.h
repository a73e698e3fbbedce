/* SPDX-License-Identifier: Apache-2.0
 *
 * The probes of a search for a target's capacity: what each says of its rate, and where all of them lead (stat/capacity.h). A probe holds when
 * every objective does with its interval, 99 % of what was offered is answered, and no more and more requests wait. Where an objective is no
 * share of the requests (a mean, a rate, one of a single request, …) its value decides. Pure.
 *
 * A probe's document is that of a trial (result/trial.h) with
 *   "probe":{"rate":459.3,"lengths":1,"outcome":"failed","limitedBy":"latency.p99","text":"latency.p99 was 310.200ms, limit <= 250ms"}
 * where "limitedBy" is the objective's metric, "rate.achieved", "backlog", "generator" or, of a probe that is not valid, its reason. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "api/profile.h"
#include "result/fold.h"
#include "result/gates.h"
#include "result/observed.h"
#include "stat/capacity.h"

struct verdict_judged; /* result/verdict.h */

extern const char *const probe_outcomes[CAPACITY_FAILED + 1]; /* "held", "likely", "unlikely", "failed" */

/* What this probe of 'step' found; 'observed' NULL: nobody looked. Caller owns. */
struct json_object *probe_encode(const struct fold *fold, const struct gates *gates, const struct observed *observed, const struct profile *profile,
                                 const struct capacity_step *step);

struct probe_search {
        struct capacity_step step;
        struct capacity_step asked;               /* what the last probe was for, the first one's where there is none */
        struct json_object *failed;               /* "probe" of the lowest rate that did not hold, borrowed; NULL: all did */
        struct json_object *last[CAPACITY_CONFIRMATIONS]; /* documents at the end: those that confirm what was found, or the last probe; borrowed */
        size_t last_len;
};

/* Where these documents lead. One that is invalid is run once more and then counts as not held; one that is lost is run again. After
 * PROFILE_TRIALS_MAX of them the search ends, whatever it has found. */
struct probe_search probe_search(const struct profile *profile, struct json_object *const *docs, size_t len);

/* What a search says in the place of a verdict that looked at its last probes alone: that nothing was found, or that what is confirmed holds. */
void probe_decide(const struct probe_search *search, struct verdict_judged *judged);

/* status.capacity: {"rate","low","high","limitedBy"}, under way only low and high as far as they are known; caller owns. */
struct json_object *probe_encode_capacity(const struct probe_search *search);
/* What is above the rate found may be the target's or the generator's: the latter limits what the result is worth. */
void probe_limit(const struct probe_search *search, struct gates *gates);
/* "carries 1840.0/s (1822.0/s to 1880.0/s); at 1880.0/s latency.p99 was 310.000ms, limit <= 250ms". New string. */
char *probe_message(const struct probe_search *search);
