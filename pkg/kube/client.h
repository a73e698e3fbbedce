/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests to a Kubernetes API server: paths and JSON, no kinds. libcurl on the caller's loop, no threads.
 * Every request ends with exactly one call of its 'done' function (never from inside the call that started it), unless it
 * is cancelled. Objects handed to 'done' are borrowed for the call. Callbacks may start and cancel any request, but not
 * free the client.
 *
 * Transport retries live here: GETs are repeated on connection errors and on 429/502/503/504 with the server's Retry-After
 * (cap 60 s) or jittered back-off, at most 4 times. Writes are repeated only on 429 (nothing was done); any other write
 * without a clear answer ends as FAIL_UNKNOWN, and the caller reads live before anything else. A write of which no byte
 * was sent (refused connection, failed handshake) ends as FAIL_IO. 401 re-reads credentials once. Redirects are never
 * followed: the token goes to the configured server and nowhere else.
 * In flight: at most KUBE_WRITES_MAX writes and KUBE_READS_MAX reads at once, more wait in order. A write that nobody answers for a
 * second gives its place away: of one namespace KUBE_WRITES_MAX may hang so, KUBE_WRITES_ALL_MAX are under way altogether. Streams and urgent
 * requests (Leases) pass that queue, each sort on connections of its own; urgent ones get 5 s and no repeats, others 65 s.
 * A read of whose answer no byte comes for 8 s (then 16, 32, 64) is made again on a new connection; a write is FAIL_UNKNOWN after 12 s. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/loop.h"
#include "kube/config.h"
#include "kube/sift.h"
#include "kube/traffic.h"

#define KUBE_WRITES_MAX 8
#define KUBE_WRITES_ALL_MAX 64
#define KUBE_READS_MAX 16
#define KUBE_BODY_BYTES_MAX (8u << 20)

struct kube_client;

struct kube_kind {
        const char *group;   /* "" for core */
        const char *version; /* "v1" */
        const char *plural;  /* "pods" */
        const char *name;    /* "Pod" */
        bool namespaced;
};

/* Kinds that the client's own tools use and everybody knows. */
extern const struct kube_kind kube_pods, kube_jobs, kube_configmaps, kube_services, kube_endpointslices, kube_nodes,
        kube_events, kube_leases, kube_deployments, kube_replicasets, kube_statefulsets, kube_hpas, kube_namespaces;

struct kube_ref {
        const struct kube_kind *kind;
        const char *namespace; /* NULL for all namespaces in a list, or for cluster-scoped kinds */
        const char *name;
};

/* 'object' is NULL when fail->kind is set; 'fail' is never NULL and has kind FAIL_NONE on success. */
typedef void kube_done_fn(void *owner, struct json_object *object, const struct fail *fail);

/* Borrows loop and config for its life; the config's credentials are refreshed through it. FAIL_INVALID for a server URL
 * or credentials that cannot work; a credential plugin is run at once, and its failure is ours. */
enum fail_kind kube_client_new(struct loop *loop, struct kube_config *config, struct kube_client **ret_client,
                               struct fail *fail);
struct kube_client *kube_client_free(struct kube_client *client); /* cancels everything without calling 'done' */

struct loop *kube_client_loop(const struct kube_client *client);
const struct kube_config *kube_client_config(const struct kube_client *client); /* borrowed */
/* Numbers for jitter and names, never for secrets: seeded by the kernel, or by a test that wants them repeatable. */
uint64_t kube_client_random(struct kube_client *client);
void kube_client_seed(struct kube_client *client, uint64_t seed);

/* A fence: asked right before each attempt at a write, also one that had to wait or is made again, Leases apart. Where it says no,
 * nothing is sent and the request ends as FAIL_IO. 'path' is that of the request. NULL: every write goes. */
typedef bool kube_fence_fn(void *owner, const char *path);
void kube_client_fence(struct kube_client *client, kube_fence_fn *may_write, void *owner);

/* Each returns a request id (> 0) for kube_cancel. 'ref' and strings are copied; objects are borrowed. */
uint64_t kube_get(struct kube_client *client, const struct kube_ref *ref, kube_done_fn *done, void *owner);
uint64_t kube_create(struct kube_client *client, const struct kube_ref *ref, struct json_object *object,
                     kube_done_fn *done, void *owner);
enum kube_patch { KUBE_PATCH_MERGE, KUBE_PATCH_JSON, KUBE_PATCH_APPLY };
/* 'subresource' is NULL or "status". KUBE_PATCH_APPLY: server-side apply, field manager "loadstone", force.
 * A resourceVersion inside the patch's metadata makes it a compare-and-swap: FAIL_CONFLICT when it moved. */
uint64_t kube_patch(struct kube_client *client, const struct kube_ref *ref, const char *subresource, enum kube_patch type,
                    struct json_object *patch, kube_done_fn *done, void *owner);
/* PUT; the object's resourceVersion makes it a compare-and-swap. Used for Leases only. */
uint64_t kube_replace(struct kube_client *client, const struct kube_ref *ref, struct json_object *object, bool urgent,
                      kube_done_fn *done, void *owner);
/* Background propagation; 'uid' (not NULL) is a precondition, so a namesake is never hit: FAIL_CONFLICT then. */
uint64_t kube_delete(struct kube_client *client, const struct kube_ref *ref, const char *uid, kube_done_fn *done, void *owner);
/* GET of any path ("/version", "/api/v1/namespaces/a/pods?labelSelector=…"). */
uint64_t kube_get_path(struct kube_client *client, const char *path, bool urgent, kube_done_fn *done, void *owner);

/* Whole lists, paged (limit 500), consistent; 'selector' NULL or a label selector; ref->name, where given, selects that one. 'object' is a List with every item.
 * Pages whose version was compacted away meanwhile start the list again, in the end unpaged; pages too large for
 * KUBE_BODY_BYTES_MAX are asked for again with half the limit; a 'continue' that leads nowhere is FAIL_INVALID. */
uint64_t kube_list(struct kube_client *client, const struct kube_ref *ref, const char *selector, kube_done_fn *done,
                   void *owner);
/* The same, item by item, for lists that should never be in memory at once: 'item' gets what 'sift' keeps of each (kube/sift.h; it is
 * borrowed until the end), borrowed for the call, and NULL when the list begins, and begins again: what came before is void then.
 * 'done' gets the head of the list, whose metadata.resourceVersion is that of the whole list; a failure that it gets makes
 * void what came before. */
typedef void kube_item_fn(void *owner, const struct sifted *item);
uint64_t kube_list_each(struct kube_client *client, const struct kube_ref *ref, const char *selector, const struct sift *sift,
                        kube_item_fn *item, kube_done_fn *done, void *owner);

/* A body that comes piece by piece: watches and pod logs. 'data' is called with size 0 when the server has accepted, then
 * with each piece as it arrives, 'closed' once at the end (FAIL_NONE: clean end of stream). 'path' as in kube_get_path.
 * No byte for silence_s seconds ends it with FAIL_TIMEOUT; with 0 there is no limit, but the server has to accept within
 * 10 s. Never repeated, but for one 401. */
typedef void kube_data_fn(void *owner, const char *data, size_t size);
typedef void kube_closed_fn(void *owner, const struct fail *fail);
uint64_t kube_stream(struct kube_client *client, const char *path, int silence_s, kube_data_fn *data,
                     kube_closed_fn *closed, void *owner);

/* After this neither 'done' nor 'data' nor 'closed' is called. An unknown id is fine. A write may have happened. */
void kube_cancel(struct kube_client *client, uint64_t id);

struct kube_stats {
        uint64_t requests;  /* attempts sent, repeats included */
        uint64_t retries;   /* repeats among them */
        uint64_t silent;    /* attempts that ended because nobody answered in time */
        uint64_t errors;    /* requests and streams that ended with a failure */
        uint64_t writes;    /* attempts that were not GETs */
        uint64_t in_flight; /* now, streams included */
        uint64_t waiting;   /* now, not yet sent */
};
struct kube_stats kube_client_stats(const struct kube_client *client);
/* The same by method and status; borrowed, it goes on counting. */
const struct traffic *kube_client_traffic(const struct kube_client *client);
/* Host and port of the API server as its URL has them, without anything else of it; a new string that the caller frees. */
char *kube_client_host(const struct kube_client *client);

/* "/apis/batch/v1/namespaces/a/jobs/b" in a new string; percent-encoded names. */
char *kube_path(const struct kube_ref *ref);
/* "batch/v1", or "v1" for the core group, in a new string. */
char *kube_api_version(const struct kube_kind *kind);
