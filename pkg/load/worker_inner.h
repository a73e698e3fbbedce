/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a worker, shared by worker.c (phases), worker_interval.c (while it runs) and worker_result.c (what it
 * says at the end). */
#pragma once

#include "load/cpu.h"
#include "load/floor.h"
#include "load/lane.h"
#include "load/report.h"
#include "load/settle.h"
#include "load/worker.h"

#define WORKER_LANES_MAX 64

struct worker {
        const struct load_plan *plan;
        const struct worker_options *options;
        struct report report;
        struct cpu_group cpu_group;
        double cores;         /* CPUs it may use */
        double limit;         /* of these, the cgroup's limit; 0: none */
        uint32_t connections, connections_max; /* this worker's share */
        bool precise;
        int64_t interval_ms;
        int signal_fd;
        bool terminated;
        struct brake brake;

        struct schedule schedule;
        struct wire wire;
        struct socket_tls *tls;
        struct lane_address *addresses;
        size_t addresses_len;
        struct lane_gate gate;
        struct lane *lanes[WORKER_LANES_MAX];
        size_t lanes_len;

        int64_t start_wall_ms, start_ns, wake_ns;
        struct load_floor floor;   /* requests 0: not measured */
        int64_t wall_offset_ns; /* wall minus monotonic clock, at the start */
        int64_t clock_shift_ns; /* of that offset since, the largest, with its sign */
        bool late, start_told;
        int64_t deferred_ms; /* by which a worker that is alone began after the instant that was set */
        int64_t cpu_from_micros, throttled_from_micros; /* at the start instant */
        struct cpu_stolen stolen_from;

        struct { /* the interval record being put together */
                int64_t from, at;     /* lanes agree up to interval 'at' */
                int64_t lane_at[WORKER_LANES_MAX];
                struct tally_span sum;
                int64_t index, cpu_micros, throttled_micros;
                uint64_t bytes;
                uint64_t done, errors; /* of the spans taken since the brake last looked */
        } merge;

        struct { /* a warm-up that ends when it has settled */
                struct settle settle;
                struct settle_cell span; /* of the spans taken since it was last looked at */
                int64_t shape_from;      /* interval number, as planned until it is known better */
                bool settled;
                double change;           /* NAN: not known */
        } warmup;
};

/* worker.c */
/* Has the wall clock been set? */
void worker_watch_clock(struct worker *worker);

/* worker_interval.c */
void worker_merge_init(struct worker *worker);
void worker_merge_done(struct worker *worker);
/* Takes what the lanes have finished; writes interval records, and may pull the brake. 'all': the lanes have ended, nothing is held
 * back. */
void worker_merge(struct worker *worker, bool all);

/* worker_warmup.c */
void worker_warmup_init(struct worker *worker);
/* A span of the warm-up, taken from a lane. */
void worker_warmup_add(struct worker *worker, const struct tally_span *span);
/* All lanes have reached interval 'at', 'before' last: ends the warm-up when it has settled. */
void worker_warmup_look(struct worker *worker, int64_t before, int64_t at);
/* Its length, as planned until it has ended. */
int64_t worker_warmup_ms(const struct worker *worker);
/* Writes the warm-up record, after the last interval of the warm-up. */
void worker_warmup_tell(struct worker *worker);

/* worker_result.c */
/* Writes piece, request and connect records, the message file and the end record. */
void worker_tell_result(struct worker *worker, const char *reason, const char *message);
