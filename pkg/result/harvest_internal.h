/* SPDX-License-Identifier: Apache-2.0
 *
 * Between harvest.c (lanes), harvest_record.c (what records say), harvest_time.c (points of time and live figures) and harvest_look.c. */
#pragma once

#include <json-c/json.h>
#include <openssl/evp.h>

#include "base/buf.h"
#include "load/limit.h"
#include "load/plan.h"
#include "result/harvest.h"

#define RECENT_LEN 16
#define WORKER_WORDS (LOAD_WORKERS_MAX / 64)

struct recent { /* one interval record */
        int64_t from_ms, to_ms;
        uint64_t offered, answered;
};

/* One decoded interval record. */
struct interval {
        int64_t index, from_ms, to_ms;
        bool shape;
        bool part; /* histograms of a record whose counters came before */
        struct record_counters counters;
        struct hist *latency, *error, *censored; /* borrowed; NULL when absent */
        int64_t cpu_us, throttled_us;
        uint64_t in_flight, backlog;
        enum load_limit limit;
};

struct pending { /* arrived before a gap was filled */
        uint64_t seq;
        char *text;
        size_t size;
};

struct worker {
        struct harvest_worker view;
        bool given_up;
        struct buf line;
        bool overlong; /* skipping to the next newline */
        EVP_MD_CTX *sha;
        uint32_t *crcs; /* of each record taken over: the same seq with other bytes is another writer */
        size_t crcs_capacity;
        struct pending *pending; /* by seq */
        size_t pending_len, pending_bytes;
        struct harvest_kept *kept;
        size_t kept_len, kept_bytes;
        struct json_object *end, *message;
        struct interval last; /* its place in time; the histograms are gone */
        struct recent recent[RECENT_LEN]; /* ring; recent_len counts on */
        uint64_t recent_len;
};

struct harvest {
        char *run_uid;
        int trial;
        uint32_t workers_len;
        struct worker *workers;
        int64_t shape_ms, interval_ms, timeout_ms, width_ms;
        struct harvest_point *points; /* what harvest_points shows, parallel to 'seen' */
        uint64_t (*seen)[WORKER_WORDS];
        size_t points_len;
        bool shape_seen;
        struct record_counters total;
        struct hist *latency, *censored; /* 2 digits, of 'total' */
};

/* 'text' may be NULL, and may be anybody's: cut and scrubbed. */
void harvest_copy_text(char *into, size_t size, const char *text);
/* Notes what the record says. False when it cannot be understood; a type from a newer worker is fine. */
bool harvest_on_record(struct harvest *harvest, uint32_t worker, struct json_object *record);
/* The lanes against each other: as many records, the same digest, the same counts. */
void harvest_cross_check(struct worker *worker);

void harvest_time_init(struct harvest *harvest);
void harvest_time_done(struct harvest *harvest);
void harvest_add_interval(struct harvest *harvest, uint32_t worker, const struct interval *interval);
