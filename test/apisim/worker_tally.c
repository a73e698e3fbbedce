/* SPDX-License-Identifier: Apache-2.0
 *
 * What the scripted worker counts, and its records. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker.h"

#define PACING_NS 20000

void sim_worker_tally_init(struct sim_worker *worker)
{
        const struct load_plan *plan = worker->plan;

        schedule_init(&worker->schedule, plan);
        schedule_begin(&worker->warmup, &worker->schedule, true, worker->index, plan->workers);
        schedule_begin(&worker->shape, &worker->schedule, false, worker->index, plan->workers);
        worker->shape_at_ms = -plan->warmup_ms;
        worker->pieces = xcalloc(plan->shape_len, sizeof *worker->pieces);
        worker->kinds = xcalloc(plan->requests_len, sizeof *worker->kinds);
        for (size_t i = 0; i < plan->shape_len; i++)
                tally_set_init(&worker->pieces[i], 3, true);
        for (size_t i = 0; i < plan->requests_len; i++)
                tally_set_init(&worker->kinds[i], 2, false);
        tally_set_init(&worker->total, 2, false);
}

void sim_worker_tally_done(struct sim_worker *worker)
{
        for (size_t i = 0; i < worker->plan->shape_len; i++)
                tally_set_done(&worker->pieces[i]);
        for (size_t i = 0; i < worker->plan->requests_len; i++)
                tally_set_done(&worker->kinds[i]);
        tally_set_done(&worker->total);
        free(worker->pieces);
        free(worker->kinds);
}

/* ---- Requests ---- */

static uint64_t next_random(struct sim_worker *worker)
{
        worker->random = worker->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return worker->random >> 33;
}

struct answer { /* of a target that is not there */
        enum { ANSWERED, MISSED, LOST } outcome;
        int64_t latency_ns;
};

static struct answer answer_of(struct sim_worker *worker, int64_t due_ns)
{
        const struct worker_script *script = &worker->script;
        int64_t latency_ns = script->latency_ns + (script->spread_ns ? (int64_t)(next_random(worker) % (uint64_t)script->spread_ns) : 0);
        uint64_t number = ++worker->requests;

        if (due_ns < script->slow_below_ms * NS_PER_MS || (script->carries_rps > 0 && worker->plan->shape[0].from_rps > script->carries_rps))
                latency_ns *= 10;
        if (script->lose_every && number % script->lose_every == 0)
                return (struct answer){LOST, worker->plan->timeout_ms * NS_PER_MS};
        if (script->miss_every && number % script->miss_every == 0)
                return (struct answer){MISSED, latency_ns};
        return (struct answer){ANSWERED, latency_ns};
}

static void count(struct tally_set *set, const struct answer *answer)
{
        struct record_counters *counters = &set->counters;
        bool missed = answer->outcome == MISSED;

        counters->offered++;
        counters->sent++;
        counters->done++;
        hist_record(set->pacing, PACING_NS);
        if (answer->outcome == LOST) {
                counters->censored++;
                counters->errors[RECORD_TIMEOUT]++;
                hist_record(set->censored, answer->latency_ns);
                return;
        }
        counters->ok += !missed;
        counters->missed += missed;
        counters->errors[RECORD_STATUS] += missed;
        counters->bytes_in += 100;
        record_count_status(counters, missed ? 503 : 200, 1);
        hist_record(missed ? set->error : set->latency, answer->latency_ns);
        if (set->service)
                hist_record(set->service, answer->latency_ns);
        if (set->ttfb)
                hist_record(set->ttfb, answer->latency_ns);
        if (set->backlog)
                hist_record(set->backlog, 0);
}

static void count_shape(struct sim_worker *worker, struct tally_set *set, int piece, size_t kind, int64_t due_ns)
{
        struct answer answer = answer_of(worker, due_ns);

        count(set, &answer);
        count(&worker->pieces[piece], &answer);
        count(&worker->kinds[kind], &answer);
        count(&worker->total, &answer);
}

/* Everything due before 'to_ms' of shape time that was not counted yet. */
static void count_until(struct sim_worker *worker, struct tally_set *set, int64_t from_ms, int64_t to_ms)
{
        struct schedule_cursor *cursor = from_ms < 0 ? &worker->warmup : &worker->shape;

        if (worker->plan->closed && from_ms >= 0) {
                int64_t first = (int64_t)(worker->script.closed_rps * (double)from_ms / 1000);
                int64_t last = (int64_t)(worker->script.closed_rps * (double)to_ms / 1000);
                for (int64_t i = first; i < last; i++)
                        count_shape(worker, set, 0, schedule_choose(&worker->schedule, (uint64_t)i), from_ms * NS_PER_MS);
                return;
        }
        for (; !schedule_ended(cursor) && cursor->due_ns < to_ms * NS_PER_MS; schedule_advance(cursor)) {
                struct answer answer;
                if (from_ms >= 0) {
                        count_shape(worker, set, cursor->piece, schedule_choose(&worker->schedule, cursor->index), cursor->due_ns);
                        continue;
                }
                answer = answer_of(worker, 0);
                count(set, &answer);
        }
}

/* ---- Records ---- */

void sim_worker_write(struct sim_worker *worker, struct json_object *record, struct buf *log)
{
        auto_json struct json_object *lines = doc_array();
        size_t from = log->size;

        record_split(record, lines);
        for (size_t i = 0; i < doc_len(lines, ""); i++)
                record_frame(log, worker->lines++, json_object_get(doc_item(lines, i)));
        EVP_DigestUpdate(worker->sha, log->data + from, log->size - from);
}

void sim_worker_identity(const struct sim_worker *worker, struct json_object *record)
{
        doc_set_int(doc_set_int(record, "version", 1), "worker", worker->index);
        doc_set_int(record, "workers", worker->plan->workers);
        doc_set_text(record, "run", worker->plan->run_uid);
        doc_set_text(doc_set_int(record, "trial", worker->plan->trial), "pod", worker->pod);
}

static void set_hist(struct json_object *hists, const char *name, const struct hist *hist)
{
        if (hist)
                doc_set(hists, name, record_encode_hist_for_line(hist));
}

static struct json_object *hists_of(const struct tally_set *set, bool details)
{
        struct json_object *hists = doc_object();

        set_hist(hists, "latency", set->latency);
        set_hist(hists, "error", set->error);
        set_hist(hists, "censored", set->censored);
        if (!details)
                return hists;
        set_hist(hists, "service", set->service);
        set_hist(hists, "ttfb", set->ttfb);
        set_hist(hists, "pacing", set->pacing);
        set_hist(hists, "backlog", set->backlog);
        return hists;
}

/* Intervals do not reach across the end of the warm-up, nor beyond the shape. */
static int64_t interval_to_ms(const struct sim_worker *worker)
{
        int64_t to_ms = worker->shape_at_ms + worker->plan->interval_ms, edge_ms = worker->shape_at_ms < 0 ? 0 : worker->plan->shape_ms;

        return to_ms < edge_ms ? to_ms : edge_ms;
}

int64_t sim_worker_interval_ends_ns(const struct sim_worker *worker)
{
        return worker->load_ns + (worker->plan->warmup_ms + interval_to_ms(worker)) * NS_PER_MS;
}

static void say_warmup(struct sim_worker *worker, struct buf *log)
{
        struct json_object *record = doc_set_text(doc_object(), "type", "warmup");

        doc_set_int(record, "ms", worker->plan->warmup_ms);
        sim_worker_write(worker, doc_set_bool(record, "settled", worker->settled), log);
}

void sim_worker_say_interval(struct sim_worker *worker, struct buf *log)
{
        struct json_object *record = doc_set_text(doc_object(), "type", "interval");
        int64_t from_ms = worker->shape_at_ms, to_ms = interval_to_ms(worker);
        struct tally_set set;

        tally_set_init(&set, 2, false);
        count_until(worker, &set, from_ms, to_ms);
        doc_set_int(doc_set_int(doc_set_int(record, "index", worker->intervals++), "fromMs", from_ms), "toMs", to_ms);
        doc_set_text(record, "phase", from_ms < 0 ? "warmup" : "shape");
        doc_set(record, "C", record_encode_counters(&set.counters));
        doc_set_int(doc_set_int(record, "cpuMicros", (to_ms - from_ms) * 50), "throttledMicros", 0);
        doc_set_int(doc_set_int(record, "inFlight", 1), "backlog", 0);
        doc_set_int(doc_set_int(record, "pacingP99Nanos", PACING_NS), "pacingMaxNanos", PACING_NS);
        doc_set(record, "hists", hists_of(&set, false));
        sim_worker_write(worker, record, log);
        tally_set_done(&set);
        worker->shape_at_ms = to_ms;
        if (from_ms < 0 && to_ms == 0 && worker->settles)
                say_warmup(worker, log);
}

static void say_pieces(struct sim_worker *worker, struct buf *log)
{
        for (size_t i = 0; i < worker->schedule.pieces_len; i++) {
                const struct schedule_piece *piece = &worker->schedule.pieces[i];
                struct json_object *record = doc_set_text(doc_object(), "type", "piece");
                doc_set_text(doc_set_int(record, "index", (int64_t)i), "kind", load_piece_names[piece->shape.kind]);
                doc_set_int(doc_set_int(record, "fromMs", piece->from_ns / NS_PER_MS), "toMs", piece->to_ns / NS_PER_MS);
                doc_set(record, "C", record_encode_counters(&worker->pieces[i].counters));
                sim_worker_write(worker, doc_set(record, "hists", hists_of(&worker->pieces[i], true)), log);
        }
}

static void say_requests(struct sim_worker *worker, struct buf *log)
{
        for (size_t i = 0; i < worker->plan->requests_len; i++) {
                struct json_object *record = doc_set_text(doc_object(), "type", "request");
                doc_set_text(doc_set_int(record, "index", (int64_t)i), "name", worker->plan->requests[i].name);
                doc_set(record, "C", record_encode_counters(&worker->kinds[i].counters));
                sim_worker_write(worker, doc_set(record, "hists", hists_of(&worker->kinds[i], false)), log);
        }
}

static void say_connections(struct sim_worker *worker, struct buf *log)
{
        struct json_object *record = doc_set_text(doc_object(), "type", "connect");

        doc_set_int(record, "connects", worker->plan->connections / worker->plan->workers);
        doc_set_int(doc_set_int(record, "connectErrors", 0), "handshakes", 0);
        sim_worker_write(worker, doc_set(record, "hists", doc_object()), log);
}

static void digest(const struct sim_worker *worker, char text[static 65])
{
        unsigned char bytes[EVP_MAX_MD_SIZE];
        unsigned int size = 0;
        EVP_MD_CTX *copy = EVP_MD_CTX_new();

        EVP_MD_CTX_copy_ex(copy, worker->sha);
        EVP_DigestFinal_ex(copy, bytes, &size);
        EVP_MD_CTX_free(copy);
        for (unsigned int i = 0; i < size; i++)
                snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

static void add_common(const struct sim_worker *worker, struct json_object *record, const char *reason, const char *sha256)
{
        int64_t elapsed_ms = worker->shape_at_ms + worker->plan->warmup_ms;

        doc_set_text(doc_set_text(record, "reason", reason), "message", "");
        doc_set_int(doc_set_int(record, "cpuMicros", elapsed_ms * 50), "throttledMicros", 0);
        doc_set_double(record, "cores", 2, 2);
        doc_set_text(doc_set_int(record, "records", (int64_t)worker->lines), "sha256", sha256);
        doc_set_int(doc_set_int(record, "skipped", 0), "elapsedMicros", elapsed_ms * 1000);
        doc_set_int(record, "warmupMs", worker->plan->warmup_ms);
}

char *sim_worker_say_end(struct sim_worker *worker, const char *reason, struct buf *log)
{
        struct json_object *end = doc_set_text(doc_object(), "type", "end"), *message = doc_object();
        bool loaded = worker->stage == WORKER_LOADING;
        char sha256[65];

        if (loaded) {
                say_pieces(worker, log);
                say_requests(worker, log);
                say_connections(worker, log);
        }
        digest(worker, sha256);
        sim_worker_identity(worker, message);
        doc_set_int(doc_set_int(message, "startWallMs", worker->start_wall_ms), "wakeMicros", WORKER_WAKE_MICROS);
        doc_set_int(message, "deferredMs", worker->deferred_ms);
        doc_set_int(message, "clockErrorMicros", 150);
        add_common(worker, message, reason, sha256);
        doc_set_int(message, "pacingP99Nanos", loaded ? PACING_NS : 0);
        doc_set(message, "total", record_encode_counters(&worker->total.counters));
        doc_set(message, "latency", record_encode_hist(worker->total.latency));
        doc_set(message, "error", record_encode_hist(worker->total.error));
        doc_set(message, "censored", record_encode_hist(worker->total.censored));
        if (worker->script.lies)
                sha256[0] = sha256[0] == '0' ? '1' : '0';
        add_common(worker, end, reason, sha256);
        sim_worker_write(worker, doc_set(end, "C", record_encode_counters(&worker->total.counters)), log);
        return record_frame_message(message);
}
