/* SPDX-License-Identifier: Apache-2.0
 *
 * How a worker's measurements leave its pod: two lanes with the same content at two resolutions.
 *
 * Lane 1, stdout: NDJSON. Each line is one JSON object of at most RECORD_LINE_BYTES_MAX bytes that starts with
 * {"seq":N,"type":"T", and ends with ,"crc":"xxxxxxxx"} where xxxxxxxx is the CRC-32C (8 lower-case hex digits) of all
 * bytes of the line before ,"crc". seq counts from 0 without gaps; a reader sees a lost, cut or foreign line by it.
 *
 *  hello    version:1, worker, workers, run (uid), trial, pod (env POD_UID, may be ""), program, wallMs, startupMicros (main to
 *           here), cores (CPUs it may use: affinity and cgroup limit), threads, pacing: "precise"|"coarse" (what the plan asks
 *           for, unless the CPU limit is below one core), intervalMs (the plan's, or longer so that there are at most 3600),
 *           boot (load/cpu.h: workers that say the same have one clock; "" unknown)
 *  ready    wallMs, connections, connectErrors, addresses, clockErrorMicros (adjtimex, -1 unsynchronised),
 *           readyMicros since process start
 *  start    startWallMs (the instant at which the load begins), wakeMicros (own lateness in starting), clockErrorMicros, late (true when
 *           the instant asked for had passed by more than 1 ms when the worker learned it: of several workers, what was past then is
 *           skipped and counted in "skipped"; one that is alone skips nothing and begins deferredMs after the instant asked for, 0: at it;
 *           a worker that merely wakes up late does neither, and says so in its pacing), floor: {requests, p50Nanos,
 *           p99Nanos} (load/floor.h; absent when it was not measured)
 *  interval index (from 0), fromMs, toMs (shape time; negative during warm-up), phase: "warmup"|"shape",
 *           C (counters below), cpuMicros, throttledMicros (in this interval), saturated: "client"|"server"|"none" (load/limit.h),
 *           pacingWindowNanos and narrowed: true (load/pacer.h; with precise pacing only), inFlight, backlog (at its end), pacingP99Nanos, pacingMaxNanos, hists: {latency, error, censored}: 2-digit H; absent when empty.
 *           fromMs/toMs may span several intervalMs: intervals are joined when the log lane is slow or its bytes run short
 *           (RECORD_INTERVAL_BYTES_MAX for all). toMs goes beyond the shape while answers are awaited
 *  warmup   ms (how long the warm-up was), settled (false: it came to its limit), change (load/settle.h; absent: not known); only
 *           with a warm-up that ends when it has settled, after the last of its intervals, whose times are as if it had come to its limit
 *  piece    index, kind, fromMs, toMs, C, hists: {latency, service, error, censored, ttfb, pacing, backlog}: 3-digit H.
 *           A piece holds the requests due in it, whenever they complete
 *  request  index, name, C, hists: {latency, error, censored}: 2-digit H (shape only)
 *  connect  C2: connects, connectErrors, handshakes, refused (requests sent again because an HTTP/2 server had sent them back unread;
 *           left out when 0); hists: {connect, handshake}: 2-digit H (whole life)
 *  end      reason: "finished" | "terminated" | "failed" | "braked" (load/brake.h), message, C over the whole shape, cpuMicros, throttledMicros, cores,
 *           records (lines before this one), sha256 (hex, over those lines each with its newline), skipped, clockShiftMicros (by
 *           how much the wall clock was shifted against the monotonic one since the start, at most, with its sign), stolen (share of
 *           the node's CPU time since the start that its hypervisor took; absent: unknown), warmupMs
 *
 * A record whose histograms do not fit one line goes on in further lines of the same type and index with "part":1, 2, …, which
 * hold no C but the remaining hists; "parts" stands in the first. One H too large for a line is coarsened to 2 digits.
 *
 * C = {"offered":due in this span,"sent":…,"done":answers and censored entries completed in this span,"ok":…,"missed":answers
 *  that miss expect,"censored":…,"bytesIn":…,"status":{"200":…} (of gRPC {"OK":…}),"errors":{"connect":…,"reset":…,"timeout":…,"tls":…,
 *  "status":…,"body":…,"protocol":…,"unfinished":…,"shed":…}}. Zero members are left out. ok + missed + censored = done.
 *  errors.status (another status than expected) + errors.body (an expected one, but the body misses its text) = missed.
 *  Over a whole shape done = offered - skipped when the worker ran to its end.
 * H = {"hdr":"HISTFAAA…","count":…,"min":ns,"max":ns,"sum":ns,"clamped":…} (clamped left out when 0).
 *
 * Latency: open loop, from the intended start of the request to the last byte of its answer; 'latency' holds answers that
 * meet expect, 'error' those that do not, 'censored' the age of requests that got no answer (timeout, reset, connect, tls,
 * protocol, shed, unfinished). 'service' runs from entry of the send call to the last byte, 'ttfb' from there to the first
 * byte of the answer; both, like 'pacing' and 'backlog', also hold answers that miss expect. 'pacing' is the send-call entry minus
 * max(intended start, instant a connection was free): the generator's own lateness; 'backlog' is that max minus the intended
 * start: the target's. Closed loop: latency = service, intended start = send-call
 * entry, and a failed connection attempt counts as one censored request.
 * Warm-up requests stand only in "warmup" intervals; those that complete after shape time 0 stand nowhere.
 *
 * Lane 2, termination message (<= RECORD_MESSAGE_BYTES_MAX bytes, the container's terminationMessagePath): one JSON object
 * {"version":1,"worker","workers","run","trial","pod","reason","message","startWallMs","deferredMs","wakeMicros","clockErrorMicros","skipped",
 *  "records","sha256","total":C,"latency":H,"error":H,"censored":H,"cpuMicros","elapsedMicros","cores","throttledMicros","clockShiftMicros",
 *  "pacingP99Nanos","stolen","warmupMs","crc":"…"} framed by crc like a line. latency at 2 digits without the other H if they do not fit; then
 *  "hdr" is dropped from the largest until it fits, and count/min/max/sum stay. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "stat/hist.h"

#define RECORD_LINE_BYTES_MAX (16 * 1024 - 256) /* the CRI splits longer log lines into partial entries */
#define RECORD_MESSAGE_BYTES_MAX 4096
#define RECORD_INTERVAL_BYTES_MAX (5 * 1024 * 1024)
#define RECORD_STATUS_CODES_MAX 16 /* further codes are counted under "other" */

enum record_error {
        RECORD_CONNECT,
        RECORD_RESET,
        RECORD_TIMEOUT,
        RECORD_TLS,
        RECORD_STATUS,
        RECORD_PROTOCOL,
        RECORD_UNFINISHED,
        RECORD_SHED,
        RECORD_BODY,
        RECORD_ERRORS,
};
/* Outcomes of gRPC calls stand among the HTTP statuses, by their codes from here on: OK is RECORD_GRPC_OK, NOT_FOUND five more. */
#define RECORD_GRPC_OK 1000
#define RECORD_STATUS_TEXT 24
extern const char *const record_error_names[RECORD_ERRORS];

struct record_counters {
        uint64_t offered, sent, done, ok, missed, censored, bytes_in;
        uint64_t errors[RECORD_ERRORS];
        struct { int code; uint64_t count; } statuses[RECORD_STATUS_CODES_MAX]; /* code 0: free slot */
        uint64_t statuses_other;
};

/* "200", or the name of a gRPC code. Returns 'text', or the name. */
const char *record_format_status(int code, char text[static RECORD_STATUS_TEXT]);
/* 0 when it is no status. */
int record_parse_status(const char *text);
void record_count_status(struct record_counters *counters, int code, uint64_t count);
/* Each sum stays below 2^60, whatever was added. */
void record_add_counters(struct record_counters *into, const struct record_counters *from);
struct json_object *record_encode_counters(const struct record_counters *counters); /* caller owns */
/* Absent members are 0. FAIL_INVALID: not an object, a negative number, a sum that does not hold (ok+missed+censored=done). */
enum fail_kind record_decode_counters(struct json_object *doc, struct record_counters *ret_counters, struct fail *fail);

struct json_object *record_encode_hist(const struct hist *hist); /* H; caller owns; NULL when empty */
enum fail_kind record_decode_hist(struct json_object *doc, struct hist **ret_hist, struct fail *fail); /* *ret_hist is new */

/* Frames: takes 'record' (an object without seq and crc, "type" first), appends one line with newline to 'out'.
 * The caller keeps lines within RECORD_LINE_BYTES_MAX (record_split). */
void record_frame(struct buf *out, uint64_t seq, struct json_object *record);
/* Moves members of record's "hists" that do not fit one line into further records: takes 'record', appends it and its
 * parts to the array 'into' (H too large for any line must have been coarsened before). */
void record_split(struct json_object *record, struct json_object *into);
/* Like record_encode_hist, but at 2 digits when the encoding at 3 digits would not fit one line. */
struct json_object *record_encode_hist_for_line(const struct hist *hist);
/* Checks one line without its newline. On success *ret_record is a new reference with seq and type inside.
 * FAIL_INVALID: not one of ours (foreign text, cut, crc differs). FAIL_TOO_LARGE. */
enum fail_kind record_unframe(const char *line, size_t size, struct json_object **ret_record, struct fail *fail);
/* The same for the termination message, which has no seq. */
char *record_frame_message(struct json_object *message); /* takes message; new string, at most RECORD_MESSAGE_BYTES_MAX */
enum fail_kind record_unframe_message(const char *text, size_t size, struct json_object **ret_message, struct fail *fail);
