/* SPDX-License-Identifier: Apache-2.0
 *
 * What "loadstone run --report" and "loadstone report" share. */
#pragma once

#include <json-c/json.h>

#include "report/run_report.h"

/* By 'as' when it is given, else by the end of the file's name. NULL: FAIL_INVALID says what there is. */
const struct report_exporter *make_report_exporter(const char *path, const char *as, struct fail *fail);
/* Takes a reference of each, and writes the file. */
enum fail_kind make_report(struct json_object *run, struct json_object *maps, const struct report_exporter *exporter, const char *path,
                           struct fail *fail);
