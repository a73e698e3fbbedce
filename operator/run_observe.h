/* SPDX-License-Identifier: Apache-2.0
 *
 * What objectives on target and proxies are judged by: the samples and changes of one trial, as figures. */
#pragma once

#include "operator/session.h"
#include "result/observed.h"

/* Of the trial whose window from..to (wall time) was judged by session_samples_judge() and session_mesh_judge(); restarts count from the
 * beginning of its warm-up until now. */
void run_observe(const struct session *session, int64_t from_wall_ms, int64_t to_wall_ms, struct observed *ret_observed);
