/* SPDX-License-Identifier: Apache-2.0
 *
 * A worker pod as the operator needs it, and what its state says about why nothing moves. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

struct pod {
        const char *uid, *name, *node, *job; /* borrowed; job: name of the Job that owns it */
        int index;                           /* completion index, -1 when it has none */
        const char *run;                     /* name of the BenchmarkRun, from the annotation */
        bool running;                        /* the container "load" has started and not ended */
        bool ended;                          /* it has terminated, or the pod has Succeeded or Failed */
        bool deleting;
        int exit_code;                       /* valid when ended; -1 unknown */
        const char *end_reason;              /* "Completed", "OOMKilled", "Error"; NULL */
        const char *message;                 /* termination message; NULL */
        const char *start_at;                /* annotation; NULL */
};

/* Never fails; 'object' must not be NULL. */
void pod_decode(struct json_object *object, struct pod *ret_pod);

/* Why a pod or Job does not get on: a reason of a closed list and a sentence for people. */
struct diagnosis {
        const char *reason; /* static, NULL: nothing to say. ImagePull, ConfigError, Unschedulable, OOMKilled, Evicted, Disrupted,
                             * NodeLost, Crashed, DeadlineExceeded, QuotaExceeded, MeshInitForbidden, AdmissionDenied, CreateFailed */
        bool passing; /* seen while the kubelet catches up; clears by itself as a rule */
        char text[256];
};

/* The newer takes the place of the older, but what may pass never hides a cause. */
void diagnosis_take(struct diagnosis *diagnosis, const struct diagnosis *newer);

struct diagnosis pod_diagnose(struct json_object *pod);
/* From the note of a FailedCreate Event of the Job: a blocked Job says nothing in its own status. */
struct diagnosis pod_diagnose_create(const char *note);
/* From an Event of the Job or of one of its pods, by the Event's reason; nothing to say for reasons that do no harm. A pod whose
 * volume cannot be mounted (no such ConfigMap or Secret) says so only here; 'named' is what the profile names there, NULL when that
 * is not known (job_name_volume). */
struct diagnosis pod_diagnose_event(const char *reason, const char *note, const char *named);
