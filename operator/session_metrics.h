/* SPDX-License-Identifier: Apache-2.0
 *
 * Series that a profile asks for (spec.context.metrics), of the sources that the administrator names: asked when the load is over, one after
 * the other, for the time in which it was measured. What cannot be had is missing with its reason, and the run goes on. */
#pragma once

#include "operator/run_fill.h"
#include "operator/session.h"

struct session_metrics;

struct session_metrics *session_metrics_free(struct session_metrics *metrics); /* NULL is fine; returns NULL */
/* Another trial: what was asked for the one before is only kept in sum. */
void session_metrics_begin_trial(struct session *session);

/* In every pass: begins to ask when the workers have ended. */
void session_metrics_look(struct session *session, const struct run_sight *sight, bool ended);
/* All that was asked for is here, or will not be. */
bool session_metrics_closed(const struct session *session);

/* context.metrics: [{"name","source","unit","series","min","mean","max","problem"}] over all trials; 'full': with the query. Nothing where none
 * are asked for. */
void session_metrics_put(const struct session *session, struct json_object *context, bool full);
/* Adds the series of this trial to its samples ('samples' may be NULL, is taken), as far as they take no more than bytes_max of text. NULL when
 * there is nothing. Caller owns. */
struct json_object *session_metrics_add(const struct session *session, struct json_object *samples, size_t bytes_max);
