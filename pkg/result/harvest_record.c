/* SPDX-License-Identifier: Apache-2.0
 *
 * What each type of record says of its worker, what the termination message says, and whether the two lanes agree. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "result/harvest_internal.h"

#define KEPT_BYTES_MAX (4 * 1024 * 1024)
#define GAUGE_MAX INT64_C(1000000000)
#define MICROS_MAX INT64_C(1000000000000000) /* 31 years */
#define WALL_MS_MAX INT64_C(253402300799999) /* the end of the year 9999 */
#define CORES_MAX 65536
#define SKIPPED_MAX (INT64_C(1) << 53) /* of LOAD_WORKERS_MAX workers the sum does not wrap */

static void advance(struct worker *worker, enum harvest_state state)
{
        if (worker->view.state < state || worker->view.state == HARVEST_LOST)
                worker->view.state = state;
}

/* Anybody can have written these numbers: what lies outside is the bound, what is absent 'otherwise'. */
static int64_t read_number(struct json_object *doc, const char *name, int64_t least, int64_t most, int64_t otherwise)
{
        struct json_object *at = doc_at(doc, name);
        int64_t value = json_object_get_int64(at);

        if (!json_object_is_type(at, json_type_int))
                return otherwise;
        return value < least ? least : value > most ? most : value;
}

static double read_cores(struct json_object *doc, double otherwise)
{
        double cores = doc_double(doc, "cores", otherwise);

        return cores >= 0.001 && cores <= CORES_MAX ? cores : 0;
}

/* hello and the termination message say whose they are. */
static bool is_ours(const struct harvest *harvest, uint32_t worker, struct json_object *doc)
{
        return text_equal(doc_text(doc, "run"), harvest->run_uid) && doc_int(doc, "trial", -1) == harvest->trial &&
               doc_int(doc, "worker", -1) == worker && doc_int(doc, "workers", -1) == harvest->workers_len;
}

/* ---- records; false when one cannot be understood ---- */

static bool on_hello(struct harvest *harvest, uint32_t index, struct json_object *record)
{
        struct worker *worker = &harvest->workers[index];

        if (doc_int(record, "version", 0) != 1)
                return false;
        if (!is_ours(harvest, index, record)) {
                worker->view.tainted = true;
                return false;
        }
        harvest_pod(harvest, index, doc_text(record, "pod"));
        worker->view.cores = read_cores(record, worker->view.cores);
        worker->view.coarse = text_equal(doc_text(record, "pacing"), "coarse");
        if (doc_text(record, "boot"))
                snprintf(worker->view.boot, sizeof worker->view.boot, "%s", doc_text(record, "boot"));
        advance(worker, HARVEST_HELLO);
        return true;
}

static bool on_ready(struct harvest *harvest, uint32_t index, struct json_object *record)
{
        struct worker *worker = &harvest->workers[index];

        worker->view.ready = true;
        worker->view.ready_wall_ms = read_number(record, "wallMs", 0, WALL_MS_MAX, 0);
        worker->view.connections = (uint32_t)read_number(record, "connections", 0, LOAD_CONNECTIONS_MAX, 0);
        worker->view.connect_errors = (uint64_t)read_number(record, "connectErrors", 0, GAUGE_MAX, 0);
        worker->view.clock_error_us = read_number(record, "clockErrorMicros", -1, MICROS_MAX, INT64_MIN);
        advance(worker, HARVEST_READY);
        return true;
}

static void note_start(struct harvest_worker *view, struct json_object *doc)
{
        view->started = true;
        view->start_wall_ms = read_number(doc, "startWallMs", 0, WALL_MS_MAX, view->start_wall_ms);
        view->deferred_ms = read_number(doc, "deferredMs", 0, LOAD_SHAPE_MS_MAX, view->deferred_ms);
        view->wake_us = read_number(doc, "wakeMicros", 0, MICROS_MAX, view->wake_us);
        view->clock_error_us = read_number(doc, "clockErrorMicros", -1, MICROS_MAX, view->clock_error_us);
        view->late = doc_bool(doc, "late", view->late);
        view->skipped = (uint64_t)read_number(doc, "skipped", 0, SKIPPED_MAX, (int64_t)view->skipped);
}

static bool on_start(struct harvest *harvest, uint32_t index, struct json_object *record)
{
        struct harvest_worker *view = &harvest->workers[index].view;

        note_start(view, record);
        view->floor_p50_ns = read_number(record, "floor.p50Nanos", 0, HIST_VALUE_MAX_NS, 0);
        view->floor_p99_ns = read_number(record, "floor.p99Nanos", 0, HIST_VALUE_MAX_NS, 0);
        advance(&harvest->workers[index], HARVEST_STARTED);
        return true;
}

static void note_warmup(struct harvest_worker *view, struct json_object *doc, const char *name)
{
        view->warmup_ms = read_number(doc, name, 0, LOAD_SHAPE_MS_MAX, view->warmup_ms);
}

static bool on_warmup(struct harvest *harvest, uint32_t index, struct json_object *record)
{
        struct harvest_worker *view = &harvest->workers[index].view;

        note_warmup(view, record, "ms");
        view->warmup_told = view->warmup_ms >= 0;
        view->settled = doc_bool(record, "settled", false);
        return true;
}

/* Counters stand under "C" in records, under "total" in the message, and not at all in further parts of a record. */
static bool read_counters(struct json_object *record, struct record_counters *ret_counters)
{
        struct json_object *at = doc_at(record, "C");

        if (!at)
                at = doc_at(record, "total");
        *ret_counters = (struct record_counters){0};
        return !at || record_decode_counters(at, ret_counters, NULL) == FAIL_NONE;
}

/* Absent is fine; false when it is there and wrong. */
static bool read_hist(struct json_object *record, const char *name, struct hist **ret_hist)
{
        struct json_object *at = doc_at(doc_at(record, "hists"), name);

        return !at || record_decode_hist(at, ret_hist, NULL) == FAIL_NONE;
}

static bool on_interval(struct harvest *harvest, uint32_t index, struct json_object *record)
{
        struct interval *last = &harvest->workers[index].last;
        struct hist *latency = NULL, *error = NULL, *censored = NULL;
        struct interval interval = {
                .index = doc_int(record, "index", -1),
                .part = doc_int(record, "part", 0) > 0,
                .from_ms = doc_int(record, "fromMs", INT64_MIN),
                .to_ms = doc_int(record, "toMs", INT64_MIN),
                .shape = text_equal(doc_text(record, "phase"), "shape"),
                .cpu_us = read_number(record, "cpuMicros", 0, MICROS_MAX, 0),
                .throttled_us = read_number(record, "throttledMicros", 0, MICROS_MAX, 0),
                .in_flight = (uint64_t)read_number(record, "inFlight", 0, GAUGE_MAX, 0),
                .backlog = (uint64_t)read_number(record, "backlog", 0, GAUGE_MAX, 0),
                .limit = load_limit_named(doc_text(record, "saturated")),
        };
        /* A further part brings histograms only; it belongs where its first part does. */
        if (interval.part && interval.index == last->index) {
                interval.from_ms = last->from_ms;
                interval.to_ms = last->to_ms;
                interval.shape = last->shape;
        }
        bool known = interval.from_ms < interval.to_ms && interval.from_ms >= -LOAD_SHAPE_MS_MAX &&
                     interval.to_ms <= 2 * LOAD_SHAPE_MS_MAX && (interval.from_ms >= 0) == interval.shape &&
                     read_counters(record, &interval.counters) && read_hist(record, "latency", &latency) &&
                     read_hist(record, "error", &error) && read_hist(record, "censored", &censored);

        if (known) {
                harvest->workers[index].view.narrowed |= interval.shape && doc_bool(record, "narrowed", false);
                *last = interval;
                interval.latency = latency;
                interval.error = error;
                interval.censored = censored;
                harvest_add_interval(harvest, index, &interval);
        }
        hist_free(latency);
        hist_free(error);
        hist_free(censored);
        return known;
}

static bool keep(struct harvest *harvest, uint32_t index, enum harvest_kind kind, struct json_object *record)
{
        struct worker *worker = &harvest->workers[index];
        int64_t at = doc_int(record, "index", 0), part = doc_int(record, "part", 0);
        const char *text = doc_print(record);
        size_t size = strlen(text);

        if (at < 0 || at >= LOAD_PIECES_MAX || part < 0 || part > 64 || worker->kept_bytes + size > KEPT_BYTES_MAX)
                return false;
        worker->kept = xrealloc(worker->kept, (worker->kept_len + 1) * sizeof *worker->kept);
        worker->kept[worker->kept_len++] = (struct harvest_kept){
                .kind = kind, .index = (uint32_t)at, .part = (uint32_t)part, .text = xstrndup(text, size), .size = size};
        worker->kept_bytes += size;
        return true;
}

static bool on_piece(struct harvest *harvest, uint32_t index, struct json_object *record)
{
        return keep(harvest, index, HARVEST_PIECE, record);
}

static bool on_request(struct harvest *harvest, uint32_t index, struct json_object *record)
{
        return keep(harvest, index, HARVEST_REQUEST, record);
}

static bool on_connect(struct harvest *harvest, uint32_t index, struct json_object *record)
{
        return keep(harvest, index, HARVEST_CONNECT, record);
}

/* The SHA-256 of the lines taken over so far, as hex. */
static void digest_so_far(const struct worker *worker, char hex[static 65])
{
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned int size = 0;
        EVP_MD_CTX *copy = EVP_MD_CTX_new();

        if (!copy || !EVP_MD_CTX_copy_ex(copy, worker->sha) || !EVP_DigestFinal_ex(copy, digest, &size))
                abort();
        EVP_MD_CTX_free(copy);
        for (unsigned int i = 0; i < size; i++)
                snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

static void note_end(struct worker *worker, struct json_object *doc)
{
        harvest_copy_text(worker->view.reason, sizeof worker->view.reason, doc_text(doc, "reason"));
        harvest_copy_text(worker->view.text, sizeof worker->view.text, doc_text(doc, "message"));
        worker->view.cores = read_cores(doc, worker->view.cores);
        note_warmup(&worker->view, doc, "warmupMs");
        double stolen = doc_double(doc, "stolen", -1);
        worker->view.stolen = stolen >= 0 && stolen <= 1 ? stolen : worker->view.stolen;
        worker->view.clock_shift_us = read_number(doc, "clockShiftMicros", -MICROS_MAX, MICROS_MAX, worker->view.clock_shift_us);
        worker->view.skipped = (uint64_t)read_number(doc, "skipped", 0, SKIPPED_MAX, (int64_t)worker->view.skipped);
        advance(worker, HARVEST_ENDED);
}

static bool same_counts(const struct record_counters *a, const struct record_counters *b)
{
        return a->offered == b->offered && a->sent == b->sent && a->done == b->done && a->ok == b->ok &&
               a->missed == b->missed && a->censored == b->censored && a->bytes_in == b->bytes_in &&
               memcmp(a->errors, b->errors, sizeof a->errors) == 0;
}

static bool same_digest(const char *a, const char *b)
{
        return text_equal(a, b) || !guard_stands(GUARD_DIGEST);
}

void harvest_cross_check(struct worker *worker)
{
        struct record_counters a = {0}, b = {0};
        int64_t records = doc_int(worker->message, "records", -1);
        const char *sha256 = doc_text(worker->message, "sha256");
        char hex[65];

        if (!worker->message)
                return;
        if (!worker->end) {
                if (records == (int64_t)worker->view.records && !worker->view.broken) {
                        digest_so_far(worker, hex);
                        worker->view.log_complete = same_digest(hex, sha256);
                }
                /* The end record is one more than what the message counts. */
                if (records < (int64_t)worker->view.records ||
                    (records == (int64_t)worker->view.records && !worker->view.log_complete && !worker->view.broken))
                        worker->view.mismatch = true;
                return;
        }
        if (records != doc_int(worker->end, "records", -2) || !same_digest(sha256, doc_text(worker->end, "sha256")) ||
            !read_counters(worker->end, &a) || !read_counters(worker->message, &b) || !same_counts(&a, &b))
                worker->view.mismatch = true;
}

static bool on_end(struct harvest *harvest, uint32_t index, struct json_object *record)
{
        struct worker *worker = &harvest->workers[index];
        struct record_counters counters;
        char hex[65];

        if (!read_counters(record, &counters))
                return false;
        digest_so_far(worker, hex);
        worker->end = json_object_get(record);
        if (doc_int(record, "records", -1) == (int64_t)worker->view.records && same_digest(doc_text(record, "sha256"), hex))
                worker->view.log_complete = !worker->view.broken;
        else
                worker->view.mismatch = true;
        note_end(worker, record);
        return true;
}

static const struct {
        const char *type;
        bool (*on)(struct harvest *harvest, uint32_t index, struct json_object *record);
} types[] = {
        {"hello", on_hello}, {"ready", on_ready},     {"start", on_start},     {"interval", on_interval}, {"warmup", on_warmup},
        {"piece", on_piece}, {"request", on_request}, {"connect", on_connect}, {"end", on_end},
};

bool harvest_on_record(struct harvest *harvest, uint32_t index, struct json_object *record)
{
        for (size_t i = 0; i < ARRAY_LEN(types); i++) {
                if (text_equal(doc_text(record, "type"), types[i].type))
                        return types[i].on(harvest, index, record);
        }
        return true;
}

void harvest_message(struct harvest *harvest, uint32_t worker, const char *text, size_t size)
{
        struct worker *from = &harvest->workers[worker];
        auto_json struct json_object *message = NULL;
        struct record_counters total;

        assert(worker < harvest->workers_len);
        if (record_unframe_message(text, size, &message, NULL) || !is_ours(harvest, worker, message) ||
            !read_counters(message, &total)) {
                from->view.foreign++;
                return;
        }
        harvest_pod(harvest, worker, doc_text(message, "pod"));
        if (from->message) {
                if (!doc_equal(from->message, message))
                        from->view.tainted = true;
                return;
        }
        from->message = take(message);
        from->view.message = true;
        note_start(&from->view, from->message);
        if (!from->end)
                note_end(from, from->message);
        harvest_cross_check(from);
}
