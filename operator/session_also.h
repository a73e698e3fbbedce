/* SPDX-License-Identifier: Apache-2.0
 *
 * Services that the target depends on (spec.context.also), observed like it: pods, replicas, restarts, images, and the mesh between the
 * target's pods and them. What cannot be had is said with its reason, and the run goes on. */
#pragma once

#include "operator/session.h"

struct session_also;

/* With the session's context: nothing is watched yet. Nothing happens for a profile without. */
void session_also_new(struct session *session);
struct session_also *session_also_free(struct session_also *also); /* NULL is fine; returns NULL */
void session_also_open(struct session *session);                   /* begins to watch, once */
bool session_also_settled(const struct session *session);          /* all that can come has come */
/* Once the state before is marked, or known again: the mesh as it is now is what later ones are compared with. */
void session_also_mark(struct session *session);
/* Sets "also" in status.context, and in the result's context with the states before and after. */
void session_also_put(const struct session *session, struct json_object *context, struct json_object *truncated);
void session_also_put_full(const struct session *session, struct json_object *context);
