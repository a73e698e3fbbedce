/* SPDX-License-Identifier: Apache-2.0
 *
 * Which worker pods belong to which Job: an index over the pod cache, whose names end in random letters. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

#include "operator/manager_internal.h"

/* A worker pod changed (gone: as it was last): updates the index and marks its run for a pass, if a pass could make something of it. */
void job_pods_changed(struct manager *manager, struct json_object *pod, bool gone);
/* Calls 'each' for every worker pod of the Job that the cache knows. */
void job_pods_each(struct manager *manager, const char *namespace, const char *job,
                   void (*each)(void *owner, struct json_object *pod), void *owner);
/* Frees the index. */
void job_pods_done(struct manager *manager);
