/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside pkg/probe: the context itself. */
#pragma once

#include "base/map.h"
#include "probe/context_state.h"

struct context_gap {
        int64_t from_wall_ms, to_wall_ms;
};

struct context {
        struct map known[CONTEXT_KINDS]; /* uid -> state, owned references */
        struct context_change *changes;
        size_t changes_len, changes_dropped;
        struct context_gap *gaps;
        size_t gaps_len;
        bool nodes_unknown;
        int64_t pods_min, pods_max;      /* ready pods since "before"; min -1: never looked */
        int64_t restarts_before;
        struct json_object *images;      /* imageID -> image, of every pod seen */
        struct json_object *before, *after;
        int64_t before_wall_ms, after_wall_ms;
};
