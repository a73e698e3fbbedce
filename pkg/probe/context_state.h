/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside pkg/probe: an object's state as far as the context remembers it, and what a change of it is called. */
#pragma once

#include "probe/context.h"

struct context_change {
        int64_t wall_ms;
        enum context_change_kind kind;
        char *object, *text; /* "Pod web-1"; "restarted (OOMKilled), 2 restarts now" */
};

/* The remembered state of an object of that kind; caller owns. */
struct json_object *context_state_encode(enum context_kind kind, struct json_object *object);
/* Adds a change to the timeline (or counts it as dropped). 'text' is copied. */
void context_change_add(struct context *context, enum context_change_kind kind, const char *object, const char *text,
                        int64_t wall_ms);
/* Compares two states of one object ('old' or 'new' may be NULL) and adds the changes. */
void context_state_compare(struct context *context, enum context_kind kind, struct json_object *old,
                           struct json_object *new, int64_t wall_ms);
const char *context_kind_name(enum context_kind kind);
