/* SPDX-License-Identifier: Apache-2.0
 *
 * Items of text fill chunks in order: histograms, and the samples of nodes and pods. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/doc.h"
#include "result/pack_internal.h"

#define EXACT_BYTES 256 /* one entry of exact.json, at most */

void writer_done(struct writer *writer)
{
        for (size_t i = 0; i < writer->len; i++)
                json_object_put(writer->chunks[i]), json_object_put(writer->exact[i]);
}

/* Bytes of the text inside a JSON string. */
static size_t escaped_size(const char *text)
{
        size_t size = 0;

        for (; *text; text++)
                size += *text == '"' || *text == '\\' || *text == '\n' ? 2 : 1;
        return size;
}

struct json_object *writer_open_chunk(struct writer *writer)
{
        struct json_object *data, *head = doc_object();

        if (writer->len == PACK_CHUNKS_MAX) {
                writer->full = true;
                json_object_put(head);
                return NULL;
        }
        data = writer->chunks[writer->len] = doc_object();
        writer->exact[writer->len] = doc_object();
        doc_set_int(head, "version", 1);
        doc_set_text(head, "run", writer->input->run_uid);
        doc_set_int(head, "trial", writer->input->trial);
        doc_set_int(head, "chunk", (int64_t)writer->len);
        auto_free char *text = doc_canonical(head);
        doc_set_text(data, "chunk.json", text);
        json_object_put(head);
        writer->len++;
        writer->used = 256;
        return data;
}

void writer_put(struct writer *writer, const char *key, char *text, size_t more)
{
        auto_free char *value = text;

        if (!value)
                return;
        size_t size = strlen(key) + escaped_size(value) + 8 + more;
        struct json_object *data = writer->len > 0 ? writer->chunks[writer->len - 1] : NULL;
        if (!data || writer->used + size > ROOM_BYTES)
                data = writer_open_chunk(writer);
        if (size > ROOM_BYTES)
                writer->full = true;
        if (!data || writer->full)
                return;
        doc_set_text(data, key, value);
        writer->used += size;
}

void pack_set_json(struct json_object *data, const char *key, struct json_object *doc)
{
        if (!doc)
                return;
        auto_free char *text = doc_canonical(doc);
        doc_set_text(data, key, text);
}

/* ---- histograms ---- */

char *pack_encode_hist(const struct hist *hist, int digits)
{
        if (!hist || hist_count(hist) == 0)
                return NULL;
        if (hist_digits(hist) <= digits)
                return hist_encode(hist);
        struct hist *coarse = hist_new(digits);
        hist_add(coarse, hist);
        char *text = hist_encode(coarse);
        hist_free(coarse);
        return text;
}

static void put_hist(struct writer *writer, const char *span, const char *what, const struct hist *hist, int digits)
{
        char key[64];

        if (!hist || hist_count(hist) == 0)
                return;
        snprintf(key, sizeof key, "h.%s.%s", span, what);
        writer_put(writer, key, pack_encode_hist(hist, digits), EXACT_BYTES);
        if (writer->full)
                return;
        struct json_object *exact = doc_object();
        doc_set_int(exact, "count", (int64_t)hist_count(hist));
        doc_set_int(exact, "min", hist_min(hist));
        doc_set_int(exact, "max", hist_max(hist));
        doc_set_double(exact, "sum", hist_sum(hist), 0);
        doc_set(writer->exact[writer->len - 1], key + strlen("h."), exact);
}

void writer_put_exact(struct writer *writer)
{
        for (size_t i = 0; i < writer->len; i++)
                if (json_object_object_length(writer->exact[i]))
                        pack_set_json(writer->chunks[i], "exact.json", writer->exact[i]);
}

static void put_span(struct writer *writer, const char *name, const struct fold_span *span)
{
        int main_digits = writer->detail.main_digits, side_digits = writer->detail.side_digits;

        put_hist(writer, name, "latency", span->latency, main_digits);
        put_hist(writer, name, "error", span->error, main_digits);
        put_hist(writer, name, "censored", span->censored, main_digits);
        put_hist(writer, name, "service", span->service, side_digits);
        put_hist(writer, name, "ttfb", span->ttfb, side_digits);
        put_hist(writer, name, "pacing", span->pacing, side_digits);
        put_hist(writer, name, "backlog", span->backlog, side_digits);
}

void writer_put_hists(struct writer *writer)
{
        const struct fold *fold = writer->input->fold;
        char name[16];

        if (fold->lost || fold->reduced > 0) {
                put_span(writer, "w", &fold->whole);
        } else {
                for (size_t i = 0; i < fold->pieces_len; i++) {
                        snprintf(name, sizeof name, "p%zu", i);
                        put_span(writer, name, &fold->pieces[i].span);
                }
                for (size_t i = 0; i < fold->requests_len; i++) {
                        snprintf(name, sizeof name, "r%zu", i);
                        put_span(writer, name, &fold->requests[i].span);
                }
        }
        put_hist(writer, "c", "connect", fold->connect, 2);
        put_hist(writer, "c", "handshake", fold->handshake, 2);
}

/* ---- samples ---- */

static char *encode_samples(struct json_object *list, size_t from, size_t to)
{
        auto_json struct json_object *doc = doc_set_int(doc_object(), "version", 1), *subjects = doc_array();

        for (size_t i = from; i < to; i++)
                doc_push(subjects, json_object_get(doc_item(list, i)));
        doc_set(doc, "subjects", take(subjects));
        return doc_canonical(doc);
}

/* As many subjects as fit into each chunk. */
void writer_put_samples(struct writer *writer)
{
        struct json_object *list = writer->input->samples;
        size_t len = doc_len(list, ""), from = 0, used = 0;

        for (size_t i = 0; i < len; i++) {
                size_t size = escaped_size(doc_print(doc_item(list, i))) + 1;
                if (i > from && writer->used + used + size + 256 > ROOM_BYTES) {
                        writer_put(writer, "samples.json", encode_samples(list, from, i), 0);
                        writer_open_chunk(writer);
                        from = i;
                        used = 0;
                }
                used += size;
        }
        if (len > from && !writer->full)
                writer_put(writer, "samples.json", encode_samples(list, from, len), 0);
}
