/* SPDX-License-Identifier: Apache-2.0 */
#include "result/gates.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "data/doc.h"
#include "result/steadiness.h"
#include "data/unit.h"

#define FAR_OVER 10

const char *validity_name(enum validity validity)
{
        static const char *const names[] = {"Unknown", "Valid", "Limited", "Invalid"};
        return names[validity];
}

const char *gates_reason_name(enum gates_reason_kind kind)
{
        static const char *const names[GATES_REASONS] = {
                [GATES_RESULTS_LOST] = "ResultsLost",
                [GATES_DUPLICATE_WORKER] = "DuplicateWorker",
                [GATES_DIGEST_MISMATCH] = "DigestMismatch",
                [GATES_NO_REQUESTS] = "NoRequests",
                [GATES_REQUIREMENT_UNMET] = "RequirementUnmet",
                [GATES_VARIANT_REVERTED] = "VariantReverted",
                [GATES_VARIANT_UNWATCHED] = "VariantUnwatched",
                [GATES_PACING_LATE] = "PacingLate",
                [GATES_GENERATOR_BUSY] = "GeneratorBusy",
                [GATES_GENERATOR_LIMIT] = "GeneratorLimit",
                [GATES_GENERATOR_THROTTLED] = "GeneratorThrottled",
                [GATES_CPU_STOLEN] = "CPUStolen",
                [GATES_NODE_PRESSURE] = "NodePressure",
                [GATES_WORKERS_LOST] = "WorkersLost",
                [GATES_WORKER_FAILED] = "WorkerFailed",
                [GATES_REDUCED_PRECISION] = "ReducedPrecision",
                [GATES_PARTIAL] = "Partial",
                [GATES_TRIALS_LEFT_OUT] = "TrialsLeftOut",
                [GATES_PLACED_ELSEWHERE] = "PlacedElsewhere",
                [GATES_SHORT_WINDOW] = "ShortWindow",
                [GATES_UNSETTLED] = "Unsettled",
                [GATES_UNSTEADY] = "Unsteady",
                [GATES_CLOCK_UNSYNCHRONISED] = "ClockUnsynchronised",
                [GATES_START_SKEW] = "StartSkew",
                [GATES_CLOCK_STEPPED] = "ClockStepped",
                [GATES_STARTED_LATE] = "StartedLate",
                [GATES_VALUE_CLAMPED] = "ValueClamped",
                [GATES_TARGET_RESTARTED] = "TargetRestarted",
                [GATES_TARGET_ROLLED_OUT] = "TargetRolledOut",
                [GATES_TARGET_SCALED] = "TargetScaled",
                [GATES_TARGET_REPLACED] = "TargetReplaced",
                [GATES_ENDPOINTS_IDLE] = "EndpointsIdle",
        };
        return names[kind];
}

struct gates_limits gates_limits_of(const struct profile *profile, int64_t interval_ms)
{
        return (struct gates_limits){
                .pacing_ns = profile->pacing_lateness_ns,
                .cpu_ratio = profile->generator_cpu,
                .throttled_ratio = profile->throttled,
                .stolen_ratio = profile->stolen,
                .window_ms = profile->min_window_ms,
                .interval_ms = interval_ms,
        };
}

__attribute__((format(printf, 4, 5))) static void add(struct gates *gates, enum gates_reason_kind kind,
                                                      enum validity makes, const char *format, ...)
{
        struct gates_reason *reason = &gates->reasons[gates->len++];
        va_list list;

        assert(gates->len <= GATES_REASONS);
        reason->kind = kind;
        reason->makes = makes;
        va_start(list, format);
        vsnprintf(reason->text, sizeof reason->text, format, list);
        va_end(list);
        text_scrub(reason->text);
        if (gates->validity < makes)
                gates->validity = makes;
}

static enum validity by_distance(double value, double limit)
{
        return value > FAR_OVER * limit ? VALIDITY_INVALID : VALIDITY_LIMITED;
}

static void judge_records(struct gates *gates, const struct fold *fold)
{
        if (fold->lost)
                add(gates, GATES_RESULTS_LOST, VALIDITY_INVALID, "none of %u workers left a result (%s)", fold->workers,
                    fold->lost_text);
        if (fold->tainted)
                add(gates, GATES_DUPLICATE_WORKER, VALIDITY_INVALID,
                    "more than one pod sent load as the same worker, or under another run's name");
        if (fold->mismatch)
                add(gates, GATES_DIGEST_MISMATCH, VALIDITY_INVALID,
                    "a worker's log and its termination message contradict each other");
        if (!fold->lost && fold->whole.counters.done == 0)
                add(gates, GATES_NO_REQUESTS, VALIDITY_INVALID, "no request was completed, of %llu that were due",
                    (unsigned long long)fold->whole.counters.offered);
}

static void judge_generator(struct gates *gates, const struct fold *fold, const struct gates_limits *limits)
{
        char value[UNIT_TEXT_MAX], limit[UNIT_TEXT_MAX];

        if (fold->pacing_p99_ns > limits->pacing_ns) {
                unit_format_latency(fold->pacing_p99_ns, value);
                unit_format_latency(limits->pacing_ns, limit);
                add(gates, GATES_PACING_LATE, by_distance((double)fold->pacing_p99_ns, (double)limits->pacing_ns),
                    "the generator sent late: p99 %s, limit %s", value, limit);
        }
        if (fold->cpu_ratio_max > limits->cpu_ratio) {
                unit_format_percent(fold->cpu_ratio_max, value);
                unit_format_percent(limits->cpu_ratio, limit);
                add(gates, GATES_GENERATOR_BUSY, VALIDITY_LIMITED, "the busiest worker used %s of its CPU, limit %s", value,
                    limit);
        }
        if (fold->limit == LOAD_LIMIT_CLIENT) {
                unit_format_percent(fold->limit_ratio, value);
                add(gates, GATES_GENERATOR_LIMIT, VALIDITY_LIMITED, "the generator was the limit, not the target, for %s of the time: "
                                                                    "%s; give it more CPU or more workers",
                    value, fold->closed ? "the rate is what it can send" : "it sent late or was throttled");
        }
        if (fold->throttled_ratio_max > limits->throttled_ratio) {
                unit_format_percent(fold->throttled_ratio_max, value);
                unit_format_percent(limits->throttled_ratio, limit);
                add(gates, GATES_GENERATOR_THROTTLED, by_distance(fold->throttled_ratio_max, limits->throttled_ratio),
                    "a worker was throttled for %s of the time, limit %s", value, limit);
        }
        if (fold->stolen_max > limits->stolen_ratio) {
                unit_format_percent(fold->stolen_max, value);
                unit_format_percent(limits->stolen_ratio, limit);
                add(gates, GATES_CPU_STOLEN, by_distance(fold->stolen_max, limits->stolen_ratio),
                    "the hypervisor took %s of the CPU time of a worker's node, limit %s", value, limit);
        }
}

static void judge_coverage(struct gates *gates, const struct fold *fold, const struct gates_facts *facts)
{
        if (!fold->lost && fold->covered < fold->workers)
                add(gates, GATES_WORKERS_LOST, VALIDITY_LIMITED, "results of %u of %u workers (%s)", fold->covered,
                    fold->workers, fold->lost_text);
        if (fold->failed > 0)
                add(gates, GATES_WORKER_FAILED, VALIDITY_LIMITED, "%u of %u workers failed before the end of the shape%s%s",
                    fold->failed, fold->workers, fold->end_text[0] ? ": " : "", fold->end_text);
        if (fold->reduced > 0)
                add(gates, GATES_REDUCED_PRECISION, VALIDITY_LIMITED,
                    "the log of %u of %u workers is incomplete: two digits, whole shape, from the termination message",
                    fold->reduced, fold->workers);
        if (fold->partial || facts->cancelled)
                add(gates, GATES_PARTIAL, VALIDITY_LIMITED, "the run was stopped before its shape ended");
        if (facts->placed_elsewhere)
                add(gates, GATES_PLACED_ELSEWHERE, VALIDITY_LIMITED, "the workers ran on other nodes than those of the first trial");
}

static void judge_window(struct gates *gates, const struct fold *fold, const struct gates_limits *limits)
{
        const struct fold_span *window = fold_window(fold);
        int64_t window_ms = window->to_ms - window->from_ms;
        char value[UNIT_TEXT_MAX], limit[UNIT_TEXT_MAX];

        if (window_ms < limits->window_ms) {
                unit_format_duration(window_ms * 1000000, value);
                unit_format_duration(limits->window_ms * 1000000, limit);
                add(gates, GATES_SHORT_WINDOW, VALIDITY_LIMITED, "the measured window is %s, wanted %s", value, limit);
        }
}

/* One state of the target, or several: never a reason to throw figures away, but what they are of has to be said. */
static void judge_steadiness(struct gates *gates, const struct fold *fold)
{
        struct steadiness steadiness = steadiness_of(fold);

        if (steadiness.known && !steadiness.settled)
                add(gates, GATES_UNSETTLED, VALIDITY_LIMITED, "the target had not settled: %.0f %% of the window would have to be left out as warm-up",
                    100 * steadiness.cut);
        if (steadiness.trend_known && !steadiness.steady)
                add(gates, GATES_UNSTEADY, VALIDITY_LIMITED, "latency drifted by %+.0f %% over the window", 100 * expm1(steadiness.drift));
}

static void judge_start(struct gates *gates, const struct fold *fold, const struct gates_limits *limits)
{
        if (fold->clocks > 1 && fold->unsynchronised > 0)
                add(gates, GATES_CLOCK_UNSYNCHRONISED, VALIDITY_LIMITED,
                    "the node's clock of %u of %u workers is not synchronised", fold->unsynchronised, fold->workers);
        if (fold->workers > 1 && fold->start_skew_us > limits->interval_ms * 1000 / 2)
                add(gates, GATES_START_SKEW, VALIDITY_LIMITED, "workers started up to %.1f ms apart, limit %.1f ms",
                    (double)fold->start_skew_us / 1e3, (double)limits->interval_ms / 2);
        /* No latency is wrong by it, but what happened meanwhile is dated by that clock. */
        if (llabs(fold->clock_shift_us) > limits->interval_ms * 1000 / 2)
                add(gates, GATES_CLOCK_STEPPED, VALIDITY_LIMITED, "a worker's wall clock was set by %.1f ms during the run, limit %.1f ms",
                    (double)fold->clock_shift_us / 1e3, (double)limits->interval_ms / 2);
        if (fold->skipped > 0)
                add(gates, GATES_STARTED_LATE, VALIDITY_LIMITED,
                    "the start came too late: %llu requests that were due before are skipped",
                    (unsigned long long)fold->skipped);
        else if (fold->deferred_ms > 0)
                add(gates, GATES_STARTED_LATE, VALIDITY_LIMITED,
                    "the start came too late: the load began %.3f s after the instant that was set for it", (double)fold->deferred_ms / 1e3);
        uint64_t clamped = (fold->whole.latency ? hist_clamped(fold->whole.latency) : 0) +
                           (fold->whole.censored ? hist_clamped(fold->whole.censored) : 0);
        if (clamped > 0)
                add(gates, GATES_VALUE_CLAMPED, VALIDITY_LIMITED, "%llu latencies are beyond one hour",
                    (unsigned long long)clamped);
}

static void judge_requirements(struct gates *gates, const struct gates_facts *facts)
{
        if (facts->unmet)
                add(gates, GATES_REQUIREMENT_UNMET, VALIDITY_INVALID, "%s", facts->unmet);
}

static void judge_variant(struct gates *gates, const struct gates_facts *facts)
{
        if (facts->drift)
                add(gates, GATES_VARIANT_REVERTED, VALIDITY_INVALID, "%s", facts->drift);
        if (facts->unwatched)
                add(gates, GATES_VARIANT_UNWATCHED, VALIDITY_LIMITED, "%s", facts->unwatched);
}

/* A connection that is kept leads where it led at the start. */
static void judge_spread(struct gates *gates, const struct fold *fold, const struct gates_facts *facts)
{
        if (facts->joined > 0 && fold->connects > 0 && fold->connects <= fold->connections)
                add(gates, GATES_ENDPOINTS_IDLE, VALIDITY_LIMITED,
                    "%u pods of the target became ready when all connections stood: without a proxy that spreads requests they got none; "
                    "set load.concurrency.reconnectAfter",
                    facts->joined);
}

static void judge_target(struct gates *gates, const struct gates_facts *facts)
{
        const struct { uint32_t count; enum gates_reason_kind kind; const char *what; } rows[] = {
                {facts->restarts, GATES_TARGET_RESTARTED, "container restarts"},
                {facts->rollouts, GATES_TARGET_ROLLED_OUT, "rollout steps"},
                {facts->scales, GATES_TARGET_SCALED, "changes of scale"},
                {facts->replacements, GATES_TARGET_REPLACED, "pods evicted or replaced"},
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
                if (rows[i].count > 0)
                        add(gates, rows[i].kind, VALIDITY_LIMITED, "%u %s of the target inside the measured window",
                            rows[i].count, rows[i].what);
}

static void judge_nodes(struct gates *gates, const struct gates_facts *facts)
{
        if (facts->pressure)
                add(gates, GATES_NODE_PRESSURE, VALIDITY_LIMITED, "a node was short of something inside the measured window: %.120s", facts->pressure);
}

static void put_invalid_first(struct gates *gates)
{
        struct gates sorted = {.validity = gates->validity};

        for (int makes = VALIDITY_INVALID; makes >= VALIDITY_LIMITED; makes--)
                for (size_t i = 0; i < gates->len; i++)
                        if ((int)gates->reasons[i].makes == makes)
                                sorted.reasons[sorted.len++] = gates->reasons[i];
        *gates = sorted;
}

struct gates gates_judge(const struct fold *fold, const struct gates_limits *limits, const struct gates_facts *facts)
{
        struct gates gates = {.validity = VALIDITY_VALID};

        judge_records(&gates, fold);
        judge_requirements(&gates, facts);
        judge_variant(&gates, facts);
        judge_generator(&gates, fold, limits);
        judge_coverage(&gates, fold, facts);
        judge_window(&gates, fold, limits);
        judge_steadiness(&gates, fold);
        judge_start(&gates, fold, limits);
        judge_nodes(&gates, facts);
        judge_target(&gates, facts);
        judge_spread(&gates, fold, facts);
        put_invalid_first(&gates);
        return gates;
}

struct json_object *gates_encode(const struct gates *gates)
{
        struct json_object *reasons = doc_array();

        for (size_t i = 0; i < gates->len; i++) {
                struct json_object *reason = doc_object();
                doc_set_text(reason, "about", "validity");
                doc_set_text(reason, "reason", gates_reason_name(gates->reasons[i].kind));
                doc_set_text(reason, "message", gates->reasons[i].text);
                doc_push(reasons, reason);
        }
        return reasons;
}
