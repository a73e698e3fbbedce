/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of the scripted load worker. */
#pragma once

#include <openssl/evp.h>

#include "load/plan.h"
#include "load/record.h"
#include "load/schedule.h"
#include "load/tally.h"
#include "pod_script.h"
#include "sim.h"

#define WORKER_WAKE_MICROS 40

enum worker_stage { WORKER_BORN, WORKER_CONNECTING, WORKER_WAITING, WORKER_ANNOUNCED, WORKER_LOADING, WORKER_OVER };

struct sim_worker {
        struct apisim *sim;
        struct worker_script script;
        struct load_plan *plan;         /* with the warm-up that this worker will have had */
        bool settles, settled;          /* its end is for the worker to find; it does, before the limit */
        uint32_t index;
        char *pod;
        enum worker_stage stage;
        int64_t started_ns, wake_ns, noticed_ns;
        int64_t start_wall_ms, load_ns; /* the start instant: beginning of the warm-up */
        int64_t deferred_ms;            /* by which that is later than asked for */
        uint64_t random, requests;

        struct schedule schedule;
        struct schedule_cursor warmup, shape;
        int64_t shape_at_ms;            /* end of the last interval that was told, in shape time */
        int64_t intervals;
        struct tally_set *pieces, *kinds, total;

        EVP_MD_CTX *sha;
        uint64_t lines;
};

/* ---- worker_tally.c ---- */
void sim_worker_tally_init(struct sim_worker *worker);
void sim_worker_tally_done(struct sim_worker *worker);
/* Takes 'record'. */
void sim_worker_write(struct sim_worker *worker, struct json_object *record, struct buf *log);
void sim_worker_identity(const struct sim_worker *worker, struct json_object *record);
int64_t sim_worker_interval_ends_ns(const struct sim_worker *worker);
void sim_worker_say_interval(struct sim_worker *worker, struct buf *log);
/* Pieces, requests, connections and the end; returns the termination message, which the caller frees. */
char *sim_worker_say_end(struct sim_worker *worker, const char *reason, struct buf *log);
