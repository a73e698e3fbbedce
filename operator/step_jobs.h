/* SPDX-License-Identifier: Apache-2.0
 *
 * The Jobs of all runs that apply a workload and take it back, as the cache shows them. They belong to nobody, so that they outlive their
 * run: this index is how a run that is gone is still brought to its end, and how others wait until its target is as it was. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

#include "base/map.h"

struct step_job_seen {
        char *namespace, *run, *uid; /* of the run */
        char *target;                /* that nobody else may load yet; NULL: anybody may */
};

/* 'index' is a map, zeroed before its first use. The objects are as kube_changed_fn gets them; of other Jobs nothing is kept. Returns
 * what is no longer there, to be freed by step_job_seen_free; NULL when nothing went. */
struct step_job_seen *step_jobs_changed(struct map *index, struct json_object *before, struct json_object *after);
struct step_job_seen *step_job_seen_free(struct step_job_seen *seen);
void step_jobs_done(struct map *index);

/* One of a run of that name with another UID ('uid' NULL: with any); NULL when there is none. Borrowed until the next change. */
const struct step_job_seen *step_jobs_of_another(const struct map *index, const char *namespace, const char *run, const char *uid);
/* Is there one of the run with that UID? */
bool step_jobs_have(const struct map *index, const char *uid);
/* One of another run (than 'uid') after which the target is not yet as it was; NULL when there is none. */
const struct step_job_seen *step_jobs_at_target(const struct map *index, const char *target, const char *uid);
