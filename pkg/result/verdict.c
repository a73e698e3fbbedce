/* SPDX-License-Identifier: Apache-2.0
 *
 * From an objective's value and limit to met or missed, and from all of them to the verdict. */
#include "result/verdict.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "api/metric.h"
#include "base/text.h"
#include "data/doc.h"
#include "result/measure.h"

const char *verdict_name(enum verdict verdict)
{
        static const char *const names[] = {"None", "Pass", "Fail", "Inconclusive"};
        return names[verdict];
}

/* ---- judging one ---- */

/* A lower bound can show that a limit is exceeded, never that it is kept. Any other censored value is worse than every limit. */
static enum objective_state against(const struct measured *measured, double limit, bool is_max)
{
        bool bound = measured->bound != NULL;

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

/* On which side of the limit the interval lies. */
static enum objective_state interval_against(const struct estimate *estimate, double limit, bool is_max)
{
        double worst = is_max ? estimate->high : estimate->low, best = is_max ? estimate->low : estimate->high;
        bool worst_open = is_max && estimate->high_open, best_open = !is_max && estimate->high_open;

        if (!worst_open && (is_max ? worst <= limit : worst >= limit))
                return OBJECTIVE_MET;
        if (!best_open && (is_max ? best > limit : best < limit))
                return OBJECTIVE_MISSED;
        return OBJECTIVE_UNRESOLVED;
}

/* Judges against one limit; NULL is none. Missed beats unresolved beats met. 'estimate' NULL: there is no interval. */
static void apply_limit(struct objective_judged *judged, const struct metric *metric, const struct measured *measured,
                        const struct estimate *estimate, const char *text, bool is_max)
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
        bool interval = estimate && !of_offered;
        switch (interval ? interval_against(estimate, limit, is_max) : against(measured, limit, is_max)) {
        case OBJECTIVE_MISSED:
                judged->state = OBJECTIVE_MISSED;
                judged->reason = interval ? "Interval" : "PointEstimate";
                break;
        case OBJECTIVE_UNRESOLVED:
                unresolved(judged, interval ? "AcrossLimit" : measured->bound);
                break;
        case OBJECTIVE_MET:
                if (interval && judged->state == OBJECTIVE_MET)
                        judged->reason = "Interval";
                break;
        }
}

static const char *reason_sentence(const char *reason)
{
        static const struct { const char *reason, *text; } rows[] = {
                {"AcrossLimit", "the limit lies inside its interval: only a longer run can tell"},
                {"TooFewSamples", "the tail holds too few samples"},
                {"NoHoldPiece", "the shape has no hold piece; name the piece to judge"},
                {"NoSuchPiece", "the shape has no such piece"},
                {"AmbiguousPiece", "several pieces are of this kind; name one by its index"},
                {"NoSuchRequest", "no request has this name"},
                {"NotMeasured", "this was not measured"},
                {"ReducedPrecision", "the log is incomplete, and the termination message does not carry it"},
                {"Censored", "unanswered requests make it a lower bound"},
                {"NotSampled", "nothing told of it; context.samples says what was asked"},
                {"SampledInParts", "what was seen covers too little of the time"},
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
                if (text_equal(reason, rows[i].reason))
                        return rows[i].text;
        return "metric or limit cannot be understood";
}

/* The interval of a metric without labels, NULL when there is none. */
static const struct estimate *interval_of(const struct estimates *estimates, const char *metric)
{
        const struct estimate *estimate = estimates && comparable_find(metric) ? estimates_find(estimates, metric) : NULL;

        return estimate && estimate->se > 0 ? estimate : NULL;
}

static void put_text(const char *variant, const struct metric *metric, const struct estimate *estimate, struct objective_judged *judged)
{
        char who[PROFILE_VARIANT_NAME_MAX + 8] = "";
        char low[FOLD_TEXT_MAX], high[FOLD_TEXT_MAX], interval[3 * FOLD_TEXT_MAX] = "";

        if (estimate && (text_equal(judged->reason, "Interval") || text_equal(judged->reason, "AcrossLimit"))) {
                measure_format(metric, &(struct measured){.number = estimate->low}, low);
                measure_format(metric, &(struct measured){.number = estimate->high}, high);
                snprintf(interval, sizeof interval, " (%s%s%s)", low, estimate->high_open ? " and more" : " to ",
                         estimate->high_open ? "" : high);
        }
        if (variant)
                snprintf(who, sizeof who, "%.*s: ", PROFILE_VARIANT_NAME_MAX, variant);
        if (judged->state != OBJECTIVE_UNRESOLVED)
                snprintf(judged->text, sizeof judged->text, "%s%.60s is %s%s, limit %.50s", who, judged->metric, judged->value, interval, judged->limit);
        else if (interval[0])
                snprintf(judged->text, sizeof judged->text, "%s%.40s is %s%s, limit %.40s, which lies inside that interval", who, judged->metric,
                         judged->value, interval, judged->limit);
        else
                snprintf(judged->text, sizeof judged->text, "%s%.60s is unresolved: %s", who, judged->metric, reason_sentence(judged->reason));
}

static void judge_one(const struct verdict_arm *arm, const struct profile_objective *objective, struct objective_judged *judged)
{
        const struct estimate *estimate = NULL;
        struct metric metric = {0};
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
                measured = metric_is_observed(&metric) ? measure_observed(arm->observed, &metric) : measure_metric(arm->fold, &metric);
                if (measured.missing) {
                        unresolved(judged, measured.missing);
                } else {
                        estimate = interval_of(arm->estimates, objective->metric);
                        measure_format(&metric, &measured, judged->value);
                        apply_limit(judged, &metric, &measured, estimate, objective->max, true);
                        apply_limit(judged, &metric, &measured, estimate, objective->min, false);
                }
        }
        put_text(arm->name, &metric, estimate, judged);
        text_scrub(judged->metric);
        text_scrub(judged->limit);
        text_scrub(judged->text);
}

/* In every arm; the first of those in which it fares worst is told. */
static void judge_arms(const struct verdict_case *case_of, const struct profile_objective *objective, struct objective_judged *judged)
{
        static const int gravity[] = {[OBJECTIVE_MET] = 0, [OBJECTIVE_UNRESOLVED] = 1, [OBJECTIVE_MISSED] = 2};
        const struct verdict_arm only = {.fold = case_of->fold, .estimates = case_of->estimates, .observed = case_of->observed};

        judge_one(case_of->arms_len ? &case_of->arms[0] : &only, objective, judged);
        for (size_t i = 1; i < case_of->arms_len; i++) {
                struct objective_judged other;
                judge_one(&case_of->arms[i], objective, &other);
                if (gravity[other.state] > gravity[judged->state])
                        *judged = other;
        }
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

/* ---- all of it ---- */

struct standing {
        const struct verdict_case *of;
        const struct objective_judged *missed, *open;
        bool comparison;                              /* there is one that counts */
        bool worse, replicated, undecided;
};

static struct standing stand(const struct verdict_case *case_of, const struct verdict_judged *judged)
{
        const struct compared *compared = case_of->compared;
        struct standing standing = {
                .of = case_of,
                .missed = first_in(judged, OBJECTIVE_MISSED),
                .open = first_in(judged, OBJECTIVE_UNRESOLVED),
                .comparison = compared && !compared->first,
        };

        if (!standing.comparison)
                return standing;
        standing.worse = !compared->problem && compared->word == COMPARISON_WORSE;
        standing.replicated = compared->strength != COMPARE_INDICATIVE;
        standing.undecided = compared->problem || compared->word == COMPARISON_INCONCLUSIVE;
        return standing;
}

static bool nothing_succeeded(const struct fold *fold)
{
        return fold->whole.counters.done > 0 && fold->whole.counters.ok == 0;
}

/* Of a run with variants the first of them that is so. */
static bool decide_failed(const struct verdict_case *case_of, struct verdict_judged *judged)
{
        char text[sizeof judged->text] = "not a single request succeeded";
        bool failed = nothing_succeeded(case_of->fold);

        for (size_t i = 0; i < case_of->arms_len; i++)
                if (nothing_succeeded(case_of->arms[i].fold)) {
                        snprintf(text, sizeof text, "%s: not a single request succeeded", case_of->arms[i].name);
                        failed = true;
                        break;
                }
        if (failed)
                decide(judged, VERDICT_FAIL, "NothingSucceeded", text);
        return failed;
}

/* A fold in which a brake was pulled; NULL: none was. */
static const struct fold *braked_fold(const struct verdict_case *case_of)
{
        const struct fold *braked = case_of->fold->braked > 0 ? case_of->fold : NULL;

        for (size_t i = 0; i < case_of->arms_len && !braked; i++)
                if (case_of->arms[i].fold->braked > 0)
                        braked = case_of->arms[i].fold;
        return braked;
}

/* From the first missed objective on; what comes before it is no matter of figures. */
static void decide_by_figures(const struct standing *standing, struct verdict_judged *judged)
{
        const struct verdict_case *of = standing->of;
        bool fails = standing->worse && !of->warn_only;

        if (standing->missed)
                decide(judged, VERDICT_FAIL, "ObjectiveMissed", standing->missed->text);
        else if (fails && standing->replicated)
                decide(judged, VERDICT_FAIL, "Regression", of->compared->text);
        else if (standing->open)
                decide(judged, VERDICT_INCONCLUSIVE, "ObjectiveUnresolved", standing->open->text);
        else if (fails)
                decide(judged, VERDICT_INCONCLUSIVE, "RegressionUnconfirmed", of->compared->text);
        else if (standing->undecided)
                decide(judged, VERDICT_INCONCLUSIVE, "ComparisonInconclusive", of->compared->text);
        else if (of->len == 0 && !standing->comparison)
                decide(judged, VERDICT_NONE, "NothingToJudge", "the profile has no objectives");
        else if (standing->worse)
                decide(judged, VERDICT_PASS, "RegressionTolerated", of->compared->text);
        else if (of->len == 0)
                decide(judged, VERDICT_PASS, "NoRegression", of->compared->text);
        else
                decide(judged, VERDICT_PASS, "ObjectivesMet", of->len == 1 ? "the objective is met" : "all objectives are met");
}

void verdict_judge(const struct verdict_case *case_of, struct verdict_judged *ret_judged)
{
        const struct gates *gates = case_of->gates;

        assert(case_of->len <= PROFILE_OBJECTIVES_MAX);
        ret_judged->len = case_of->len;
        for (size_t i = 0; i < case_of->len; i++)
                judge_arms(case_of, &case_of->objectives[i], &ret_judged->objectives[i]);
        struct standing standing = stand(case_of, ret_judged);

        if (gates->validity == VALIDITY_INVALID || gates->validity == VALIDITY_UNKNOWN)
                decide(ret_judged, VERDICT_NONE, "NotValid", "the result is not valid");
        else if (braked_fold(case_of))
                decide_braked(braked_fold(case_of), ret_judged);
        else if (!decide_failed(case_of, ret_judged))
                decide_by_figures(&standing, ret_judged);
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
