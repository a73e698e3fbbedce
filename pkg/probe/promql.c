/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/promql.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

#define STEP_MS_MIN 1000
#define OFF_MS_MAX 1 /* instants are told in seconds with three digits */

/* ---- the grid ---- */

struct promql_grid promql_grid_of(int64_t from_wall_ms, int64_t to_wall_ms)
{
        struct promql_grid grid = {.from_wall_ms = from_wall_ms, .step_ms = STEP_MS_MIN};
        int64_t span_ms = to_wall_ms - from_wall_ms;

        if (span_ms < 0)
                return grid;
        while (span_ms / grid.step_ms >= PROMQL_POINTS_MAX)
                grid.step_ms += STEP_MS_MIN;
        grid.len = (size_t)(span_ms / grid.step_ms) + 1;
        return grid;
}

int64_t promql_grid_end_wall_ms(const struct promql_grid *grid)
{
        return grid->from_wall_ms + (grid->len > 0 ? (int64_t)grid->len - 1 : 0) * grid->step_ms;
}

/* ---- one series ---- */

static void add_quoted(struct buf *out, const char *text)
{
        buf_text(out, "\"");
        for (; *text; text++)
                buf_format(out, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
        buf_text(out, "\"");
}

static void write_labels(struct json_object *metric, char into[static PROMQL_LABELS_MAX])
{
        auto_buf struct buf text = {0};
        const char *name = doc_text(metric, "__name__");
        bool any = false;

        into[0] = '\0';
        if (!json_object_is_type(metric, json_type_object))
                return;
        buf_text(&text, name ? name : "");
        json_object_object_foreach(metric, key, value) {
                if (text_equal(key, "__name__") || !json_object_is_type(value, json_type_string) || text.size > PROMQL_LABELS_MAX)
                        continue;
                buf_format(&text, "%s%s=", any ? "," : "{", key);
                add_quoted(&text, json_object_get_string(value));
                any = true;
        }
        buf_text(&text, any ? "}" : "");
        snprintf(into, PROMQL_LABELS_MAX, "%.*s", PROMQL_LABELS_MAX - 1, text.data ? text.data : "");
        text_scrub(into);
}

/* "NaN", "+Inf" and what is no number are none: they cannot be drawn, and no mean has them. "-0" is 0. */
static double number_of(struct json_object *value)
{
        const char *text = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
        char *end;
        double number = strtod(text, &end);

        return end != text && *end == '\0' && isfinite(number) ? number + 0.0 : NAN;
}

static enum fail_kind read_value(struct json_object *pair, const struct promql_grid *grid, struct promql_series *series, int64_t *last,
                                 struct fail *fail)
{
        struct json_object *at = doc_item(pair, 0);
        bool timed = json_object_is_type(at, json_type_double) || json_object_is_type(at, json_type_int);
        double ms = timed ? json_object_get_double(at) * 1e3 - (double)grid->from_wall_ms : NAN;
        double step = round(ms / (double)grid->step_ms);

        if (doc_len(pair, "") != 2 || !(step >= 0 && step < (double)grid->len) || fabs(ms - step * (double)grid->step_ms) > OFF_MS_MAX)
                return fail_set(fail, FAIL_INVALID, "a value at an instant that was not asked for");
        if ((int64_t)step <= *last)
                return fail_set(fail, FAIL_INVALID, "values that do not go on in time");
        *last = (int64_t)step;
        series->values[*last] = number_of(doc_item(pair, 1));
        return FAIL_NONE;
}

static enum fail_kind read_series(struct json_object *entry, const struct promql_grid *grid, struct promql_series *series, struct fail *fail)
{
        struct json_object *values = doc_at(entry, "values");
        int64_t last = -1;

        if (!json_object_is_type(values, json_type_array))
                return fail_set(fail, FAIL_INVALID, "a series without values: native histograms are not read, ask for a quantile of one");
        for (size_t i = 0; i < PROMQL_POINTS_MAX; i++)
                series->values[i] = NAN;
        for (size_t i = 0; i < doc_len(values, ""); i++)
                if (read_value(doc_item(values, i), grid, series, &last, fail))
                        return FAIL_INVALID;
        write_labels(doc_at(entry, "metric"), series->labels);
        return FAIL_NONE;
}

/* ---- the answer ---- */

static enum fail_kind read_document(struct json_object *doc, struct promql *answer, struct fail *fail)
{
        struct json_object *result = doc_at(doc, "data.result");
        const char *error = doc_text(doc, "error");

        if (text_equal(doc_text(doc, "status"), "error")) {
                char text[128];
                snprintf(text, sizeof text, "%.127s", error ? error : "without saying why");
                text_scrub(text);
                return fail_set(fail, FAIL_INVALID, "it refuses the query: %s", text);
        }
        if (!text_equal(doc_text(doc, "status"), "success") || !text_equal(doc_text(doc, "data.resultType"), "matrix") ||
            !json_object_is_type(result, json_type_array))
                return fail_set(fail, FAIL_INVALID, "what it answers is no answer to a range query");
        for (size_t i = 0; i < doc_len(result, ""); i++) {
                if (answer->len == PROMQL_SERIES_MAX) {
                        answer->cut = doc_len(result, "") - i;
                        break;
                }
                if (read_series(doc_item(result, i), &answer->grid, &answer->series[answer->len++], fail))
                        return FAIL_INVALID;
        }
        return FAIL_NONE;
}

enum fail_kind promql_read(const char *text, size_t size, const struct promql_grid *grid, struct promql *ret_answer, struct fail *fail)
{
        auto_json struct json_object *doc = NULL;
        struct fail ignored;

        fail = fail ? fail : &ignored;
        ret_answer->grid = *grid;
        ret_answer->len = ret_answer->cut = 0;
        if (size > PROMQL_BYTES_MAX)
                return fail_set(fail, FAIL_INVALID, "an answer of more than %d bytes", PROMQL_BYTES_MAX);
        if (doc_parse(text, size, &doc, fail)) {
                fail_set(fail, FAIL_INVALID, "what it answers is no JSON");
                return FAIL_INVALID;
        }
        if (read_document(doc, ret_answer, fail) == FAIL_NONE)
                return FAIL_NONE;
        ret_answer->len = ret_answer->cut = 0;
        return FAIL_INVALID;
}

void promql_summary_add(struct promql_summary *summary, const struct promql *answer)
{
        for (size_t k = 0; k < answer->len; k++)
                for (size_t i = 0; i < answer->grid.len; i++) {
                        double value = answer->series[k].values[i];
                        if (isnan(value))
                                continue;
                        summary->least = summary->count ? fmin(summary->least, value) : value;
                        summary->most = summary->count ? fmax(summary->most, value) : value;
                        summary->sum += value;
                        summary->count++;
                }
}

struct json_object *promql_encode(const struct promql *answer, size_t series, int64_t zero_wall_ms)
{
        const struct promql_series *one = &answer->series[series];
        struct json_object *values = doc_array(), *out = doc_set_text(doc_object(), "kind", "metric");
        char text[32];

        doc_set_text(out, "labels", one->labels);
        doc_set_int(doc_set_int(out, "from", answer->grid.from_wall_ms - zero_wall_ms), "step", answer->grid.step_ms);
        for (size_t i = 0; i < answer->grid.len; i++) {
                snprintf(text, sizeof text, "%.6g", one->values[i]);
                json_object_array_add(values, isnan(one->values[i]) ? NULL : json_object_new_double_s(one->values[i], text));
        }
        return doc_set(out, "values", values);
}
