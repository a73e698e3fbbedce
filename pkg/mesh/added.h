/* SPDX-License-Identifier: Apache-2.0
 *
 * What the proxies add to a request, from means: the load's own latency, minus what the client's proxy waited for the other side, minus what
 * the server's proxy waited for its application. Bounds, because proxies count whole milliseconds and round down, into bins a tenth of a digit
 * wide. It says nothing of a percentile (a difference of percentiles is none), and what is between the proxies is theirs and the network's.
 *
 * Means are only subtracted when they are of the same requests, as nearly as can be told: Envoy's histograms are as old as its last flush, five
 * seconds at most, so that a proxy has not told of the end of a short load.
 *
 * From Envoy's upstream_rq_time of the target's cluster; at the server, where Istio leaves that out, from istio_request_duration_milliseconds.
 * Linkerd's latency ends with the first byte: another thing, and not subtracted. */
#pragma once

#include <stdbool.h>

#include "mesh/window.h"

#define MESH_ADDED_REQUESTS_MIN 100 /* of a proxy; fewer say nothing */
#define MESH_ADDED_SHARE_MIN 0.9    /* of the load's requests that a proxy has to have told of */

struct mesh_added_part {
        bool known;
        double low_us, high_us; /* of the mean, >= 0 */
};

struct mesh_added {
        struct mesh_added_part whole;   /* load to application, the application's own time left out */
        struct mesh_added_part client;  /* from the load into its proxy and back */
        struct mesh_added_part between; /* from proxy to proxy */
};

/* 'load_us' is the mean of the load's 'requests' that were answered, as it has measured them. A window without samples says nothing, and neither
 * does one of a proxy that began anew; both may be NULL. A part that is more than the whole is of other requests, and not told. */
struct mesh_added mesh_added_of(const struct mesh_window *client, const struct mesh_window *server, double load_us, int64_t requests);
