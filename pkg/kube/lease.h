/* SPDX-License-Identifier: Apache-2.0
 *
 * Leader election on a coordination.k8s.io/v1 Lease with the rules of client-go's leaderelection: a holder's record counts
 * from the local instant a change in it was last seen, stamps are never compared. Here also self-fencing: lease_holds() is
 * false once the last renewal was sent longer than renew_s ago, answered or not. The standby looks every second. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kube/client.h"

struct lease_options {
        const char *namespace, *name, *identity; /* identity: unique per process start */
        int duration_s, renew_s, retry_s;        /* 15, 10, 2; duration > renew > 1.2 x retry */
        void (*changed)(void *owner, bool leading); /* called once per change */
        void *owner;
};

struct lease;

struct lease *lease_new(struct kube_client *client, const struct lease_options *options); /* starts at once */
bool lease_holds(const struct lease *lease);
const char *lease_holder(const struct lease *lease); /* identity last seen, "" when none */
int64_t lease_age_ns(const struct lease *lease);     /* since the last renewal was sent; INT64_MAX when never */
/* Writes an empty holder with duration 1 if it leads, then calls 'released' (also when there was nothing to do). */
void lease_release(struct lease *lease, void (*released)(void *owner), void *owner);
struct lease *lease_free(struct lease *lease);
