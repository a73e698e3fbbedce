/* SPDX-License-Identifier: Apache-2.0
 *
 * From records to results: fold, gates, verdict, explanation of the end, and the ConfigMaps to store. No requests. */
#include <stdio.h>
#include <string.h>

#include "api/names.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "operator/baseline.h"
#include "operator/run_explain.h"
#include "operator/run_status.h"
#include "operator/session_mesh.h"
#include "operator/session_samples.h"
#include "result/fold.h"
#include "result/gates.h"
#include "result/repeats.h"
#include "result/series.h"
#include "result/status.h"
#include "result/verdict.h"

/* Ends that are results: a brake is pulled by what the target did, and who was missing from the start cut nothing short. */
static bool cuts_short(const char *stop)
{
        return stop && !text_equal(stop, "Brake") && !text_equal(stop, "WorkersMissing");
}

/* 'pressure' is where a node's words go, and lives as long as the facts. */
static struct gates_facts facts_of(const struct session *session, const struct fold *fold, const struct run_view *view,
                                   char pressure[static CONTEXT_PRESSURE_TEXT])
{
        const struct fold_span *window = fold_window(fold);
        int64_t from_wall_ms = session->measured_from_wall_ms + window->from_ms;
        int64_t to_wall_ms = session->measured_from_wall_ms + window->to_ms;
        const struct context *context = session->context;
        bool cancelled = view->stop_reason && !text_equal(view->stop_reason, "WorkersMissing");

        if (!session->measured_from_wall_ms || !context)
                return (struct gates_facts){.cancelled = cancelled};
        return (struct gates_facts){
                .cancelled = cancelled,
                .restarts = context_count(context, CONTEXT_RESTART, from_wall_ms, to_wall_ms),
                .rollouts = context_count(context, CONTEXT_ROLLOUT, from_wall_ms, to_wall_ms),
                .scales = context_count(context, CONTEXT_SCALE, from_wall_ms, to_wall_ms),
                .replacements = context_count(context, CONTEXT_EVICTION, from_wall_ms, to_wall_ms),
                .joined = context_count(context, CONTEXT_POD_JOIN, from_wall_ms, to_wall_ms),
                .pressure = context_pressure(context, from_wall_ms, to_wall_ms, pressure) ? pressure : NULL,
        };
}

/* One entry of status.trials. */
static struct json_object *encode_row(const struct session *session, const struct run_sight *sight, const struct gates *gates,
                                      const struct fold *fold)
{
        struct json_object *row = doc_set_int(doc_object(), "index", session->trial);
        auto_json struct json_object *summary = status_encode_summary(fold);

        if (sight->run.trial_start_wall_ms >= 0)
                doc_set_time(row, "startTime", sight->run.trial_start_wall_ms);
        doc_set_text(row, "validity", validity_name(gates->validity));
        doc_set_text(doc_set_text(row, "rate", doc_text(summary, "rate")), "p50", doc_text(summary, "p50"));
        return doc_set_text(doc_set_text(row, "p99", doc_text(summary, "p99")), "errorRatio", doc_text(summary, "errors"));
}

static struct json_object *encode_only_row(const struct session *session, const struct run_sight *sight, const struct gates *gates,
                                           const struct fold *fold)
{
        struct json_object *row = encode_row(session, sight, gates, fold);

        doc_set(row, "job", doc_set_text(doc_set_text(doc_object(), "name", sight->run.job_name), "uid", sight->run.job_uid));
        return doc_push(doc_array(), row);
}

static struct json_object *encode_workers(const struct session *session, const struct fold *fold, const struct run_sight *sight)
{
        struct json_object *workers = status_encode_workers(session->harvest, fold);

        if (sight->start_at_wall_ms >= 0)
                doc_set_time(workers, "startAt", sight->start_at_wall_ms);
        return workers;
}

/* Everything that a run says at its end is made from this. */
struct outcome {
        const struct fold *fold;
        const struct gates *gates;
        const struct estimates *estimates; /* of the whole */
        const struct estimates *trials;    /* of each trial that counts */
        size_t trials_len;
        struct json_object *rows, *workers; /* borrowed */
        int number;                        /* of the trial in the names of what is stored */
};

static const char *phase_at_end(const char *stop)
{
        return !cuts_short(stop) ? "Succeeded" : text_equal(stop, "Cancelled") ? "Cancelled" : "Failed";
}

static void put_stop(struct json_object *final, const struct run_sight *sight)
{
        if (!sight->run.stop_message)
                return;
        auto_free char *message = xasprintf("%s; %s", sight->run.stop_message, doc_text(final, "message"));
        doc_set_text(final, "message", message);
}

/* The terminal status but for times and conditions. */
static struct json_object *compose(struct session *session, const struct run_sight *sight, const struct status_end *end,
                                   const struct outcome *outcome)
{
        struct json_object *truncated = doc_array(), *final = status_encode_end(end, truncated);
        const char *stop = sight->run.stop_reason;

        doc_set_text(final, "phase", phase_at_end(stop));
        doc_set_text(final, "reason", cuts_short(stop) ? stop : end->judged->reason);
        if (cuts_short(stop))
                doc_set_text(final, "verdict", "None");
        put_stop(final, sight);
        doc_set(final, "trials", json_object_get(outcome->rows));
        doc_set(final, "workers", json_object_get(outcome->workers));
        if (doc_at(final, "comparison.baseline"))
                doc_set_text(doc_at(final, "comparison.baseline"), "digest", doc_text(session->plan.meta, "baseline.digest"));
        if (session->context)
                doc_set(final, "context", context_encode_status(session->context, session->generator_nodes, truncated));
        session_samples_put(session, doc_at(final, "context"), false);
        run_explain(session, end, final, truncated);
        if (json_object_array_length(truncated) > 0)
                return doc_set(final, "truncated", truncated);
        json_object_put(truncated);
        return final;
}

static struct json_object *encode_provenance(const struct session *session, const struct run_sight *sight)
{
        struct json_object *out = doc_copy(session->plan.meta);

        doc_set_text(out, "operator", LOADSTONE_VERSION);
        doc_set_text(out, "run", sight->run.uid);
        return doc_set(out, "worker", json_object_get(session->plan.worker));
}

static struct json_object *encode_estimates(const struct outcome *outcome)
{
        struct json_object *list = doc_array();

        for (size_t i = 0; i < outcome->trials_len; i++)
                doc_push(list, estimates_encode(&outcome->trials[i]));
        return list;
}

static void store_away(struct session *session, const struct run_sight *sight, const struct status_end *end, const struct outcome *outcome)
{
        struct fail fail = {0};
        auto_json struct json_object *summary = doc_set(doc_object(), "status", json_object_get(session->final));
        auto_json struct json_object *provenance = encode_provenance(session, sight);
        auto_json struct json_object *context =
                session->context ? context_encode_full(session->context, session->generator_nodes) : NULL;

        bool series = outcome->number == PROFILE_TRIALS_MAX; /* rows are stored with each trial */
        auto_json struct json_object *samples = series ? NULL : session_samples_encode(session, PACK_TRIAL_BYTES_MAX / PACK_SAMPLES_PART);
        if (context) {
                doc_set(context, "mesh", run_explain_full(session, end));
                session_samples_put(session, context, true);
        }
        doc_set(summary, "full", status_encode_full(outcome->fold));
        doc_set(summary, "estimates", encode_estimates(outcome));
        const struct pack_input input = {
                .namespace = session->namespace,
                .run_name = session->name,
                .run_uid = session->uid,
                .profile = sight->run.profile,
                .trial = outcome->number,
                .fold = outcome->fold,
                .interval_ms = session->load_plan->interval_ms,
                .summary = summary,
                .provenance = provenance,
                .context = context,
                .samples = samples,
        };
        if (pack_write(&input, &session->pack, &fail)) {
                log_line("result does not fit", "run", session->key, "error", fail.text, NULL);
                return; /* the status keeps the figures; resultRef stays empty */
        }
        doc_set(session->final, "resultRef", pack_encode_ref(&session->pack));
}

static void conclude(struct session *session, const struct run_view *view, const struct run_sight *sight, const struct outcome *outcome)
{
        const struct profile *profile = session->profile;
        auto_free struct verdict_judged *judged = xnew(struct verdict_judged);
        auto_free struct compared *compared = xnew(struct compared);
        bool compares = !cuts_short(view->stop_reason) && baseline_compare(session, outcome->trials, outcome->trials_len, compared);
        const struct verdict_case question = {
                .fold = outcome->fold,
                .gates = outcome->gates,
                .objectives = profile->objectives,
                .len = profile->objectives_len,
                .estimates = outcome->estimates,
                .compared = compares ? compared : NULL,
                .warn_only = profile->baseline.warn_only,
        };

        verdict_judge(&question, judged);
        const struct status_end end = {.fold = outcome->fold, .gates = outcome->gates, .judged = judged, .estimates = outcome->estimates,
                                       .compared = question.compared, .run = session->name};
        session->final = compose(session, sight, &end, outcome);
        store_away(session, sight, &end, outcome);
}

/* ---- a trial ---- */

static bool contains(struct json_object *list, const char *text)
{
        for (size_t i = 0; i < doc_len(list, ""); i++)
                if (text_equal(json_object_get_string(doc_item(list, i)), text))
                        return true;
        return false;
}

static bool placed_elsewhere(const struct session *session)
{
        struct json_object *first = session->trials_len > 0 ? doc_at(session->trials[0], "nodes") : NULL;

        for (size_t i = 0; first && i < doc_len(session->trial_nodes, ""); i++)
                if (!contains(first, json_object_get_string(doc_item(session->trial_nodes, i))))
                        return true;
        return false;
}

/* One trial of several: what the series needs of it. */
static void keep(struct session *session, const struct run_sight *sight, const struct fold *fold, const struct gates *gates,
                 const struct estimates *estimates)
{
        auto_json struct json_object *row = encode_row(session, sight, gates, fold), *workers = encode_workers(session, fold, sight);
        int repeated = repeats_next(session->trials, session->trials_len);
        if (repeated >= 0)
                doc_set_int(row, "repeats", repeated);
        const struct trial_input input = {
                .index = session->trial,
                .fold = fold,
                .gates = gates,
                .estimates = estimates,
                .row = row,
                .workers = workers,
                .nodes = session->trial_nodes,
        };
        auto_json struct json_object *doc = trial_encode(&input);
        size_t bytes_max = PACK_RUN_BYTES_MAX / profile_trials_most(session->profile);
        auto_json struct json_object *samples = session_samples_encode(session, bytes_max / PACK_SAMPLES_PART);
        const struct pack_input pack = {
                .namespace = session->namespace,
                .run_name = session->name,
                .run_uid = session->uid,
                .profile = sight->run.profile,
                .trial = session->trial,
                .fold = fold,
                .interval_ms = session->load_plan->interval_ms,
                .samples = samples,
                .trial_doc = doc,
                .bytes_max = bytes_max,
        };
        struct fail fail = {0};
        pack_write(&pack, &session->pack, &fail);
}

static void judge(struct session *session, const struct run_view *view, const struct run_sight *sight, const struct fold *fold)
{
        const struct profile *profile = session->profile;
        const struct gates_limits limits = {
                .pacing_ns = profile->pacing_lateness_ns,
                .cpu_ratio = profile->generator_cpu,
                .throttled_ratio = profile->throttled,
                .stolen_ratio = profile->stolen,
                .window_ms = profile->min_window_ms,
                .interval_ms = session->load_plan->interval_ms,
        };
        const struct fold_span *window = fold_window(fold);
        if (session->measured_from_wall_ms)
                session_samples_judge(session, session->measured_from_wall_ms + window->from_ms, session->measured_from_wall_ms + window->to_ms);
        char pressure[CONTEXT_PRESSURE_TEXT];
        struct gates_facts facts = facts_of(session, fold, view, pressure);
        auto_free char *unmet = session_mesh_unmet(session);
        facts.placed_elsewhere = placed_elsewhere(session);
        facts.unmet = unmet;
        struct gates gates = gates_judge(fold, &limits, &facts);
        auto_free struct estimates *estimates = xnew(struct estimates);

        estimates_of(fold, estimates);
        if (profile->trials.max > 1) {
                keep(session, sight, fold, &gates, estimates);
                return;
        }
        auto_json struct json_object *rows = encode_only_row(session, sight, &gates, fold), *workers = encode_workers(session, fold, sight);
        conclude(session, view, sight, &(struct outcome){.fold = fold, .gates = &gates, .estimates = estimates, .trials = estimates,
                                                         .trials_len = 1, .rows = rows, .workers = workers});
}

void run_status_fold(struct session *session, const struct run_view *view, const struct run_sight *sight)
{
        struct fold *fold = fold_new(session->harvest, session->load_plan);
        bool series = session->profile->trials.max > 1;

        session->packed = true;
        if (session->context && !series)
                context_mark_after(session->context, sight->wall_ms);
        if (!fold->lost || fold->partial || series)
                judge(session, view, sight, fold);
        fold_free(fold);
}

/* ---- all trials ---- */

/* No trial has figures. */
static void conclude_without_figures(struct session *session, const struct run_sight *sight, const struct gates *gates, struct json_object *rows)
{
        const char *stop = sight->run.stop_reason;
        struct json_object *final = session->final = doc_object();

        doc_set_text(final, "phase", cuts_short(stop) ? phase_at_end(stop) : "Failed");
        doc_set_text(final, "reason", cuts_short(stop) ? stop : "ResultsLost");
        doc_set_text(doc_set_text(final, "validity", "Unknown"), "verdict", "None");
        doc_set_text(final, "message", gates->len > 0 ? gates->reasons[0].text : "no trial left a result");
        doc_set(doc_set(final, "reasons", gates_encode(gates)), "trials", json_object_get(rows));
        put_stop(final, sight);
}

void run_status_fold_series(struct session *session, const struct run_view *view, const struct run_sight *sight)
{
        auto_json struct json_object *rows = series_encode_rows(session->trials, session->trials_len);
        struct series_result result;

        session->packed = true;
        if (session->context)
                context_mark_after(session->context, sight->wall_ms);
        struct json_object *kept[PROFILE_TRIALS_MAX];
        size_t stand = repeats_keep(session->trials, session->trials_len, true, kept);
        if (series_merge(session->profile, session->load_plan, kept, stand, cuts_short(sight->run.stop_reason), &result))
                conclude(session, view, sight, &(struct outcome){.fold = result.fold, .gates = &result.gates, .estimates = &result.estimates,
                                                                 .trials = result.trials, .trials_len = result.trials_len, .rows = rows,
                                                                 .workers = result.workers, .number = PROFILE_TRIALS_MAX});
        else
                conclude_without_figures(session, sight, &result.gates, rows);
        series_done(&result);
}
