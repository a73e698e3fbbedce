/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether what a variant applied stood until its trial was over: the objects are read once more then, and held against what the journal of
 * the Job that applied them says of them. The operator reads only what it may; of the rest it is not known. */
#pragma once

#include "operator/run_fill.h"

bool variant_look_due(const struct session *session);
/* Begins; fills session->drift and session->unwatched, and ends the pass. */
bool variant_look(struct session *session, const struct run_sight *sight);
