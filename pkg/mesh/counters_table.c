/* SPDX-License-Identifier: Apache-2.0 */
#include "mesh/counters_table.h"

#include "base/mem.h"

#define CLUSTER(stat_, counter_) {"envoy_cluster_" #stat_, #stat_, SERIES_CLUSTER, counter_, NULL, NULL}
/* Envoy writes the dots of its own names as underscores. */
#define NESTED(name_, stat_, counter_) {"envoy_cluster_" name_, stat_, SERIES_CLUSTER, counter_, NULL, NULL}

const struct series_row series_rows[] = {
        CLUSTER(upstream_rq_total, MESH_RQ),
        CLUSTER(upstream_rq_retry, MESH_RETRY),
        CLUSTER(upstream_rq_retry_success, MESH_RETRY_SUCCESS),
        CLUSTER(upstream_rq_retry_overflow, MESH_RETRY_OVERFLOW),
        CLUSTER(upstream_rq_retry_limit_exceeded, MESH_RETRY_EXCEEDED),
        CLUSTER(upstream_rq_timeout, MESH_TIMEOUT),
        CLUSTER(upstream_rq_per_try_timeout, MESH_TRY_TIMEOUT),
        CLUSTER(upstream_rq_pending_overflow, MESH_PENDING_OVERFLOW),
        CLUSTER(upstream_rq_active_overflow, MESH_PENDING_OVERFLOW),
        CLUSTER(upstream_cx_overflow, MESH_CX_OVERFLOW),
        CLUSTER(upstream_cx_total, MESH_CX),
        CLUSTER(upstream_cx_connect_fail, MESH_CX_FAIL),
        CLUSTER(upstream_cx_connect_timeout, MESH_CX_TIMEOUT),
        CLUSTER(upstream_rq_rx_reset, MESH_RESET_RX),
        CLUSTER(upstream_rq_tx_reset, MESH_RESET_TX),
        NESTED("ssl_handshake", "ssl.handshake", MESH_HANDSHAKE),
        NESTED("ssl_connection_error", "ssl.connection_error", MESH_TLS_FAIL),
        NESTED("ssl_fail_verify_san", "ssl.fail_verify_san", MESH_TLS_FAIL),
        NESTED("ssl_fail_verify_error", "ssl.fail_verify_error", MESH_TLS_FAIL),
        NESTED("outlier_detection_ejections_enforced_total", "outlier_detection.ejections_enforced_total", MESH_EJECTION),
        {"envoy_cluster_upstream_rq_time_sum", NULL, SERIES_CLUSTER, MESH_UPSTREAM_MS, NULL, NULL},
        {"envoy_cluster_upstream_rq_time_count", NULL, SERIES_CLUSTER, MESH_UPSTREAM_TIMED, NULL, NULL},
        NESTED("outlier_detection_ejections_active", "outlier_detection.ejections_active", MESH_EJECTED),
        CLUSTER(membership_healthy, MESH_HEALTHY),
        NESTED("circuit_breakers_default_cx_open", "circuit_breakers.default.cx_open", MESH_CX_LIMIT_OPEN),
        NESTED("circuit_breakers_default_rq_pending_open", "circuit_breakers.default.rq_pending_open", MESH_PENDING_LIMIT_OPEN),
        NESTED("circuit_breakers_default_rq_open", "circuit_breakers.default.rq_open", MESH_RQ_LIMIT_OPEN),
        NESTED("circuit_breakers_default_rq_retry_open", "circuit_breakers.default.rq_retry_open", MESH_RETRY_LIMIT_OPEN),

        {"*http_local_rate_limit_rate_limited", NULL, SERIES_ANY, MESH_RATE_LIMITED, NULL, NULL},
        {"*ratelimit_over_limit", NULL, SERIES_ANY, MESH_RATE_LIMITED, NULL, NULL},
        {"*_rbac_denied", NULL, SERIES_ANY, MESH_DENIED, NULL, NULL},
        {"envoy_http_ext_authz_denied", NULL, SERIES_ANY, MESH_EXT_DENIED, NULL, NULL},
        {"envoy_cluster_ext_authz_denied", NULL, SERIES_ANY, MESH_EXT_DENIED, NULL, NULL},
        {"envoy_cluster_ext_authz_error", NULL, SERIES_ANY, MESH_EXT_ERROR, NULL, NULL},
        {"envoy_http_fault_delays_injected", NULL, SERIES_ANY, MESH_DELAYED, NULL, NULL},
        {"envoy_http_fault_aborts_injected", NULL, SERIES_ANY, MESH_ABORTED, NULL, NULL},
        {"envoy_cluster_manager_cds_update_success", NULL, SERIES_ANY, MESH_CONFIG_UPDATE, NULL, NULL},
        {"envoy_listener_manager_lds_update_success", NULL, SERIES_ANY, MESH_CONFIG_UPDATE, NULL, NULL},
        {"envoy_server_uptime", NULL, SERIES_ANY, MESH_UPTIME, NULL, NULL},
        {"process_start_time_seconds", NULL, SERIES_ANY, MESH_STARTED, NULL, NULL},

        {"istio_requests_total", NULL, SERIES_ISTIO, MESH_REQUESTS, NULL, NULL},
        {"istio_requests_total", NULL, SERIES_ISTIO, MESH_PLAINTEXT, "connection_security_policy", "none"},
        {"istio_requests_total", NULL, SERIES_ISTIO, MESH_MUTUAL, "connection_security_policy", "mutual_tls"},
        {"istio_request_duration_milliseconds_sum", NULL, SERIES_ISTIO, MESH_REQUEST_MS, NULL, NULL},
        {"istio_request_duration_milliseconds_count", NULL, SERIES_ISTIO, MESH_REQUEST_TIMED, NULL, NULL},

        {"istio_tcp_connections_opened_total", NULL, SERIES_ISTIO, MESH_L4_CX, NULL, NULL},
        {"istio_tcp_connections_failed_total", NULL, SERIES_ISTIO, MESH_L4_CX_FAIL, NULL, NULL},
        {"istio_tcp_connections_failed_total", NULL, SERIES_ISTIO, MESH_L4_DENIED, "response_flags", "DENY"},
        {"istio_tcp_connections_failed_total", NULL, SERIES_ISTIO, MESH_L4_TLS_FAIL, "response_flags", "TLS_FAILURE"},
        {"istio_tcp_connections_failed_total", NULL, SERIES_ISTIO, MESH_L4_TLS_FAIL, "response_flags", "IDENTITY_ERROR"},

        {"request_total", NULL, SERIES_LINKERD, MESH_REQUESTS, NULL, NULL},
        {"response_latency_ms_sum", NULL, SERIES_LINKERD, MESH_REQUEST_MS, NULL, NULL},
        {"response_total", NULL, SERIES_LINKERD, MESH_ERRORS, "classification", "failure"},
        {"request_total", NULL, SERIES_LINKERD, MESH_MUTUAL, "tls", "true"},
        {"request_total", NULL, SERIES_LINKERD, MESH_PLAINTEXT, "tls", "no_identity"},
        {"tcp_open_total", NULL, SERIES_LINKERD, MESH_CX, NULL, NULL},
        {"outbound_http_route_retry_requests_total", NULL, SERIES_PARENT, MESH_RETRY, NULL, NULL},
        {"outbound_http_route_retry_successes_total", NULL, SERIES_PARENT, MESH_RETRY_SUCCESS, NULL, NULL},
        {"outbound_http_route_retry_overflow_total", NULL, SERIES_PARENT, MESH_RETRY_OVERFLOW, NULL, NULL},
        {"outbound_http_route_retry_limit_exceeded_total", NULL, SERIES_PARENT, MESH_RETRY_EXCEEDED, NULL, NULL},
        {"outbound_http_route_request_statuses_total", NULL, SERIES_PARENT, MESH_TIMEOUT, "error", "RESPONSE_HEADERS_TIMEOUT"},
        {"outbound_http_route_request_statuses_total", NULL, SERIES_PARENT, MESH_TIMEOUT, "error", "REQUEST_TIMEOUT"},
        {"outbound_http_balancer_endpoints", NULL, SERIES_PARENT, MESH_HEALTHY, "endpoint_state", "ready"},
        {"outbound_http_balancer_endpoints", NULL, SERIES_PARENT, MESH_EJECTED, "endpoint_state", "pending"},
        {"inbound_http_authz_deny_total", NULL, SERIES_ANY, MESH_DENIED, NULL, NULL},
};
const size_t series_rows_len = ARRAY_LEN(series_rows);
