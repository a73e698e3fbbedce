/* SPDX-License-Identifier: Apache-2.0
 *
 * The run and its ConfigMaps as the cluster keeps them, in the form of "loadstone run --result": what a report can be made of again. */
#include "base/mem.h"
#include "data/doc.h"
#include "report/run_report.h"

static void write_raw(const struct run_report *report, struct buf *out)
{
        auto_json struct json_object *whole = doc_copy(report->run);

        if (json_object_is_type(doc_at(whole, "metadata"), json_type_object))
                json_object_object_del(doc_at(whole, "metadata"), "managedFields"); /* noise of the API server */
        doc_set(whole, "configMaps", json_object_get(report->maps));
        buf_text(out, json_object_to_json_string_ext(whole, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
        buf_text(out, "\n");
}

const struct report_exporter report_raw = {"raw", ".raw.json", "the run and its evidence, to make reports of later", write_raw};
