/* SPDX-License-Identifier: Apache-2.0
 *
 * One pass over one run: view -> decide -> apply. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

#include "operator/manager_internal.h"
#include "operator/session.h"

/* 'key' is "r:namespace/name", taken from the queue; ends with manager_pass_done or manager_pass_failed, at once or when the
 * effect's answer is here. */
void run_pass(struct manager *manager, const char *key);
/* A worker pod changed; remembers which pods belong to which Job and runs the pass of its run. */
void run_pass_pod_changed(struct manager *manager, struct json_object *pod, bool gone);
/* Frees what was remembered of pods. */
void run_pass_forget_pods(struct manager *manager);
