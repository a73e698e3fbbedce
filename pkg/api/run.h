/* SPDX-License-Identifier: Apache-2.0
 *
 * A BenchmarkRun object as its reader needs it. Strings are borrowed from the object. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

struct run {
        struct json_object *object, *status; /* borrowed; status NULL when there is none */
        const char *namespace, *name, *uid, *version; /* version: metadata.resourceVersion */
        int64_t generation, created_wall_ms;
        bool deleting, cancel;
        const char *profile;                 /* NULL with a template */
        struct json_object *template, *overrides, *labels; /* NULL when absent */
        const char *baseline;                /* spec.baseline.run, NULL when absent */
        /* recorded in status */
        int64_t observed_generation;         /* -1: never looked at */
        const char *phase, *target, *stop_reason, *stop_message;
        const char *job_uid, *job_name;      /* of the last trial that was bound */
        int trials_bound;                    /* how many were */
        int64_t trial_start_wall_ms;         /* when the last was bound; -1 when absent */
        const char *trial_pause, *trial_pause_end; /* before the last, and why it ended; NULL: there was none, or nobody said so */
        int64_t start_wall_ms, deadline_wall_ms, finish_wall_ms, start_at_wall_ms; /* -1 when absent */
        int queue_position;                  /* 0: not queued */
        const char *queue_reason;
        bool terminal;                       /* phase is Succeeded, Failed or Cancelled */
};

/* Of the Job of that name that applies something or takes it back, as status.jobs binds it; NULL: it does not. Borrowed. */
const char *run_job_uid(const struct run *run, const char *name);
/* Never fails: what is missing or of the wrong type reads as absent. */
void run_decode(struct json_object *object, struct run *ret_run);
