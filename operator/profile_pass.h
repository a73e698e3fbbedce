/* SPDX-License-Identifier: Apache-2.0
 *
 * One pass over one profile: whether it is usable, what came of its last run, and how many results are kept. */
#pragma once

#include "operator/manager_internal.h"

/* 'key' is "p:namespace/name"; ends like run_pass. */
void profile_pass(struct manager *manager, const char *key);
/* Is its status being written? Then a change of it is the answer's to look at. */
bool profile_pass_writes(const struct manager *manager, const char *namespace, const char *name);
/* Drops what waits for answers that will not come any more: the client is about to go. */
void profile_effects_done(struct manager *manager);
