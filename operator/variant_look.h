/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether what a variant applied stands when its trial is over: the objects are read once more then. The operator reads only what it may; of the
 * rest it is not known. What happened to them meanwhile is told by variant_watch.h. */
#pragma once

#include "operator/run_fill.h"

bool variant_look_due(const struct session *session);
/* Begins; fills session->drift, unless something is noted there already, and session->unwatched, and ends the pass. */
bool variant_look(struct session *session, const struct run_sight *sight);
