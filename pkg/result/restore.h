/* SPDX-License-Identifier: Apache-2.0
 *
 * A BenchmarkRun that is gone, as far as the result ConfigMap that it left tells of it (result/pack.h): runs are deleted, results stay. */
#pragma once

#include <json-c/json.h>

#include "base/fail.h"

/* 'map' is the whole ConfigMap "…-result"; borrowed. *ret_run is new: name, namespace and uid, profile and labels, and the status as it was
 * at the end, whose message says that the run is gone. Its resultRef is made of the ConfigMap as it stands: nothing but itself vouches for
 * it any more. FAIL_INVALID: not one of ours, or of a version that kept no status. */
enum fail_kind restore_run(struct json_object *map, struct json_object **ret_run, struct fail *fail);
