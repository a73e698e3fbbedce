/* SPDX-License-Identifier: Apache-2.0
 *
 * CPU and memory around one run (probe/samples.h): which pods and nodes are sampled, and what of it stands in status and result. What
 * cannot be had is said with its reason, and the run goes on. */
#pragma once

#include "operator/session.h"
#include "probe/samples.h"

struct session_samples;

struct session_samples *session_samples_new(struct session *session);
struct session_samples *session_samples_free(struct session_samples *samples); /* NULL is fine; returns NULL */

/* Each may be told again and again; nothing happens while nothing is sampled (session->samples is NULL). */
void session_samples_see_pod(struct session *session, enum samples_role role, struct json_object *pod);
void session_samples_see_node(struct session *session, struct json_object *node);
/* Another trial: what was sampled for the one before goes. */
void session_samples_begin_trial(struct session *session);

/* Once per trial, when its window is known: sums up what belongs to it. */
void session_samples_judge(struct session *session, int64_t from_wall_ms, int64_t to_wall_ms);
/* What one container of the target's or the generator's pods did in a window of this trial; nothing is known when nothing was sampled. */
void session_samples_container(const struct session *session, enum samples_role role, const char *container, int64_t from_wall_ms,
                               int64_t to_wall_ms, struct samples_summary *ret_summary);
/* Sets cpu, memory and throttled in context.target, cpuMax, memoryMax, pressure and steal in context.nodes, and context.samples: how good
 * they are, or why there are none; 'full': also of each node. */
void session_samples_put(const struct session *session, struct json_object *context, bool full);
/* CPU in cores of one pod of the target, of what was sampled for this trial, that lies whole in from..to: the mean, or of each pod the newest.
 * Below 0: not known. */
double session_samples_cpu(const struct session *session, int64_t from_wall_ms, int64_t to_wall_ms, bool newest);
/* The rows of this trial for the result, at most bytes_max as text. NULL when nothing was sampled. Caller owns. */
struct json_object *session_samples_encode(const struct session *session, size_t bytes_max);
/* What probe/explain.h makes of all trials; empty when nothing was sampled. Caller owns. */
struct json_object *session_samples_explain(const struct session *session);
/* The same of the trial that was judged last. */
struct json_object *session_samples_explain_trial(const struct session *session);
