/* SPDX-License-Identifier: Apache-2.0
 *
 * Which series is which counter. Inside of pkg/mesh. */
#pragma once

#include "mesh/counters.h"

/* How a series says what it is about. */
enum series_filter {
        SERIES_ANY,     /* the proxy as a whole */
        SERIES_CLUSTER, /* label cluster_name "outbound|80|subset|host" or "inbound|8080||" */
        SERIES_ISTIO,   /* reporter, destination_service */
        SERIES_LINKERD, /* direction, dst_service, dst_namespace */
        SERIES_PARENT,  /* parent_name, parent_namespace */
};

struct series_row {
        const char *name;    /* in Prometheus text; a leading '*' : ends with the rest */
        const char *stat;    /* in Envoy's own names, below "cluster.NAME."; NULL: has none */
        enum series_filter filter;
        enum mesh_counter counter;
        const char *label, *value; /* one more label that must have this value, or NULL */
};

extern const struct series_row series_rows[];
extern const size_t series_rows_len;
