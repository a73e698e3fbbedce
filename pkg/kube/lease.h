/* SPDX-License-Identifier: Apache-2.0
 *
 * Leader election on a coordination.k8s.io/v1 Lease with the rules of client-go's leaderelection: a holder's record counts
 * from the local instant a change in it was last seen, stamps are never compared. Here also self-fencing: lease_holds() is
 * false renew_s after the last renewal that succeeded was sent, whatever has become of later ones; ask it before each
 * write. The standby looks every second. Requests are urgent ones. The rules themselves are kube/election.h. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kube/client.h"

struct lease_options {
        const char *namespace, *name, *identity; /* identity: unique per process start */
        int duration_s, renew_s, retry_s;        /* 15, 10, 2; duration > renew > 1.2 x retry */
        void (*changed)(void *owner, bool leading); /* called once per change, from the loop; may be NULL */
        void *owner;
};

struct lease;

/* Starts at once. Options are copied, strings too. */
struct lease *lease_new(struct kube_client *client, const struct lease_options *options);
bool lease_holds(const struct lease *lease);
const char *lease_holder(const struct lease *lease); /* identity last seen, "" when none */
/* Since the last renewal that succeeded was sent; INT64_MAX when not leading. */
int64_t lease_age_ns(const struct lease *lease);
/* When a holder before us last renewed, by its own clock; 0: none was seen. Only for telling people since when nobody watched. */
int64_t lease_other_wall_ms(const struct lease *lease);
/* Stops leading at once (without calling 'changed') and writes an empty holder with duration 1, so that the next leader need
 * not wait; then calls 'released', also when there was nothing to do, and after 5 s at the latest. Only for when all guarded
 * work has stopped. */
void lease_release(struct lease *lease, void (*released)(void *owner), void *owner);
struct lease *lease_free(struct lease *lease); /* without releasing */
