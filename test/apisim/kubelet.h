/* SPDX-License-Identifier: Apache-2.0
 *
 * What the kubelet knows of a pod, and the scripted load worker that may run in it. */
#pragma once

#include "pod_script.h"
#include "sim.h"

enum life_stage { LIFE_NEW, LIFE_SCHEDULED, LIFE_PULL_FAILED, LIFE_PULLED, LIFE_RUNNING, LIFE_ENDED };

/* Outlives the pod while somebody reads it. */
struct pod_log {
        struct buf text;
        bool ended;
        unsigned readers; /* the pod itself is one */
};

struct life {
        struct pod_script script;
        enum life_stage stage;
        int64_t next_ns;            /* when the stage is over */
        int64_t started_ns, kill_ns, stop_ns;
        size_t line;                /* of the script, next to be written */
        struct pod_log *log;
        struct sim_worker *worker;
};

struct life_end {
        int exit_code;
        const char *reason, *message;          /* of the container */
        const char *pod_reason, *pod_message, *disruption;
        char *owned_message;                   /* freed by the caller; 'message' may point to it */
};

/* NULL: the pod has never been looked at, or is gone. */
struct life *life_find(struct apisim *sim, const char *uid);

/* ---- pod_status.c: each writes the pod's status ---- */
void pod_show_unschedulable(struct apisim *sim, struct object *object);
void pod_show_scheduled(struct apisim *sim, struct object *object, const char *node);
void pod_show_waiting(struct apisim *sim, struct object *object, const char *reason, const char *message);
void pod_show_running(struct apisim *sim, struct object *object);
void pod_show_ended(struct apisim *sim, struct object *object, const struct life_end *end);

void pod_log_leave(struct pod_log *log);

/* Reads plan and index from the pod's ConfigMap and annotation. NULL when there are none. */
struct sim_worker *sim_worker_new(struct apisim *sim, struct json_object *pod, const struct worker_script *script, int64_t started_ns);
struct sim_worker *sim_worker_free(struct sim_worker *worker);
/* Writes what is due into the log. True at its end: *ret_end says how it ended. */
bool sim_worker_run(struct sim_worker *worker, struct json_object *pod, int64_t now_ns, struct buf *log, struct life_end *ret_end);
/* SIGTERM: writes what it has, returns the termination message (NULL: none), which the caller frees. */
char *sim_worker_stop(struct sim_worker *worker, int64_t now_ns, struct buf *log);
int64_t sim_worker_wake_ns(const struct sim_worker *worker);
