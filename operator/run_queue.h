/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a waiting run may begin: its turn at the target, the administrator's caps, room among the runs under way. */
#pragma once

#include "operator/run_fill.h"

/* For a run whose profile is in session->profile: fills sight->target_key, and what the view says about holds and caps. */
void run_queue_fill(struct manager *manager, struct session *session, struct run_sight *sight, struct run_view *view);
