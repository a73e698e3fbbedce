/* SPDX-License-Identifier: Apache-2.0
 *
 * The difference of two facts of one object, in words. */
#pragma once

#include <json-c/json.h>

#include "probe/context.h"

#define CHANGE_TEXT_MAX 400

/* Called for each change found, in a fixed order. 'count' is the number of restarts, else 1. */
typedef void change_found_fn(void *owner, enum context_change_kind kind, const char *text, int64_t count);

/* 'before' NULL: the object is new; 'after' NULL: it is gone. Not both. Sets "rolling" in 'after' while a rollout that began under
 * observation has not reached every pod. */
void change_find(enum context_kind kind, struct json_object *before, struct json_object *after, change_found_fn *found,
                 void *owner);
