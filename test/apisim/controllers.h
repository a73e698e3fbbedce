/* SPDX-License-Identifier: Apache-2.0
 *
 * What acts by itself inside a step: garbage collector and namespace controller, Job controller, kubelet. Each looks only at
 * what a change concerns, and at what is due. */
#pragma once

#include "sim.h"

void collect_step(struct apisim *sim);
void jobs_step(struct apisim *sim);
void jobs_done(struct apisim *sim);
void pods_step(struct apisim *sim);
void pods_done(struct apisim *sim);

/* Forgets the oldest 'len' changes. */
void sim_store_forget(struct apisim *sim, size_t len);

/* As a client's delete would do it: finalizers and graceful pods are kept, marked. 'policy' is "Background", "Foreground" or
 * "Orphan"; 'grace_s' < 0: the pod's own. */
void object_delete(struct apisim *sim, struct object *object, const char *policy, int64_t grace_s);
/* Stores 'next' (taken) for an object, or removes it when that was its last finalizer. Nothing when they are equal. */
void object_replace(struct apisim *sim, struct object *object, struct json_object *next);
bool object_deleting(const struct object *object);
bool list_has_text(struct json_object *list, const char *text);
/* A copy of 'list' without 'text'; NULL when nothing is left. Caller owns. */
struct json_object *list_without_text(struct json_object *list, const char *text);
/* Sets conditions[type]; the transition time moves only with the status. Returns true when anything changed. */
bool condition_set(struct apisim *sim, struct json_object *status, const char *type, const char *value, const char *reason,
                   const char *message);
bool condition_is_true(struct json_object *status, const char *type);
/* An Event of the old form, as controllers and kubelet write them. */
void event_write(struct apisim *sim, struct json_object *regarding, const char *component, const char *type,
                 const char *reason, const char *message);
