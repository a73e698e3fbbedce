/* SPDX-License-Identifier: Apache-2.0
 *
 * What the chapters of the wire share: wire.c has the requests, wire_stream.c what comes piece by piece. */
#pragma once

#include "kube/request.h"
#include "wire.h"

#define WIRE_LATENCY_NS NS_PER_MS

struct call {
        struct call *next;
        struct wire *wire;
        struct request *request;
        struct apisim_stream *stream;
        struct buf held;     /* read from the stream, not handed on */
        int64_t sent_ns;     /* by the operator */
        int64_t from_ns;     /* not before */
        int64_t expires_ns;  /* the stream, for an event was hidden; 0: it does not */
        int status, retry_after_s;
        bool hangs;          /* no answer will come */
        bool in_hands;       /* of an operator that stands still: the server has not seen it */
        bool dies;           /* the operator does when this has been dealt with */
        bool watch;
        bool behind;         /* waits for an event of another kind */
        struct buf body;
};

struct wire {
        struct kube_config config; /* first: the client knows the wire by it */
        struct loop *loop;
        struct apisim *sim;
        struct faults *faults;
        const char *operator;
        struct call *calls;
        struct kube_client *owed;   /* has something to deliver; NULL: has not */
        enum wire_blow blow;
        bool cut, lease_cut;
        int64_t renewed_ns; /* when the last write of the Lease that was done was sent; 0: never */
        uint64_t stale_version;
        int64_t stale_until_ns;
};

/* Hands on what the stream has to say. True when anything moved. */
bool wire_pump_stream(struct call *call);
/* When time alone moves the stream. */
int64_t wire_stream_wake_ns(const struct call *call);
