/* SPDX-License-Identifier: Apache-2.0
 *
 * What the mesh did to the load, into the terminal status. Pure. */
#pragma once

#include "operator/session.h"
#include "result/fold.h"

#define EXPLANATIONS_MAX 8 /* shown; the result has all */

/* Adds context.mesh, explanations and summary.mesh to 'final', and what is surest to its message; what was cut to 'truncated'. Nothing
 * when nobody looked at a mesh. */
void run_explain(const struct session *session, const struct fold *fold, struct json_object *final, struct json_object *truncated);
/* The same in full, for the result's context: "mesh". NULL when nobody looked at a mesh. Caller owns. */
struct json_object *run_explain_full(const struct session *session, const struct fold *fold);
