/* SPDX-License-Identifier: Apache-2.0
 *
 * What the client's requests came to: how many of each method ended with each status, and how long the answers took. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buckets.h"

#define TRAFFIC_METHODS 5
#define TRAFFIC_CODES_MAX 24 /* of one method; more are counted as TRAFFIC_CODE_OTHER */
#define TRAFFIC_CODE_NONE 0  /* no answer came */
#define TRAFFIC_CODE_OTHER (-1)

struct traffic_count {
        int code; /* HTTP status, or one of the above */
        uint64_t count;
};

struct traffic_method {
        const char *name; /* "GET" */
        struct traffic_count counts[TRAFFIC_CODES_MAX];
        size_t len;
        struct buckets durations; /* until the whole answer; of streams until its head */
};

struct traffic {
        struct traffic_method methods[TRAFFIC_METHODS];
};

void traffic_init(struct traffic *traffic);
/* 'method' is one of the five that Kubernetes knows. */
void traffic_record(struct traffic *traffic, const char *method, int code, int64_t duration_ns);
