/* SPDX-License-Identifier: Apache-2.0
 *
 * The status a run shows, composed from what a pass saw. Pure: objects in, objects out. */
#pragma once

#include <json-c/json.h>

#include "operator/run_decide.h"
#include "operator/run_fill.h"

/* The whole new status for an action that writes it; caller owns. 'plan->reason' is what the conditions say. */
struct json_object *run_status_next(const struct session *session, const struct run_view *view,
                                    const struct run_sight *sight, const struct run_plan *plan);

/* A merge patch (RFC 7386) for the status subresource from what stands to 'next', as compare-and-swap by resourceVersion.
 * NULL when nothing differs. Caller owns. */
struct json_object *run_status_patch(const struct run *run, struct json_object *next);

/* status.queue.reason of a hold, NULL for HOLD_NONE; and back, HOLD_NONE for a word that is none of them. */
const char *run_status_hold(enum view_hold hold);
enum view_hold run_status_hold_shown(const char *reason);

/* Folds the records: judges, composes the terminal status (session->final) and the ConfigMaps to store (session->pack); of one trial of
 * several only what the series will need of it. */
void run_status_fold(struct session *session, const struct run_view *view, const struct run_sight *sight);
/* The same of all trials, when there will be no other. */
void run_status_fold_series(struct session *session, const struct run_view *view, const struct run_sight *sight);
