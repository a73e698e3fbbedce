/* SPDX-License-Identifier: Apache-2.0
 *
 * What the mesh did to the load, in sentences that can be defended: each with the number it rests on, the object that is set so, and how
 * sure it is. A counter of the proxy itself is "high"; a change that coincides with a difference of the load, in time or as the only one
 * between two runs, is "medium"; a setting alone is "possible", and never a cause.
 *
 *  [{"code": "Retries", "confidence": "high" | "medium" | "possible", "sentence",
 *    "evidence": {"side": "client" | "server" | "waypoint" | "load", "counter", "value", "requests", "windowMs"},   value rounded to an integer
 *    "object", "field"}]                          where the setting stands, if an object, the mesh config or a default has it
 *  surest first, then by value. At most MESH_EXPLANATIONS_MAX. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "mesh/window.h"

#define MESH_EXPLANATIONS_MAX 24
#define MESH_COINCIDENCE_MS 5000 /* the load changes at most so long after what changed it */
#define MESH_COINCIDENCES_MAX 3  /* told of one onset, the nearest */
#define MESH_SINCE_MAX 3         /* changes since the baseline that are told, the heaviest */

struct mesh_load {
        int64_t requests, failed;         /* of the measured window; failed: without an answer */
        uint32_t trials;                  /* more than 1: these are of all of them, and the proxies were asked in one */
        const char *onset;                /* what began to be otherwise inside the window: "latency rose by 35 %"; NULL: nothing did */
        int64_t onset_wall_ms, onset_width_ms; /* when, and how wide the point of time is in which it began */
};

/* What a proxy of one side used, the mean over them. */
struct mesh_use {
        double cpu_milli;       /* below 0: not known */
        double throttled_ratio; /* of its CPU periods; below 0: not known */
};

struct mesh_case { /* all borrowed for the call */
        struct json_object *snapshot;     /* the mesh when the load began; NULL: nobody looked at it */
        struct json_object *after;        /* when it ended; NULL: as it was */
        const struct mesh_window *client, *server, *waypoint; /* without samples they say nothing; each may be NULL */
        const struct mesh_load *load;
        const struct mesh_use *use;       /* of the client's and of the server's proxies; NULL: not known */
        struct json_object *changes;      /* [{"atMs", "sentence"}]: what changed around the target during the run; NULL: nothing */
        struct json_object *baseline;     /* the snapshot of the run that this one was compared with; NULL: there is none */
        const char *baseline_run;         /* its name */
        const struct mesh_use *baseline_use; /* of both sides in that run; NULL: not known */
        const char *shift;                /* the difference that the comparison has found: "12 % slower than checkout-1"; NULL: none */
        bool shift_is_weak;               /* one run against one: how much runs differ by themselves is not known */
};

/* Caller owns. */
struct json_object *mesh_explain(const struct mesh_case *mesh_case);
