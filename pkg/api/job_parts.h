/* SPDX-License-Identifier: Apache-2.0
 *
 * The chapters of job_encode; for nobody else. */
#pragma once

#include "api/job.h"

/* Appends the pod's volumes, and where its one container mounts them. */
void job_add_volumes(const struct run *run, const struct profile *profile, struct json_object *volumes, struct json_object *mounts);
