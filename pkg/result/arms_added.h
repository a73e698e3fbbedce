/* SPDX-License-Identifier: Apache-2.0
 *
 * What one variant adds to latency beside another, in time and not as a ratio, and what of the mesh that is put down to. The mean over the
 * pairs (result/pairs.h) of the difference of a percentile, with its 95 % interval from how the pairs differ (paired t, stat/shift.h).
 *
 * Put down to a part of the mesh only when that part is what differed, as every trial of both has seen it: the client's proxy, the server's,
 * both, or mTLS between the same proxies. A client without a proxy is also one without mTLS, without retries and without the proxy's
 * balancing: what it adds is all of that, and the sentence says so of mTLS. Whatever else the variants do otherwise is the writer's to
 * know. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

#include "result/pairs.h"

#define ARMS_ADDED_TEXT_MAX 320

enum arms_part { ARMS_PART_NONE, ARMS_PART_CLIENT, ARMS_PART_SERVER, ARMS_PART_BOTH, ARMS_PART_MTLS, ARMS_PARTS };

/* "client", "server", "whole", "mtls"; NULL of ARMS_PART_NONE. */
const char *arms_part_name(enum arms_part part);

struct arms_added_value {
        bool known;
        double ns;              /* B above A; of a part of the mesh, whichever has it above the other */
        bool interval;          /* fewer than two pairs have none, and neither have pairs that all differ by the same */
        double low_ns, high_ns;
};

struct arms_added {
        enum arms_part part;
        struct arms_added_value p50, p99;
        char text[ARMS_ADDED_TEXT_MAX]; /* "the client's sidecar adds 1.9 ms to the median (1.6 to 2.2)"; "" without a part or a median */
};

/* 'a' and 'b' are what arms_mesh_merge() says of the two, and may be NULL; all borrowed for the call. */
void arms_added_of(const struct pairs *pairs, const struct trial *trials, struct json_object *a, struct json_object *b, struct arms_added *ret_added);
/* As status.comparison.arms[].added: {"part", "p50": {"mean", "low", "high"}, "p99", "text"}; NULL when nothing is known. Caller owns. */
struct json_object *arms_added_encode(const struct arms_added *added);
/* What is beyond doubt, as an explanation in the form of mesh/explain.h: "high" when 'confirmed' (result/compare.h), else "medium". NULL: nothing
 * is. Caller owns. */
struct json_object *arms_added_explain(const struct arms_added *added, bool confirmed);
/* "1.600ms to 2.200ms", of the median; false: there is no interval. */
bool arms_added_bounds(const struct arms_added *added, char text[static ARMS_ADDED_TEXT_MAX]);
