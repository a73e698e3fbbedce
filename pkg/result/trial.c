/* SPDX-License-Identifier: Apache-2.0 */
#include "result/trial.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "result/fold_internal.h"

#define TRIAL_VERSION 1

/* ---- writing ---- */

static struct json_object *encode_span(const struct fold_span *span)
{
        struct json_object *out = doc_object(), *hists = doc_object();

        doc_set_int(doc_set_int(out, "fromMs", span->from_ms), "toMs", span->to_ms);
        for (size_t i = 0; i < FOLD_HISTS; i++)
                doc_set(hists, fold_hists[i].name, record_encode_hist(*fold_hist_at((struct fold_span *)span, i)));
        return doc_set(doc_set(out, "C", record_encode_counters(&span->counters)), "hists", hists);
}

static struct json_object *encode_fold(const struct fold *fold, bool detailed)
{
        struct json_object *out = doc_object(), *pieces = doc_array(), *requests = doc_array(), *hists = doc_object();

        for (size_t i = 0; i < fold->pieces_len; i++)
                doc_push(pieces, detailed || (int)i == fold->window ? encode_span(&fold->pieces[i].span) : NULL);
        for (size_t i = 0; detailed && i < fold->requests_len; i++)
                doc_push(requests, encode_span(&fold->requests[i].span));
        doc_set(hists, "connect", fold->connect ? record_encode_hist(fold->connect) : NULL);
        doc_set(hists, "handshake", fold->handshake ? record_encode_hist(fold->handshake) : NULL);
        doc_set(doc_set(out, "pieces", pieces), "requests", requests);
        if (fold->reduced > 0 || fold->lost)
                doc_set(out, "all", encode_span(&fold->whole));
        doc_set_int(doc_set_int(out, "connects", (int64_t)fold->connects), "connectErrors", (int64_t)fold->connect_errors);
        if (fold->refused)
                doc_set_int(out, "refused", (int64_t)fold->refused);
        doc_set_int(doc_set_int(out, "handshakes", (int64_t)fold->handshakes), "skipped", (int64_t)fold->skipped);
        if (fold->deferred_ms)
                doc_set_int(out, "deferredMs", fold->deferred_ms);
        doc_set_int(doc_set_int(out, "covered", fold->covered), "braked", fold->braked);
        doc_set_text(doc_set_text(out, "limit", load_limit_names[fold->limit]), "pacing", fold->pacing);
        if (fold->warmup_told)
                doc_set(out, "warmup", doc_set_bool(doc_set_int(doc_object(), "ms", fold->warmup_ms), "settled", fold->settled));
        doc_set(out, "limitRatio", json_object_new_double(fold->limit_ratio));
        doc_set_int(doc_set_int(out, "floorP50Nanos", fold->floor_p50_ns), "floorP99Nanos", fold->floor_p99_ns);
        return doc_set(out, "hists", hists);
}

static struct json_object *encode_reasons(const struct gates *gates)
{
        struct json_object *list = doc_array();

        for (size_t i = 0; i < gates->len; i++) {
                struct json_object *reason = doc_set_text(doc_object(), "reason", gates_reason_name(gates->reasons[i].kind));
                doc_push(list, doc_set_text(reason, "message", gates->reasons[i].text));
        }
        return list;
}

/* Of a single steady piece the whole shape is the window, also at reduced precision. */
static bool is_one_piece(const struct fold *fold)
{
        return fold->pieces_len == 1 && fold_is_steady(&fold->pieces[0]);
}

static bool is_whole(const struct fold *fold)
{
        return !fold->lost && !fold->partial && (fold->reduced == 0 || is_one_piece(fold)) && fold->covered == fold->workers;
}

struct json_object *trial_encode(const struct trial_input *input)
{
        struct json_object *out = doc_set_int(doc_set_int(doc_object(), "version", TRIAL_VERSION), "index", input->index);

        doc_set_text(out, "validity", validity_name(input->gates->validity));
        doc_set(doc_set_bool(out, "whole", is_whole(input->fold)), "reasons", encode_reasons(input->gates));
        doc_set(out, "estimates", estimates_encode(input->estimates));
        doc_set(out, "row", json_object_get(input->row));
        doc_set(out, "workers", json_object_get(input->workers));
        doc_set(out, "nodes", json_object_get(input->nodes));
        doc_set(out, "mesh", json_object_get(input->mesh));
        doc_set(out, "explanations", json_object_get(input->explanations));
        if (input->rest_cores)
                doc_set_double(out, "restCores", *input->rest_cores, 4);
        if (input->observed)
                doc_set(out, "observed", observed_encode(input->observed));
        doc_set(out, "probe", json_object_get(input->probe));
        if (input->fold->lost && !input->fold->partial)
                return out; /* nobody said anything */
        doc_set(out, "fold", encode_fold(input->fold, true));
        if (strlen(doc_print(out)) > TRIAL_BYTES_MAX)
                doc_set(out, "fold", encode_fold(input->fold, false));
        return out;
}

struct json_object *trial_encode_lost(int index, const char *variant)
{
        struct json_object *row = doc_set_text(doc_set_int(doc_object(), "index", index), "validity", "Unknown");

        doc_set_text(row, "variant", variant);
        return doc_set(doc_set_int(doc_object(), "index", index), "row", row);
}

/* ---- reading ---- */

static enum validity validity_of(const char *name)
{
        for (enum validity validity = VALIDITY_UNKNOWN; validity <= VALIDITY_INVALID; validity++)
                if (text_equal(name, validity_name(validity)))
                        return validity;
        return VALIDITY_UNKNOWN;
}

void trial_decode(struct json_object *doc, struct trial *ret_trial)
{
        *ret_trial = (struct trial){
                .index = (int)doc_int(doc, "index", 0),
                .validity = validity_of(doc_text(doc, "validity")),
                .whole = doc_bool(doc, "whole", false),
                .reason = doc_text(doc, "reasons[0].message"),
                .doc = doc,
        };
        estimates_decode(doc_at(doc, "estimates"), &ret_trial->estimates);
        observed_decode(doc_at(doc, "observed"), &ret_trial->observed);
}

bool trial_is_sound(const struct trial *trial)
{
        return doc_at(trial->doc, "fold") && trial->whole && (trial->validity == VALIDITY_VALID || trial->validity == VALIDITY_LIMITED);
}

/* ---- merging ---- */

struct fold *trial_fold_new(const struct load_plan *plan)
{
        struct fold *fold = xnew(struct fold);

        fold->workers = fold->covered = plan->workers;
        fold->closed = plan->closed;
        fold->timeout_ns = plan->timeout_ms * INT64_C(1000000);
        fold->start_skew_us = fold->pacing_p99_ns = -1;
        fold->cpu_ratio_max = fold->throttled_ratio_max = fold->stolen_max = fold->warmup_ms = -1;
        fold_plan_spans(fold, plan);
        return fold;
}

static uint64_t count_at(struct json_object *doc, const char *path)
{
        int64_t count = doc_int(doc, path, 0);

        return count > 0 && count < INT64_C(1) << 60 ? (uint64_t)count : 0;
}

static void add_span(struct fold_span *span, struct json_object *doc)
{
        int64_t ms = doc_int(doc, "toMs", 0) - doc_int(doc, "fromMs", 0);

        fold_add_record(span, doc);
        if (ms > 0 && ms <= LOAD_SHAPE_MS_MAX)
                span->total_ms += ms;
}

static void add_side(struct hist **into, struct json_object *doc)
{
        struct hist *hist = NULL;

        if (doc && !record_decode_hist(doc, &hist, NULL))
                fold_add_hist(into, hist);
        hist_free(hist);
}

/* From the most exact to the least; of a whole the least exact counts. */
static const char *const pacings[] = {"precise", "narrowed", "coarse"};

static int pacing_of(const char *name)
{
        int found = -1;

        for (size_t i = 0; i < ARRAY_LEN(pacings); i++)
                if (text_equal(name, pacings[i]))
                        found = (int)i;
        return found;
}

/* A generator that was the limit says less of the target than a target that was. */
static int gravity(enum load_limit limit)
{
        return limit == LOAD_LIMIT_CLIENT ? 2 : limit == LOAD_LIMIT_SERVER ? 1 : 0;
}

static enum load_limit limit_of(const char *name)
{
        enum load_limit limit = LOAD_LIMIT_NONE;

        for (enum load_limit i = LOAD_LIMIT_NONE; i < LOAD_LIMITS; i++)
                if (text_equal(name, load_limit_names[i]))
                        limit = i;
        return limit;
}

/* Of a whole the graver limit counts, and the slower generator. */
static void add_generator(struct fold *fold, struct json_object *from)
{
        enum load_limit limit = limit_of(doc_text(from, "limit"));
        double ratio = doc_double(from, "limitRatio", 0);
        int pacing = pacing_of(doc_text(from, "pacing"));
        int64_t p50_ns = doc_int(from, "floorP50Nanos", 0), p99_ns = doc_int(from, "floorP99Nanos", 0);

        if (gravity(limit) > gravity(fold->limit) || (limit == fold->limit && ratio > fold->limit_ratio)) {
                fold->limit = limit;
                fold->limit_ratio = ratio > 0 && ratio <= 1 ? ratio : 0;
        }
        if (pacing > pacing_of(fold->pacing))
                fold->pacing = pacings[pacing];
        if (p50_ns > fold->floor_p50_ns && p99_ns >= p50_ns) {
                fold->floor_p50_ns = p50_ns;
                fold->floor_p99_ns = p99_ns;
        }
}

int64_t trial_warmup_ms(struct json_object *doc)
{
        int64_t ms = doc_int(doc, "fold.warmup.ms", -1);

        return ms >= 0 && ms <= LOAD_SHAPE_MS_MAX ? ms : -1;
}

/* All trials of a series have the warm-up of the one that found its end. */
static void add_warmup(struct fold *fold, struct json_object *doc)
{
        int64_t ms = trial_warmup_ms(doc);

        if (ms < 0 || fold->warmup_told)
                return;
        fold->warmup_told = true;
        fold->warmup_ms = ms;
        fold->settled = doc_bool(doc, "fold.warmup.settled", false);
}

bool trial_fold_add(struct fold *fold, struct json_object *doc)
{
        struct json_object *from = doc_at(doc, "fold"), *pieces = doc_at(from, "pieces"), *requests = doc_at(from, "requests");
        struct json_object *all = doc_at(from, "all");

        if (!from)
                return false;
        for (size_t i = 0; i < fold->pieces_len && !all; i++)
                if (i < doc_len(pieces, "") && doc_item(pieces, i))
                        add_span(&fold->pieces[i].span, doc_item(pieces, i));
        for (size_t i = 0; i < fold->requests_len && !all; i++)
                if (i < doc_len(requests, ""))
                        add_span(&fold->requests[i].span, doc_item(requests, i));
        if (all && is_one_piece(fold)) {
                add_span(&fold->pieces[0].span, all);
        } else if (all) {
                add_span(&fold->whole, all);
                fold->reduced++;
        }
        add_side(&fold->connect, doc_at(from, "hists.connect"));
        add_side(&fold->handshake, doc_at(from, "hists.handshake"));
        add_generator(fold, from);
        add_warmup(fold, doc);
        fold->connects += count_at(from, "connects");
        fold->connect_errors += count_at(from, "connectErrors");
        fold->handshakes += count_at(from, "handshakes");
        fold->refused += count_at(from, "refused");
        fold->skipped += count_at(from, "skipped");
        if (doc_int(from, "deferredMs", 0) > fold->deferred_ms)
                fold->deferred_ms = doc_int(from, "deferredMs", 0);
        return true;
}

void trial_fold_done(struct fold *fold)
{
        for (size_t i = 0; i < fold->pieces_len; i++) {
                fold_add_span(&fold->whole, &fold->pieces[i].span);
                fold->whole.total_ms += fold->pieces[i].span.total_ms;
        }
        fold->window = fold_choose_window(fold);
}
