/* SPDX-License-Identifier: Apache-2.0
 *
 * Collects what the workers of one trial report, from both lanes (load/record.h): the log stream and the
 * termination message. Bytes may arrive in any split; a stream may be cut and read again from its start as often as
 * the caller likes. Each record counts once, in the order of its seq, so what is collected does not depend on how it
 * arrived.
 *
 *        hello       ready       start        end (or a termination message)
 *  NONE ------> HELLO ------> READY ------> STARTED ------> ENDED         any of them --harvest_lost()--> LOST
 *
 * Memory: at most HARVEST_PENDING_BYTES_MAX per worker for records that arrived before a gap was filled, the encoded
 * piece, request and connect records (each at most one line), and at most HARVEST_POINTS_MAX points of time, shared by all
 * workers. Raw interval records are not kept.
 *
 * The points of time hold everything that was seen, also from workers that were lost later; each says how many
 * workers reported. The figures of pieces and requests come only from workers that ended (result/fold.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load/limit.h"
#include "load/record.h"
#include "stat/hist.h"

#define HARVEST_POINTS_MAX 240
#define HARVEST_PENDING_BYTES_MAX (256 * 1024)
#define HARVEST_RECORDS_MAX 131072 /* seqs of one worker beyond this are foreign */

struct harvest;

struct harvest_spec {
        const char *run_uid; /* copied */
        int trial;
        uint32_t workers; /* 1..LOAD_WORKERS_MAX */
        int64_t shape_ms, interval_ms, timeout_ms; /* as in the worker plan; all > 0 */
};

struct harvest *harvest_new(const struct harvest_spec *spec);
struct harvest *harvest_free(struct harvest *harvest); /* NULL is fine; returns NULL */

/* ---- feeding; 'worker' is the completion index, 0..workers-1 ---- */

/* The pod that runs this index. A second pod with another uid taints the trial: both may have sent load. */
void harvest_pod(struct harvest *harvest, uint32_t worker, const char *pod_uid);
/* The next bytes of the log stream of this worker. */
void harvest_feed(struct harvest *harvest, uint32_t worker, const void *data, size_t size);
/* The stream was cut, or is about to be read again from any earlier place: forgets the unfinished line. */
void harvest_cut(struct harvest *harvest, uint32_t worker);
/* The termination message; repeating it is fine. Text that is not a whole message of this worker is ignored and counted in
 * harvest_worker.foreign. */
void harvest_message(struct harvest *harvest, uint32_t worker, const char *text, size_t size);
/* Nothing more will come: the pod is gone, or its container is dead and both lanes have been read as far as they can be.
 * A worker without end record and message is LOST now; one that ended stays ENDED, with what it has. 'why' (may be NULL) is
 * for people, e.g. "OOMKilled". Feeding later is fine all the same. */
void harvest_lost(struct harvest *harvest, uint32_t worker, const char *why);

/* ---- looking ---- */

enum harvest_state { HARVEST_NONE, HARVEST_HELLO, HARVEST_READY, HARVEST_STARTED, HARVEST_ENDED, HARVEST_LOST };

const char *harvest_state_name(enum harvest_state state); /* "none", "hello", … */

struct harvest_worker {
        enum harvest_state state;
        char pod[64];            /* uid of the pod; "" unknown */
        bool ready, started;     /* these records were seen; stay true when the state moves on */
        bool log_complete;       /* end record there, no seq missing, SHA-256 right */
        bool message;            /* a whole termination message is there */
        bool gap;                /* a record beyond a missing one was seen: read the stream again from its start */
        bool mismatch;           /* the lanes, or the log and its own digest, contradict each other */
        bool broken;             /* a whole record that cannot be understood: this log will never be complete */
        bool tainted;            /* two pods under one index, or records of another run under this index */
        uint64_t records;        /* log records taken over so far, i.e. the seq expected next */
        uint64_t foreign;        /* lines that are none of ours, damaged or of another worker; re-reads count again */
        uint64_t duplicates;     /* records seen again */
        int64_t ready_wall_ms;   /* 0 unknown */
        uint32_t connections;
        uint64_t connect_errors; /* before the start */
        int64_t start_wall_ms;   /* when its load began; 0 unknown */
        int64_t deferred_ms;     /* by how much that was later than asked for: alone, it skips nothing that came late */
        int64_t wake_us;         /* own lateness in starting */
        char boot[40];           /* of the kernel whose clocks it reads; "" unknown */
        int64_t clock_error_us;  /* kernel's bound; -1 unsynchronised; INT64_MIN unknown */
        bool late;               /* the instant asked for had passed already: what was due before is skipped, or all is deferred */
        uint64_t skipped;
        bool coarse, narrowed;   /* its pacing: never exact; less exact than it could be, in some interval of the shape */
        int64_t floor_p50_ns, floor_p99_ns; /* its own, before the start; 0 unknown */
        int64_t warmup_ms;       /* how long its warm-up was; -1: not known yet */
        bool warmup_told, settled; /* it was to end when the target had settled; it did */
        double stolen;           /* share of its node's CPU time that a hypervisor took; -1 unknown */
        int64_t clock_shift_us;  /* of the wall clock against the monotonic one, with its sign */
        char reason[16];         /* "finished", "terminated", "failed", "braked"; "" while running */
        char text[160];          /* the worker's own words at its end, or why it was lost */
        int64_t seen_ms;         /* shape time up to which it reported; INT64_MIN nothing yet; negative in warm-up */
        int64_t cpu_us, throttled_us, cpu_span_us; /* CPU time and CFS throttling over 'cpu_span_us' of shape time */
        double cores;            /* what the worker may use; 0 unknown */
};

uint32_t harvest_workers(const struct harvest *harvest);
/* Borrowed, valid until the next call that feeds. */
const struct harvest_worker *harvest_worker(const struct harvest *harvest, uint32_t worker);
/* How many workers are in the state or beyond it (LOST counts only for LOST; ready and started count also when lost since). */
uint32_t harvest_count(const struct harvest *harvest, enum harvest_state state);
/* Each worker's log is complete, or given up (harvest_lost, or broken for good). */
bool harvest_done(const struct harvest *harvest);
/* This worker's log is worth (re)reading: neither complete nor given up. */
bool harvest_wants_log(const struct harvest *harvest, uint32_t worker);

/* What is known while it runs. */
struct harvest_live {
        bool warming;            /* no worker has reported shape time yet */
        int64_t shape_ms_done;   /* least shape time reported by the workers that are still running */
        int percent;             /* of the shape, 0..100 */
        double offered_rps, achieved_rps; /* over the last 'rate_span_ms'; achieved counts answers (ok and missed) */
        int64_t rate_span_ms;    /* 0: no rate yet */
        struct record_counters total; /* shape so far; warm-up so far while warming */
        struct { bool known, censored; int64_t ns; } p50, p99; /* of 'total', as result/fold.h defines them */
};
struct harvest_live harvest_live(const struct harvest *harvest);

/* ---- for result/fold.c: borrowed, valid until the next call that feeds ---- */

struct harvest_point {
        int64_t from_ms;  /* shape time; a whole number of harvest_point_ms */
        int64_t to_ms;    /* until when its records reach: the rates are per to_ms - from_ms */
        uint32_t workers; /* how many workers reported it */
        struct record_counters counters;
        struct hist *latency, *error, *censored; /* 2 digits; NULL when empty */
        int64_t latency_sum_ns;
        int64_t cpu_us, throttled_us;
        uint64_t in_flight_ms, backlog_ms; /* requests times milliseconds: divide by to_ms - from_ms for the mean */
        uint64_t limited_ms[LOAD_LIMITS];  /* time of all workers together, by what limited them */
};
/* Points in time order; a stretch of time nobody reported has no point. */
size_t harvest_points(const struct harvest *harvest, const struct harvest_point **ret_points);
/* Adds what 'from' counted and how far it reaches, not where it begins and who reported it. Sums end at INT64_MAX. */
void harvest_point_add(struct harvest_point *into, const struct harvest_point *from);
/* Width of a point: the interval times a whole number, such that no record is wider and the shape has at most
 * HARVEST_POINTS_MAX points. A record belongs to the point that holds its middle. */
int64_t harvest_point_ms(const struct harvest *harvest);

enum harvest_kind { HARVEST_PIECE, HARVEST_REQUEST, HARVEST_CONNECT };

struct harvest_kept {
        enum harvest_kind kind;
        uint32_t index, part; /* part 0 holds the counters; further parts only histograms */
        char *text;           /* the line */
        size_t size;
};
/* The worker's piece, request and connect records, in the order they came. */
size_t harvest_kept(const struct harvest *harvest, uint32_t worker, const struct harvest_kept **ret_kept);
/* The termination message as a document; NULL when there is none. */
struct json_object *harvest_message_doc(const struct harvest *harvest, uint32_t worker);
