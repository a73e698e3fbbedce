/* SPDX-License-Identifier: Apache-2.0
 *
 * What may go wrong, each thing with its name (docs/faults.md has them as tables), and the count that says where. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

enum fault_kind {
        FAULT_NONE,
        /* What may happen to the n-th write (Leases apart). */
        FAULT_KILL_BEFORE,    /* the operator dies, the write was never sent */
        FAULT_KILL_SENT,      /* ... sent and done, the answer not read */
        FAULT_KILL_ANSWERED,  /* ... after the answer was dealt with */
        FAULT_CONFLICT,       /* 409, nothing done */
        FAULT_BUSY,           /* 429 with Retry-After, nothing done */
        FAULT_ERROR_DONE,     /* 500, and done */
        FAULT_ERROR_UNDONE,   /* 500, nothing done */
        FAULT_SILENT_DONE,    /* no answer ever, and done */
        FAULT_SILENT_UNDONE,  /* no answer ever, nothing done */
        FAULT_FREEZE,         /* the operator stands still with the write in its hands, and sends it when another one leads */
        FAULT_LEASE_FREED,    /* somebody empties the Lease at that moment, and a standby takes it: two lead until the next renewal */
        FAULT_LEASE_TAKEN,    /* ... writes a stranger's name into it */
        FAULT_LEASE_DELETED,  /* ... deletes it */
        FAULT_LEASE_GARBAGE,  /* ... fills it with the maddest that the server takes */
        /* What may happen to the n-th event of a watch. */
        FAULT_EVENT_LATE,     /* this and all that follow on the stream come 7 s later; other kinds go on */
        FAULT_EVENT_BEHIND,   /* ... come when something of another kind, newer, has come and was acted on */
        FAULT_EVENT_TWICE,
        FAULT_EVENT_HIDDEN,   /* it never comes, what follows does; 7 s later the stream has to be listed anew */
        FAULT_EVENT_CUT,      /* the stream ends before it; what follows is read from the old position */
        FAULT_EVENT_EXPIRED,  /* ... and the past is compacted away: a new list hides what lay between */
        FAULT_KILL_EVENT,     /* the operator dies before it is read */
        FAULT_KILL_STALE,     /* ... and what it lists after its restart is of an earlier version, until it has led for 3 s */
        FAULT_FREEZE_EVENT,   /* the operator stands still before it is read, and goes on when another one leads */
        FAULT_KINDS,
};

const char *fault_name(enum fault_kind kind);
/* FAULT_NONE: no fault has that name. */
enum fault_kind fault_named(const char *name);
/* It meets an event, not a write. */
bool fault_is_of_event(enum fault_kind kind);
/* Somebody touches the Lease. */
bool fault_is_of_lease(enum fault_kind kind);

#define FAULTS_MAX 2
#define HOT_SPAN_NS (10 * NS_PER_S)
#define HOT_MAX 20 /* requests for one thing within that span */

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
        unsigned requests;        /* all but those about the Lease, and watches */
        char last_request[128];
        int64_t lease_age_max_ns; /* of the Lease of an operator that wrote something, at that moment */
        struct hot {
                uint64_t what;    /* hash of operator, method and path */
                int64_t asked_ns[HOT_MAX];
                unsigned count;
        } hot[128];               /* by hash; of two in one place the newer one is watched */
        char too_hot[128];        /* the first request that was made too often; "" none */
        /* What the server refuses just now: its status, 0 to let the request pass. */
        int (*refused)(void *owner, const char *method, const char *path);
        /* What a fault does beyond the wire that it meets. */
        void (*compacting)(void *owner);                     /* the server's past is about to be forgotten */
        void (*lead_lost)(void *owner, enum fault_kind kind); /* the lead of who writes is in danger; a standby is wanted */
        void *owner;
};

/* Counts a request, and how often it is made; of creates, whose path names only what is made of it, the kind alone would count. */
void faults_asked(struct faults *faults, const char *operator, const char *method, const char *path, int64_t now_ns);
/* Counts a write or an event; which fault meets it. */
enum fault_kind faults_strike(struct faults *faults, bool event);
