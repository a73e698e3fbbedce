/* SPDX-License-Identifier: Apache-2.0
 *
 * The chapters of job_encode, and what it shares with step_job_encode; for nobody else. */
#pragma once

#include "api/job.h"

/* Appends the pod's volumes, and where its one container mounts them. 'plan_key': the worker's plan in the plan ConfigMap. */
void job_add_volumes(const struct run *run, const struct profile *profile, const char *plan_key, struct json_object *volumes, struct json_object *mounts);

/* Fixed parts of ours, as text; new. */
struct json_object *job_literal(const char *text);
struct json_object *job_pod_security(void);
struct json_object *job_container_security(void);
