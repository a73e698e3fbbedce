/* SPDX-License-Identifier: Apache-2.0
 *
 * What became of a run that was admitted by an operator before this one. Watches may lag when the lead changes hands, and what is
 * missing in a cache is not proof that it is gone: before anything is concluded the API server itself is asked for the run, its
 * plan, the Job and the result of its last trial, and its pods, once. */
#pragma once

#include "operator/session.h"

/* Begins the reads; the pass ends when all answers are here. session->caught_up tells that none of them failed. */
void run_look(struct session *session);
