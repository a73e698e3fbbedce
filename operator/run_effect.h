/* SPDX-License-Identifier: Apache-2.0
 *
 * One write and what becomes of its answer. It carries what it was decided on: a UID, a resourceVersion, a name that exists once. An
 * answer that leaves the outcome open is followed by a live read, never by a blind repeat. When the outcome is known the pass ends. */
#pragma once

#include "operator/run_decide.h"
#include "operator/session.h"

struct run_effect;

/* For the object 'name' of the run's namespace, in 'cache', whose uid was 'uid' when it was decided; NULL for a create. It is the session's
 * until its outcome is known; one of the four below has to follow. */
struct run_effect *run_effect_new(struct session *session, const struct kube_kind *kind, struct kube_cache *cache, const char *name, const char *uid,
                          enum run_action action);
/* Forgets an effect of which nobody will hear; NULL is fine. */
void run_effect_free(struct run_effect *effect);

void run_effect_create(struct run_effect *effect, struct json_object *object);
void run_effect_patch(struct run_effect *effect, const char *subresource, struct json_object *patch); /* subresource: "status" or NULL */
void run_effect_delete(struct run_effect *effect);
/* Writes nothing: only looks whether what the cache shows is there; the pass then fails with 'why', to be run again. */
void run_effect_look(struct run_effect *effect, const struct fail *why);

/* Nothing follows from it: when it is done, and nothing else has happened meanwhile, the next pass is due at 'due_ns' (INT64_MAX: never by
 * itself). Without, it is due at once. */
void run_effect_rest(struct run_effect *effect, int64_t due_ns);
/* Is a change of this object perhaps that effect's own (NULL: there is none), and to be left to its answer? */
bool run_effect_echoes(const struct run_effect *effect, const struct kube_kind *kind, const char *name);

/* Ends the pass of an answer that is of no effect; 'fail' may be NULL. */
void run_effect_end_pass(struct session *session, const struct fail *fail);
