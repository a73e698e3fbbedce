/* SPDX-License-Identifier: Apache-2.0
 *
 * Fills what a view says of the trials of its run: which is under way, whether there is to be another, and whether it is time for it. */
#pragma once

#include "operator/run_fill.h"

/* The first without a stored result. A result that somebody deleted does not bring its trial back. */
int run_fill_trial_now(struct manager *manager, const struct run *run);
/* After view->trial, ->bound and ->job. */
void run_fill_trials(struct manager *manager, struct session *session, struct run_sight *sight, struct run_view *view);
