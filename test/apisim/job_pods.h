/* SPDX-License-Identifier: Apache-2.0
 *
 * The pods of one Job: what they are doing, and a new one. */
#pragma once

#include "sim.h"

#define JOB_TRACKING "batch.kubernetes.io/job-tracking"
#define JOB_INDEX "batch.kubernetes.io/job-completion-index"

struct job_pods {
        int64_t active, ready, terminating;
        int64_t newly_failed, newly_succeeded; /* ended, and still held by the finalizer */
        char **running, **ended;               /* uids: not ended and not deleting; ended and held */
        size_t running_len, ended_len;
        int64_t *taken;                        /* indexes that run or have succeeded */
        size_t taken_len;
        char completed_indexes[128];           /* "0-2,5" */
        char fail_job[SIM_TEXT_MAX];           /* why a rule of podFailurePolicy ends the Job, "" when none does */
};

void sim_job_pods_look(struct apisim *sim, struct json_object *job, struct job_pods *ret_pods);
void sim_job_pods_done(struct job_pods *pods);
bool sim_job_pods_taken(const struct job_pods *pods, int64_t index);
/* 'index' < 0: of a Job without indexes. False: the pod was refused, and an Event says why. */
bool job_pod_create(struct apisim *sim, struct json_object *job, int64_t index);
/* Takes the finalizer off: it may go now. */
void job_pod_release(struct apisim *sim, struct object *pod);
