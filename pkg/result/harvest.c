/* SPDX-License-Identifier: Apache-2.0
 *
 * Lanes: bytes to lines, lines to records in the order of their seq.
 * A record is taken over once, when everything before it has been; one that arrives early waits. */
#include "result/harvest.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "result/harvest_internal.h"

struct harvest *harvest_new(const struct harvest_spec *spec)
{
        struct harvest *harvest = xnew(struct harvest);

        assert(spec->workers > 0 && spec->workers <= LOAD_WORKERS_MAX);
        assert(spec->shape_ms > 0 && spec->interval_ms > 0 && spec->timeout_ms > 0);
        harvest->run_uid = xstrdup(spec->run_uid);
        harvest->trial = spec->trial;
        harvest->workers_len = spec->workers;
        harvest->workers = xcalloc(spec->workers, sizeof *harvest->workers);
        harvest->shape_ms = spec->shape_ms;
        harvest->interval_ms = spec->interval_ms;
        harvest->timeout_ms = spec->timeout_ms;
        harvest_time_init(harvest);
        for (uint32_t i = 0; i < spec->workers; i++) {
                struct worker *worker = &harvest->workers[i];
                worker->view.seen_ms = INT64_MIN;
                worker->view.warmup_ms = -1;
                worker->view.stolen = -1;
                worker->view.clock_error_us = INT64_MIN;
                worker->last.index = -1;
                worker->line = buf_bounded(RECORD_LINE_BYTES_MAX);
                worker->sha = EVP_MD_CTX_new();
                if (!worker->sha || !EVP_DigestInit_ex(worker->sha, EVP_sha256(), NULL))
                        abort();
        }
        return harvest;
}

static void worker_done(struct worker *worker)
{
        buf_done(&worker->line);
        EVP_MD_CTX_free(worker->sha);
        free(worker->crcs);
        for (size_t i = 0; i < worker->pending_len; i++)
                free(worker->pending[i].text);
        free(worker->pending);
        for (size_t i = 0; i < worker->kept_len; i++)
                free(worker->kept[i].text);
        free(worker->kept);
        json_object_put(worker->end);
        json_object_put(worker->message);
}

struct harvest *harvest_free(struct harvest *harvest)
{
        if (!harvest)
                return NULL;
        for (uint32_t i = 0; i < harvest->workers_len; i++)
                worker_done(&harvest->workers[i]);
        harvest_time_done(harvest);
        free(harvest->workers);
        free(harvest->run_uid);
        free(harvest);
        return NULL;
}

void harvest_copy_text(char *into, size_t size, const char *text)
{
        snprintf(into, size, "%s", text ? text : "");
        text_scrub(into);
}

void harvest_pod(struct harvest *harvest, uint32_t worker, const char *pod_uid)
{
        struct harvest_worker *view = &harvest->workers[worker].view;

        if (!pod_uid || !*pod_uid)
                return;
        if (!view->pod[0])
                harvest_copy_text(view->pod, sizeof view->pod, pod_uid);
        else if (strncmp(view->pod, pod_uid, sizeof view->pod - 1) != 0)
                view->tainted = true;
}

/* Takes over the record with the seq that is next. Types from a newer worker are digested and otherwise left alone. */
static void take_over(struct harvest *harvest, uint32_t index, const char *line, size_t size, struct json_object *record)
{
        struct worker *worker = &harvest->workers[index];
        uint64_t seq = worker->view.records;

        if ((seq == 0 && !text_equal(doc_text(record, "type"), "hello")) || !harvest_on_record(harvest, index, record)) {
                worker->view.broken = true;
                worker->view.log_complete = false;
        }
        EVP_DigestUpdate(worker->sha, line, size);
        EVP_DigestUpdate(worker->sha, "\n", 1);
        if (seq >= worker->crcs_capacity) {
                worker->crcs_capacity = worker->crcs_capacity ? 2 * worker->crcs_capacity : 64;
                worker->crcs = xrealloc(worker->crcs, worker->crcs_capacity * sizeof *worker->crcs);
        }
        worker->crcs[seq] = text_crc32c(0, line, size);
        worker->view.records++;
        harvest_cross_check(worker);
}

/* Keeps a record that came before its time, unless there is no room: then reading again brings it. */
static void put_aside(struct worker *worker, uint64_t seq, const char *line, size_t size)
{
        size_t at = worker->pending_len;

        while (at > 0 && worker->pending[at - 1].seq >= seq)
                at--;
        if (at < worker->pending_len && worker->pending[at].seq == seq) {
                worker->view.duplicates++;
                return;
        }
        if (worker->pending_bytes + size > HARVEST_PENDING_BYTES_MAX)
                return;
        worker->pending = xrealloc(worker->pending, (worker->pending_len + 1) * sizeof *worker->pending);
        memmove(worker->pending + at + 1, worker->pending + at, (worker->pending_len - at) * sizeof *worker->pending);
        worker->pending[at] = (struct pending){.seq = seq, .text = xstrndup(line, size), .size = size};
        worker->pending_len++;
        worker->pending_bytes += size;
}

/* Takes over what was waiting for the records that are there now. */
static void take_pending(struct harvest *harvest, uint32_t index)
{
        struct worker *worker = &harvest->workers[index];

        while (worker->pending_len > 0 && worker->pending[0].seq <= worker->view.records) {
                struct pending first = worker->pending[0];
                auto_free char *text = first.text;
                auto_json struct json_object *record = NULL;
                memmove(worker->pending, worker->pending + 1, --worker->pending_len * sizeof *worker->pending);
                worker->pending_bytes -= first.size;
                if (first.seq == worker->view.records && !record_unframe(text, first.size, &record, NULL))
                        take_over(harvest, index, text, first.size, record);
        }
}

static void on_line(struct harvest *harvest, uint32_t index, const char *line, size_t size)
{
        struct worker *worker = &harvest->workers[index];
        auto_json struct json_object *record = NULL;

        if (record_unframe(line, size, &record, NULL)) {
                worker->view.foreign += size > 0;
                return;
        }
        uint64_t seq = (uint64_t)doc_int(record, "seq", 0);
        if (seq >= HARVEST_RECORDS_MAX || (worker->end && seq >= worker->view.records)) {
                worker->view.foreign++;
        } else if (seq < worker->view.records) {
                worker->view.duplicates++;
                if (worker->crcs[seq] != text_crc32c(0, line, size))
                        worker->view.tainted = true;
        } else if (seq > worker->view.records) {
                put_aside(worker, seq, line, size);
                worker->view.gap = true;
        } else {
                take_over(harvest, index, line, size, record);
                take_pending(harvest, index);
                worker->view.gap = worker->pending_len > 0;
        }
}

void harvest_feed(struct harvest *harvest, uint32_t worker, const void *data, size_t size)
{
        struct worker *from = &harvest->workers[worker];
        const char *at = data, *end = at + size;

        assert(worker < harvest->workers_len);
        while (at < end) {
                const char *newline = memchr(at, '\n', (size_t)(end - at));
                size_t len = (size_t)((newline ? newline : end) - at);
                if (from->overlong || !buf_add(&from->line, at, len))
                        from->overlong = true;
                if (!newline)
                        return;
                if (from->overlong)
                        from->view.foreign++;
                else
                        on_line(harvest, worker, from->line.data ? from->line.data : "", from->line.size);
                harvest_cut(harvest, worker);
                at = newline + 1;
        }
}

void harvest_cut(struct harvest *harvest, uint32_t worker)
{
        buf_clear(&harvest->workers[worker].line);
        harvest->workers[worker].line.overflowed = false;
        harvest->workers[worker].overlong = false;
}

void harvest_lost(struct harvest *harvest, uint32_t worker, const char *why)
{
        struct worker *from = &harvest->workers[worker];

        from->given_up = true;
        if (from->view.state == HARVEST_ENDED)
                return;
        from->view.state = HARVEST_LOST;
        harvest_copy_text(from->view.text, sizeof from->view.text, why);
}
