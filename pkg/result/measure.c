/* SPDX-License-Identifier: Apache-2.0 */
#include "result/measure.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "data/unit.h"

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
        return (struct measured){.censored = value.censored, .number = (double)value.ns,
                                 .bound = value.censored && metric->stat == METRIC_MEAN ? "Censored" : NULL};
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
                if (counters->statuses[i].code == record_parse_status(metric->code))
                        return counters->statuses[i].count;
        return 0;
}

struct measured measure_metric(const struct fold *fold, const struct metric *metric)
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
        default: /* no worker measures it */
                return missing("NotMeasured");
        }
        if (!known)
                return missing("Malformed");
        measured.offered_rps = fold_offered_rps(span);
        return measured;
}

struct measured measure_observed(const struct observed *observed, const struct metric *metric)
{
        const struct observed_figure *figure = observed ? observed_find(observed, metric->family) : NULL;

        if (!figure || !figure->known)
                return missing("NotSampled");
        if (figure->covered >= OBSERVED_COVERED_MIN)
                return (struct measured){.number = figure->number};
        if (observed_is_mean(metric->family))
                return missing("SampledInParts");
        return (struct measured){.number = figure->number, .bound = "SampledInParts"};
}

/* ---- as text ---- */

void measure_format(const struct metric *metric, const struct measured *measured, char text[static FOLD_TEXT_MAX])
{
        struct fold_value value = {.known = !measured->missing, .censored = measured->censored};

        switch (metric_unit(metric)) {
        case METRIC_NANOSECONDS:
                value.ns = (int64_t)measured->number;
                fold_format(value, text);
                break;
        case METRIC_RATIO:
                unit_format_percent(measured->number, text);
                break;
        case METRIC_PER_SECOND:
                unit_format_rate(measured->number, text);
                break;
        case METRIC_CORES:
                snprintf(text, FOLD_TEXT_MAX, "%.1fm", measured->number * 1e3);
                break;
        case METRIC_BYTES:
                snprintf(text, FOLD_TEXT_MAX, "%.1fMi", measured->number / (1 << 20));
                break;
        case METRIC_COUNT:
                snprintf(text, FOLD_TEXT_MAX, "%.0f", measured->number);
                break;
        }
}
