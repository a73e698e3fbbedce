/* SPDX-License-Identifier: Apache-2.0
 *
 * The course of the run as a table (RFC 4180): a row per point of time. Times in milliseconds since the shape began, latencies in
 * microseconds; an empty cell is not known, "> 5s" lies among requests without an answer. */
#include "base/mem.h"
#include "data/doc.h"
#include "report/run_report.h"

static const struct { const char *head, *column; } columns[] = {
        {"from_ms", "from"},           {"to_ms", "to"},          {"offered_per_s", "offered"}, {"answered_per_s", "achieved"},
        {"failed_per_s", "failed"},    {"p50_us", "p50"},        {"p90_us", "p90"},            {"max_us", "max"},
        {"in_flight", "inFlight"},     {"backlog", "backlog"},   {"generator_cores", "cores"}, {"workers", "workers"},
        {"target_cores", "targetCores"}, {"target_cores_limit", "targetCoresLimit"}, {"target_memory_mib", "targetMemoryMiB"},
        {"target_memory_limit_mib", "targetMemoryLimitMiB"}, {"target_throttled_percent", "targetThrottled"},
};

/* Only our own numbers and "> 5s" are ever in a cell, nothing that has to be quoted, and nothing a spreadsheet would run. */
static void write_csv(const struct run_report *report, struct buf *out)
{
        struct json_object *series = doc_at(report->page, "series");
        size_t len = doc_len(series, "from");

        for (size_t k = 0; k < ARRAY_LEN(columns); k++)
                buf_format(out, "%s%s", k ? "," : "", columns[k].head);
        for (size_t i = 0; i < len; i++) {
                for (size_t k = 0; k < ARRAY_LEN(columns); k++) {
                        struct json_object *cell = doc_item(doc_at(series, columns[k].column), i);
                        buf_format(out, "%s%s", k ? "," : "\r\n", cell ? json_object_get_string(cell) : "");
                }
        }
        buf_text(out, "\r\n");
}

const struct report_exporter report_csv = {"csv", ".csv", "the course of the run, a row per point of time", write_csv};
