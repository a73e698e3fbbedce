/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a waiting run may begin: its turn at the target, the administrator's caps, room among the runs under way. */
#pragma once

#include "operator/run_fill.h"

/* For a run whose profile is in session->profile: fills sight->target_key, and what the view says about holds and caps. */
void run_queue_fill(struct manager *manager, struct session *session, struct run_sight *sight, struct run_view *view);

/* One that loaded this target or waited for it is gone, or goes elsewhere: the first QUEUE_NEAR that wait there look again, in the order
 * of the queue. Those behind them look by themselves, the later the farther back they are: thousands may wait, and each end of a run
 * would be as many passes and as many writes of a position. */
#define QUEUE_NEAR 10
void run_queue_left(struct manager *manager, const char *target);
/* This profile is another, or gone: its waiting runs look again. */
void run_queue_profile(struct manager *manager, const char *namespace, const char *profile);
