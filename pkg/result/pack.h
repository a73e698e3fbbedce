/* SPDX-License-Identifier: Apache-2.0
 *
 * A trial's result as immutable ConfigMaps: chunks "…-s<n>", then the manifest "…-result" that names each chunk with its
 * SHA-256. The same inputs give the same bytes, so that an operator that was killed half-way writes the same again and
 * compares: equal is fine, different is a conflict and the first stays.
 *
 * Chunk data (docs name it "series"; every value is text):
 *   "chunk.json"     {"version":1,"run":uid,"trial":0,"chunk":0}
 *   "h.p<i>.<what>"  base64 HDR V2, 3 digits, piece i; what: latency service error censored ttfb pacing backlog (2 digits
 *                    when all would not fit)
 *   "h.r<i>.<what>"  request i, 2 digits;  "h.w.<what>" whole shape, 2 digits, only when there are no pieces (reduced)
 *   "h.c.<what>"     connect, handshake
 *   "exact.json"     {"p0.latency":{"count","min","max","sum"}}, nanoseconds: what the buckets of this chunk's "h." keys cannot say
 *   "grid.json"      {"version":1,"pointMs":1000,"points":N,"first":n, "from":[…],"to":[…],"workers":[…],"offered":[…],"sent":[…],"ok":[…],
 *                    "missed":[…],"censored":[…],"bytesIn":[…],"errors":{"timeout":[…]},"status":{"200":[…]},"cpuMicros":[…],"throttledMicros":[…],
 *                    "inFlight":[…],"backlog":[…],"sumNanos":[…]}   points n..n+N-1 of the grid, as columns
 *   "grid.latency", "grid.error", "grid.censored"   one base64 HDR V2 at 2 digits per point, one per line; an empty line is an empty
 *                    histogram
 * A grid that does not fit one chunk goes on in the next, same keys, "first" says where.
 *   "samples.json"   {"version":1,"subjects":[…]} of probe/samples.h: CPU, memory and throttling of nodes and pods as rows in time, in
 *                    milliseconds since the shape began like the grid, but at their own times; goes on in the next chunk too.
 *                    Series of the administrator's sources stand among them, kind "metric" (probe/promql.h), with "name", "source" and "unit"
 *
 * Manifest data: "manifest.json" {"version":1,"run":{name,namespace,uid},"profile","trial","intervalMs","pointMs","timeoutMs",
 * "window" (as in status.results),"digits" (of the pieces' details),"chunks":[{"name","sha256","bytes"}],"bytes"}, "summary.json" (status_encode_full, validity, verdict, objectives, workers),
 * "provenance.json", "context.json".
 * SHA-256 is over the canonical JSON of the ConfigMap's "data" object (keys sorted by bytes, no white space). */
#pragma once

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "result/fold.h"
#include "result/history.h"

#define PACK_BYTES_MAX (512 * 1024)        /* one ConfigMap, as JSON */
#define PACK_TRIAL_BYTES_MAX (1024 * 1024) /* all of one trial; a finer grid is coarsened until it fits */
#define PACK_RUN_BYTES_MAX (4 * 1024 * 1024) /* of all trials together */
#define PACK_CHUNKS_MAX 8                  /* chunk n of trial t is series number t * PACK_CHUNKS_MAX + n */
#define PACK_SHA256_MAX 65
#define PACK_SAMPLES_PART 4                /* samples may take one part in so many of a trial's bytes */
#define PACK_METRICS_PART 8                /* series of the administrator's sources beside them */

struct pack_input { /* everything borrowed for the call */
        const char *namespace, *run_name, *run_uid;
        const char *profile; /* name; NULL for a run without one */
        int trial;
        const struct fold *fold;
        int64_t interval_ms;
        struct json_object *summary;    /* written as it is to summary.json */
        struct json_object *provenance; /* may be NULL */
        struct json_object *context;    /* full context; may be NULL */
        struct json_object *samples;    /* array of subjects (samples_encode of probe/samples.h); may be NULL */
        struct json_object *trial_doc;  /* of one trial of several (result/trial.h): the last map is "…-r<trial>" with it; NULL: "…-result" */
        size_t bytes_max;               /* of all maps together; 0: PACK_TRIAL_BYTES_MAX */
};

struct pack {
        struct json_object *maps[PACK_CHUNKS_MAX + 1]; /* whole ConfigMaps, chunks first, the manifest last */
        size_t len;
        size_t bytes;                  /* of all data together */
        char digest[PACK_SHA256_MAX];  /* of the manifest's data: resultRef.digest is "sha256:" and this */
        int64_t point_ms;              /* of the grid as written */
};

/* FAIL_TOO_LARGE: does not fit even with the coarsest grid (a context or summary beyond all measure). A trial of several goes without
 * its chunks then. */
enum fail_kind pack_write(const struct pack_input *input, struct pack *ret_pack, struct fail *fail);
void pack_done(struct pack *pack);

/* status.resultRef: {"configMap","digest","chunks","bytes"}; caller owns. */
struct json_object *pack_encode_ref(const struct pack *pack);

/* SHA-256 of a ConfigMap's data as above, hex. For comparing what stands in the cluster with what would be written. */
void pack_digest(struct json_object *config_map, char sha256[static PACK_SHA256_MAX]);

/* Names and labels are those of api/names.h; the trial stands beside them, "0" counting from there. */
#define PACK_LABEL_TRIAL "loadstone.dev/trial"
