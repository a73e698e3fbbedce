/* SPDX-License-Identifier: Apache-2.0
 *
 * What one pass over a BenchmarkRun sees: a snapshot that owns nothing and points nowhere but at static words.
 * Everything here is observed afresh (caches, worker records, clocks) or was recorded in status because it cannot be
 * observed again (admission, deadline, the bound Job, why it was stopped). The phase word is never read back. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "api/job.h"

enum view_job {
        JOB_ABSENT,
        JOB_FOREIGN,   /* an object of that name that is not ours */
        JOB_SUSPENDED,
        JOB_ACTIVE,
        JOB_ENDED,     /* complete or failed; its workers say how it went */
};

enum view_records {
        RECORDS_NONE,    /* no worker has said anything yet */
        RECORDS_PARTIAL, /* records are coming, or may still come */
        RECORDS_SETTLED, /* nothing more can come */
};

enum view_hold { /* why a run that could begin has to wait; names in run_status.c */
        HOLD_NONE,
        HOLD_TARGET,        /* somebody else loads this target, or is ahead in its queue */
        HOLD_BUDGET,        /* the administrator's sums have no room */
        HOLD_CONFIGURATION, /* what the administrator wants cannot be read */
        HOLD_STOP_ALL,
        HOLD_UNDO,          /* what an earlier run applied for this target is not taken back yet */
        HOLD_SECRETS,       /* whether the profile may name Secrets cannot be found out */
};

struct run_view {
        /* the object */
        bool found, deleting, accepted; /* accepted: status was written for this generation */
        bool terminal;                  /* recorded end */
        bool cancel;
        const char *invalid;            /* reason why the spec can never run, NULL when it can */

        /* what it needs before it may begin */
        bool profile_found, suspended;
        enum view_hold hold, hold_shown;
        int queue_position, queue_position_shown; /* 0: not queued */
        bool target_moved;              /* its profile says another target than status */
        bool over_cap;                  /* asks for more than the administrator's caps */
        bool target_denied;             /* load may not go there, or no longer */
        bool stop_all;                  /* the administrator's switch */
        bool secrets_asked;             /* whether the profile may name Secrets is being found out */
        bool secrets_refused;           /* it may not */
        bool account_refused;           /* nobody checked that its author may use the account that it names */

        /* recorded */
        bool admitted;                  /* status.startTime */
        bool taken_over;                /* ... by another operator; the caches may lag behind what it did */
        bool bound;                     /* status names the Job of the current trial by UID */
        const char *stop_reason;        /* recorded reason to end early, NULL when none */
        bool overdue;                   /* the recorded deadline has passed */

        /* observed: the trial that is under way; everything below about a Job and its workers is about this one */
        int trial;                      /* from 0: as many have their result stored, or were bound before the last that was */
        bool trial_unread;              /* a stored result of an earlier trial is not in memory */
        bool series_over;               /* as many trials as there should be are over */
        bool job_left;                  /* the Job of an earlier trial is still there, and nobody has deleted it */
        bool pausing;                   /* the pause since the last trial is not over */

        /* observed: what it brings along, or what the variant of a trial applies; the two Jobs also of a run that is over or gone */
        bool workload;                  /* it is to be there now: before there is a plan, or before the trial begins */
        bool variant;                   /* it is a variant's */
        bool retiring;                  /* it is of another variant than the next trial's, and to be taken back first */
        bool steps_found, steps_read;   /* what is to be applied is frozen; its digest is in memory */
        enum view_job apply, undo;      /* the Jobs that do it and take it back */
        bool apply_bound;               /* status names them by UID */
        bool apply_failed, apply_stopping, undo_stopping; /* stopping: being deleted */
        bool apply_pods_left;           /* pods of it that have not ended */
        bool apply_untouched;           /* it ended and said that it changed nothing */
        bool applied_unread;            /* what this trial's variant applied: whether it still stands was not looked at */
        bool undo_unchecked;            /* since the Job that applies is gone, the API server was not asked for pods of it */

        /* observed */
        const char *target_problem;     /* why the target cannot be resolved now, NULL when it is */
        bool context_ready;             /* plan (or target and profile) and surroundings are in memory */
        bool refused;                   /* the API server refuses for good what has to be created */
        bool plan_found, result_found;
        enum view_job job;
        bool job_is_bound;              /* its UID is the one in status */
        bool job_stopping;              /* suspended again after it had run, or being deleted */
        bool job_interrupted;           /* suspended after it had run, and not by us */
        bool pods_left;                 /* worker pods that have not ended */
        int workers, workers_ready, workers_announced; /* wanted; said "ready"; were told the start instant */
        bool proxies_unread;            /* the workers are ready, and what the proxies around them have counted so far is being read */
        bool told_are_over;             /* the shape has passed, and every worker that was told the start has said all or is lost */
        bool ready_overdue;             /* readyTimeout since admission (no Job yet) or release has passed */
        enum view_records records;
        bool braked;                    /* a worker stopped of itself */
        bool baseline_unread;           /* the plan names a baseline whose result was not read yet */
        bool packed;                    /* results are folded and waiting to be stored */
        bool chunks_left;               /* some of them are not stored yet */

        /* what the reader of status sees */
        bool status_stale;              /* phase, workers or progress moved enough to write */
        int64_t wake_ns;                /* when time alone changes the view, INT64_MAX for never */
};

/* How a Job stands that is there. */
static inline enum view_job run_view_job(const struct job *job, bool ours)
{
        return !ours ? JOB_FOREIGN : job->complete || job->failed ? JOB_ENDED : job->suspended ? JOB_SUSPENDED : JOB_ACTIVE;
}

/* What it brings along is there, and ready. */
static inline bool run_view_applied(const struct run_view *view)
{
        return view->apply == JOB_ENDED && !view->apply_failed;
}
