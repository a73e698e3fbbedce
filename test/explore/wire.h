/* SPDX-License-Identifier: Apache-2.0
 *
 * What lies between the operator's API client and the server in memory: it takes the place of pkg/kube/transfer.c and lane.c
 * (everything above them, order, bounds, deadlines, repeats, is the real code), and it is where faults happen. One wire
 * belongs to one life of one operator. */
#pragma once

#include "apisim.h"
#include "base/loop.h"
#include "kube/config.h"

/* What may happen to the n-th write (Leases apart), and to the n-th event of a watch. */
enum fault_kind {
        FAULT_NONE,
        FAULT_KILL_BEFORE,    /* the operator dies, the write was never sent */
        FAULT_KILL_SENT,      /* ... sent and done, the answer not read */
        FAULT_KILL_ANSWERED,  /* ... after the answer was dealt with */
        FAULT_CONFLICT,       /* 409, nothing done */
        FAULT_BUSY,           /* 429 with Retry-After, nothing done */
        FAULT_ERROR_DONE,     /* 500, and done */
        FAULT_ERROR_UNDONE,   /* 500, nothing done */
        FAULT_SILENT_DONE,    /* no answer ever, and done */
        FAULT_SILENT_UNDONE,  /* no answer ever, nothing done */
        FAULT_EVENT_LATE,     /* this and all that follow on the stream come 7 s later; other kinds go on */
        FAULT_EVENT_TWICE,
        FAULT_EVENT_CUT,      /* the stream ends before it; what follows is read from the old position */
        FAULT_EVENT_EXPIRED,  /* ... and the past is compacted away: a new list hides what lay between */
        FAULT_KILL_EVENT,     /* the operator dies before it is read */
        FAULT_KINDS,
};

const char *fault_name(enum fault_kind kind);
/* It meets an event, not a write. */
bool fault_is_of_event(enum fault_kind kind);

#define FAULTS_MAX 2

struct fault {
        enum fault_kind kind;
        unsigned at; /* from 1 */
};

/* Shared by all lives of a world: counting goes on after a death. */
struct faults {
        struct fault list[FAULTS_MAX];
        unsigned writes, events; /* seen so far */
        /* Asked at each write and event that no fault of the list meets: which one meets it after all. May be NULL. */
        enum fault_kind (*choose)(void *chooser, bool event, unsigned count);
        void *chooser;
        int64_t lease_age_max_ns;  /* of the Lease of an operator that wrote something, at that moment */
        void (*compacting)(void *owner); /* the server's past is about to be forgotten */
        void *owner;
};

struct wire;

struct wire *wire_new(struct loop *loop, struct apisim *sim, struct faults *faults);
struct wire *wire_free(struct wire *wire); /* after its client */
/* For kube_client_new(). */
struct kube_config *wire_config(struct wire *wire);

/* Carries what the server has to say into the client. True when anything moved. */
bool wire_pump(struct wire *wire);
/* When time alone moves something; INT64_MAX: never. */
int64_t wire_wake_ns(const struct wire *wire);
/* A fault has ended this life: nothing more may reach the client. */
bool wire_killed(const struct wire *wire);
/* Only what concerns the Lease does not go through, until it is called again with false. */
void wire_cut_lease(struct wire *wire, bool cut);
/* Nothing goes through, in either direction, until it is called again with false. */
void wire_cut(struct wire *wire, bool cut);
