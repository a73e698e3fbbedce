/* SPDX-License-Identifier: Apache-2.0
 *
 * From an objective's metric to the span it speaks of, from the span to a value, from value and limit to met or missed. */
#include "result/verdict.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/metric.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/unit.h"

const char *verdict_name(enum verdict verdict)
{
        static const char *const names[] = {"None", "Pass", "Fail", "Inconclusive"};
        return names[verdict];
}

/* A value in its metric's own unit: nanoseconds, a ratio, requests per second. */
struct measured {
        const char *missing; /* reason why there is none; NULL when there is one */
        bool censored;       /* worse than any limit */
        double number;
        double offered_rps;  /* of the same span, for limits in percent */
};

static struct measured missing(const char *reason)
{
        return (struct measured){.missing = reason};
}

/* ---- which span ---- */

static const struct fold_span *piece_span(const struct fold *fold, const char *label, const char **ret_missing)
{
        char *end;
        unsigned long index = strtoul(label, &end, 10);
        const struct fold_span *found = NULL;

        if (fold->reduced > 0) {
                *ret_missing = "ReducedPrecision";
                return NULL;
        }
        if (*end == '\0' && index < fold->pieces_len)
                return &fold->pieces[index].span;
        for (size_t i = 0; i < fold->pieces_len; i++) {
                if (!text_equal(label, load_piece_names[fold->pieces[i].kind]))
                        continue;
                *ret_missing = "AmbiguousPiece";
                if (found)
                        return NULL;
                found = &fold->pieces[i].span;
        }
        if (!found)
                *ret_missing = "NoSuchPiece";
        return found;
}

static const struct fold_span *request_span(const struct fold *fold, const char *label, const char **ret_missing)
{
        *ret_missing = fold->reduced > 0 ? "ReducedPrecision" : "NoSuchRequest";
        for (size_t i = 0; fold->reduced == 0 && i < fold->requests_len; i++)
                if (text_equal(label, fold->requests[i].name))
                        return &fold->requests[i].span;
        return NULL;
}

static const struct fold_span *find_span(const struct fold *fold, const struct metric *metric, const char **ret_missing)
{
        if (metric->piece[0] && metric->request[0]) {
                *ret_missing = "NotMeasured";
                return NULL;
        }
        if (metric->piece[0])
                return piece_span(fold, metric->piece, ret_missing);
        if (metric->request[0])
                return request_span(fold, metric->request, ret_missing);
        if (fold->window >= 0)
                return fold_window(fold);
        /* Of a single hold the whole shape is the window, also at reduced precision. */
        if (fold->pieces_len == 1 && fold_is_steady(&fold->pieces[0]))
                return &fold->whole;
        *ret_missing = fold->reduced > 0 ? "ReducedPrecision" : "NoHoldPiece";
        return NULL;
}

/* ---- which value ---- */

/* Connections are recorded over the whole life of the workers, whatever span is judged. */
static const struct hist *hist_of(const struct fold *fold, enum metric_family family, const struct fold_span *span)
{
        switch (family) {
        case METRIC_LATENCY:
                return span->latency;
        case METRIC_SERVICE:
                return span->service;
        case METRIC_TTFB:
                return span->ttfb;
        case METRIC_CONNECT:
                return fold->connect;
        case METRIC_HANDSHAKE:
                return fold->handshake;
        default:
                return NULL;
        }
}

static struct measured measure_time(const struct fold *fold, const struct metric *metric, const struct fold_span *span)
{
        const struct hist *ok = hist_of(fold, metric->family, span);
        const struct hist *censored = metric->family == METRIC_LATENCY ? span->censored : NULL;

        if (span->unresolved)
                return missing("ReducedPrecision");
        struct fold_value value = {0};
        switch (metric->stat) {
        case METRIC_MIN:
                value = fold_min(ok, censored, fold->timeout_ns);
                break;
        case METRIC_MEAN:
                value = fold_mean(ok, censored);
                break;
        case METRIC_QUANTILE:
                value = fold_quantile(ok, censored, metric->quantile, fold->timeout_ns);
                break;
        case METRIC_MAX:
                value = fold_max(ok, censored, fold->timeout_ns);
                break;
        case METRIC_NO_STAT:
                break;
        }
        if (!value.known)
                return missing(ok || censored ? "TooFewSamples" : "NotMeasured");
        return (struct measured){.censored = value.censored, .number = (double)value.ns};
}

static struct measured measure_ratio(uint64_t part, const struct fold_span *span)
{
        if (span->counters.done == 0)
                return missing("TooFewSamples");
        return (struct measured){.number = (double)part / (double)span->counters.done};
}

static uint64_t count_errors(const struct metric *metric, const struct record_counters *counters, bool *ret_known)
{
        *ret_known = true;
        if (!metric->class[0])
                return counters->missed + counters->censored;
        for (size_t i = 0; i < RECORD_ERRORS; i++)
                if (text_equal(metric->class, record_error_names[i]))
                        return counters->errors[i];
        *ret_known = false;
        return 0;
}

static uint64_t count_status(const struct metric *metric, const struct record_counters *counters)
{
        for (size_t i = 0; i < RECORD_STATUS_CODES_MAX && counters->statuses[i].code; i++)
                if (counters->statuses[i].code == atoi(metric->code))
                        return counters->statuses[i].count;
        return 0;
}

static struct measured measure(const struct fold *fold, const struct metric *metric)
{
        const char *why = "NotMeasured";
        const struct fold_span *span = find_span(fold, metric, &why);
        struct measured measured = {0};
        bool known = true;

        if (!span)
                return missing(why);
        switch (metric->family) {
        case METRIC_LATENCY:
        case METRIC_SERVICE:
        case METRIC_TTFB:
        case METRIC_CONNECT:
        case METRIC_HANDSHAKE:
                measured = measure_time(fold, metric, span);
                break;
        case METRIC_ERRORS_RATIO:
                measured = measure_ratio(count_errors(metric, &span->counters, &known), span);
                break;
        case METRIC_STATUS_RATIO:
                measured = measure_ratio(count_status(metric, &span->counters), span);
                break;
        case METRIC_RATE_OFFERED:
                measured = (struct measured){.number = fold_offered_rps(span)};
                break;
        case METRIC_RATE_ACHIEVED:
                measured = (struct measured){.number = fold_achieved_rps(span)};
                break;
        }
        if (!known)
                return missing("Malformed");
        measured.offered_rps = fold_offered_rps(span);
        return measured;
}

/* ---- judging one ---- */

static void format_value(const struct metric *metric, const struct measured *measured, char text[static FOLD_TEXT_MAX])
{
        struct fold_value value = {.known = !measured->missing, .censored = measured->censored};

        switch (metric->family) {
        case METRIC_LATENCY:
        case METRIC_SERVICE:
        case METRIC_TTFB:
        case METRIC_CONNECT:
        case METRIC_HANDSHAKE:
                value.ns = (int64_t)measured->number;
                fold_format(value, text);
                break;
        case METRIC_ERRORS_RATIO:
        case METRIC_STATUS_RATIO:
                unit_format_percent(measured->number, text);
                break;
        case METRIC_RATE_OFFERED:
        case METRIC_RATE_ACHIEVED:
                unit_format_rate(measured->number, text);
                break;
        }
}

/* A mean with censored requests in it is a lower bound: it can show that a limit is exceeded, never that it is kept. Any other
 * censored value is worse than every limit. */
static enum objective_state against(const struct metric *metric, const struct measured *measured, double limit,
                                    bool is_max)
{
        bool bound = measured->censored && metric->stat == METRIC_MEAN;

        if (bound && (is_max ? measured->number <= limit : measured->number < limit))
                return OBJECTIVE_UNRESOLVED;
        if (measured->censored && !bound)
                return is_max ? OBJECTIVE_MISSED : OBJECTIVE_MET;
        return (is_max ? measured->number <= limit : measured->number >= limit) ? OBJECTIVE_MET : OBJECTIVE_MISSED;
}

static void unresolved(struct objective_judged *judged, const char *reason)
{
        judged->state = OBJECTIVE_UNRESOLVED;
        judged->reason = reason;
}

/* Judges against one limit; NULL is none. Missed beats unresolved beats met. */
static void apply_limit(struct objective_judged *judged, const struct metric *metric, const struct measured *measured,
                        const char *text, bool is_max)
{
        double limit;
        bool of_offered;

        if (!text || judged->state == OBJECTIVE_MISSED)
                return;
        if (metric_parse_limit(metric, text, &limit, &of_offered, NULL)) {
                unresolved(judged, "Malformed");
                return;
        }
        if (of_offered)
                limit *= measured->offered_rps;
        switch (against(metric, measured, limit, is_max)) {
        case OBJECTIVE_MISSED:
                judged->state = OBJECTIVE_MISSED;
                judged->reason = "PointEstimate";
                break;
        case OBJECTIVE_UNRESOLVED:
                unresolved(judged, "Censored");
                break;
        case OBJECTIVE_MET:
                break;
        }
}

static const char *reason_sentence(const char *reason)
{
        static const struct { const char *reason, *text; } rows[] = {
                {"TooFewSamples", "the tail holds too few samples"},
                {"NoHoldPiece", "the shape has no hold piece; name the piece to judge"},
                {"NoSuchPiece", "the shape has no such piece"},
                {"AmbiguousPiece", "several pieces are of this kind; name one by its index"},
                {"NoSuchRequest", "no request has this name"},
                {"NotMeasured", "this was not measured"},
                {"ReducedPrecision", "the log is incomplete, and the termination message does not carry it"},
                {"Censored", "unanswered requests make it a lower bound"},
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
                if (text_equal(reason, rows[i].reason))
                        return rows[i].text;
        return "metric or limit cannot be understood";
}

static void judge_one(const struct fold *fold, const struct profile_objective *objective, struct objective_judged *judged)
{
        struct metric metric;
        struct measured measured;

        *judged = (struct objective_judged){.state = OBJECTIVE_MET, .reason = "PointEstimate"};
        snprintf(judged->metric, sizeof judged->metric, "%s", objective->metric ? objective->metric : "");
        snprintf(judged->limit, sizeof judged->limit, "%s%.24s%s%s%.24s", objective->min ? ">= " : "",
                 objective->min ? objective->min : "", objective->min && objective->max ? ", " : "",
                 objective->max ? "<= " : "", objective->max ? objective->max : "");
        snprintf(judged->value, sizeof judged->value, "-");
        if (metric_parse(objective->metric, &metric, NULL)) {
                unresolved(judged, "Malformed");
        } else {
                measured = measure(fold, &metric);
                if (measured.missing) {
                        unresolved(judged, measured.missing);
                } else {
                        format_value(&metric, &measured, judged->value);
                        apply_limit(judged, &metric, &measured, objective->max, true);
                        apply_limit(judged, &metric, &measured, objective->min, false);
                }
        }
        if (judged->state == OBJECTIVE_UNRESOLVED)
                snprintf(judged->text, sizeof judged->text, "%.60s is unresolved: %s", judged->metric,
                         reason_sentence(judged->reason));
        else
                snprintf(judged->text, sizeof judged->text, "%.60s is %s, limit %.50s", judged->metric, judged->value,
                         judged->limit);
        text_scrub(judged->metric);
        text_scrub(judged->limit);
        text_scrub(judged->text);
}

static const struct objective_judged *first_in(const struct verdict_judged *judged, enum objective_state state)
{
        for (size_t i = 0; i < judged->len; i++)
                if (judged->objectives[i].state == state)
                        return &judged->objectives[i];
        return NULL;
}

static void decide(struct verdict_judged *judged, enum verdict verdict, const char *reason, const char *text)
{
        judged->verdict = verdict;
        judged->reason = reason;
        snprintf(judged->text, sizeof judged->text, "%s", text);
}

/* The target could not stand what it was asked to: that is a finding about it, whatever the objectives say of the time before. */
static void decide_braked(const struct fold *fold, struct verdict_judged *judged)
{
        char text[sizeof judged->text];

        snprintf(text, sizeof text, "the brake stopped %u of %u workers%s%s", fold->braked, fold->workers, fold->end_text[0] ? ": " : "",
                 fold->end_text);
        decide(judged, VERDICT_FAIL, "Brake", text);
}

void verdict_judge(const struct fold *fold, const struct gates *gates, const struct profile_objective *objectives,
                   size_t len, struct verdict_judged *ret_judged)
{
        const struct record_counters *counters = &fold->whole.counters;
        const struct objective_judged *missed, *open;

        assert(len <= PROFILE_OBJECTIVES_MAX);
        ret_judged->len = len;
        for (size_t i = 0; i < len; i++)
                judge_one(fold, &objectives[i], &ret_judged->objectives[i]);
        missed = first_in(ret_judged, OBJECTIVE_MISSED);
        open = first_in(ret_judged, OBJECTIVE_UNRESOLVED);

        if (gates->validity == VALIDITY_INVALID || gates->validity == VALIDITY_UNKNOWN)
                decide(ret_judged, VERDICT_NONE, "NotValid", "the result is not valid");
        else if (fold->braked > 0)
                decide_braked(fold, ret_judged);
        else if (counters->done > 0 && counters->ok == 0)
                decide(ret_judged, VERDICT_FAIL, "NothingSucceeded", "not a single request succeeded");
        else if (missed)
                decide(ret_judged, VERDICT_FAIL, "ObjectiveMissed", missed->text);
        else if (open)
                decide(ret_judged, VERDICT_INCONCLUSIVE, "ObjectiveUnresolved", open->text);
        else if (len == 0)
                decide(ret_judged, VERDICT_NONE, "NothingToJudge", "the profile has no objectives");
        else
                decide(ret_judged, VERDICT_PASS, "ObjectivesMet", len == 1 ? "the objective is met" : "all objectives are met");
}

struct json_object *verdict_encode_objectives(const struct verdict_judged *judged)
{
        static const char *const states[] = {"True", "False", "Unknown"};
        struct json_object *list = doc_array();

        for (size_t i = 0; i < judged->len; i++) {
                const struct objective_judged *one = &judged->objectives[i];
                struct json_object *object = doc_object();
                doc_set_text(object, "metric", one->metric);
                doc_set_text(object, "limit", one->limit);
                doc_set_text(object, "value", one->value);
                doc_set_text(object, "met", states[one->state]);
                doc_set_text(object, "reason", one->reason);
                doc_set_text(object, "message", one->text);
                doc_push(list, object);
        }
        return list;
}

struct json_object *verdict_encode_reason(const struct verdict_judged *judged)
{
        struct json_object *reason = doc_set_text(doc_object(), "about", "verdict");

        doc_set_text(reason, "reason", judged->reason);
        return doc_set_text(reason, "message", judged->text);
}
