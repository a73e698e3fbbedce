/* SPDX-License-Identifier: Apache-2.0
 *
 * Which addresses a profile's target means now. Stated behaviour of each kind of Service:
 *   cluster IP (also NodePort and LoadBalancer, with or without selector): the cluster IP and the Service's port; what stands
 *     behind it is kube-proxy's matter, and where nothing does, the run ends with connection errors
 *   headless: every ready address of its EndpointSlices (of the Service's first IP family), and the port as they number it
 *   ExternalName: refused, it leaves the namespace; so is the Service of the API server itself
 * Only TCP ports count. More than TARGET_ADDRESSES_MAX ready addresses: the first of them in order of their text. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

#include "api/profile.h"
#include "base/fail.h"

#define TARGET_ADDRESSES_MAX 256
#define TARGET_ENDPOINTS_MAX 4096 /* looked at */

struct target { /* as it stands in the plan; what load may reach is checked again in the worker, by 'guard' */
        struct json_object *addresses; /* array of "host:port", "[v6]:port"; sorted, each once; owned */
        char *authority, *sni;         /* Host header (with a port that is not the scheme's own) and TLS server name; owned */
        char *key;                     /* one run at a time has it; owned */
        struct json_object *selector;  /* the Service's, NULL when it has none; owned */
        struct json_object *guard;     /* rules about addresses, as pkg/load's plan has them; NULL: none; owned */
        char *consent;                 /* of a Service of another namespace: the annotation as it stood; owned */
};

/* "Service namespace/name" or "URL host:port" of a profile in 'namespace'; new string. */
char *target_key(const struct profile *profile, const char *namespace);
/* Does the Service's annotation loadstone.dev/accept-load-from name the namespace, or "*"? It holds names between commas. The
 * Service says it, not its namespace: consent is as fine as what is loaded, and comes from who answers for that. */
bool target_accepts(struct json_object *service, const char *namespace);

/* 'service' is the Service object, 'slices' an array of its EndpointSlices (used only when headless; may be NULL).
 * *ret_target is new. FAIL_INVALID: this Service can never be loaded; FAIL_MISSING: it has no ready address now.
 * Addresses are not checked against anything here. */
enum fail_kind target_resolve(const struct profile *profile, struct json_object *service, struct json_object *slices,
                              struct target **ret_target, struct fail *fail);
/* Of a profile with a url: its host and port as they are written. Names are looked up by the workers. */
struct target *target_of_url(const struct profile *profile);

/* Every address in the slices, ready or not, with the pod that is said to have it (NULL: none is named). */
typedef void target_endpoint_fn(void *owner, const char *address, const char *pod);
void target_each_endpoint(struct json_object *slices, target_endpoint_fn *visit, void *owner);

struct target *target_free(struct target *target);
/* "a=b,c=d" of the selector, sorted; new string, NULL when it has none. */
char *target_selector(const struct target *target);
