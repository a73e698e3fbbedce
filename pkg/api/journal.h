/* SPDX-License-Identifier: Apache-2.0
 *
 * The ConfigMap under which an account keeps what was there before it applied anything, and how far that has come:
 *
 *   applying -> applied -> undoing -> undone
 *            `------------^                    (also written where nothing was ever applied)
 *
 * With "applied" stands what the objects were right afterwards, of the parts that were named: what is no longer so later was changed back.
 * It is made once, before the first change, and never deleted with the work: an apply that comes late finds "undoing" or "undone" there
 * and does nothing. */
#pragma once

#include <json-c/json.h>

#include "api/steps.h"
#include "base/fail.h"

#define JOURNAL_BYTES_MAX 524288 /* all previous objects together; a ConfigMap holds 1 MiB */
#define JOURNAL_APPLIED_BYTES_MAX 262144

enum journal_state { JOURNAL_APPLYING, JOURNAL_APPLIED, JOURNAL_UNDOING, JOURNAL_UNDONE };

/* 'previous' is an array, for each manifest of the steps the object as it was (api/manifest.h) or null; borrowed. *ret_configmap is new.
 * FAIL_TOO_LARGE says how large. */
enum fail_kind journal_encode(const struct steps *steps, enum journal_state state, struct json_object *previous,
                              struct json_object **ret_configmap, struct fail *fail);

struct journal {
        enum journal_state state;
        struct json_object *previous; /* owned; as many as the steps have manifests */
        struct json_object *applied;  /* owned; for each {"plural" (of its kind), "part" (manifest_part)}; NULL: not said */
};
/* FAIL_INVALID: not one of ours, or of other steps. Release with journal_done. */
enum fail_kind journal_decode(struct json_object *configmap, const struct steps *steps, struct journal *ret_journal, struct fail *fail);
void journal_done(struct journal *journal);
#define auto_journal __attribute__((cleanup(journal_done)))

/* What stands there under "applied" alone; new, NULL: nothing. */
struct json_object *journal_applied(struct json_object *configmap);

/* The merge patch that moves 'configmap' on to 'state', refused when somebody else was faster; new. 'applied' (borrowed, may be NULL) is
 * kept with it, unless it is larger than JOURNAL_APPLIED_BYTES_MAX. */
struct json_object *journal_move(struct json_object *configmap, enum journal_state state, struct json_object *applied);
