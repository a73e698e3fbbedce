/* SPDX-License-Identifier: Apache-2.0
 *
 * The course of the run as a table (RFC 4180): a row per point of time. Times in milliseconds since the shape began, latencies in
 * microseconds; an empty cell is not known, "> 5s" lies among requests without an answer. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "report/parts.h"
#include "report/run_report.h"

static const struct { const char *head, *column; } columns[] = {
        {"from_ms", "from"},           {"to_ms", "to"},          {"offered_per_s", "offered"}, {"answered_per_s", "achieved"},
        {"failed_per_s", "failed"},    {"p50_us", "p50"},        {"p90_us", "p90"},            {"max_us", "max"},
        {"in_flight", "inFlight"},     {"backlog", "backlog"},   {"generator_cores", "cores"}, {"workers", "workers"},
        {"target_cores", "targetCores"}, {"target_cores_limit", "targetCoresLimit"}, {"target_memory_mib", "targetMemoryMiB"},
        {"target_memory_limit_mib", "targetMemoryLimitMiB"}, {"target_throttled_percent", "targetThrottled"},
};

/* Of several series of one query the second is "metric_queue_2"; their labels are others' text, and stand in the JSON. */
static void write_metric_heads(struct json_object *metrics, struct buf *out)
{
        size_t number = 1;

        for (size_t k = 0; k < doc_len(metrics, ""); k++) {
                const char *name = doc_text(doc_item(metrics, k), "name");
                number = k > 0 && text_equal(name, doc_text(doc_item(metrics, k - 1), "name")) ? number + 1 : 1;
                buf_text(out, ",metric_");
                for (; *name; name++)
                        buf_format(out, "%c", strchr("abcdefghijklmnopqrstuvwxyz0123456789-", *name) ? *name : '_');
                if (number > 1)
                        buf_format(out, "_%zu", number);
        }
}

static void write_metrics(struct json_object *metrics, int64_t from_ms, int64_t to_ms, struct buf *out)
{
        for (size_t k = 0; k < doc_len(metrics, ""); k++) {
                double value = parts_metric_between(doc_item(metrics, k), from_ms, to_ms);
                buf_text(out, ",");
                if (isfinite(value))
                        buf_format(out, "%.6g", value);
        }
}

/* Only our own numbers and "> 5s" are ever in a cell, nothing that has to be quoted, and nothing a spreadsheet would run. */
static void write_csv(const struct run_report *report, struct buf *out)
{
        struct json_object *series = doc_at(report->page, "series"), *metrics = doc_at(report->page, "metrics");
        size_t len = doc_len(series, "from");

        for (size_t k = 0; k < ARRAY_LEN(columns); k++)
                buf_format(out, "%s%s", k ? "," : "", columns[k].head);
        write_metric_heads(metrics, out);
        for (size_t i = 0; i < len; i++) {
                for (size_t k = 0; k < ARRAY_LEN(columns); k++) {
                        struct json_object *cell = doc_item(doc_at(series, columns[k].column), i);
                        buf_format(out, "%s%s", k ? "," : "\r\n", cell ? json_object_get_string(cell) : "");
                }
                write_metrics(metrics, json_object_get_int64(doc_item(doc_at(series, "from"), i)), json_object_get_int64(doc_item(doc_at(series, "to"), i)), out);
        }
        buf_text(out, "\r\n");
}

const struct report_exporter report_csv = {"csv", ".csv", "the course of the run, a row per point of time", write_csv};
