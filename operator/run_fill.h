/* SPDX-License-Identifier: Apache-2.0
 *
 * Fills a view from caches, records and clocks. */
#pragma once

#include "api/job.h"
#include "api/run.h"
#include "operator/run_view.h"
#include "operator/session.h"

/* What a pass works with beside the view; strings are borrowed until the loop's next step. */
struct run_sight {
        struct run run;               /* zeroed when the run is gone */
        struct json_object *job_object;
        struct job job;               /* valid with job_object */
        struct job apply, undo;       /* valid where the view shows them */
        int set;                      /* whose they are, see api/names.h */
        struct job left;              /* an earlier trial's, valid with view->job_left */
        uint32_t trials_planned;      /* how many there will be, 0 while unknown */
        char *target_key;             /* NULL while unknown; owned, freed by run_sight_done */
        char invalid_text[FAIL_TEXT_MAX]; /* why it can never run */
        char hold_text[FAIL_TEXT_MAX];    /* why it has to wait, but for its turn at the target */
        const char *phase;            /* that the status should show */
        int64_t start_at_wall_ms;     /* as announced to the workers, -1 not yet */
        int64_t begun_wall_ms;        /* when the load began or will: as announced, or later when a worker says so; -1 not known yet */
        int64_t wall_ms, now_ns;
};

/* 'run_object' NULL: the run is gone. 'session' may be NULL only then. */
void run_fill(struct manager *manager, struct session *session, struct json_object *run_object, struct run_view *ret_view,
              struct run_sight *ret_sight);
void run_sight_done(struct run_sight *sight);

/* ---- for those who fill a part of it ---- */

#define RUN_FILL_AGAIN_NS NS_PER_S /* where only looking again tells */

/* At the latest. A wall time that is over, or unknown (-1), wakes nobody. */
void run_fill_wake_at(struct run_view *view, int64_t at_ns);
void run_fill_wake_at_wall(struct run_view *view, const struct run_sight *sight, int64_t at_wall_ms);
/* The Job of that trial, whoever made it; borrowed from its cache, NULL: there is none. */
struct json_object *run_fill_find_job(struct manager *manager, const char *namespace, const char *name, const char *uid, int trial);
