/* SPDX-License-Identifier: Apache-2.0
 *
 * How a pod's life goes, as data: a test fills one for each pod it wants to see. Times count from the step before. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pod_line {
        int64_t at_ms; /* after the container has started */
        const char *text;
};

/* A load worker that follows its plan: "hello" and "ready", waits for the start annotation, tells its intervals as time passes,
 * and ends with pieces, requests, digest and termination message. Its requests are answered as follows. */
struct worker_script {
        int64_t ready_ms;          /* after start; -1: never */
        int64_t notice_ms;         /* from the annotation to the file that the worker reads */
        int64_t latency_ns, spread_ns; /* each latency is latency_ns and up to spread_ns more */
        int64_t settled_ms;        /* how long a warm-up is whose end the worker is to find; 0: up to its limit */
        int64_t slow_below_ms;     /* before this shape time latencies are ten times as long: a cold target. 0: never */
        double carries_rps;        /* above this rate latencies are ten times as long; 0: whatever it is */
        uint32_t miss_every, lose_every; /* every n-th is answered with 503, or times out; 0: none */
        double closed_rps;         /* of each worker in a closed loop */
        const char *break_line;    /* written in the midst of the intervals, as if somebody else wrote to the log; NULL: nothing */
        bool no_message, no_log;   /* one lane is lost */
        bool lies;                 /* the digest at the end of its log is of another log */
        bool hangs;                /* says nothing more when its load should begin, and never ends */
};

struct pod_script {
        const char *node;          /* NULL: never scheduled, and the reason is shown */
        int64_t schedule_ms;       /* after creation */
        int64_t pull_ms;           /* until the image is there, or the first failure */
        const char *pull_error;    /* message of ErrImagePull; NULL: the image comes */
        int64_t start_ms;          /* until the container runs */
        const struct worker_script *worker; /* runs this instead of the five members below */
        const struct pod_line *lines;
        size_t lines_len;
        int64_t run_ms;            /* until it ends; -1: never */
        int exit_code;
        const char *message;       /* termination message; NULL: none */
        int64_t kill_ms;           /* after start: ended from outside; 0: never */
        const char *kill_reason;   /* "OOMKilled"; or a reason of DisruptionTarget: "EvictionByEvictionAPI", "TerminationByKubelet", … */
        int64_t stop_ms;           /* from SIGTERM to the end, within the grace period */
        bool ignores_stop;         /* leaves nothing behind on SIGTERM, and takes the whole grace period */
};
