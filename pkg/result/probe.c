/* SPDX-License-Identifier: Apache-2.0 */
#include "result/probe.h"

#include <math.h>
#include <stdio.h>

#include "api/metric.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "result/verdict.h"

#define PARTS 10
#define ACHIEVED 0.99

const char *const probe_outcomes[] = {[CAPACITY_HELD] = "held", [CAPACITY_LIKELY] = "likely", [CAPACITY_UNLIKELY] = "unlikely", [CAPACITY_FAILED] = "failed"};

/* ---- a probe in tenths ---- */

struct part {
        double done, answered, bad, offered, waiting_ms, ms;
        const struct harvest_point *points[HARVEST_POINTS_MAX];
        size_t len;
};

struct parts {
        struct part of[PARTS];
        bool known;
};

static void take_point(struct part *part, const struct harvest_point *point)
{
        const struct record_counters *counters = &point->counters;

        part->points[part->len++] = point;
        part->done += (double)counters->done;
        part->answered += (double)(counters->ok + counters->missed);
        part->bad += (double)(counters->missed + counters->censored);
        part->offered += (double)counters->offered;
        part->waiting_ms += (double)(point->in_flight_ms + point->backlog_ms);
        part->ms += (double)(point->to_ms - point->from_ms);
}

/* As far as the points of time tell of the window; a point belongs to the part that holds its middle. */
static struct parts *cut(const struct fold *fold)
{
        const struct fold_span *span = fold_window(fold);
        int64_t window_ms = span->to_ms - span->from_ms;
        struct parts *parts = xnew(struct parts);

        if (fold->window < 0 || fold->reduced > 0 || fold->covered < fold->workers || fold->partial || window_ms <= 0)
                return parts;
        for (size_t i = 0; i < fold->points_len && i < HARVEST_POINTS_MAX; i++) {
                const struct harvest_point *point = &fold->points[i];
                if (point->from_ms >= span->from_ms && point->to_ms <= span->to_ms)
                        take_point(&parts->of[((point->from_ms + point->to_ms) / 2 - span->from_ms) * PARTS / window_ms], point);
        }
        parts->known = true;
        for (size_t i = 0; i < PARTS; i++)
                parts->known = parts->known && parts->of[i].ms > 0 && parts->of[i].offered > 0;
        return parts;
}

static double beyond(const struct part *part, int64_t limit_ns)
{
        double count = 0;

        for (size_t i = 0; i < part->len; i++) {
                const struct hist *latency = part->points[i]->latency, *censored = part->points[i]->censored;
                uint32_t at = 0;
                int64_t value_ns;
                uint64_t values;
                while (latency && hist_next(latency, &at, &value_ns, &values))
                        count += value_ns > limit_ns ? (double)values : 0;
                count += censored ? (double)hist_count(censored) : 0;
        }
        return count;
}

/* ---- what it was asked ---- */

struct judged {
        enum capacity_outcome outcome;
        char limited_by[128], text[OBJECTIVE_TEXT_MAX + 64];
};

/* Of what did not hold the worst, and of equals the first. */
static void note(struct judged *judged, enum capacity_outcome outcome, const char *limited_by, const char *text)
{
        if (outcome <= judged->outcome)
                return;
        judged->outcome = outcome;
        snprintf(judged->limited_by, sizeof judged->limited_by, "%s", limited_by);
        snprintf(judged->text, sizeof judged->text, "%s", text);
}

struct shares {
        double of[PARTS], allowed;
        bool of_requests; /* each of them is good or bad by itself */
};

/* The shares that an objective allows, part by part. False: it is none of the kind. */
static bool shares_of(const struct parts *parts, const struct profile_objective *objective, struct shares *ret_shares)
{
        struct metric metric;
        double limit;
        bool of_offered = false, maximum = objective->max && !objective->min;
        const char *text = maximum ? objective->max : objective->min;

        if (!parts->known || (objective->max && objective->min) || metric_parse(objective->metric, &metric, NULL) ||
            metric_parse_limit(&metric, text, &limit, &of_offered, NULL) || metric.request[0] || metric.class[0])
                return false;
        bool late = metric.family == METRIC_LATENCY && metric.stat == METRIC_QUANTILE && maximum;
        bool wrong = metric.family == METRIC_ERRORS_RATIO && maximum;
        bool fewer = metric.family == METRIC_RATE_ACHIEVED && of_offered && !maximum;
        for (size_t i = 0; i < PARTS; i++) {
                const struct part *part = &parts->of[i];
                double *share = &ret_shares->of[i];
                if (late)
                        *share = part->done > 0 ? fmin(beyond(part, llround(limit)) / part->done, 1) : 1;
                else if (wrong)
                        *share = part->done > 0 ? part->bad / part->done : 1;
                else
                        *share = 1 - part->answered / part->offered;
        }
        ret_shares->of_requests = !fewer;
        ret_shares->allowed = late ? 1 - metric.quantile : wrong ? limit : 1 - limit;
        return late || wrong || fewer;
}

/* What is answered of a rate wavers from tenth to tenth by what is on its way, which comes to nothing in the whole: where its value is good it is. The
 * first tenth answers none of what was on its way before it, since the warm-up does not count. */
static void judge_shares(const struct fold *fold, const struct shares *shares, enum capacity_outcome *outcome)
{
        if (shares->of_requests) {
                capacity_judge(shares->of, PARTS, fold_window(fold)->counters.offered, shares->allowed, outcome);
                return;
        }
        capacity_judge(shares->of + 1, PARTS - 1, 0, shares->allowed, outcome);
        if (*outcome == CAPACITY_LIKELY)
                *outcome = CAPACITY_HELD;
}

/* A percentile of too few requests has no value to tell, and its share has. */
static char *tell(const struct objective_judged *value, const struct shares *shares)
{
        double share = 0;

        if (!text_equal(value->value, "-") || !shares || !shares->of_requests)
                return xasprintf("%.60s was %.24s, limit %.50s", value->metric, value->value, value->limit);
        for (size_t i = 0; i < PARTS; i++)
                share += shares->of[i] / PARTS;
        return xasprintf("%.60s %.50s was exceeded by %.1f %% of the requests", value->metric, value->limit, 100 * share);
}

static enum capacity_outcome outcome_of(enum objective_state state)
{
        return state == OBJECTIVE_MET ? CAPACITY_HELD : state == OBJECTIVE_MISSED ? CAPACITY_FAILED : CAPACITY_UNLIKELY;
}

static void judge_objectives(const struct verdict_case *question, const struct profile *profile, const struct parts *parts, struct judged *judged)
{
        auto_free struct verdict_judged *values = xnew(struct verdict_judged);
        struct shares shares;

        verdict_judge(question, values);
        for (size_t i = 0; i < values->len; i++) {
                const struct objective_judged *value = &values->objectives[i];
                enum capacity_outcome outcome = outcome_of(value->state);
                bool known = shares_of(parts, &profile->objectives[i], &shares);
                auto_free char *text = tell(value, known ? &shares : NULL);
                if (known)
                        judge_shares(question->fold, &shares, &outcome);
                note(judged, outcome, value->metric, text);
        }
}

/* What every search asks, whatever the objectives. */
static void judge_rate(const struct fold *fold, const struct parts *parts, struct judged *judged)
{
        static const struct profile_objective achieved = {"rate.achieved", "99%", NULL};
        const struct fold_span *span = fold_window(fold);
        double offered_rps = fold_offered_rps(span), achieved_rps = fold_achieved_rps(span), waiting[PARTS];
        struct shares shares;
        enum capacity_outcome outcome = achieved_rps >= ACHIEVED * offered_rps ? CAPACITY_HELD : CAPACITY_FAILED;
        auto_free char *text = xasprintf("less than 99 %% of %.1f/s were answered while the rate was held", offered_rps);

        if (shares_of(parts, &achieved, &shares))
                judge_shares(fold, &shares, &outcome);
        note(judged, outcome, "rate.achieved", text);
        if (!parts->known)
                return;
        for (size_t i = 0; i < PARTS; i++)
                waiting[i] = parts->of[i].waiting_ms / parts->of[i].ms;
        if (capacity_grows(waiting, PARTS, fmax((double)span->counters.offered, 1))) {
                auto_free char *grows = xasprintf("more and more requests waited, %.0f at the end", waiting[PARTS - 1]);
                note(judged, CAPACITY_UNLIKELY, "backlog", grows);
        }
}

/* The generator was busy with itself: what it sent says nothing about the target. */
static bool is_generators(const struct gates *gates)
{
        for (size_t i = 0; i < gates->len; i++)
                if (gates->reasons[i].kind >= GATES_PACING_LATE && gates->reasons[i].kind <= GATES_CPU_STOLEN)
                        return true;
        return false;
}

struct json_object *probe_encode(const struct fold *fold, const struct gates *gates, const struct observed *observed, const struct profile *profile,
                                 const struct capacity_step *step)
{
        const struct verdict_case question = {.fold = fold, .gates = gates, .observed = observed, .objectives = profile->objectives,
                                              .len = profile->objectives_len};
        auto_free struct parts *parts = cut(fold);
        struct judged judged = {.outcome = CAPACITY_HELD};
        struct json_object *out = doc_set(doc_object(), "rate", json_object_new_double(step->rate_rps));

        judge_objectives(&question, profile, parts, &judged);
        judge_rate(fold, parts, &judged);
        if (fold->braked > 0)
                note(&judged, CAPACITY_FAILED, "errors.ratio", "limits.brake stopped the probe");
        if (judged.outcome != CAPACITY_HELD && is_generators(gates))
                snprintf(judged.limited_by, sizeof judged.limited_by, "generator");
        if (gates->validity == VALIDITY_INVALID || gates->validity == VALIDITY_UNKNOWN) {
                judged = (struct judged){.outcome = CAPACITY_HELD};
                note(&judged, CAPACITY_FAILED, is_generators(gates) ? "generator" : gates->len > 0 ? gates_reason_name(gates->reasons[0].kind) : "Unknown",
                     gates->len > 0 ? gates->reasons[0].text : "nothing is known of it");
        }
        doc_set_text(doc_set_int(out, "lengths", step->lengths), "outcome", probe_outcomes[judged.outcome]);
        if (judged.outcome != CAPACITY_HELD)
                doc_set_text(doc_set_text(out, "limitedBy", judged.limited_by), "text", judged.text);
        return out;
}
