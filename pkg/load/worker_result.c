/* SPDX-License-Identifier: Apache-2.0
 *
 * What a worker says at its end: pieces, requests, connections, and the whole once in each lane. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "data/doc.h"
#include "load/worker_inner.h"

#define MESSAGE_TEXT_MAX 512

static void set_hist(struct json_object *hists, const char *name, const struct hist *hist)
{
        if (hist)
                doc_set(hists, name, record_encode_hist_for_line(hist));
}

static struct json_object *encode_hists(const struct tally_set *set, bool details)
{
        struct json_object *hists = doc_object();

        set_hist(hists, "latency", set->latency);
        set_hist(hists, "service", set->service);
        set_hist(hists, "error", set->error);
        set_hist(hists, "censored", set->censored);
        set_hist(hists, "ttfb", set->ttfb);
        if (details)
                set_hist(hists, "pacing", set->pacing);
        set_hist(hists, "backlog", set->backlog);
        return hists;
}

static void tell_piece(struct worker *worker, size_t index, struct tally_set *total)
{
        const struct schedule_piece *piece = &worker->schedule.pieces[index];
        struct json_object *record = doc_set_text(doc_object(), "type", "piece");
        struct tally_set sum;

        tally_set_init(&sum, 3, true);
        for (size_t i = 0; i < worker->lanes_len; i++)
                tally_set_add(&sum, &lane_tally(worker->lanes[i])->pieces[index]);
        tally_set_add(total, &sum);
        doc_set_int(record, "index", (int64_t)index);
        doc_set_text(record, "kind", load_piece_names[piece->shape.kind]);
        doc_set_int(record, "fromMs", piece->from_ns / NS_PER_MS);
        doc_set_int(record, "toMs", piece->to_ns / NS_PER_MS);
        doc_set(record, "C", record_encode_counters(&sum.counters));
        doc_set(record, "hists", encode_hists(&sum, true));
        report_write(&worker->report, record);
        tally_set_done(&sum);
}

static void tell_request(struct worker *worker, size_t index)
{
        struct json_object *record = doc_set_text(doc_object(), "type", "request");
        struct tally_set sum;

        tally_set_init(&sum, 2, false);
        for (size_t i = 0; i < worker->lanes_len; i++)
                tally_set_add(&sum, &lane_tally(worker->lanes[i])->requests[index]);
        doc_set_int(record, "index", (int64_t)index);
        doc_set_text(record, "name", worker->plan->requests[index].name);
        doc_set(record, "C", record_encode_counters(&sum.counters));
        doc_set(record, "hists", encode_hists(&sum, false));
        report_write(&worker->report, record);
        tally_set_done(&sum);
}

static void tell_connections(struct worker *worker)
{
        struct json_object *record = doc_set_text(doc_object(), "type", "connect"), *hists = doc_object();
        struct hist *connect = hist_new(2), *handshake = hist_new(2);
        uint64_t connects = 0, errors = 0, handshakes = 0, refused = 0;

        for (size_t i = 0; i < worker->lanes_len; i++) {
                const struct tally *tally = lane_tally(worker->lanes[i]);
                hist_add(connect, tally->connect);
                hist_add(handshake, tally->handshake);
                connects += tally->connects;
                errors += tally->connect_errors;
                handshakes += tally->handshakes;
                refused += tally->refused;
        }
        doc_set_int(record, "connects", (int64_t)connects);
        doc_set_int(record, "connectErrors", (int64_t)errors);
        doc_set_int(record, "handshakes", (int64_t)handshakes);
        if (refused)
                doc_set_int(record, "refused", (int64_t)refused);
        set_hist(hists, "connect", connect);
        set_hist(hists, "handshake", handshake);
        doc_set(record, "hists", hists);
        report_write(&worker->report, record);
        hist_free(connect);
        hist_free(handshake);
}

struct ending {
        const char *reason, *message;
        struct tally_set total; /* of the shape, 2 digits */
        uint64_t skipped;
        int64_t cpu_micros, throttled_micros, elapsed_micros;
        double stolen; /* share of the node's CPU time, -1 unknown */
        char digest[REPORT_DIGEST_TEXT];
};

static void add_common(struct json_object *record, const struct worker *worker, const struct ending *ending)
{
        doc_set_int(record, "cpuMicros", ending->cpu_micros);
        doc_set_int(record, "throttledMicros", ending->throttled_micros);
        doc_set_double(record, "cores", worker->cores, 2);
        doc_set_int(record, "records", (int64_t)worker->report.lines);
        doc_set_text(record, "sha256", ending->digest);
        doc_set_int(record, "skipped", (int64_t)ending->skipped);
        doc_set_int(record, "elapsedMicros", ending->elapsed_micros);
        doc_set_int(record, "clockShiftMicros", worker->clock_shift_ns / 1000);
        if (ending->stolen >= 0)
                doc_set_double(record, "stolen", ending->stolen, 4);
        if (worker->start_ns)
                doc_set_int(record, "warmupMs", worker_warmup_ms(worker));
}

static struct json_object *encode_message(const struct worker *worker, const struct ending *ending)
{
        struct json_object *message = doc_set_int(doc_object(), "version", 1);
        auto_free char *text = xstrndup(ending->message, MESSAGE_TEXT_MAX);

        doc_set_int(message, "worker", worker->options->index);
        doc_set_int(message, "workers", worker->plan->workers);
        doc_set_text(message, "run", worker->plan->run_uid);
        doc_set_int(message, "trial", worker->plan->trial);
        doc_set_text(message, "pod", worker->options->pod);
        doc_set_text(message, "reason", ending->reason);
        doc_set_text(message, "message", text);
        doc_set_int(message, "startWallMs", worker->start_wall_ms);
        doc_set_int(message, "deferredMs", worker->deferred_ms);
        doc_set_int(message, "wakeMicros", worker->wake_ns / 1000);
        doc_set_int(message, "clockErrorMicros", cpu_clock_error_micros());
        add_common(message, worker, ending);
        doc_set_int(message, "pacingP99Nanos", hist_quantile(ending->total.pacing, 0.99));
        doc_set(message, "total", record_encode_counters(&ending->total.counters));
        doc_set(message, "latency", record_encode_hist(ending->total.latency));
        doc_set(message, "error", record_encode_hist(ending->total.error));
        return doc_set(message, "censored", record_encode_hist(ending->total.censored));
}

static void write_message(const struct worker *worker, const struct ending *ending)
{
        if (!worker->options->message_file)
                return;
        auto_close int fd = open(worker->options->message_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        auto_free char *text = record_frame_message(encode_message(worker, ending));
        /* The other lane has it all: a message that cannot be written is missed, not mourned. */
        ssize_t written = fd < 0 ? -1 : write(fd, text, strlen(text));
        (void)written;
}

static void tell_details(struct worker *worker, struct ending *ending)
{
        for (size_t i = 0; i < worker->plan->shape_len; i++)
                tell_piece(worker, i, &ending->total);
        for (size_t i = 0; i < worker->plan->requests_len; i++)
                tell_request(worker, i);
        tell_connections(worker);
        for (size_t i = 0; i < worker->lanes_len; i++)
                ending->skipped += lane_tally(worker->lanes[i])->skipped;
}

static double stolen_since(const struct cpu_stolen *from)
{
        struct cpu_stolen now = cpu_stolen("");
        int64_t all = now.all - from->all, stolen = now.stolen - from->stolen;

        return from->all > 0 && all > 0 && stolen >= 0 && stolen <= all ? (double)stolen / (double)all : -1;
}

void worker_tell_result(struct worker *worker, const char *reason, const char *message)
{
        struct ending ending = {.reason = reason, .message = message, .stolen = -1};
        struct json_object *record = doc_set_text(doc_object(), "type", "end");

        tally_set_init(&ending.total, 2, false);
        if (worker->start_ns) {
                ending.cpu_micros = cpu_used_micros() - worker->cpu_from_micros;
                ending.throttled_micros =
                        cpu_group_throttled_micros(&worker->cpu_group) - worker->throttled_from_micros;
                ending.stolen = stolen_since(&worker->stolen_from);
                int64_t elapsed_ns = clock_now_ns(clock_system()) - worker->start_ns;
                ending.elapsed_micros = elapsed_ns > 0 ? elapsed_ns / 1000 : 0;
                tell_details(worker, &ending);
        }
        report_digest(&worker->report, ending.digest);
        /* First the short lane: a log that nobody reads any more must not hold it up. */
        write_message(worker, &ending);

        doc_set_text(record, "reason", reason);
        doc_set_text(record, "message", message);
        doc_set(record, "C", record_encode_counters(&ending.total.counters));
        add_common(record, worker, &ending);
        report_write(&worker->report, record);
        tally_set_done(&ending.total);
}
