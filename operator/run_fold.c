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
#include "result/fold.h"
#include "result/gates.h"
#include "result/status.h"
#include "result/verdict.h"

/* Ends that are results: a brake is pulled by what the target did, and who was missing from the start cut nothing short. */
static bool cuts_short(const char *stop)
{
        return stop && !text_equal(stop, "Brake") && !text_equal(stop, "WorkersMissing");
}

static struct gates_facts facts_of(const struct session *session, const struct fold *fold, const struct run_view *view)
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
        };
}

static struct json_object *encode_trials(const struct run_sight *sight, const struct gates *gates, struct json_object *summary)
{
        struct json_object *trial = doc_object();

        doc_set(doc_set_int(trial, "index", 0), "job",
                doc_set_text(doc_set_text(doc_object(), "name", sight->run.job_name), "uid", sight->run.job_uid));
        doc_set_text(trial, "validity", validity_name(gates->validity));
        doc_set_text(doc_set_text(trial, "rate", doc_text(summary, "rate")), "p50", doc_text(summary, "p50"));
        doc_set_text(doc_set_text(trial, "p99", doc_text(summary, "p99")), "errorRatio", doc_text(summary, "errors"));
        return doc_push(doc_array(), trial);
}

static struct json_object *encode_workers(const struct session *session, const struct fold *fold, const struct run_sight *sight)
{
        struct json_object *workers = status_encode_workers(session->harvest, fold);
        char text[CLOCK_TEXT_MAX];

        if (sight->start_at_wall_ms >= 0) {
                clock_format_seconds(sight->start_at_wall_ms, text);
                doc_set_text(workers, "startAt", text);
        }
        return workers;
}

/* The terminal status but for times and conditions. */
static struct json_object *compose(struct session *session, const struct run_sight *sight, const struct status_end *end)
{
        struct json_object *truncated = doc_array(), *final = status_encode_end(end, truncated);
        const char *stop = sight->run.stop_reason;
        bool cut = cuts_short(stop);

        doc_set_text(final, "phase", !cut ? "Succeeded" : text_equal(stop, "Cancelled") ? "Cancelled" : "Failed");
        doc_set_text(final, "reason", cut ? stop : end->judged->reason);
        if (cut)
                doc_set_text(final, "verdict", "None");
        if (sight->run.stop_message) {
                auto_free char *message = xasprintf("%s; %s", sight->run.stop_message, doc_text(final, "message"));
                doc_set_text(final, "message", message);
        }
        doc_set(final, "trials", encode_trials(sight, end->gates, doc_at(final, "summary")));
        doc_set(final, "workers", encode_workers(session, end->fold, sight));
        if (doc_at(final, "comparison.baseline"))
                doc_set_text(doc_at(final, "comparison.baseline"), "digest", doc_text(session->plan.meta, "baseline.digest"));
        if (session->context)
                doc_set(final, "context", context_encode_status(session->context, session->generator_nodes, truncated));
        run_explain(session, end->fold, final, truncated);
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

static void store_away(struct session *session, const struct run_sight *sight, const struct fold *fold, const struct estimates *estimates)
{
        struct fail fail = {0};
        auto_json struct json_object *summary = doc_set(doc_object(), "status", json_object_get(session->final));
        auto_json struct json_object *provenance = encode_provenance(session, sight);
        auto_json struct json_object *context =
                session->context ? context_encode_full(session->context, session->generator_nodes) : NULL;

        if (context)
                doc_set(context, "mesh", run_explain_full(session, fold));
        doc_set(summary, "full", status_encode_full(fold));
        doc_set(summary, "estimates", doc_push(doc_array(), estimates_encode(estimates)));
        const struct pack_input input = {
                .namespace = session->namespace,
                .run_name = session->name,
                .run_uid = session->uid,
                .profile = sight->run.profile,
                .fold = fold,
                .interval_ms = session->load_plan->interval_ms,
                .summary = summary,
                .provenance = provenance,
                .context = context,
        };
        if (pack_write(&input, &session->pack, &fail)) {
                log_line("result does not fit", "run", session->key, "error", fail.text, NULL);
                return; /* the status keeps the figures; resultRef stays empty */
        }
        doc_set(session->final, "resultRef", pack_encode_ref(&session->pack));
}

static void judge(struct session *session, const struct run_view *view, const struct run_sight *sight, const struct fold *fold)
{
        const struct profile *profile = session->profile;
        const struct gates_limits limits = {
                .pacing_ns = profile->pacing_lateness_ns,
                .cpu_ratio = profile->generator_cpu,
                .throttled_ratio = profile->throttled,
                .window_ms = profile->min_window_ms,
                .interval_ms = session->load_plan->interval_ms,
        };
        struct gates_facts facts = facts_of(session, fold, view);
        struct gates gates = gates_judge(fold, &limits, &facts);
        auto_free struct verdict_judged *judged = xnew(struct verdict_judged);
        auto_free struct estimates *estimates = xnew(struct estimates);
        auto_free struct compared *compared = xnew(struct compared);

        estimates_of(fold, estimates);
        bool compares = !cuts_short(view->stop_reason) && baseline_compare(session, estimates, 1, compared);
        const struct verdict_case question = {
                .fold = fold,
                .gates = &gates,
                .objectives = profile->objectives,
                .len = profile->objectives_len,
                .estimates = estimates,
                .compared = compares ? compared : NULL,
                .warn_only = profile->baseline.warn_only,
        };
        verdict_judge(&question, judged);
        const struct status_end end = {.fold = fold, .gates = &gates, .judged = judged, .estimates = estimates,
                                       .compared = question.compared, .run = session->name};
        session->final = compose(session, sight, &end);
        store_away(session, sight, fold, estimates);
}

void run_status_fold(struct session *session, const struct run_view *view, const struct run_sight *sight)
{
        struct fold *fold = fold_new(session->harvest, session->load_plan);

        session->packed = true;
        if (session->context)
                context_mark_after(session->context, sight->wall_ms);
        if (!fold->lost || fold->partial)
                judge(session, view, sight, fold);
        fold_free(fold);
}
