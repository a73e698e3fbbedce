/* SPDX-License-Identifier: Apache-2.0
 *
 * What the mesh, and the machines, did to the load, into the terminal status. Pure. */
#pragma once

#include "operator/session.h"
#include "result/status.h"

#define EXPLANATIONS_MAX 8 /* shown; the result has all */

/* Adds explanations to 'final', and what is surest to its message; context.mesh and summary.mesh when the mesh was looked at. What was cut to
 * 'truncated'. */
void run_explain(const struct session *session, const struct status_end *end, struct json_object *final, struct json_object *truncated);
/* The same in full, for the result's context: "mesh". NULL when nobody looked at a mesh. Caller owns. */
struct json_object *run_explain_full(const struct session *session, const struct status_end *end);
