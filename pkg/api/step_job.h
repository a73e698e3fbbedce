/* SPDX-License-Identifier: Apache-2.0
 *
 * The Jobs that apply a workload, or what a variant changes, and take it back (batch/v1), under the account that the profile names: made suspended, released by the
 * operator. They are the only pods of a run with a token. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/profile.h"
#include "api/run.h"
#include "api/sha.h"

enum step_role { STEP_APPLY, STEP_UNDO };

struct step_job { /* borrowed */
        enum step_role role;
        int set;                   /* of the run, see api/names.h */
        const struct run *run;     /* with name, namespace and uid */
        const char *variant;       /* whose set it is; NULL: the workload's */
        const char *configmap, *key; /* where its steps stand */
        const char *profile;       /* its name; NULL with a template */
        const char *account, *image, *digest; /* the digest: of the steps */
        const char *target;        /* its key: nobody else may load it until the undo is done */
        int64_t ready_timeout_ms;
};

/* The Job object, ready to create; caller owns. The one that applies is tried once, the one that takes it back by Kubernetes until it
 * succeeds. Both belong to nobody: what is to be taken back outlives the run. */
struct json_object *step_job_encode(const struct step_job *wanted);

/* Did the program say, by its termination message, that it has changed nothing in the cluster? */
bool step_job_untouched(const char *message);
/* Why the pod's program failed, by its termination message; NULL when it does not say. New string. */
char *step_job_failure(const char *message);
