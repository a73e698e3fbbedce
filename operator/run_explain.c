/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/run_explain.h"

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/summary.h"
#include "operator/session_mesh.h"
#include "operator/session_samples.h"
#include "result/onset.h"
#include "result/trial.h"

/* Failed is what had no answer: a bad status is one, and the proxies have counted it. 'onset' is borrowed. */
static struct mesh_load load_of(const struct session *session, const struct fold *fold, uint32_t trials, const struct onset *onset)
{
        static const enum record_error unanswered[] = {RECORD_CONNECT, RECORD_RESET, RECORD_TIMEOUT, RECORD_TLS, RECORD_PROTOCOL, RECORD_UNFINISHED};
        const struct record_counters *counters = &fold->whole.counters;
        struct mesh_load load = {
                .requests = (int64_t)counters->done,
                .trials = trials,
        };

        for (size_t i = 0; i < ARRAY_LEN(unanswered); i++)
                load.failed += (int64_t)counters->errors[unanswered[i]];
        if (load.failed > load.requests)
                load.failed = load.requests;
        if (onset->known && session->measured_from_wall_ms > 0) {
                load.onset = onset->text;
                load.onset_wall_ms = session->measured_from_wall_ms + onset->at_ms;
                load.onset_width_ms = onset->width_ms;
        }
        return load;
}

/* The difference of what decides between the runs; NULL: there is none, or none that is shown. */
static const char *shift_of(const struct compared *compared)
{
        enum comparison_word word = compared && compared->len > 0 && !compared->problem ? compared->metrics[0].judged.word : COMPARISON_INCONCLUSIVE;

        return word == COMPARISON_WORSE || word == COMPARISON_BETTER ? compared->change : NULL;
}

/* What the mesh has to do with a load of 'trials' trials; 'compared' may be NULL; new. */
static struct json_object *explain_mesh(const struct session *session, const struct fold *fold, uint32_t trials, const struct compared *compared)
{
        const struct onset onset = onset_of(fold);
        const struct mesh_load load = load_of(session, fold, trials, &onset);
        auto_json struct json_object *changes = session->context ? context_encode_sentences(session->context) : NULL;

        return session_mesh_explain(session, &(struct mesh_case){
                .load = &load,
                .changes = changes,
                .baseline = doc_at(session->baseline_mesh, "snapshot"),
                .baseline_run = compared ? compared->baseline : "",
                .shift = shift_of(compared),
                .shift_is_weak = compared && compared->method == COMPARE_SECTIONS,
        });
}

static int rank_of(struct json_object *explanation)
{
        const char *confidence = doc_text(explanation, "confidence");

        return text_equal(confidence, "high") ? 0 : text_equal(confidence, "medium") ? 1 : 2;
}

/* The surest of all lists first; among equals as their own rules put them, one list after the other. New. */
static struct json_object *surest_first(struct json_object *const *lists, size_t len)
{
        struct json_object *all = doc_array();

        for (int rank = 0; rank <= 2; rank++)
                for (size_t k = 0; k < len; k++)
                        for (size_t i = 0; i < doc_len(lists[k], ""); i++)
                                if (rank_of(doc_item(lists[k], i)) == rank)
                                        doc_push(all, json_object_get(doc_item(lists[k], i)));
        return all;
}

/* All that is known of why the load fared as it did. New. */
static struct json_object *explain(const struct session *session, const struct status_end *end)
{
        auto_json struct json_object *mesh = explain_mesh(session, end->fold, (uint32_t)session->trials_len, end->compared);
        auto_json struct json_object *samples = session_samples_explain(session);

        return surest_first((struct json_object *const[]){mesh, samples}, 2);
}

struct json_object *run_explain_trial(const struct session *session, const struct fold *fold)
{
        auto_json struct json_object *mesh = explain_mesh(session, fold, 1, NULL), *samples = session_samples_explain_trial(session);
        struct json_object *all = surest_first((struct json_object *const[]){mesh, samples}, 2);
        size_t len = doc_len(all, "");

        if (len > TRIAL_EXPLANATIONS_MAX)
                json_object_array_del_idx(all, TRIAL_EXPLANATIONS_MAX, len - TRIAL_EXPLANATIONS_MAX);
        return all;
}

/* At most 'bytes_max' of the text. */
static void set_cut(struct json_object *entry, const char *key, const char *text, int bytes_max)
{
        if (!text)
                return;
        auto_free char *cut = xasprintf("%.*s", bytes_max, text);
        text_scrub(cut);
        doc_set_text(entry, key, cut);
}

static struct json_object *encode_explanation(struct json_object *explanation)
{
        struct json_object *entry = doc_object();
        const char *variant = doc_text(explanation, "variant");
        auto_free char *evidence = xasprintf("%.100s %lld (%.32s)", doc_text(explanation, "evidence.counter"),
                                             (long long)doc_int(explanation, "evidence.value", 0), doc_text(explanation, "evidence.side"));
        auto_free char *of_variant = variant ? xasprintf("%s, %lld of %lld trials: %.400s", variant, (long long)doc_int(explanation, "trials", 0),
                                                         (long long)doc_int(explanation, "of", 0), doc_text(explanation, "sentence")) : NULL;

        set_cut(entry, "code", doc_text(explanation, "code"), 64);
        doc_set_text(entry, "variant", variant);
        set_cut(entry, "text", variant ? of_variant : doc_text(explanation, "sentence"), 460);
        set_cut(entry, "evidence", evidence, 192);
        set_cut(entry, "confidence", doc_text(explanation, "confidence"), 32);
        set_cut(entry, "object", doc_text(explanation, "object"), 253);
        set_cut(entry, "field", doc_text(explanation, "field"), 128);
        return entry;
}

/* What belongs into the message: of what a counter is sure, or what differs from a run that fared otherwise. */
static const char *headline(struct json_object *list)
{
        for (size_t i = 0; i < doc_len(list, ""); i++) {
                struct json_object *entry = doc_item(list, i);
                if (!text_equal(doc_text(entry, "confidence"), "possible"))
                        return doc_text(entry, "text");
        }
        return NULL;
}

static void add_explanations(struct json_object *final, struct json_object *all, struct json_object *truncated)
{
        struct json_object *list = doc_array();

        for (size_t i = 0; i < doc_len(all, "") && i < EXPLANATIONS_MAX; i++)
                doc_push(list, encode_explanation(doc_item(all, i)));
        if (doc_len(all, "") > EXPLANATIONS_MAX)
                doc_push_text(truncated, "explanations");
        if (headline(list)) {
                auto_free char *message = xasprintf("%.500s; %s", doc_text(final, "message"), headline(list));
                set_cut(final, "message", message, 1000);
        }
        doc_set(final, "explanations", list);
}

struct json_object *run_explain_full(const struct session *session, const struct status_end *end)
{
        struct json_object *full = session_mesh_encode_full(session);

        return full ? doc_set(full, "explanations", explain(session, end)) : NULL;
}

static void add_mesh(const struct session *session, const struct fold *fold, struct json_object *final)
{
        struct fold_value mean = fold_mean(fold->whole.service, NULL);
        int64_t answered = fold->whole.service ? (int64_t)hist_count(fold->whole.service) : 0;
        struct json_object *mesh = session_mesh_encode_status(session, (double)mean.ns / 1000, answered);

        if (!mesh || !doc_at(final, "context")) {
                json_object_put(mesh);
                return;
        }
        auto_free char *column = mesh_summary_column(mesh);
        doc_set(doc_at(final, "context"), "mesh", mesh);
        doc_set_text(doc_at(final, "summary"), "mesh", column);
}

void run_explain(const struct session *session, const struct status_end *end, struct json_object *final, struct json_object *truncated)
{
        auto_json struct json_object *explanations = explain(session, end);

        add_explanations(final, explanations, truncated);
        add_mesh(session, end->fold, final);
}

void run_explain_arms(struct json_object *explanations, struct json_object *final, struct json_object *truncated)
{
        auto_json struct json_object *all = surest_first(&explanations, 1);

        add_explanations(final, all, truncated);
}
