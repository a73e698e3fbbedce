/* SPDX-License-Identifier: Apache-2.0
 *
 * Which trials of a series stand, and which are run once more. A round is one trial, or with variants one of each arm. A round with a trial that
 * was Invalid, was cut short (its workers or their logs were lost), or ran on other nodes than the first, is repeated whole, at once: a single trial once,
 * a round of several twice at most. Of all tries the last counts, unless it is worse than one before. Pure: the documents of trials (result/trial.h), in the order in which they ran, are all that it
 * knows, so that a restarted operator comes to the same. A document that somebody deleted is no reason to repeat. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

/* Those that stand, in order, borrowed into 'ret_kept' (room for 'len'); returns how many, which is also the place of the next trial in the series.
 * A last round that waits for its repeat does not stand unless the series is over. 'round' >= 1: trials in one. */
size_t repeats_keep(struct json_object *const *docs, size_t len, size_t round, bool over, struct json_object **ret_kept);

/* The trial that the next one repeats, as an index of 'docs'; -1: the next one is new. */
int repeats_next(struct json_object *const *docs, size_t len, size_t round);
