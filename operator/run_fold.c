/* SPDX-License-Identifier: Apache-2.0
 *
 * From records to results: the fold of each trial with its gates, and all of them merged. What they come to is run_outcome.c's. No requests. */
#include "api/names.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "operator/run_explain.h"
#include "operator/run_observe.h"
#include "operator/run_outcome.h"
#include "operator/run_status.h"
#include "operator/session_mesh.h"
#include "operator/session_metrics.h"
#include "operator/session_samples.h"
#include "result/repeats.h"
#include "result/series.h"
#include "result/status.h"

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

/* One entry of status.trials; 'probe' NULL: it is none. */
static struct json_object *encode_row(const struct session *session, const struct run_sight *sight, const struct gates *gates,
                                      const struct fold *fold, struct json_object *probe)
{
        struct json_object *row = doc_set_int(doc_object(), "index", session->trial);
        auto_json struct json_object *summary = status_encode_summary(fold);

        doc_set_text(row, "variant", profile_arm_name(session->profile, session->arm));
        doc_set_text(row, "outcome", doc_text(probe, "outcome"));
        if (sight->run.trial_start_wall_ms >= 0)
                doc_set_time(row, "startTime", sight->run.trial_start_wall_ms);
        doc_set_text(doc_set_text(row, "pause", sight->run.trial_pause), "pauseEnd", sight->run.trial_pause_end);
        doc_set_text(row, "validity", validity_name(gates->validity));
        doc_set_text(doc_set_text(row, "rate", doc_text(summary, "rate")), "p50", doc_text(summary, "p50"));
        return doc_set_text(doc_set_text(row, "p99", doc_text(summary, "p99")), "errorRatio", doc_text(summary, "errors"));
}

static struct json_object *encode_only_row(const struct session *session, const struct run_sight *sight, const struct gates *gates,
                                           const struct fold *fold)
{
        struct json_object *row = encode_row(session, sight, gates, fold, NULL);

        doc_set(row, "job", doc_set_text(doc_set_text(doc_object(), "name", sight->run.job_name), "uid", sight->run.job_uid));
        return doc_push(doc_array(), row);
}

static struct json_object *encode_workers(const struct session *session, const struct fold *fold, const struct run_sight *sight)
{
        struct json_object *workers = status_encode_workers(session->harvest, fold);

        if (sight->begun_wall_ms >= 0)
                doc_set_time(workers, "startAt", sight->begun_wall_ms);
        return workers;
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

/* NULL without capacity. */
static struct json_object *encode_probe(const struct session *session, const struct fold *fold, const struct gates *gates,
                                        const struct observed *observed)
{
        if (!session->profile->capacity.given)
                return NULL;
        struct capacity_step step = session_search(session).step;
        return probe_encode(fold, gates, observed, session->profile, &step);
}

/* One trial of several: what the series needs of it. */
static void keep(struct session *session, const struct run_sight *sight, const struct fold *fold, const struct gates *gates,
                 const struct estimates *estimates, const struct observed *observed)
{
        auto_json struct json_object *probe = encode_probe(session, fold, gates, observed);
        auto_json struct json_object *row = encode_row(session, sight, gates, fold, probe), *workers = encode_workers(session, fold, sight);
        auto_json struct json_object *mesh = session->profile->variants_len ? session_mesh_encode_trial(session) : NULL;
        auto_json struct json_object *explanations = session->profile->variants_len ? run_explain_trial(session, fold) : NULL;
        double rest_cores = session_samples_cpu(session, 0, session->measured_from_wall_ms - session_warmup_ms(session), false);
        int repeated = probe ? -1 : repeats_next(session->trials, session->trials_len, profile_arms(session->profile));
        if (repeated >= 0)
                doc_set_int(row, "repeats", repeated);
        const struct trial_input input = {
                .index = session->trial,
                .fold = fold,
                .gates = gates,
                .estimates = estimates,
                .observed = observed,
                .row = row,
                .workers = workers,
                .nodes = session->trial_nodes,
                .mesh = mesh,
                .rest_cores = session->trial == 0 && rest_cores >= 0 ? &rest_cores : NULL,
                .explanations = explanations,
                .probe = probe,
        };
        auto_json struct json_object *doc = trial_encode(&input);
        size_t bytes_max = PACK_RUN_BYTES_MAX / profile_trials_most(session->profile);
        auto_json struct json_object *samples =
                session_metrics_add(session, session_samples_encode(session, bytes_max / PACK_SAMPLES_PART), bytes_max / PACK_METRICS_PART);
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
        const struct gates_limits limits = gates_limits_of(profile, session->load_plan->interval_ms);
        const struct fold_span *window = fold_window(fold);
        int64_t from_wall_ms = session->measured_from_wall_ms + window->from_ms, to_wall_ms = session->measured_from_wall_ms + window->to_ms;
        struct observed observed = {0};
        if (session->measured_from_wall_ms) {
                session_samples_judge(session, from_wall_ms, to_wall_ms);
                session_mesh_judge(session, from_wall_ms, to_wall_ms);
                run_observe(session, from_wall_ms, to_wall_ms, &observed);
        }
        char pressure[CONTEXT_PRESSURE_TEXT];
        struct gates_facts facts = facts_of(session, fold, view, pressure);
        auto_free char *unmet = session_mesh_unmet(session);
        facts.placed_elsewhere = placed_elsewhere(session);
        facts.unmet = unmet;
        facts.drift = session->drift[0] ? session->drift : NULL;
        facts.unwatched = session->unwatched[0] ? session->unwatched : NULL;
        struct gates gates = gates_judge(fold, &limits, &facts);
        auto_free struct estimates *estimates = xnew(struct estimates);

        estimates_of(fold, estimates);
        if (profile_trials_most(profile) > 1) {
                keep(session, sight, fold, &gates, estimates, &observed);
                return;
        }
        auto_json struct json_object *rows = encode_only_row(session, sight, &gates, fold), *workers = encode_workers(session, fold, sight);
        outcome_conclude(session, view, sight, &(struct outcome){.fold = fold, .gates = &gates, .estimates = estimates, .observed = &observed,
                                                         .trials = estimates, .trials_len = 1, .rows = rows, .workers = workers});
}

void run_status_fold(struct session *session, const struct run_view *view, const struct run_sight *sight)
{
        struct fold *fold = fold_new(session->harvest, session->load_plan);
        bool series = profile_trials_most(session->profile) > 1;

        session->packed = true;
        if (session->context && !series)
                context_mark_after(session->context, sight->wall_ms);
        if (!fold->lost || fold->partial || series)
                judge(session, view, sight, fold);
        fold_free(fold);
}

/* ---- all trials ---- */

/* The trials that stand, in the order of their rounds. */
struct standing {
        struct json_object *docs[PROFILE_TRIALS_MAX];
        size_t len;
        struct json_object *rows; /* of all, also of those that do not */
};

static void fold_alike(struct session *session, const struct run_view *view, const struct run_sight *sight, const struct standing *standing)
{
        struct series_result result;

        if (series_merge(session->profile, session->load_plan, standing->docs, standing->len, outcome_cuts_short(sight->run.stop_reason), &result))
                outcome_conclude(session, view, sight, &(struct outcome){.fold = result.fold, .gates = &result.gates, .estimates = &result.estimates, .observed = &result.observed,
                                                                 .trials = result.trials, .trials_len = result.trials_len, .rows = standing->rows,
                                                                 .workers = result.workers, .number = PROFILE_TRIALS_MAX});
        else
                outcome_conclude_empty(session, sight, &result.gates, standing->rows);
        series_done(&result);
}

static void fold_variants(struct session *session, const struct run_view *view, const struct run_sight *sight, const struct standing *standing)
{
        auto_free struct arms *arms = xnew(struct arms);
        const struct series_result *reference = &arms->of[0].merged;

        session->load_plan = session->load_plans[0]; /* what is said of the whole is said of the reference */
        if (arms_merge(session->profile, session->load_plans, standing->docs, standing->len, outcome_cuts_short(sight->run.stop_reason), arms))
                outcome_conclude(session, view, sight, &(struct outcome){.fold = reference->fold, .gates = &arms->gates, .estimates = &reference->estimates, .observed = &reference->observed,
                                                                 .trials = reference->trials, .trials_len = reference->trials_len, .arms = arms,
                                                                 .rows = standing->rows, .workers = arms->workers, .number = PROFILE_TRIALS_MAX});
        else
                outcome_conclude_empty(session, sight, &arms->gates, standing->rows);
        arms_done(arms);
}

/* The figures are those of the rate that was found: of the probes that confirm it. */
static void fold_search(struct session *session, const struct run_view *view, const struct run_sight *sight, const struct standing *standing)
{
        struct probe_search search = session_search(session);
        struct series_result result;

        session->load_plan = session->load_plans[0];
        load_plan_set_hold(session->load_plan, search.asked.rate_rps, search.asked.lengths * session->profile->capacity.probe_ms);
        bool measured = series_merge(session->profile, session->load_plan, search.last, search.last_len, outcome_cuts_short(sight->run.stop_reason), &result);
        probe_limit(&search, &result.gates);
        if (measured)
                outcome_conclude(session, view, sight, &(struct outcome){.fold = result.fold, .gates = &result.gates, .estimates = &result.estimates, .observed = &result.observed,
                                                                 .trials = result.trials, .trials_len = result.trials_len, .rows = standing->rows,
                                                                 .workers = result.workers, .search = &search, .number = PROFILE_TRIALS_MAX});
        else
                outcome_conclude_empty(session, sight, &result.gates, standing->rows);
        series_done(&result);
}

void run_status_fold_series(struct session *session, const struct run_view *view, const struct run_sight *sight)
{
        struct standing standing = {.rows = series_encode_rows(session->trials, session->trials_len)};

        session->packed = true;
        if (session->context)
                context_mark_after(session->context, sight->wall_ms);
        standing.len = repeats_keep(session->trials, session->trials_len, profile_arms(session->profile), true, standing.docs);
        if (session->profile->capacity.given)
                fold_search(session, view, sight, &standing);
        else if (session->profile->variants_len)
                fold_variants(session, view, sight, &standing);
        else
                fold_alike(session, view, sight, &standing);
        json_object_put(standing.rows);
}
