/* SPDX-License-Identifier: Apache-2.0
 *
 * Between context.c (observing), context_pressure.c (nodes under pressure) and context_encode.c (printing). */
#pragma once

#include "base/map.h"
#include "probe/context.h"

#define STRETCHES_MAX 4

struct stretch { /* of time, under one pressure */
        const char *pressure;              /* the condition; a constant */
        int64_t from_wall_ms, to_wall_ms;  /* from: seen first, 0: from the beginning; to: seen to be over, INT64_MAX: it is not */
};

struct entry { /* one known object */
        enum context_kind kind;
        struct json_object *facts;
        bool restored; /* from a stored state, not seen since */
        struct stretch stretches[STRETCHES_MAX]; /* of a node, as they came; where there are more, the first is all of the earliest */
        unsigned stretches_len;
};

struct change {
        int64_t wall_ms;
        enum context_change_kind kind;
        uint32_t count; /* how often, at once */
        bool also;    /* of something that the target depends on */
        char *object; /* "Pod/checkout-7d9-x2k" */
        char *text;
};

struct gap {
        int64_t from_wall_ms, to_wall_ms;
};

struct context {
        struct context *of; /* of a dependency: whose timeline tells its changes, by this name */
        char *name;
        struct context *also[CONTEXT_ALSO_MAX];
        size_t also_len;
        struct map objects; /* "Kind/uid" to struct entry */
        bool nodes_unknown, incomplete; /* a restored state that did not hold everything */
        struct change *changes;
        size_t changes_len, changes_dropped;
        struct gap gaps[CONTEXT_GAPS_MAX];
        size_t gaps_len;
        struct map images, target_nodes; /* seen ever: sets, the value is the context */
        bool watching;                   /* since context_mark_before */
        uint32_t ready, ready_min, ready_max;
        int64_t restarts; /* since context_mark_before */
        bool pods_seen;
        struct json_object *before, *after;
};

/* Its facts are of wall_ms, 0: of the beginning. NULL, or what is no node, is nothing. */
void context_note_pressure(struct entry *entry, int64_t wall_ms);
