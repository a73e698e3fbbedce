/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_print.h"

#include <inttypes.h>

#include "base/mem.h"
#include "data/doc.h"
#include "data/unit.h"
#include "result/status.h"

#define LINES_EVERY 10

/* ---- while it runs ---- */

void run_print_live(void *owner, const struct harvest *harvest)
{
        struct run_live *live = owner;
        struct harvest_live now = harvest_live(harvest);
        bool ended = harvest_worker(harvest, 0)->state >= HARVEST_ENDED;

        if (!live->moves && live->looks++ % LINES_EVERY != 0 && !ended)
                return;
        auto_json struct json_object *summary = status_encode_live_summary(&now);
        fprintf(live->out, "%s%-7s %3d%%  rate %s  p50 %s  p99 %s  errors %s%s", live->moves ? "\r\033[K" : "",
                now.warming ? "warming" : "running", now.percent, doc_text(summary, "rate"), doc_text(summary, "p50"),
                doc_text(summary, "p99"), doc_text(summary, "errors"), live->moves && !ended ? "" : "\n");
        fflush(live->out);
}

void run_print_nothing(void *owner, const struct harvest *harvest)
{
        (void)owner, (void)harvest;
}

/* ---- the summary ---- */

#define COLUMNS 6
static const double quantiles[COLUMNS - 2] = {0.5, 0.9, 0.99, 0.999};

static void print_latency(FILE *out, const char *name, const struct hist *ok, const struct hist *censored, int64_t timeout_ns,
                          const char *note)
{
        struct fold_value values[COLUMNS] = {fold_mean(ok, censored)};
        char text[FOLD_TEXT_MAX];

        if (!ok && !censored)
                return;
        for (size_t i = 0; i < ARRAY_LEN(quantiles); i++)
                values[i + 1] = fold_quantile(ok, censored, quantiles[i], timeout_ns);
        values[COLUMNS - 1] = fold_max(ok, censored, timeout_ns);
        fprintf(out, "  %-8s", name);
        for (size_t i = 0; i < COLUMNS; i++)
                fprintf(out, " %12s", fold_format(values[i], text));
        fprintf(out, "%s%s\n", *note ? "   " : "", note);
}

static void print_floor(FILE *out, const struct fold *fold)
{
        const struct fold_value p50 = {.known = true, .ns = fold->floor_p50_ns}, p99 = {.known = true, .ns = fold->floor_p99_ns};
        char first[FOLD_TEXT_MAX], second[FOLD_TEXT_MAX];

        if (fold->floor_p50_ns > 0)
                fprintf(out, "  %-8s %12s %12s %12s %12s %12s %12s   of this machine against itself, before the start\n", "floor", "-",
                        fold_format(p50, first), "-", fold_format(p99, second), "-", "-");
}

static void print_counts(FILE *out, const struct fold *fold, const struct fold_span *span)
{
        const struct record_counters *counters = &span->counters;
        char offered[UNIT_TEXT_MAX], achieved[UNIT_TEXT_MAX], errors[UNIT_TEXT_MAX];

        unit_format_rate(fold_offered_rps(span), offered);
        unit_format_rate(fold_achieved_rps(span), achieved);
        unit_format_percent(fold_error_ratio(span), errors);
        fprintf(out, "requests  %" PRIu64 ", %" PRIu64 " as expected, errors %s\n", counters->done, counters->ok, errors);
        fprintf(out, "rate      %s answered", achieved);
        if (!fold->closed)
                fprintf(out, " of %s due", offered);
        fputs("\n", out);
        if (fold->limit == LOAD_LIMIT_SERVER && !fold->closed)
                fprintf(out, "limit     the target: requests waited for it for %.0f%% of the time\n", 100 * fold->limit_ratio);
}

/* One whose length nobody gave. */
static void print_warmup(FILE *out, const struct fold *fold)
{
        char text[UNIT_TEXT_MAX];

        if (!fold->warmup_told)
                return;
        unit_format_duration(fold->warmup_ms * 1000000, text);
        fprintf(out, "warm-up   %s, %s\n", text, fold->settled ? "then the target had settled" : "the limit: the target had not settled");
}

static void print_classes(FILE *out, const struct record_counters *counters)
{
        const char *between = "statuses  ";
        char text[RECORD_STATUS_TEXT];

        for (size_t i = 0; i < RECORD_STATUS_CODES_MAX && counters->statuses[i].code; i++, between = ", ")
                fprintf(out, "%s%s: %" PRIu64, between, record_format_status(counters->statuses[i].code, text), counters->statuses[i].count);
        if (counters->statuses_other)
                fprintf(out, "%sothers: %" PRIu64, between, counters->statuses_other);
        fputs(counters->statuses[0].code ? "\n" : "", out);
        between = "errors    ";
        for (size_t i = 0; i < RECORD_ERRORS; i++) {
                if (!counters->errors[i])
                        continue;
                fprintf(out, "%s%s: %" PRIu64, between, record_error_names[i], counters->errors[i]);
                between = ", ";
        }
        fputs(between[0] == ',' ? "\n" : "", out);
}

static void print_judged(FILE *out, const struct gates *gates, const struct verdict_judged *judged)
{
        static const char *const states[] = {"met", "missed", "not judged"};

        for (size_t i = 0; i < judged->len; i++)
                fprintf(out, "objective %s %s: %s, %s\n", judged->objectives[i].metric, judged->objectives[i].limit,
                        judged->objectives[i].value, states[judged->objectives[i].state]);
        fprintf(out, "verdict   %s: %s\n", verdict_name(judged->verdict), judged->text);
        fprintf(out, "validity  %s\n", validity_name(gates->validity));
        for (size_t i = 0; i < gates->len; i++)
                fprintf(out, "          %s\n", gates->reasons[i].text);
}

void run_print_summary(FILE *out, const struct fold *fold, const struct gates *gates, const struct verdict_judged *judged)
{
        const struct fold_span *span = fold_window(fold);

        fputs("\n", out);
        print_warmup(out, fold);
        print_counts(out, fold, span);
        print_classes(out, &span->counters);
        fprintf(out, "\n  %-8s %12s %12s %12s %12s %12s %12s\n", "", "mean", "p50", "p90", "p99", "p99.9", "max");
        print_latency(out, "latency", span->latency, span->censored, fold->timeout_ns,
                      fold->closed ? "from the sending: a closed loop has no schedule" : "from the instant a request was due");
        if (!fold->closed)
                print_latency(out, "service", span->service, NULL, fold->timeout_ns, "from the sending");
        print_floor(out, fold);
        print_latency(out, "connect", fold->connect, NULL, fold->timeout_ns, "");
        print_latency(out, "tls", fold->handshake, NULL, fold->timeout_ns, "handshake");
        fputs("\n", out);
        print_judged(out, gates, judged);
}
