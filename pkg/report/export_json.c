/* SPDX-License-Identifier: Apache-2.0
 *
 * The page's document as it is, for programs. */
#include "data/doc.h"
#include "report/run_report.h"

static void write_json(const struct run_report *report, struct buf *out)
{
        buf_text(out, json_object_to_json_string_ext(report->page, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE));
        buf_text(out, "\n");
}

const struct report_exporter report_json = {"json", ".json", "the figures behind the page, for programs", write_json};
