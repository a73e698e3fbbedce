/* SPDX-License-Identifier: Apache-2.0
 *
 * One operator in a world: its own loop, wire, client and manager, born again at once whenever it has died, and able to stand still
 * while the others go on. */
#pragma once

#include "kube/client.h"
#include "operator/manager.h"
#include "wire.h"

struct life {
        const struct clock *clock;
        struct apisim *sim;
        struct faults *faults;
        struct options options;
        struct loop *loop;
        struct wire *wire;
        struct kube_client *client;
        struct manager *manager;
        int64_t frozen_until_ns;  /* INT64_MAX: it does not stand still */
        bool cut, lease_cut;
        unsigned deaths;
};

/* Borrows everything for its life. 'identity' also seeds its chance. */
void life_begin(struct life *life, const char *identity, const struct clock *clock, struct apisim *sim, struct faults *faults);
void life_end(struct life *life);

/* Everything that happens to it at this instant. True when anything did. */
bool life_happen(struct life *life);
int64_t life_next_ns(const struct life *life);

/* Every run and profile gets a pass. */
void life_look_again(struct life *life);
/* Over runs and profiles, since it began. */
unsigned life_passes(const struct life *life);
/* True when it holds anything that belongs to a run or a request, though it should be at rest; 'text' says what. */
bool life_left(const struct life *life, char *text, size_t size);

/* Nothing goes through between it and the server; only nothing about the Lease. Holds for its next lives too. */
void life_cut(struct life *life, bool cut);
void life_cut_lease(struct life *life, bool cut);
