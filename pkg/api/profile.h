/* SPDX-License-Identifier: Apache-2.0
 *
 * The meaning of a profile's spec: decoded, defaulted and checked again. The API server has refused most of what is wrong
 * (crds/); objects stored before a rule existed, and merges of a run's overrides, have not passed it. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/comparable.h"
#include "base/fail.h"
#include "stat/capacity.h"

#define PROFILE_OBJECTIVES_MAX 32
#define PROFILE_RUN_NAME_MAX 52
#define PROFILE_HEADERS_FROM_MAX 16
#define PROFILE_REQUIREMENTS_MAX 8
#define PROFILE_HEADER_NAME_MAX 64
#define PROFILE_SPEC_BYTES_MAX 131072 /* the plan ConfigMap holds it twice, as spec and as worker plan, and must stay below 512 KiB; the more arms, the less */

struct profile_objective {
        const char *metric, *min, *max; /* min or max may be NULL; checked by api/metric.h */
};

struct profile_header_from {
        const char *name, *secret, *key; /* the header's, the Secret's, and which of its keys is the value */
};

struct profile_metric { /* series that a source of the administrator's configuration has */
        const char *name, *query, *source;
        const char *unit; /* "" when nobody says */
};

struct profile_requirement {
        const char *key, *value; /* "mesh.mtls" and "strict", "clientMeshed" and "true"; mesh/require.h says what they mean. Constants */
};

enum profile_baseline_from { PROFILE_BASELINE_NONE, PROFILE_BASELINE_PINNED, PROFILE_BASELINE_PREVIOUS };

struct profile_baseline {
        enum profile_baseline_from from;
        const char *run;                  /* of PINNED; NULL else */
        const char *primary;              /* as all metrics here one of comparables; never NULL */
        const char *gates[COMPARABLE_MAX];
        size_t gates_len;
        double tolerance[COMPARABLE_MAX]; /* of comparables[i]: a ratio minus 1, or a share */
        bool warn_only;                   /* onRegression: warn */
        bool fail_inconclusive;           /* onInconclusive: fail */
};

/* What is spoken with the target: one word for protocol and transport, so that no two fields can contradict. */
struct profile_scheme {
        const char *word;
        bool tls, http2, grpc;
};

#define PROFILE_METRICS_MAX 4
#define PROFILE_METRIC_NAME_MAX 32
#define PROFILE_QUERY_MAX 1024 /* characters, in up to four bytes each */
#define PROFILE_UNIT_MAX 16
#define PROFILE_ALSO_MAX 4
#define PROFILE_TRIALS_MAX 64
#define PROFILE_WARMUP_LEAST_MS 15000
#define PROFILE_WARMUP_MOST_MS 60000
#define PROFILE_VARIANTS_MAX 8
#define PROFILE_VARIANT_NAME_MAX 32
#define PROFILE_PAIRS_DEFAULT 6 /* where variants stand without trials.repeats */

enum profile_order { PROFILE_ORDER_ABBA, PROFILE_ORDER_SEQUENCE, PROFILE_ORDER_RANDOM };

/* A round is one trial, or with variants one of each arm. */
struct profile_trials {
        uint32_t min, max; /* rounds, 1 <= min <= max; min < max: after 'min' of them how many are needed is computed, once */
        double until;      /* half width of the primary's 95 % interval that is enough, as a ratio minus 1; with variants of its ratio */
        int64_t pause_ms;  /* between the end of a trial and the next, at least */
        enum profile_order order; /* of the arms in a round */
};

#define PROFILE_PROBE_AROUND_MS 15000 /* from the end of a probe to the start of the next, but for what the profile says */

/* In the place of a shape. A probe is a trial: a hold of one rate, for 'probe_ms' or a few times that. */
struct profile_capacity {
        bool given;
        struct capacity_search search;
        int64_t probe_ms;
};

struct profile_variant {
        const char *name;
        struct profile *profile; /* the spec with its overrides, without variants and trials; owned */
        struct json_object *apply; /* what it applies before its trials (api/entry.h); borrowed, NULL: nothing */
        bool allow_managed;      /* ... also where Argo CD or Flux keep what is there */
};

struct profile {
        struct json_object *spec;  /* the merged, defaulted spec that everything else borrows from; owned */
        const char *service, *port; /* port as text: number or name; NULL with a url */
        const char *namespace;      /* the Service's, NULL: the profile's own */
        const char *url;            /* NULL with a service */
        char *url_host;             /* name, or address without brackets; owned */
        int url_port;
        const struct profile_scheme *scheme; /* constant */
        bool tls_verify;
        const char *host;          /* NULL: the Service's own name */
        const char *ca_configmap, *ca_configmap_key, *ca_secret, *ca_secret_key; /* one pair, or none */
        const char *client_secret; /* with tls.crt and tls.key; NULL: none is shown */
        const char *descriptors_configmap, *descriptors_key; /* of gRPC messages: bodies are JSON; both or none */
        struct profile_header_from headers_from[PROFILE_HEADERS_FROM_MAX];
        size_t headers_from_len;
        int64_t timeout_ms, warmup_ms, cooldown_ms, shape_ms;
        bool warmup_auto; /* warmup_ms is the most; it ends when the target has settled, after PROFILE_WARMUP_LEAST_MS or later */
        uint32_t streams; /* requests at once on a connection, 1 over HTTP/1.1 */
        uint32_t workers, connections, connections_max; /* the latter: equal unless more may be opened (whenBusy: grow) */
        int64_t reconnect_requests, reconnect_ms;       /* what a connection carries, and how long it stands; 0: no end */
        int64_t seed;
        bool closed;
        double peak_rps;           /* the shape's highest rate; 0 when closed */
        struct profile_objective objectives[PROFILE_OBJECTIVES_MAX];
        size_t objectives_len;
        struct profile_baseline baseline;
        struct profile_trials trials;
        struct profile_capacity capacity; /* not given: the shape says the rate */
        struct profile_variant variants[PROFILE_VARIANTS_MAX];
        size_t variants_len; /* 0, or at least 2: the first is what the others are compared with */
        int64_t total_ms; /* limits.total */
        int64_t deadline_ms, ready_timeout_ms, queue_timeout_ms;
        double brake_ratio;
        int64_t brake_ms;
        bool brake_off;
        int64_t pacing_lateness_ns, min_window_ms;
        double generator_cpu, throttled, stolen; /* ratios 0..1 */
        int keep;
        bool mesh_detect;
        struct profile_requirement requirements[PROFILE_REQUIREMENTS_MAX];
        size_t requirements_len;
        const char *also[PROFILE_ALSO_MAX]; /* Services of the profile's namespace that are observed beside the target */
        size_t also_len;
        struct profile_metric metrics[PROFILE_METRICS_MAX]; /* asked for when the load is over */
        size_t metrics_len;
        bool suspend;
        bool has_workload;         /* workload.manifests are applied before the load, and taken back after the run */
        bool allow_managed;        /* ... also where Argo CD or Flux keep what is there */
        int64_t workload_ready_ms; /* until they have to be ready */
        bool applies;              /* some variant applies something before its trials */
        const char *account;       /* that does it; never NULL with a workload, or with a variant that applies something */
};

/* RFC 7386 merge of a run's overrides over a profile's spec, with the schema's defaults filled in afterwards. Only load.shape,
 * load.workers, load.concurrency, load.warmup, objectives, trials and limits may be overridden. Both are borrowed, overrides may be NULL.
 * FAIL_INVALID names the field. *ret_spec is new. */
enum fail_kind profile_merge(struct json_object *spec, struct json_object *overrides, struct json_object **ret_spec,
                             struct fail *fail);

/* The spec of one variant: a merged spec without its variants and trials, with the variant's overrides (borrowed, may be NULL) over it. Only
 * load.shape, load.workers, load.concurrency, load.warmup and context.mesh.client may be overridden. FAIL_INVALID names the field from
 * the variant on ("overrides.load.seed …"). *ret_spec is new. */
enum fail_kind profile_merge_variant(struct json_object *spec, struct json_object *overrides, struct json_object **ret_spec, struct fail *fail);

/* A merged spec compares with that run instead of what its baseline says: spec.baseline of a BenchmarkRun. */
void profile_pin_baseline(struct json_object *spec, const char *run);

/* Decodes a merged spec. *ret_profile is new and takes its own reference of 'spec'. FAIL_INVALID names the field and says
 * what to write. */
enum fail_kind profile_decode(struct json_object *spec, struct profile **ret_profile, struct fail *fail);
/* The profile's shape as the worker's plan has it (load/plan.h); caller owns. */
struct json_object *profile_encode_shape(const struct profile *profile);
struct profile *profile_free(struct profile *profile);
void profile_free_at(struct profile **profile);
#define auto_profile __attribute__((cleanup(profile_free_at)))

/* How many arms there are: 1 without variants. */
uint32_t profile_arms(const struct profile *profile);
/* As many trials as trials.repeats asks for, over all arms and without those that are run once more: at most PROFILE_TRIALS_MAX. */
uint32_t profile_trials_planned(const struct profile *profile);
/* The arm (0..profile_arms - 1) of trial 'trial' of those that stand (from 0), which is of round trial / profile_arms. */
uint32_t profile_arm_of(const struct profile *profile, uint32_t trial);
/* The profile as an arm has it; itself without variants. Borrowed. */
const struct profile *profile_arm(const struct profile *profile, uint32_t arm);
/* The variant's name, NULL without variants. */
const char *profile_arm_name(const struct profile *profile, uint32_t arm);

/* What a run may take from its first step to its result: a lone trial limits.deadline; of several each its readyTimeout and its load, or
 * limits.deadline where that is less, with the pauses between them. */
int64_t profile_deadline_ms(const struct profile *profile);
/* The longest that the pause between two trials may be: trials.pause, or until a target that takes longer is at rest. */
int64_t profile_pause_most_ms(const struct profile *profile);
/* What it is given: each trial may have to be repeated, and limits.total bounds all of it; before that its workload has to become ready. */
int64_t profile_given_ms(const struct profile *profile);
/* The most trials that there may be, repeats included; at most PROFILE_TRIALS_MAX. */
uint32_t profile_trials_most(const struct profile *profile);

/* The longest that all probes of a search may take together; with capacity only. */
int64_t profile_search_ms(const struct profile *profile);

/* Some value comes from a Secret. */
bool profile_names_secrets(const struct profile *profile);

#define PROFILE_DIGEST_MAX 80
/* "v1:sha256:<64 hex>" over the canonical JSON of what is measured (target, the workload that is brought along, load, whether its client is in a mesh,
 * and variants), defaults left out. */
void profile_digest(const struct profile *profile, char text[static PROFILE_DIGEST_MAX]);
/* The same without the target: two runs with the same one may be compared, whatever they loaded. */
void profile_load_digest(const struct profile *profile, char text[static PROFILE_DIGEST_MAX]);
