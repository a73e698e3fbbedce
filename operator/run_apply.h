/* SPDX-License-Identifier: Apache-2.0
 *
 * Carries out one action. */
#pragma once

#include "operator/run_decide.h"
#include "operator/run_fill.h"

/* Begins the effect; the pass ends (manager_pass_done or _failed) when its answer is here. Returns false for actions
 * that make no request: the caller then ends the pass. */
bool run_apply(struct session *session, const struct run_view *view, const struct run_sight *sight,
               const struct run_plan *plan);
