/* SPDX-License-Identifier: Apache-2.0
 *
 * A stored trial read back (result/pack.h): from the ConfigMaps to histograms and points of time. Nothing is believed that its
 * digest does not vouch for: resultRef vouches for the manifest, the manifest for every chunk. */
#pragma once

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "result/harvest.h"
#include "stat/hist.h"

enum unpack_what {
        UNPACK_LATENCY, UNPACK_SERVICE, UNPACK_ERROR, UNPACK_CENSORED, UNPACK_TTFB, UNPACK_PACING, UNPACK_BACKLOG,
        UNPACK_CONNECT, UNPACK_HANDSHAKE,
        UNPACK_WHATS,
};

struct unpack_span {
        char name[16];                    /* "p0": piece 0; "r0": request 0; "w": whole shape; "c": connections */
        struct hist *hists[UNPACK_WHATS]; /* NULL where nothing was recorded */
};

#define UNPACK_SPANS_MAX 160 /* 64 pieces, 32 requests, and room */

struct unpack {
        struct json_object *manifest;                      /* owned, as the three that follow, which are NULL when not kept */
        struct json_object *summary, *provenance, *context;
        struct unpack_span spans[UNPACK_SPANS_MAX];
        size_t spans_len;
        struct harvest_point points[HARVEST_POINTS_MAX];   /* in order of time; their histograms are owned */
        size_t points_len;
        int64_t point_ms, timeout_ns;
        struct json_object *samples;                       /* owned; the subjects of all chunks, empty when there are none */
};

/* 'maps' is an array of ConfigMaps in any order, others among them; borrowed. 'ref' is status.resultRef. FAIL_MISSING: the manifest
 * or a chunk is not there. FAIL_INVALID: one differs from its digest, or is none of ours. *ret_unpack is new. */
enum fail_kind unpack_read(struct json_object *ref, struct json_object *maps, struct unpack **ret_unpack, struct fail *fail);
struct unpack *unpack_free(struct unpack *unpack); /* NULL is fine; returns NULL */

/* NULL when there is no such span. */
const struct unpack_span *unpack_find(const struct unpack *unpack, const char *name);
/* The span that results show: the window's piece, else the whole shape; NULL when neither was kept. */
const struct unpack_span *unpack_window(const struct unpack *unpack);
