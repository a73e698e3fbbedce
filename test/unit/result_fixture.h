/* SPDX-License-Identifier: Apache-2.0
 *
 * Made-up workers: from a list of requests with their outcome to the log and the termination message that a worker would
 * write about them. Shape: hold 100/s for 3 s, ramp for 2 s. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "data/doc.h"
#include "result/fold.h"
#include "result/harvest.h"
#include "result/status.h"

#define FIXTURE_UID "0f8fad5b-d9cb-469f-a165-70867728950e"
#define FIXTURE_SHAPE_MS 5000
#define FIXTURE_HOLD_MS 3000
#define FIXTURE_TIMEOUT_MS 1000
#define FIXTURE_PER_S 100

enum outcome { ANSWERED, MISSED, TIMED_OUT };

struct sample {
        int64_t due_ms;
        int64_t latency_ns; /* or age */
        enum outcome outcome;
        int request; /* 0, 1 */
};

struct fixture_log {
        struct buf log;
        char *message;
};

static inline struct load_plan *fixture_plan(uint32_t workers)
{
        struct load_plan *plan = xnew(struct load_plan);

        plan->run_uid = xstrdup(FIXTURE_UID);
        plan->workers = workers;
        plan->timeout_ms = FIXTURE_TIMEOUT_MS;
        plan->interval_ms = 1000;
        plan->warmup_ms = 1000;
        plan->shape_ms = FIXTURE_SHAPE_MS;
        plan->shape[0] = (struct load_piece){LOAD_HOLD, FIXTURE_PER_S, FIXTURE_PER_S, FIXTURE_HOLD_MS};
        plan->shape[1] = (struct load_piece){LOAD_RAMP, FIXTURE_PER_S, FIXTURE_PER_S, FIXTURE_SHAPE_MS - FIXTURE_HOLD_MS};
        plan->shape_len = 2;
        plan->requests[0].name = xstrdup("get-cart");
        plan->requests[1].name = xstrdup("list");
        plan->requests_len = 2;
        return plan;
}

static inline struct harvest *fixture_harvest(uint32_t workers)
{
        const struct harvest_spec spec = {
                .run_uid = FIXTURE_UID,
                .workers = workers,
                .shape_ms = FIXTURE_SHAPE_MS,
                .interval_ms = 1000,
                .timeout_ms = FIXTURE_TIMEOUT_MS,
        };
        return harvest_new(&spec);
}

/* A fixed stream of numbers. */
static inline uint64_t fixture_next(uint64_t *seed)
{
        *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return *seed >> 33;
}

/* FIXTURE_PER_S requests a second over the shape; every 50th misses, every 125th times out. New, caller frees. */
static inline struct sample *fixture_samples(size_t *ret_len)
{
        size_t len = FIXTURE_SHAPE_MS * FIXTURE_PER_S / 1000;
        struct sample *samples = xcalloc(len, sizeof *samples);
        uint64_t seed = 42;

        for (size_t i = 0; i < len; i++) {
                samples[i].due_ms = (int64_t)i * 1000 / FIXTURE_PER_S;
                samples[i].latency_ns = 1000000 + (int64_t)(fixture_next(&seed) % 9000000);
                samples[i].request = (int)(fixture_next(&seed) % 2);
                if (i % 125 == 124) {
                        samples[i].outcome = TIMED_OUT;
                        samples[i].latency_ns = FIXTURE_TIMEOUT_MS * INT64_C(1000000);
                } else if (i % 50 == 49) {
                        samples[i].outcome = MISSED;
                }
        }
        *ret_len = len;
        return samples;
}

/* Counters and histograms of the samples that 'wanted' takes; digits 2 or 3. */
struct fixture_set {
        struct record_counters counters;
        struct hist *latency, *service, *error, *censored, *pacing;
};

static inline void fixture_set_init(struct fixture_set *set, int digits)
{
        *set = (struct fixture_set){
                .latency = hist_new(digits),
                .service = hist_new(digits),
                .error = hist_new(digits),
                .censored = hist_new(digits),
                .pacing = hist_new(digits),
        };
}

static inline void fixture_set_done(struct fixture_set *set)
{
        hist_free(set->latency);
        hist_free(set->service);
        hist_free(set->error);
        hist_free(set->censored);
        hist_free(set->pacing);
}

static inline void fixture_count(struct fixture_set *set, const struct sample *sample)
{
        struct record_counters *counters = &set->counters;

        counters->offered++;
        counters->sent++;
        counters->done++;
        hist_record(set->pacing, 20000);
        if (sample->outcome == TIMED_OUT) {
                counters->censored++;
                counters->errors[RECORD_TIMEOUT]++;
                hist_record(set->censored, sample->latency_ns);
                return;
        }
        bool missed = sample->outcome == MISSED;
        counters->ok += !missed;
        counters->missed += missed;
        counters->errors[RECORD_STATUS] += missed;
        counters->bytes_in += 100;
        record_count_status(counters, missed ? 503 : 200, 1);
        hist_record(missed ? set->error : set->latency, sample->latency_ns);
        hist_record(set->service, sample->latency_ns - 10000);
}

static inline struct json_object *fixture_hists(const struct fixture_set *set, bool details)
{
        struct json_object *hists = doc_object();

        doc_set(hists, "latency", record_encode_hist_for_line(set->latency));
        doc_set(hists, "error", record_encode_hist_for_line(set->error));
        doc_set(hists, "censored", record_encode_hist_for_line(set->censored));
        if (details) {
                doc_set(hists, "service", record_encode_hist_for_line(set->service));
                doc_set(hists, "pacing", record_encode_hist_for_line(set->pacing));
        }
        return hists;
}

/* A report under way, as the worker's own. */
struct fixture_report {
        struct buf *log;
        uint64_t lines;
};

static inline void fixture_write(struct fixture_report *report, struct json_object *record)
{
        auto_json struct json_object *lines = doc_array();

        record_split(record, lines);
        for (size_t i = 0; i < doc_len(lines, ""); i++)
                record_frame(report->log, report->lines++, json_object_get(doc_item(lines, i)));
}

static inline struct json_object *fixture_record(const char *type)
{
        return doc_set_text(doc_object(), "type", type);
}

static inline void fixture_identity(struct json_object *record, uint32_t worker, uint32_t workers)
{
        char pod[32];

        snprintf(pod, sizeof pod, "pod-uid-%u", worker);
        doc_set_int(record, "version", 1);
        doc_set_int(record, "worker", worker);
        doc_set_int(record, "workers", workers);
        doc_set_text(record, "run", FIXTURE_UID);
        doc_set_int(record, "trial", 0);
        doc_set_text(record, "pod", pod);
}

static const char *fixture_boot; /* of all workers alike; NULL: none says it */
static int64_t fixture_deferred_ms; /* by which their load begins later than asked for */

static inline void fixture_opening(struct fixture_report *report, uint32_t worker, uint32_t workers)
{
        struct json_object *record = fixture_record("hello");

        fixture_identity(record, worker, workers);
        doc_set_double(record, "cores", 2, 2);
        if (fixture_boot)
                doc_set_text(record, "boot", fixture_boot);
        fixture_write(report, record);
        record = fixture_record("ready");
        doc_set_int(record, "wallMs", 1700000000000);
        doc_set_int(record, "connections", 8);
        doc_set_int(record, "clockErrorMicros", 150);
        fixture_write(report, record);
        record = fixture_record("start");
        doc_set_int(record, "startWallMs", 1700000002000 + fixture_deferred_ms);
        doc_set_int(record, "deferredMs", fixture_deferred_ms);
        doc_set_int(record, "wakeMicros", 40 + worker);
        doc_set_int(record, "clockErrorMicros", 150);
        doc_set_bool(record, "late", fixture_deferred_ms > 0);
        doc_set(record, "floor", doc_set_int(doc_set_int(doc_object(), "p50Nanos", 20000 + worker), "p99Nanos", 30000 - worker));
        fixture_write(report, record);
}

/* What each interval of the shape says limited it, by its number; 0: nothing. Of all workers alike. */
static enum load_limit fixture_limits[FIXTURE_SHAPE_MS / 1000];
static int64_t fixture_warmup_ms = -1; /* what the workers found their warm-up to be; -1: the plan said it */
static bool fixture_narrowed; /* in the last second of the shape */

static inline void fixture_interval(struct fixture_report *report, int64_t index, int64_t from_ms, int64_t to_ms,
                                    const struct sample *samples, size_t len)
{
        struct json_object *record = fixture_record("interval");
        struct fixture_set set;

        fixture_set_init(&set, 2);
        for (size_t i = 0; i < len; i++)
                if (samples[i].due_ms >= from_ms && samples[i].due_ms < to_ms)
                        fixture_count(&set, &samples[i]);
        doc_set_int(record, "index", index);
        doc_set_int(record, "fromMs", from_ms);
        doc_set_int(record, "toMs", to_ms);
        doc_set_text(record, "phase", from_ms < 0 ? "warmup" : "shape");
        doc_set(record, "C", record_encode_counters(&set.counters));
        doc_set_int(record, "cpuMicros", 50000);
        doc_set_int(record, "throttledMicros", 0);
        if (from_ms >= 0 && from_ms < FIXTURE_SHAPE_MS)
                doc_set_text(record, "saturated", load_limit_names[fixture_limits[from_ms / 1000]]);
        if (fixture_narrowed && to_ms == FIXTURE_SHAPE_MS)
                doc_set_bool(record, "narrowed", true);
        doc_set_int(record, "inFlight", 3);
        doc_set_int(record, "backlog", 0);
        doc_set(record, "hists", fixture_hists(&set, false));
        fixture_write(report, record);
        fixture_set_done(&set);
}

static inline void fixture_piece(struct fixture_report *report, int index, int64_t from_ms, int64_t to_ms,
                                 const struct sample *samples, size_t len)
{
        struct json_object *record = fixture_record("piece");
        struct fixture_set set;

        fixture_set_init(&set, 3);
        for (size_t i = 0; i < len; i++)
                if (samples[i].due_ms >= from_ms && samples[i].due_ms < to_ms)
                        fixture_count(&set, &samples[i]);
        doc_set_int(record, "index", index);
        doc_set_text(record, "kind", index == 0 ? "hold" : "ramp");
        doc_set_int(record, "fromMs", from_ms);
        doc_set_int(record, "toMs", to_ms);
        doc_set(record, "C", record_encode_counters(&set.counters));
        doc_set(record, "hists", fixture_hists(&set, true));
        fixture_write(report, record);
        fixture_set_done(&set);
}

static inline void fixture_request(struct fixture_report *report, int index, const struct sample *samples, size_t len)
{
        struct json_object *record = fixture_record("request");
        struct fixture_set set;

        fixture_set_init(&set, 2);
        for (size_t i = 0; i < len; i++)
                if (samples[i].request == index)
                        fixture_count(&set, &samples[i]);
        doc_set_int(record, "index", index);
        doc_set_text(record, "name", index == 0 ? "get-cart" : "list");
        doc_set(record, "C", record_encode_counters(&set.counters));
        doc_set(record, "hists", fixture_hists(&set, false));
        fixture_write(report, record);
        fixture_set_done(&set);
}

static inline void fixture_digest(const struct buf *log, char hex[static 65])
{
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned int size = 0;

        EVP_Digest(log->data, log->size, digest, &size, EVP_sha256(), NULL);
        for (unsigned int i = 0; i < size; i++)
                snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

static inline void fixture_closing(struct fixture_report *report, struct fixture_log *out, uint32_t worker,
                                   uint32_t workers, const struct sample *samples, size_t len)
{
        struct json_object *end = fixture_record("end"), *message = doc_object();
        struct fixture_set total;
        char hex[65];

        fixture_set_init(&total, 2);
        for (size_t i = 0; i < len; i++)
                fixture_count(&total, &samples[i]);
        fixture_digest(report->log, hex);
        fixture_identity(message, worker, workers);
        doc_set_int(message, "startWallMs", 1700000002000 + fixture_deferred_ms);
        doc_set_int(message, "deferredMs", fixture_deferred_ms);
        doc_set_int(message, "wakeMicros", 40 + worker);
        doc_set_int(message, "clockErrorMicros", 150);
        struct json_object *both[] = {end, message};
        for (size_t i = 0; i < ARRAY_LEN(both); i++) {
                doc_set_text(both[i], "reason", "finished");
                doc_set_text(both[i], "message", "");
                doc_set_int(both[i], "cpuMicros", 250000);
                doc_set_int(both[i], "throttledMicros", 0);
                doc_set_double(both[i], "cores", 2, 2);
                doc_set_int(both[i], "records", (int64_t)report->lines);
                doc_set_text(both[i], "sha256", hex);
                doc_set_int(both[i], "skipped", 0);
                doc_set_int(both[i], "warmupMs", fixture_warmup_ms >= 0 ? fixture_warmup_ms : 1000);
                doc_set(both[i], "stolen", json_object_new_double(0.01 * (worker + 1)));
                doc_set_int(both[i], "elapsedMicros", (FIXTURE_SHAPE_MS + 1000) * 1000);
        }
        doc_set(end, "C", record_encode_counters(&total.counters));
        doc_set_int(message, "pacingP99Nanos", 20000);
        doc_set(message, "total", record_encode_counters(&total.counters));
        doc_set(message, "latency", record_encode_hist(total.latency));
        doc_set(message, "error", record_encode_hist(total.error));
        doc_set(message, "censored", record_encode_hist(total.censored));
        fixture_write(report, end);
        out->message = record_frame_message(message);
        fixture_set_done(&total);
}

/* What worker 'worker' of 'workers' writes when it takes every sample i with i mod workers = worker. */
static inline struct fixture_log fixture_log(const struct sample *samples, size_t len, uint32_t worker, uint32_t workers)
{
        struct fixture_log out = {0};
        struct fixture_report report = {.log = &out.log};
        struct sample *mine = xcalloc(len, sizeof *mine);
        size_t mine_len = 0;

        for (size_t i = worker; i < len; i += workers)
                mine[mine_len++] = samples[i];
        fixture_opening(&report, worker, workers);
        fixture_interval(&report, 0, -1000, 0, mine, 0);
        if (fixture_warmup_ms >= 0) {
                struct json_object *warmup = doc_set_int(fixture_record("warmup"), "ms", fixture_warmup_ms);
                fixture_write(&report, doc_set_bool(warmup, "settled", fixture_warmup_ms < 1000));
        }
        for (int64_t i = 0; i < FIXTURE_SHAPE_MS / 1000; i++)
                fixture_interval(&report, i + 1, i * 1000, (i + 1) * 1000, mine, mine_len);
        fixture_piece(&report, 0, 0, FIXTURE_HOLD_MS, mine, mine_len);
        fixture_piece(&report, 1, FIXTURE_HOLD_MS, FIXTURE_SHAPE_MS, mine, mine_len);
        fixture_request(&report, 0, mine, mine_len);
        fixture_request(&report, 1, mine, mine_len);
        fixture_closing(&report, &out, worker, workers, mine, mine_len);
        free(mine);
        return out;
}

static inline void fixture_log_done(struct fixture_log *log)
{
        buf_done(&log->log);
        free(log->message);
}

/* Everything a fold says, as text; new string. */
static inline char *fixture_fold_text(const struct harvest *harvest, uint32_t workers)
{
        struct load_plan *plan = fixture_plan(workers);
        struct fold *fold = fold_new(harvest, plan);
        auto_json struct json_object *full = status_encode_full(fold);
        struct buf text = {0};

        json_object_object_del(full, "workersCovered");
        buf_text(&text, doc_print(full));
        for (size_t i = 0; i < fold->points_len; i++) {
                auto_json struct json_object *counters = record_encode_counters(&fold->points[i].counters);
                char *hdr = fold->points[i].latency ? hist_encode(fold->points[i].latency) : NULL;
                buf_format(&text, "\n%lld %s %s %lld", (long long)fold->points[i].from_ms, doc_print(counters), hdr ? hdr : "",
                           (long long)fold->points[i].latency_sum_ns);
                free(hdr);
        }
        fold_free(fold);
        load_plan_free(plan);
        return buf_take(&text);
}
