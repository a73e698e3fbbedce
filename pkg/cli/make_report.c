/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/make_report.h"

#include "base/mem.h"
#include "cli/output.h"

const struct report_exporter *make_report_exporter(const char *path, const char *as, struct fail *fail)
{
        const struct report_exporter *exporter = as ? report_exporter_named(as) : report_exporter_for(path);
        auto_buf struct buf names = {0};

        if (exporter)
                return exporter;
        for (size_t i = 0; report_exporter_at(i); i++)
                buf_format(&names, "%s%s", i ? ", " : "", as ? report_exporter_at(i)->name : report_exporter_at(i)->suffix);
        fail_set(fail, FAIL_INVALID, as ? "--as %.60s: there is %s" : "%.60s: a file's name ends with %s", as ? as : path, names.data);
        return NULL;
}

enum fail_kind make_report(struct json_object *run, struct json_object *maps, const struct report_exporter *exporter, const char *path,
                           struct fail *fail)
{
        auto_run_report struct run_report report = {0};
        auto_free char *text = NULL;
        size_t size;

        if (run_report_init(&report, run, maps, fail) || run_report_write(&report, exporter, &text, &size, fail))
                return fail->kind;
        return output_write(path, text, size, fail);
}
