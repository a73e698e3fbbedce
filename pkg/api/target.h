/* SPDX-License-Identifier: Apache-2.0
 *
 * Which addresses a profile's target means now. Stated behaviour of each kind of Service:
 *   cluster IP (also NodePort and LoadBalancer, with or without selector): the cluster IP and the Service's port
 *   headless: every ready address of its EndpointSlices, and the port as they name it
 *   ExternalName: refused, it leaves the namespace */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

#include "api/profile.h"
#include "base/fail.h"

struct target {
        struct json_object *addresses; /* array of "host:port"; owned */
        char *authority, *sni;         /* Host header and TLS server name; owned */
        char *key;                     /* "Service namespace/name": one run at a time has it; owned */
        struct json_object *selector;  /* the Service's, NULL when it has none; owned */
};

/* "Service namespace/name" of a profile in 'namespace'; new string. */
char *target_key(const struct profile *profile, const char *namespace);

/* 'service' is the Service object, 'slices' an array of its EndpointSlices (used only when headless; may be NULL).
 * *ret_target is new. FAIL_INVALID: this Service can never be loaded; FAIL_MISSING: it has no ready address now. */
enum fail_kind target_resolve(const struct profile *profile, struct json_object *service, struct json_object *slices,
                              struct target **ret_target, struct fail *fail);
struct target *target_free(struct target *target);
/* "a=b,c=d" of the selector, sorted; new string, NULL when it has none. */
char *target_selector(const struct target *target);
