/* SPDX-License-Identifier: Apache-2.0
 *
 * One worker of a run, from its plan to its last record:
 * hello ─▶ proxy ready, resolve, connect ─▶ ready ─▶ wait for the start instant ─▶ start ─▶ intervals … ─▶ pieces, requests,
 * connect ─▶ message file ─▶ end ─▶ cool-down ─▶ proxy told to quit. */
#pragma once

#include "load/plan.h"

struct worker_options { /* borrowed for the call */
        uint32_t index;           /* 0..workers-1 */
        const char *start_file;   /* will hold the start instant as Unix milliseconds; NULL: start at once */
        const char *message_file; /* where the termination message goes; NULL: nowhere */
        const char *pod;          /* the pod's UID, may be "" */
        int64_t began_ns;         /* when the process began, monotonic */
        int out_fd;               /* the log lane */
        int floor_fd;             /* floor_listen(): the floor is measured before the start, and this closed; -1: it is not */
};

enum worker_exit { WORKER_FINISHED = 0, WORKER_FAILED = 1, WORKER_TERMINATED = 143 };

/* Runs to the end and says how it went; SIGTERM and SIGINT end it early with a partial result. Blocks those two and
 * ignores SIGPIPE for the whole process. */
enum worker_exit worker_run(const struct load_plan *plan, const struct worker_options *options);
