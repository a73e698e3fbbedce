/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/run_outcome.h"

#include <stdio.h>

#include "api/names.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "operator/baseline.h"
#include "operator/run_explain.h"
#include "operator/session_also.h"
#include "operator/session_metrics.h"
#include "operator/session_samples.h"
#include "result/pack.h"
#include "result/status.h"
#include "result/verdict.h"

/* Ends that are results: a brake is pulled by what the target did, and who was missing from the start cut nothing short. */
bool outcome_cuts_short(const char *stop)
{
        return stop && !text_equal(stop, "Brake") && !text_equal(stop, "WorkersMissing");
}

static const char *phase_at_end(const char *stop)
{
        return !outcome_cuts_short(stop) ? "Succeeded" : text_equal(stop, "Cancelled") ? "Cancelled" : "Failed";
}

static void put_stop(struct json_object *final, const struct run_sight *sight)
{
        if (!sight->run.stop_message)
                return;
        auto_free char *message = xasprintf("%s; %s", sight->run.stop_message, doc_text(final, "message"));
        doc_set_text(final, "message", message);
}

/* What a search found stands before everything else. */
static void put_search(struct json_object *final, const struct probe_search *search)
{
        if (!search)
                return;
        auto_free char *found = probe_message(search);
        auto_free char *message = xasprintf("%.400s; %.500s", found, doc_text(final, "message"));
        text_scrub(message);
        doc_set(doc_set_text(final, "message", message), "capacity", probe_encode_capacity(search));
}

/* The terminal status but for times and conditions. */
static struct json_object *compose(struct session *session, const struct run_sight *sight, const struct status_end *end,
                                   const struct outcome *outcome)
{
        struct json_object *truncated = doc_array(), *final = status_encode_end(end, truncated);
        const char *stop = sight->run.stop_reason;

        doc_set_text(final, "phase", phase_at_end(stop));
        doc_set_text(final, "reason", outcome_cuts_short(stop) ? stop : end->judged->reason);
        if (outcome_cuts_short(stop))
                doc_set_text(final, "verdict", "None");
        put_search(final, outcome->search);
        put_stop(final, sight);
        doc_set(final, "trials", json_object_get(outcome->rows));
        if (outcome->arms)
                doc_set(final, "variants", arms_encode(outcome->arms));
        doc_set(final, "workers", json_object_get(outcome->workers));
        if (doc_at(final, "comparison.baseline"))
                doc_set_text(doc_at(final, "comparison.baseline"), "digest", doc_text(session->plan.meta, "baseline.digest"));
        if (session->context)
                doc_set(final, "context", context_encode_status(session->context, session->generator_nodes, truncated));
        session_also_put(session, doc_at(final, "context"), truncated);
        session_samples_put(session, doc_at(final, "context"), false);
        session_metrics_put(session, doc_at(final, "context"), false);
        if (outcome->arms) {
                arms_put_added(outcome->arms, doc_at(final, "comparison"), doc_at(final, "context"));
                run_explain_arms(outcome->arms->explanations, final, truncated);
        } else {
                run_explain(session, end, final, truncated);
        }
        if (json_object_array_length(truncated) > 0)
                return doc_set(final, "truncated", truncated);
        json_object_put(truncated);
        return final;
}

/* Of a search the rate that its figures are of stands in the place of the first. */
static struct json_object *encode_worker(const struct session *session, const struct probe_search *search)
{
        if (!search)
                return json_object_get(session->plan.worker);
        struct json_object *worker = doc_copy(session->plan.worker), *hold = doc_set_text(doc_object(), "kind", "hold");
        doc_set(hold, "rate", json_object_new_double(search->asked.rate_rps));
        doc_set_int(hold, "forMs", search->asked.lengths * session->profile->capacity.probe_ms);
        return doc_set(worker, "shape", doc_push(doc_array(), hold));
}

static struct json_object *encode_provenance(const struct session *session, const struct run_sight *sight, const struct probe_search *search)
{
        struct json_object *out = doc_copy(session->plan.meta);

        doc_set_text(out, "operator", LOADSTONE_VERSION);
        doc_set_text(out, "run", sight->run.uid);
        return doc_set(out, "worker", encode_worker(session, search));
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
        auto_json struct json_object *provenance = encode_provenance(session, sight, outcome->search);
        auto_json struct json_object *context =
                session->context ? context_encode_full(session->context, session->generator_nodes) : NULL;

        bool series = outcome->number == PROFILE_TRIALS_MAX; /* rows are stored with each trial */
        auto_json struct json_object *samples = series ? NULL : session_metrics_add(
                session, session_samples_encode(session, PACK_TRIAL_BYTES_MAX / PACK_SAMPLES_PART), PACK_TRIAL_BYTES_MAX / PACK_METRICS_PART);
        if (context) {
                if (outcome->arms)
                        doc_set(context, "explanations", json_object_get(outcome->arms->explanations));
                else
                        doc_set(context, "mesh", run_explain_full(session, end));
                session_also_put_full(session, context);
                session_samples_put(session, context, true);
                session_metrics_put(session, context, true);
        }
        doc_set(summary, "full", status_encode_full(outcome->fold));
        doc_set(summary, "estimates", encode_estimates(outcome));
        if (outcome->arms && outcome->arms->compared_len > 0)
                doc_set(summary, "comparison", compare_encode(outcome->arms->compared, outcome->arms->compared_len, NULL, NULL));
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

/* Variants that have figures; their number. */
static size_t standing_arms(const struct arms *arms, struct verdict_arm ret_arms[static PROFILE_VARIANTS_MAX])
{
        size_t len = 0;

        for (size_t i = 0; arms && i < arms->len; i++)
                if (arms->of[i].measured)
                        ret_arms[len++] = (struct verdict_arm){arms->of[i].name, arms->of[i].merged.fold, &arms->of[i].merged.estimates, &arms->of[i].merged.observed};
        return len;
}

void outcome_conclude(struct session *session, const struct run_view *view, const struct run_sight *sight, const struct outcome *outcome)
{
        const struct profile *profile = session->profile;
        const struct arms *arms = outcome->arms;
        struct verdict_arm standing[PROFILE_VARIANTS_MAX];
        auto_free struct verdict_judged *judged = xnew(struct verdict_judged);
        auto_free struct compared *compared = xnew(struct compared);
        bool compares = !arms && !outcome_cuts_short(view->stop_reason) && baseline_compare(session, outcome->trials, outcome->trials_len, compared);
        const struct compared *list = arms ? arms->compared : compared;
        size_t list_len = arms ? arms->compared_len : compares;
        const struct verdict_case question = {
                .fold = outcome->fold,
                .gates = outcome->gates,
                .objectives = profile->objectives,
                .len = profile->objectives_len,
                .estimates = outcome->search ? NULL : outcome->estimates, /* of a search the probes have decided */
                .observed = outcome->observed,
                .arms = standing,
                .arms_len = standing_arms(arms, standing),
                .compared = compare_gravest(list, list_len),
                .warn_only = profile->baseline.warn_only,
        };

        verdict_judge(&question, judged);
        if (outcome->search)
                probe_decide(outcome->search, judged);
        const struct status_end end = {.fold = outcome->fold, .gates = outcome->gates, .judged = judged, .estimates = outcome->estimates,
                                       .compared = list_len > 0 ? list : NULL, .compared_len = list_len, .run = session->name,
                                       .variant = profile_arm_name(profile, 0)};
        session->final = compose(session, sight, &end, outcome);
        store_away(session, sight, &end, outcome);
}

void outcome_conclude_empty(struct session *session, const struct run_sight *sight, const struct gates *gates, struct json_object *rows)
{
        const char *stop = sight->run.stop_reason;
        struct json_object *final = session->final = doc_object();

        doc_set_text(final, "phase", outcome_cuts_short(stop) ? phase_at_end(stop) : "Failed");
        doc_set_text(final, "reason", outcome_cuts_short(stop) ? stop : "ResultsLost");
        doc_set_text(doc_set_text(final, "validity", "Unknown"), "verdict", "None");
        doc_set_text(final, "message", gates->len > 0 ? gates->reasons[0].text : "no trial left a result");
        doc_set(doc_set(final, "reasons", gates_encode(gates)), "trials", json_object_get(rows));
        put_stop(final, sight);
}
