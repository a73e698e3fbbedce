/* SPDX-License-Identifier: Apache-2.0
 *
 * What a run brings along, and what its variants apply: what is seen of the ConfigMap and the two Jobs by which it comes and goes, and what
 * they are made of. */
#pragma once

#include "api/step_job.h"
#include "operator/run_fill.h"

/* 'sight->run' is zeroed when the run is gone. Fills everything under "what it brings along"; of a run under way after its trials, and
 * with view->workload as it is without variants. */
void run_steps_fill(struct manager *manager, struct session *session, struct run_sight *sight, struct run_view *view);

/* New objects, ready to create. */
struct json_object *run_steps_encode(const struct session *session, const struct run_sight *sight);
struct json_object *run_steps_encode_job(const struct session *session, const struct run_sight *sight, enum step_role role);
/* status.jobs: which Jobs they are. New. */
struct json_object *run_steps_encode_bound(const struct session *session, const struct run_sight *sight);

/* Takes over the steps that the run began with, and the profile they belong to; from then on session->steps_digest says so.
 * FAIL_INVALID: not ones that this version reads. */
enum fail_kind run_steps_load(struct session *session, struct json_object *configmap, struct fail *fail);
/* Asks for them; the pass is run again when they are here. */
void run_steps_ask(struct session *session);

/* Why the workload could not be applied, for people; new. */
char *run_steps_failure(const struct session *session, const struct run_sight *sight);
