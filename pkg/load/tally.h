/* SPDX-License-Identifier: Apache-2.0
 *
 * What one thread has measured. The thread writes, alone and without locks; the worker's main thread takes finished
 * spans of time while the run goes on, and the rest after the thread has ended. */
#pragma once

#include <stdatomic.h>

#include "load/plan.h"
#include "load/record.h"
#include "stat/hist.h"

#define TALLY_SPANS 8

/* Counters and histograms of one record; histograms that a kind of record has not are NULL. */
struct tally_set {
        struct record_counters counters;
        struct hist *latency, *error, *censored, *service, *ttfb, *pacing, *backlog;
};

/* One interval, or several when the reader was slow. */
struct tally_span {
        int64_t from, to; /* interval numbers, 'to' excluded */
        bool warmup;
        int64_t ended_ns; /* of the thread's last span: its end in shape time; else 0 */
        uint64_t in_flight, backlog; /* at its end */
        int64_t window_ns;           /* the pacer's, at its end; 0 with coarse pacing */
        bool narrowed;               /* it was, in this span */
        struct tally_set set;
};

struct tally {
        struct tally_span spans[TALLY_SPANS];
        _Atomic uint64_t published; /* spans finished by the thread */
        _Atomic uint64_t consumed;  /* spans taken by the reader; emptied by it */
        struct tally_set *pieces, *requests;
        size_t pieces_len, requests_len;
        struct hist *connect, *handshake;
        uint64_t connects, connect_errors, handshakes, skipped, refused;
};

void tally_init(struct tally *tally, const struct load_plan *plan);
void tally_done(struct tally *tally);

void tally_set_init(struct tally_set *set, int digits, bool details); /* details: service, ttfb, backlog as well */
void tally_set_done(struct tally_set *set);
void tally_set_reset(struct tally_set *set);
/* Adds what both have: counters and every histogram that 'into' has. */
void tally_set_add(struct tally_set *into, const struct tally_set *from);

/* The rest is for the measuring thread. 'piece' is -1 for warm-up requests; those count in warm-up spans only. */
struct tally_answer {
        int piece;
        size_t kind;
        int status;
        bool expected, held; /* the status; and the body (read only when the status is expected) */
        int64_t latency_ns, service_ns, ttfb_ns;
        uint64_t bytes;
};

struct tally_loss {
        int piece;
        size_t kind;
        enum record_error error;
        int64_t age_ns;
        uint64_t bytes;
};

/* Into the processor's caches: what a request of this piece and kind will count in. */
void tally_fetch(struct tally *tally, int piece, size_t kind);
void tally_offered(struct tally *tally, int piece, size_t kind);
void tally_sent(struct tally *tally, int piece, size_t kind, int64_t pacing_ns, int64_t backlog_ns);
void tally_answered(struct tally *tally, const struct tally_answer *answer);
void tally_lost(struct tally *tally, const struct tally_loss *loss);

/* The span being written. */
struct tally_span *tally_span(struct tally *tally);
/* Closes the span being written and opens the next at interval 'from'. When the reader has left no room, the span
 * goes on instead (false) unless 'last'. */
bool tally_flip(struct tally *tally, int64_t from, bool warmup, bool last);
/* Reader: the oldest finished span, NULL when there is none; tally_consume gives it back. */
struct tally_span *tally_peek(struct tally *tally);
void tally_consume(struct tally *tally);
