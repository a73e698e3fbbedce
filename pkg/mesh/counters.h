/* SPDX-License-Identifier: Apache-2.0
 *
 * What a proxy counted about one target, read from its page: Envoy in Prometheus text (Istio: port 15090, path /stats/prometheus) or as
 * JSON (/stats?format=json); a node's ztunnel (port 15020) and linkerd-proxy (port 4191) in Prometheus text, path /metrics.
 * Sources: Envoy, Cluster manager statistics and HTTP connection manager statistics; istio.io, Istio Standard Metrics; ztunnel, metrics; linkerd.io, Proxy
 * Metrics; Prometheus text exposition format 0.0.4. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "data/prometheus.h"

#define MESH_PAGE_BYTES_MAX (8u << 20)
#define MESH_PAGE_LINES_MAX 20000
#define MESH_COUNTER_SUM_MAX PROMETHEUS_NUMBER_MAX

enum mesh_counter {
        /* Envoy's cluster of the target, or Linkerd's route to it */
        MESH_RQ,               /* requests sent upstream, retries included */
        MESH_RETRY,
        MESH_RETRY_SUCCESS,
        MESH_RETRY_OVERFLOW,   /* retries that a budget or limit refused */
        MESH_RETRY_EXCEEDED,   /* requests that used up their retries */
        MESH_TIMEOUT,
        MESH_TRY_TIMEOUT,
        MESH_PENDING_OVERFLOW, /* requests that a limit refused */
        MESH_CX_OVERFLOW,      /* times a connection was not made because of the limit */
        MESH_CX,               /* connections made */
        MESH_CX_FAIL,
        MESH_CX_TIMEOUT,
        MESH_RESET_RX,         /* streams that the other side reset */
        MESH_RESET_TX,
        MESH_HANDSHAKE,        /* TLS handshakes */
        MESH_TLS_FAIL,
        MESH_EJECTION,
        MESH_UPSTREAM_MS,      /* sum of times from sending a request upstream to the end of its answer, each rounded down */
        MESH_UPSTREAM_TIMED,   /* how many */
        /* the proxy's own filters */
        MESH_RATE_LIMITED,
        MESH_DENIED,           /* by rules (RBAC) */
        MESH_EXT_DENIED,       /* by external authorization */
        MESH_EXT_ERROR,
        MESH_DELAYED,          /* faults */
        MESH_ABORTED,
        MESH_CONFIG_UPDATE,    /* clusters, listeners, routes or endpoints that a control plane sent */
        /* requests by what happened to them (response flags) */
        MESH_REQUESTS,
        MESH_REQUEST_MS,       /* sum of durations */
        MESH_REQUEST_TIMED,    /* how many; Istio only */
        MESH_ERRORS,           /* 5xx, or failures of gRPC */
        MESH_FLAG_UO, MESH_FLAG_URX, MESH_FLAG_UT, MESH_FLAG_DI, MESH_FLAG_FI, MESH_FLAG_RL, MESH_FLAG_UAEX, MESH_FLAG_UF, MESH_FLAG_UC,
        MESH_FLAG_UH, MESH_FLAG_NR, MESH_FLAG_DC,
        MESH_PLAINTEXT,        /* requests without mTLS, where the server's side tells */
        MESH_MUTUAL,
        /* connections, by what a node's ztunnel says: it knows no requests */
        MESH_L4_CX, MESH_L4_CX_FAIL, MESH_L4_DENIED, MESH_L4_TLS_FAIL,
        /* gauges */
        MESH_EJECTED,          /* endpoints ejected now */
        MESH_HEALTHY,          /* endpoints */
        MESH_CX_LIMIT_OPEN, MESH_PENDING_LIMIT_OPEN, MESH_RQ_LIMIT_OPEN, MESH_RETRY_LIMIT_OPEN,
        MESH_UPTIME,           /* seconds */
        MESH_STARTED,          /* when the process began, seconds */
        MESH_COUNTERS,
};

/* The series that is told in sentences: "envoy_cluster_upstream_rq_retry", "istio_requests_total{response_flags=UO}". */
const char *mesh_counter_name(enum mesh_counter counter);
bool mesh_counter_is_gauge(enum mesh_counter counter);

/* Whose numbers count. */
struct mesh_scope {
        const char *host;      /* full name of the target: "cart.shop.svc.cluster.local" */
        const char *service, *namespace; /* its parts, as Linkerd labels them */
        int32_t port;          /* of the Service at the client's proxy, of the container at the server's */
        bool server;           /* a page of the server's proxy */
        bool waypoint;         /* a page of a proxy between the two */
};

struct mesh_counters {
        double value[MESH_COUNTERS]; /* sums over the series of the scope: subsets, codes, sources */
        bool seen[MESH_COUNTERS];    /* the page had such a series for the scope; false: it says nothing about it */
        uint32_t lines, malformed, odd; /* odd: values that are no numbers, negative or beyond MESH_COUNTER_SUM_MAX: left out */
};

/* 'text' needs no NUL. FAIL_INVALID: not such a page, or cut off in the middle of a line; FAIL_TOO_LARGE: more than MESH_PAGE_BYTES_MAX or
 * MESH_PAGE_LINES_MAX. On failure *counters is untouched: a part of a page would look like counters that fell. */
enum fail_kind mesh_counters_parse(const char *text, size_t size, const struct mesh_scope *scope, struct mesh_counters *counters,
                                   struct fail *fail);
enum fail_kind mesh_counters_parse_json(const char *text, size_t size, const struct mesh_scope *scope, struct mesh_counters *counters,
                                        struct fail *fail);
