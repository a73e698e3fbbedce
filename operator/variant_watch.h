/* SPDX-License-Identifier: Apache-2.0
 *
 * What a variant applied, watched while its trial is under way: what somebody changes back, and what is changed back for a moment only, is
 * noticed when it happens. The look at the end (variant_look.h) says the rest: that it stood when nobody watched for a while, and that it could be
 * looked at at all. */
#pragma once

#include "operator/run_view.h"
#include "operator/session.h"

/* Begins where there is something to watch, and ends when that was looked at for the last time; in every pass of a run under way. */
void variant_watch_see(struct session *session, const struct run_view *view);
struct variant_watch *variant_watch_free(struct variant_watch *watch);
