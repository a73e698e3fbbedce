/* SPDX-License-Identifier: Apache-2.0
 *
 * The immutable …-plan ConfigMap: everything a run needs, frozen before its Job exists. A restarted operator works only from
 * it. Keys: profile.json (merged spec), worker.json (the format of pkg/load's plan; of further arms worker-1.json …), steps.json (of what an arm applies, api/steps.h; of further arms steps-1.json …), target.json, context.json ("before"),
 * meta.json (profile name, uid, generation, digests; image of the workers; "pod", or with variants "arms": [{"name","pod"}]; the baseline), and mesh.json (the mesh "before") when it was looked at. */
#pragma once

#include <json-c/json.h>

#include "api/profile.h"
#include "api/run.h"
#include "api/target.h"
#include "base/fail.h"

#define PLAN_CONTEXT_BYTES_MAX 131072 /* a longer context.json is {"truncated":true} */

struct plan_parts {
        const struct run *run;
        const struct profile *profile;
        struct json_object *profile_object; /* the PerformanceProfile, NULL with a template */
        const struct target *target;
        struct json_object *context;        /* "before"; borrowed */
        const char *image;                  /* of the workers */
        struct json_object *pods[PROFILE_VARIANTS_MAX]; /* what a mesh wants of the pods of each arm, see job_add_pod; NULL: nothing; borrowed */
        struct json_object *mesh;           /* the mesh "before"; NULL: not looked at; borrowed */
        struct json_object *baseline;       /* what it will be compared with (operator/baseline.h); borrowed, NULL: with nothing */
};

/* worker.json of an arm: what its workers do, as load/plan.h reads it; caller owns. Of the parts run, profile, target and pods count. */
struct json_object *plan_encode_worker(const struct plan_parts *parts, uint32_t arm);
/* The key of an arm's worker.json in the plan. */
#define PLAN_KEY_MAX 16
const char *plan_worker_key(uint32_t arm, char key[static PLAN_KEY_MAX]);
/* The key of the steps of what an arm applies. */
const char *plan_steps_key(uint32_t arm, char key[static PLAN_KEY_MAX]);
/* The ConfigMap object, ready to create; caller owns. */
struct json_object *plan_encode(const struct plan_parts *parts);

struct plan {
        struct json_object *spec, *worker, *target, *context, *meta; /* owned; worker: of the only or the first arm */
        struct json_object *others[PROFILE_VARIANTS_MAX];            /* others[i]: of arm i >= 1; owned */
        struct json_object *steps[PROFILE_VARIANTS_MAX];             /* of what each arm applies; owned, NULL: nothing */
        struct json_object *mesh; /* owned; NULL: there is none */
};
/* FAIL_INVALID: not one of ours. Everything in *ret_plan must be released with plan_done. */
enum fail_kind plan_decode(struct json_object *configmap, struct plan *ret_plan, struct fail *fail);
void plan_done(struct plan *plan);
/* worker.json of an arm, and what a mesh wants of its pods; borrowed, NULL: there is none. */
struct json_object *plan_worker(const struct plan *plan, uint32_t arm);
struct json_object *plan_pod(const struct plan *plan, uint32_t arm);

/* metadata of an evidence ConfigMap of this run: name, namespace, labels, annotation; caller owns. */
struct json_object *plan_metadata(const char *namespace, const char *run, const char *uid, const char *profile,
                                  const char *name, const char *part);
