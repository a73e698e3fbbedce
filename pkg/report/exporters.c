/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "report/run_report.h"

static const struct report_exporter *const exporters[] = {&report_html, &report_csv, &report_raw, &report_json};

const struct report_exporter *report_exporter_at(size_t i)
{
        return i < ARRAY_LEN(exporters) ? exporters[i] : NULL;
}

const struct report_exporter *report_exporter_named(const char *name)
{
        for (size_t i = 0; i < ARRAY_LEN(exporters); i++)
                if (text_equal(exporters[i]->name, name))
                        return exporters[i];
        return NULL;
}

const struct report_exporter *report_exporter_for(const char *path)
{
        size_t len = strlen(path);

        for (size_t i = 0; i < ARRAY_LEN(exporters); i++) {
                size_t suffix_len = strlen(exporters[i]->suffix);
                if (suffix_len && len > suffix_len && text_equal(path + len - suffix_len, exporters[i]->suffix))
                        return exporters[i];
        }
        return NULL;
}

enum fail_kind run_report_write(const struct run_report *report, const struct report_exporter *exporter, char **ret_text, size_t *ret_size,
                            struct fail *fail)
{
        auto_buf struct buf out = buf_bounded(RUN_REPORT_BYTES_MAX);

        exporter->write(report, &out);
        if (out.overflowed)
                return fail_set(fail, FAIL_TOO_LARGE, "the report is larger than %u MiB", RUN_REPORT_BYTES_MAX >> 20);
        *ret_size = out.size;
        *ret_text = buf_take(&out);
        return FAIL_NONE;
}
