/* SPDX-License-Identifier: Apache-2.0
 *
 * A Kubernetes API server in memory, as far as Loadstone and kubectl need one: requests in, answers and streams out, no
 * sockets, no clock of its own, no randomness but a seed. Controllers (garbage collection, namespaces, Jobs, kubelet) act
 * only inside apisim_step(). The contract suite (test/contract) asks the same questions here and of a real kube-apiserver.
 *
 * What is modelled: the kinds of kinds.c; create, get, list (limit, continue, exact versions), update, patch (merge, JSON,
 * strategic), delete with preconditions and propagation, dry runs, status subresources, generations, watches with bookmarks
 * and compaction, selectors, schemas of custom resources (pruning, defaults, validation), pod logs, reviews, discovery.
 *
 * What is not, and what happens then:
 *  - unknown paths, verbs, subresources, query parameters, Job fields that would change what happens: an error Status that begins
 *    with "apisim does not model", and apisim_unmodelled() counts it. Server-side apply, deletecollection, exec, proxy, eviction,
 *    Tables and protobuf are among them (clients that offer JSON as well get JSON);
 *  - CEL rules (x-kubernetes-validations) and 'pattern' are not evaluated: the golden tests have them from the real server;
 *  - built-in kinds are defaulted and checked where Loadstone looks (builtin.c), their members have the types that the table of
 *    shape.c promises, otherwise they are stored as they come: unknown fields stay, also in a strict request;
 *  - Deployments, DaemonSets, ReplicaSets, StatefulSets, HPAs, webhooks, Services, EndpointSlices and Nodes are plain objects: nobody acts on them;
 *  - managedFields, admission plugins (tokens and tolerations injected into pods), quotas, rights: nothing is refused for them;
 *  - a Job counts its pods in one write: uncountedTerminatedPods is always empty. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fail.h"

struct apisim;
struct apisim_stream;
struct json_object;
struct pod_script;

/* How a pod's life goes (pod_script.h): fills *script, which is zeroed, for a pod seen first. Its strings must live as long as
 * the server. */
typedef void apisim_script_fn(void *owner, struct json_object *pod, struct pod_script *script);

#define APISIM_CRDS_MAX 2

struct apisim_options {
        const struct clock *clock; /* borrowed */
        uint64_t seed;
        const char *crds[APISIM_CRDS_MAX]; /* directories of CustomResourceDefinitions, NULL: none */
        apisim_script_fn *script;  /* NULL: every pod stays pending, as without any node */
        void *script_owner;
        bool still;                /* no controllers: nothing happens but what is asked for */
        size_t history_max;        /* changes kept for watches and old lists; older are compacted away. 0: all */
};

/* FAIL_INVALID, FAIL_MISSING: the definitions cannot be read. */
enum fail_kind apisim_new(const struct apisim_options *options, struct apisim **ret_sim, struct fail *fail);
/* Every stream must be freed before. */
struct apisim *apisim_free(struct apisim *sim);

struct apisim_request {
        const char *method, *target; /* "GET", path with query */
        const char *content_type;    /* NULL: none */
        const char *body;
        size_t size;
};

struct apisim_answer {
        int status;
        int retry_after_s;            /* 0: no such header */
        const char *content_type;     /* static */
        char *warning;                /* text of a 299 Warning header, NULL: none */
        char *body;
        size_t size;
        struct apisim_stream *stream; /* instead of a body: a watch, or a log that is followed */
};

/* Always an answer. Release it with apisim_answer_done, its stream (unless taken out) too. */
void apisim_request(struct apisim *sim, const struct apisim_request *request, struct apisim_answer *ret_answer);
void apisim_answer_done(struct apisim_answer *answer);

/* Appends what has become ready. False at the end of the stream: nothing follows what was appended. */
bool apisim_stream_read(struct apisim_stream *stream, struct buf *out);
/* Monotonic time at which there is something to read for time's sake alone; INT64_MAX: never. */
int64_t apisim_stream_wake_ns(const struct apisim_stream *stream);
struct apisim_stream *apisim_stream_free(struct apisim_stream *stream);

/* One round of all controllers. True when it changed anything: another round may have more to do. */
bool apisim_step(struct apisim *sim);
/* When time alone gives the controllers something to do; INT64_MAX: never. */
int64_t apisim_wake_ns(const struct apisim *sim);

/* Forgets the past: watches and lists from before now are answered with 410. */
void apisim_compact(struct apisim *sim);
uint64_t apisim_version(const struct apisim *sim); /* the last resourceVersion given out */
/* Requests for something that is not modelled, and what the last one was ("" when none). */
unsigned apisim_unmodelled(const struct apisim *sim);
const char *apisim_unmodelled_text(const struct apisim *sim);
