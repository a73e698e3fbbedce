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
/* Of one trial of several variants, by the fold of that trial: at most TRIAL_EXPLANATIONS_MAX, for its document. Caller owns. */
struct json_object *run_explain_trial(const struct session *session, const struct fold *fold);
/* Adds those of variants (result/arms_explain.h), and the surest of them to the message. What was cut to 'truncated'. */
void run_explain_arms(struct json_object *explanations, struct json_object *final, struct json_object *truncated);
/* What run_explain() adds, in full, for the result's context: "mesh". NULL when nobody looked at a mesh. Caller owns. */
struct json_object *run_explain_full(const struct session *session, const struct status_end *end);
