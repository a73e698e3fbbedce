/* SPDX-License-Identifier: Apache-2.0
 *
 * What a run is compared with. It is chosen once, when the plan is made, and stands there by name, UID and digest; its result is read
 * when the run has one of its own. Whatever is wrong with it becomes a sentence: a missing baseline never keeps a run from its end. */
#pragma once

#include <json-c/json.h>

#include "api/run.h"
#include "operator/session.h"
#include "result/compare.h"

/* For the plan: {"run","uid","configMap","digest"}, or {"run","problem"} with "first":true when there cannot be one yet. NULL: the run
 * is compared with nothing. Needs the profile; caller owns. */
struct json_object *baseline_choose(const struct session *session, const struct run *run);

/* The plan names a result, and it has not been read. */
bool baseline_unread(const struct session *session);
/* Reads it; the pass ends when it is here. False: there is nothing to read. */
bool baseline_read(struct session *session);

/* Compares; *ret_compared is filled. False: the run is compared with nothing. 'ret_compared' borrows from the session. */
bool baseline_compare(const struct session *session, const struct estimates *trials, size_t len, struct compared *ret_compared);
