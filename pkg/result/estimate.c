/* SPDX-License-Identifier: Apache-2.0 */
#include "result/estimate.h"

#include <assert.h>
#include <math.h>

#include "api/metric.h"
#include "base/text.h"
#include "data/doc.h"
#include "result/measure.h"
#include "stat/dist.h"
#include "stat/moments.h"
#include "stat/section.h"

#define CONFIDENCE 0.95
#define TAIL_FROM 0.99 /* from here on a limit may be open, and is told as such */

/* ---- the window in sections ---- */

/* One tenth of the window, as far as the points of time tell of it. A request without an answer is worse than any number: it stands
 * at the end of the histogram. */
struct sections {
        struct hist *of[SECTION_LEN], *whole;
        double rate_rps[SECTION_LEN], errors[SECTION_LEN]; /* errors: share of what was done */
        bool known;
};

static void sections_done(struct sections *sections)
{
        for (size_t i = 0; i < SECTION_LEN; i++)
                hist_free(sections->of[i]);
        hist_free(sections->whole);
}

static bool has_sections(const struct fold *fold, const struct fold_span *span)
{
        bool long_enough = span->to_ms - span->from_ms >= SECTION_LEN * SECTION_SECONDS_MIN * 1000;

        return fold->window >= 0 && fold->reduced == 0 && fold->covered == fold->workers && !fold->partial && long_enough;
}

static void count_point(struct hist *into, const struct harvest_point *point)
{
        if (point->latency)
                hist_add(into, point->latency);
        if (point->censored)
                hist_record_many(into, HIST_VALUE_MAX_NS, hist_count(point->censored));
}

/* A point belongs to the section that holds its middle; one that reaches out of the window belongs to none. */
static int section_of(const struct fold_span *span, const struct harvest_point *point)
{
        if (point->from_ms < span->from_ms || point->to_ms > span->to_ms)
                return -1;
        int64_t middle_ms = (point->from_ms + point->to_ms) / 2 - span->from_ms;
        return (int)(middle_ms * SECTION_LEN / (span->to_ms - span->from_ms));
}

static void cut(const struct fold *fold, const struct fold_span *span, struct sections *sections)
{
        uint64_t done[SECTION_LEN] = {0}, answered[SECTION_LEN] = {0}, bad[SECTION_LEN] = {0};
        int64_t ms[SECTION_LEN] = {0};

        for (size_t i = 0; i < SECTION_LEN; i++)
                sections->of[i] = hist_new(2);
        sections->whole = hist_new(2);
        for (size_t i = 0; i < fold->points_len; i++) {
                const struct harvest_point *point = &fold->points[i];
                const struct record_counters *counters = &point->counters;
                int at = section_of(span, point);
                if (at < 0 || at >= SECTION_LEN)
                        continue;
                count_point(sections->of[at], point);
                done[at] += counters->done;
                answered[at] += counters->ok + counters->missed;
                bad[at] += counters->missed + counters->censored;
                ms[at] += point->to_ms - point->from_ms;
        }
        sections->known = true;
        for (size_t i = 0; i < SECTION_LEN; i++) {
                hist_add(sections->whole, sections->of[i]);
                sections->known = sections->known && ms[i] > 0 && done[i] > 0;
                if (!sections->known)
                        return;
                sections->rate_rps[i] = (double)answered[i] * 1000 / (double)ms[i];
                sections->errors[i] = (double)bad[i] / (double)done[i];
        }
}

/* ---- intervals ---- */

static void set_interval(struct estimate *estimate, const struct section_value *value)
{
        estimate->se = value->se;
        estimate->df = value->df;
        estimate->low = estimate->value * value->low_ns / value->value_ns;
        estimate->high = estimate->value * value->high_ns / value->value_ns;
}

static void know_quantile(struct estimate *estimate, const struct sections *sections, double q)
{
        const struct hist *const *of = (const struct hist *const *)sections->of;
        struct section_value value, tail;

        if (section_quantile(sections->whole, of, SECTION_LEN, q, CONFIDENCE, &value))
                return;
        set_interval(estimate, &value);
        if (q < TAIL_FROM || section_tail(sections->whole, of, SECTION_LEN, q, CONFIDENCE, &tail))
                return;
        /* The wider of the two: sections of a busy queue agree too well about a tail. */
        estimate->low = fmin(estimate->low, estimate->value * tail.low_ns / tail.value_ns);
        estimate->high = fmax(estimate->high, estimate->value * tail.high_ns / tail.value_ns);
        estimate->high_open = tail.high_open;
}

static void know_values(struct estimate *estimate, const double *parts, double rounding)
{
        struct section_value value;

        if (!section_values(estimate->value, parts, SECTION_LEN, rounding, CONFIDENCE, &value))
                set_interval(estimate, &value);
}

static void know_mean(struct estimate *estimate, const struct sections *sections)
{
        double parts[SECTION_LEN];

        for (size_t i = 0; i < SECTION_LEN; i++)
                parts[i] = hist_mean(sections->of[i]);
        know_values(estimate, parts, estimate->rounding);
}

static void know_share(struct estimate *estimate, const struct sections *sections, uint64_t done)
{
        struct moments moments;
        double t = dist_t_quantile(0.5 + CONFIDENCE / 2, SECTION_LEN - 1);

        if (moments_of(sections->errors, SECTION_LEN, &moments))
                return;
        /* No error at all is no certainty either: never surer than so many independent requests would make it. */
        double least = dist_share_high((uint64_t)llround(estimate->value * (double)done), done, 0.5 + CONFIDENCE / 2) - estimate->value;
        estimate->se = fmax(sqrt(moments.variance / SECTION_LEN), least / t);
        estimate->df = SECTION_LEN - 1;
        estimate->low = fmax(0, estimate->value - t * estimate->se);
        estimate->high = fmin(1, estimate->value + t * estimate->se);
}

static void know(struct estimate *estimate, const struct fold *fold, const struct metric *metric, const struct sections *sections)
{
        /* The points of time hold one latency: of a closed loop it is the service time. */
        bool told = metric->family == METRIC_LATENCY || (metric->family == METRIC_SERVICE && fold->closed);

        if (!sections->known || estimate->censored)
                return;
        if (metric->family == METRIC_RATE_ACHIEVED)
                know_values(estimate, sections->rate_rps, estimate->rounding);
        else if (metric->family == METRIC_ERRORS_RATIO)
                know_share(estimate, sections, fold_window(fold)->counters.done);
        else if (told && metric->stat == METRIC_QUANTILE)
                know_quantile(estimate, sections, metric->quantile);
        else if (told && metric->stat == METRIC_MEAN && hist_max(sections->whole) < HIST_VALUE_MAX_NS)
                know_mean(estimate, sections);
}

/* ---- all of it ---- */

/* How finely a value is known: digits of a histogram, or one request more or less. */
static double rounding_of(const struct fold *fold, const struct fold_span *span, const struct comparable *comparable)
{
        double done = (double)span->counters.done;

        if (comparable->is_share || comparable->higher_is_better)
                return 1 / fmax(done, 1);
        return fold->reduced > 0 ? 0.01 : 0.001;
}

void estimates_of(const struct fold *fold, struct estimates *ret_estimates)
{
        const struct fold_span *span = fold_window(fold);
        struct sections sections = {0};

        *ret_estimates = (struct estimates){0};
        if (has_sections(fold, span))
                cut(fold, span, &sections);
        for (size_t i = 0; i < comparables_len; i++) {
                struct estimate *estimate = &ret_estimates->of[i];
                struct metric metric;
                if (metric_parse(comparables[i].metric, &metric, NULL) || (comparables[i].intended && fold->closed))
                        continue;
                struct measured measured = measure_metric(fold, &metric);
                *estimate = (struct estimate){
                        .known = !measured.missing,
                        .censored = measured.censored,
                        .value = measured.number,
                        .rounding = rounding_of(fold, span, &comparables[i]),
                };
                if (estimate->known)
                        know(estimate, fold, &metric, &sections);
        }
        sections_done(&sections);
}

const struct estimate *estimates_find(const struct estimates *estimates, const char *metric)
{
        const struct comparable *found = comparable_find(metric);

        assert(found);
        return &estimates->of[found - comparables];
}

/* ---- JSON ---- */

static void set_number(struct json_object *object, const char *key, double value)
{
        doc_set(object, key, json_object_new_double(value));
}

struct json_object *estimates_encode(const struct estimates *estimates)
{
        struct json_object *object = doc_object();

        for (size_t i = 0; i < comparables_len; i++) {
                const struct estimate *one = &estimates->of[i];
                struct json_object *entry = one->known ? doc_object() : NULL;
                if (one->known && one->censored) {
                        doc_set_bool(entry, "censored", true);
                } else if (one->known) {
                        set_number(entry, "value", one->value);
                        set_number(entry, "rounding", one->rounding);
                }
                if (one->known && one->se > 0) {
                        set_number(entry, "se", one->se);
                        set_number(entry, "df", one->df);
                        set_number(entry, "low", one->low);
                }
                if (one->known && one->se > 0 && !one->high_open)
                        set_number(entry, "high", one->high);
                if (entry)
                        json_object_object_add(object, comparables[i].metric, entry);
        }
        return object;
}

static double number(struct json_object *entry, const char *key, double otherwise)
{
        double value = doc_double(entry, key, otherwise);

        return isfinite(value) && value >= 0 && value < 1e18 ? value : otherwise;
}

static struct estimate decode_one(struct json_object *entry)
{
        struct estimate one = {.censored = doc_bool(entry, "censored", false), .value = number(entry, "value", -1)};

        one.known = one.censored || one.value >= 0;
        one.rounding = number(entry, "rounding", 0);
        if (!(one.rounding > 0 && one.rounding <= 1))
                one.rounding = 0.01;
        one.se = number(entry, "se", 0);
        one.df = number(entry, "df", 0);
        if (!one.known || one.censored || !(one.se > 0) || !(one.df > 0 && one.df <= 1e6))
                one.se = one.df = 0;
        if (one.se > 0) {
                one.low = number(entry, "low", 0);
                one.high_open = !doc_at(entry, "high");
                one.high = number(entry, "high", one.value);
        }
        return one.known ? one : (struct estimate){0};
}

void estimates_decode(struct json_object *doc, struct estimates *ret_estimates)
{
        *ret_estimates = (struct estimates){0};
        for (size_t i = 0; i < comparables_len; i++) {
                struct json_object *entry = NULL;
                if (json_object_is_type(doc, json_type_object) && json_object_object_get_ex(doc, comparables[i].metric, &entry))
                        ret_estimates->of[i] = decode_one(entry);
        }
}
