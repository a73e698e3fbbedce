/* SPDX-License-Identifier: Apache-2.0
 *
 * One pass over one run: view -> decide -> apply. */
#pragma once

#include "operator/manager_internal.h"
#include "operator/session.h"

/* 'key' is "r:namespace/name", taken from the queue; ends with manager_pass_done or manager_pass_failed, at once or when the
 * effect's answer is here. */
void run_pass(struct manager *manager, const char *key);
