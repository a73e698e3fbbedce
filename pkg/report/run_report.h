/* SPDX-License-Identifier: Apache-2.0
 *
 * A finished run as something to hand on: the figures behind the page, and the files made of them. The same for a run in a cluster
 * and for one of "loadstone run": a BenchmarkRun and the ConfigMaps beside it. To add a kind of file is one file with one table row.
 *
 * What is shared leaks: header values, bodies and queries of requests are never in a report, only names, sizes and paths ("raw" is the
 * exception: it is what the cluster keeps, as it is).
 *
 * The page's document; all times are milliseconds since the shape began, latencies whole microseconds, or "> 5s" when they fall
 * among requests without an answer, null where too few requests say anything; rates per second:
 *
 *  {"version":1, "run":{name,namespace,uid,profile,phase,message,startedAt,finishedAt,local}, "validity","verdict",
 *   "reasons":[{about,reason,message}], "objectives":[{metric,limit,value,met,reason,message}],
 *   "comparison", "explanations", "trials": as in the status; absent when there were none,
 *   "results": as status.results, "whole": the same figures of the whole shape, "byPiece", "byRequest": uncut,
 *   "load":   {target,scheme,host,timeout,warmup,arrival,pacing,workers,connections,whenBusy,shape:[…as in the profile],
 *              requests:[{name,method,path,weight,headers:[name],body,expect:[status]}], headersFrom:[name]}   absent when not kept
 *   "curve":  {"latency":[[q,micros]…],"service":…}    of the measured window, as far as ten requests were slower
 *   "histogram": {"perDecade":20,"first":n,"ok":[…],"error":[…],"censored":n}    bin i: 10^((first+i)/20) ns to the next
 *   "series": {"pointMs","timeoutMs","from":[…],"to","workers","offered","achieved","failed","p50","p90","max","inFlight","backlog","cores",
 *              "targetCores","targetCoresLimit","targetMemoryMiB","targetMemoryLimitMiB","targetThrottled"}   the target's pods together, throttled: the
 *              worst of them, percent of the periods; each absent when it was not sampled
 *   "samples": the rows of probe/samples.h as they were stored; absent when there are none
 *   "metrics":[{"name","source","unit","labels","from","step","values":[…]}]   series of the administrator's sources (probe/promql.h); absent
 *              when there are none: context.metrics says why
 *   "tail":   {"pointMs","from":[…],"to","p99"}     wider points, so that ten requests are slower in each; absent when there is no such width
 *   "changes":[{"atMs","at","kind","object","text"}], "gaps":[{"fromMs","toMs"}]    atMs null when the start is not known
 *   "context":{target,nodes,mesh,samples,metrics}, "provenance":{program,image,profileDigest,labels,startSkewMicros,workers,…}, "evidence":{configMap,digest,chunks,bytes}} */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/fail.h"

#define RUN_REPORT_BYTES_MAX (8u << 20) /* of any file that is made */

struct run_report {
        struct json_object *run;  /* the BenchmarkRun; owned */
        struct json_object *maps; /* array of its ConfigMaps; owned, may be empty */
        struct json_object *page; /* the document above; owned */
};

/* Takes one reference of each. Without status.resultRef the report has what the status has. FAIL_INVALID: not a finished BenchmarkRun, or
 * its ConfigMaps are not what the run wrote. FAIL_MISSING: one of them is not there. Release with run_report_done in either case. */
enum fail_kind run_report_init(struct run_report *report, struct json_object *run, struct json_object *maps, struct fail *fail);
void run_report_done(struct run_report *report);
#define auto_run_report __attribute__((cleanup(run_report_done)))

struct report_exporter {
        const char *name, *suffix; /* "html", ".html"; the first that ends a file's name is meant */
        const char *summary;
        /* Appends the file to 'out'; a bound of 'out' that is passed is told by out->overflowed. */
        void (*write)(const struct run_report *report, struct buf *out);
};

extern const struct report_exporter report_html, report_json, report_csv, report_raw;
/* By name; by the end of a file's name. NULL when there is none. */
const struct report_exporter *report_exporter_named(const char *name);
const struct report_exporter *report_exporter_for(const char *path);
/* The i-th one, NULL beyond the last. */
const struct report_exporter *report_exporter_at(size_t i);

/* The whole file as text of *ret_size bytes; new. FAIL_TOO_LARGE: over RUN_REPORT_BYTES_MAX. */
enum fail_kind run_report_write(const struct run_report *report, const struct report_exporter *exporter, char **ret_text, size_t *ret_size,
                            struct fail *fail);
