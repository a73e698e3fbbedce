/* SPDX-License-Identifier: Apache-2.0
 *
 * Which stored results are too many. Pure selection: listing and deleting is the caller's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct history_item { /* one result ConfigMap's metadata */
        const char *name, *run_uid, *profile; /* profile NULL or "": none */
        int64_t created_wall_ms;
        int64_t bytes;
        bool kept; /* belongs to a run that must stay: active, pinned, or a baseline */
};

struct history_rule {
        const char *profile; /* items of this profile only; NULL: items without one */
        uint32_t keep_runs;  /* the newest this many runs stay */
        int64_t keep_bytes;  /* 0: no limit; beyond it the oldest runs go */
        int64_t max_age_ms;  /* 0: no limit */
        int64_t now_wall_ms; /* for max_age_ms */
};

/* Marks what to delete: ret_delete[i] for items[i]. A run goes as a whole, the oldest first (a run is as old as its oldest
 * item; equals by uid); runs with a 'kept' item never go but count. Returns how many are marked. */
size_t history_select(const struct history_item *items, size_t len, const struct history_rule *rule, bool ret_delete[]);

/* Of the marked items the one to delete next, 'len' when none is marked: the newest, so that what is left of a run is as old as the
 * run was, and no other goes in its place when the rule is asked again. */
size_t history_next(const struct history_item *items, size_t len, const bool marked[]);
