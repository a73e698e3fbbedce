/* SPDX-License-Identifier: Apache-2.0
 *
 * What the mesh did to the load, in sentences that can be defended: each with the number it rests on, the object that is set so, and how
 * sure it is. A counter of the proxy itself is "high"; a change at the time when the load changed is "medium"; a setting alone is
 * "possible", and never a cause.
 *
 *  [{"code": "Retries", "confidence": "high" | "medium" | "possible", "sentence",
 *    "evidence": {"side": "client" | "server" | "load", "counter", "value", "requests", "windowMs"},   value rounded to an integer
 *    "object", "field"}]                          where the setting stands, if an object, the mesh config or a default has it
 *  surest first, then by value. At most MESH_EXPLANATIONS_MAX. */
#pragma once

#include <json-c/json.h>
#include <stdint.h>

#include "mesh/window.h"

#define MESH_EXPLANATIONS_MAX 24
#define MESH_COINCIDENCE_MS 5000 /* a change and a shift of the load this near to each other coincide */

struct mesh_load {
        int64_t requests, failed;         /* of the measured window; failed: without an answer */
        double client_throttled_ratio, server_throttled_ratio; /* of the proxies' CPU periods; below 0: not known */
        int64_t shift_wall_ms;            /* when the load's latency or errors changed; 0: they did not */
};

/* 'snapshot' is the mesh at the time. A window without samples says nothing; both may be NULL. 'drift' (may be NULL) is an array of
 * {"atMs", "sentence"}: changes of the mesh during the run. All borrowed; the caller owns the result. */
struct json_object *mesh_explain(struct json_object *snapshot, const struct mesh_window *client, const struct mesh_window *server,
                                 const struct mesh_load *load, struct json_object *drift);
