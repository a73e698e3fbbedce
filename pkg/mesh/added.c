/* SPDX-License-Identifier: Apache-2.0 */
#include "mesh/added.h"

#include <math.h>

#define STEP_US 1000.0 /* what is rounded down */
#define HALF_BIN 0.05  /* Envoy's histograms tell the middle of a bin, which is at most a tenth of it wide */

static struct mesh_added_part mean_of(const struct mesh_window *window, enum mesh_counter sum_ms, enum mesh_counter count, int64_t requests)
{
        double told = window && window->known[sum_ms] && window->known[count] ? window->increase[count] : 0;

        if (told < MESH_ADDED_REQUESTS_MIN || told < MESH_ADDED_SHARE_MIN * (double)requests || window->resets > 0)
                return (struct mesh_added_part){0};
        double mean_us = window->increase[sum_ms] * 1000 / told;
        return (struct mesh_added_part){.known = true, .low_us = mean_us * (1 - HALF_BIN), .high_us = mean_us * (1 + HALF_BIN) + STEP_US};
}

static struct mesh_added_part minus(struct mesh_added_part whole, struct mesh_added_part part)
{
        if (!whole.known || !part.known || whole.high_us < part.low_us)
                return (struct mesh_added_part){0};
        return (struct mesh_added_part){
                .known = true,
                .low_us = fmax(0, whole.low_us - part.high_us),
                .high_us = whole.high_us - part.low_us,
        };
}

struct mesh_added mesh_added_of(const struct mesh_window *client, const struct mesh_window *server, double load_us, int64_t requests)
{
        const struct mesh_added_part load = {.known = requests > 0, .low_us = load_us, .high_us = load_us};
        struct mesh_added_part source = mean_of(client, MESH_UPSTREAM_MS, MESH_UPSTREAM_TIMED, requests);
        struct mesh_added_part destination = mean_of(server, MESH_UPSTREAM_MS, MESH_UPSTREAM_TIMED, requests);

        if (!destination.known)
                destination = mean_of(server, MESH_REQUEST_MS, MESH_REQUEST_TIMED, requests);
        return (struct mesh_added){.whole = minus(load, destination), .client = minus(load, source), .between = minus(source, destination)};
}
