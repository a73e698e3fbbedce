/* SPDX-License-Identifier: Apache-2.0
 *
 * What lies between the operator's API client and the server in memory: it takes the place of pkg/kube/transfer.c and lane.c
 * (everything above them, order, bounds, deadlines, repeats, is the real code), and it is where faults happen. One wire
 * belongs to one life of one operator. */
#pragma once

#include "apisim.h"
#include "base/loop.h"
#include "fault.h"
#include "kube/config.h"

struct wire;

/* 'operator' is borrowed. 'stale_version' not 0: a server that lags behind. Until 'stale_until_ns' lists are of that version and watches are silent. */
struct wire *wire_new(struct loop *loop, struct apisim *sim, struct faults *faults, const char *operator, uint64_t stale_version,
                      int64_t stale_until_ns);
struct wire *wire_free(struct wire *wire); /* after its client */
/* For kube_client_new(). */
struct kube_config *wire_config(struct wire *wire);

/* Carries what the server has to say into the client. True when anything moved. */
bool wire_pump(struct wire *wire);
/* When time alone moves something; INT64_MAX: never. */
int64_t wire_wake_ns(const struct wire *wire);

/* What a fault has done to the operator at this end. */
enum wire_blow {
        WIRE_FINE,
        WIRE_KILLED,       /* nothing more may reach the client */
        WIRE_KILLED_STALE, /* ... and the next life meets a server that lags behind */
        WIRE_FROZEN,       /* neither the client nor anything else of the operator may be called until wire_thaw() */
};
enum wire_blow wire_blow(const struct wire *wire);
/* The operator goes on: what it had in its hands is sent now. */
void wire_thaw(struct wire *wire);

/* Only what concerns the Lease does not go through, until it is called again with false. */
void wire_cut_lease(struct wire *wire, bool cut);
/* Nothing goes through, in either direction, until it is called again with false. */
void wire_cut(struct wire *wire, bool cut);
