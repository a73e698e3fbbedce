/* SPDX-License-Identifier: Apache-2.0
 *
 * What must hold of the Jobs that apply a workload and take it back (I19):
 * an apply is released once it is named in status, an undo when its run is over (of a variant: or its trials are); they never work at the same time; after an undo nothing is
 * applied any more; and whatever may have been applied is taken back in the end. */
#pragma once

#include "apisim.h"
#include "base/map.h"

struct check_steps { /* zeroed memory is a fine beginning */
        struct map runs; /* by UID and set: struct steps_seen */
};

/* Is this Job or pod one of theirs? */
bool check_steps_concern(struct json_object *object);
/* A change of one. True: something is wrong, and 'text' says what. */
bool check_steps_job(struct check_steps *steps, struct apisim *sim, struct json_object *before, struct json_object *after, char *text, size_t size);
bool check_steps_pod(struct check_steps *steps, struct json_object *before, struct json_object *after, char *text, size_t size);
/* A generator Job was released (I20): its variant is in effect, whole, and no other. */
#define CHECK_STEPS_APPLIES "patched" /* the name of variants that apply something */
bool check_steps_load(const struct check_steps *steps, struct json_object *job, char *text, size_t size);
/* A run was admitted: is its target as it was? */
bool check_steps_admitted(struct apisim *sim, struct json_object *run, char *text, size_t size);
/* At the end. */
bool check_steps_end(const struct check_steps *steps, char *text, size_t size);
void check_steps_done(struct check_steps *steps);
