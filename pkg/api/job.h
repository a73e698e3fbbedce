/* SPDX-License-Identifier: Apache-2.0
 *
 * The generator's Indexed Job (batch/v1): built once, suspended; released by the operator when it is bound. One worker pod per
 * index, never replaced: a replaced worker is a different measurement. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/profile.h"
#include "api/run.h"

/* The Job of a trial of this arm of the profile, ready to create; caller owns. 'run' must carry name, namespace and uid. */
struct json_object *job_encode(const struct run *run, const struct profile *profile, const char *image, int trial, uint32_t arm);

/* The workers' warm-up is this long, whatever the plan says. */
void job_set_warmup(struct json_object *job, int64_t warmup_ms);

/* For one probe of a search: its load is this rate for this long, whatever the plan says. */
void job_set_hold(struct json_object *job, double rate_rps, int64_t for_ms);
/* The pods would rather run on these nodes (an array of names), beside what the profile wants: the other trials ran there. At most 16. */
void job_prefer_nodes(struct json_object *job, struct json_object *nodes);

/* Adds to the pods of 'job' what a mesh wants of them: {"labels": {}, "annotations": {}, "files": {name: annotation}}, each may be missing.
 * Keys that the Job has already stay as they are. The files appear in /etc/loadstone/pod with the annotation's value. 'pod' may be NULL. */
void job_add_pod(struct json_object *job, struct json_object *pod);

/* What the profile names where the kubelet's note of a FailedMount says that a volume cannot be mounted: "key value of Secret token
 * (load.headersFrom[0])". New string; NULL when the note speaks of none that the profile names. */
char *job_name_volume(const struct profile *profile, const char *note);

struct job {
        const char *uid, *name, *version, *owner_uid; /* borrowed; owner_uid: of the BenchmarkRun */
        bool suspended, deleting, complete, failed;
        const char *reason, *message;  /* of the Failed condition; NULL */
        int64_t started_wall_ms;       /* -1: not released yet */
        int64_t completed_wall_ms;     /* -1: not complete */
        int64_t active, terminating;   /* pods */
        int64_t generation;            /* 1 until its spec is changed for the first time */
};
/* Never fails; 'object' must not be NULL. */
void job_decode(struct json_object *object, struct job *ret_job);
/* It was at work once: it has pods, or had some. */
bool job_had_pods(const struct job *job);
/* May what was decided on 'before' be decided otherwise now? Its controller writes several times what it counts, which matters only while
 * it is suspended: whether there were pods then. */
bool job_is_news(const struct job *before, const struct job *now);
