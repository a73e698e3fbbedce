/* SPDX-License-Identifier: Apache-2.0
 *
 * What one proxy counted between the first and the last sample of a window. Counters that fall were reset (the proxy restarted): what they
 * show afterwards is added, what was lost in between is not made up. */
#pragma once

#include "mesh/counters.h"

struct mesh_window { /* zeroed memory is an empty window */
        struct mesh_counters last;
        double increase[MESH_COUNTERS]; /* of counters: sum of the rises; of gauges: the most that was seen */
        bool known[MESH_COUNTERS];      /* the series was there at least once */
        uint32_t samples, missed, resets;
        int64_t first_wall_ms, last_wall_ms;
};

/* A sample at wall_ms; samples come in order. A series that appears later was zero before: proxies make them when first used. */
void mesh_window_add(struct mesh_window *window, const struct mesh_counters *counters, int64_t wall_ms);
void mesh_window_miss(struct mesh_window *window); /* a sample that could not be had */
/* Adds another proxy's window: increases are summed, gauges keep the most. */
void mesh_window_merge(struct mesh_window *window, const struct mesh_window *other);
