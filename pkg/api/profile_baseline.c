/* SPDX-License-Identifier: Apache-2.0
 *
 * With what a run is compared, by which metrics, and what it does to the verdict. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/profile_parts.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/field.h"

static const char *const froms[] = {"none", "pinned", "previous", NULL}, *const on_regression[] = {"fail", "warn", NULL},
                         *const on_inconclusive[] = {"pass", "fail", NULL};

struct words {
        int from, regression, inconclusive;
};

/* Their defaults are the first words; the API server fills them in, and a run that only pins a baseline comes without. */
static const struct field fields[] = {
        {"baseline.from", FIELD_WORD, offsetof(struct words, from), .words = froms, .optional = true},
        {"baseline.onRegression", FIELD_WORD, offsetof(struct words, regression), .words = on_regression, .optional = true},
        {"baseline.onInconclusive", FIELD_WORD, offsetof(struct words, inconclusive), .words = on_inconclusive, .optional = true},
};

static enum fail_kind check_metric(const struct profile *profile, const char *metric, struct fail *fail)
{
        const struct comparable *what = comparable_find(metric);

        if (!what)
                return fail_set(fail, FAIL_INVALID, "\"%.60s\" cannot be compared between runs: write latency.p99, rate.achieved or another of docs/fields.md",
                                metric ? metric : "");
        if (what->intended && profile->closed)
                return fail_set(fail, FAIL_INVALID, "latency.* has no meaning in a closed loop: compare rate.achieved or service.*");
        return FAIL_NONE;
}

static bool is_run_name(const char *name)
{
        size_t len = name ? strlen(name) : 0;

        return len > 0 && len <= PROFILE_RUN_NAME_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static enum fail_kind decode_gates(struct profile *profile, struct json_object *list, struct fail *fail)
{
        struct profile_baseline *baseline = &profile->baseline;
        size_t len = doc_len(list, "");

        if (list && !json_object_is_type(list, json_type_array))
                return fail_set(fail, FAIL_INVALID, "spec.baseline.gate must be a list");
        if (len > COMPARABLE_MAX)
                return fail_set(fail, FAIL_INVALID, "spec.baseline.gate must be at most %d", COMPARABLE_MAX);
        for (size_t i = 0; i < len; i++) {
                const char *metric = json_object_is_type(doc_item(list, i), json_type_string) ? json_object_get_string(doc_item(list, i)) : NULL;
                if (check_metric(profile, metric, fail))
                        return fail_wrap(fail, "spec.baseline.gate[%zu]", i);
                if (text_equal(metric, baseline->primary))
                        continue; /* it decides anyway */
                baseline->gates[baseline->gates_len++] = metric;
        }
        return FAIL_NONE;
}

/* "5%" of a ratio, "0.1pp" of a share: both as 0.05 and 0.001. */
static bool parse_tolerance(const struct comparable *what, const char *text, double *ret_tolerance)
{
        const char *unit = what->is_share ? "pp" : "%";
        char *end = NULL;
        double value = text && text[0] >= '0' && text[0] <= '9' && strlen(text) <= 12 ? strtod(text, &end) : -1;

        *ret_tolerance = value / 100;
        return end && text_equal(end, unit) && strspn(text, "0123456789.") == (size_t)(end - text) && isfinite(value) && value <= 100;
}

static enum fail_kind decode_tolerance(struct profile_baseline *baseline, struct json_object *map, struct fail *fail)
{
        if (map && !json_object_is_type(map, json_type_object))
                return fail_set(fail, FAIL_INVALID, "spec.baseline.tolerance must be an object");
        for (size_t i = 0; i < comparables_len; i++)
                baseline->tolerance[i] = comparables[i].tolerance;
        if (!map)
                return FAIL_NONE;
        json_object_object_foreach(map, metric, value) {
                const struct comparable *what = comparable_find(metric);
                const char *text = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
                if (!what)
                        return fail_set(fail, FAIL_INVALID, "spec.baseline.tolerance.%.60s cannot be compared between runs", metric);
                if (!parse_tolerance(what, text, &baseline->tolerance[what - comparables]))
                        return fail_set(fail, FAIL_INVALID, "spec.baseline.tolerance.%.60s must be like %s", metric, what->is_share ? "0.1pp" : "5%");
        }
        return FAIL_NONE;
}

enum fail_kind profile_decode_baseline(struct profile *profile, struct fail *fail)
{
        struct profile_baseline *baseline = &profile->baseline;
        struct json_object *object = doc_at(profile->spec, "baseline");
        struct words words = {0};

        if (object && !json_object_is_type(object, json_type_object))
                return fail_set(fail, FAIL_INVALID, "spec.baseline must be an object");
        if (field_decode(profile->spec, "spec.", fields, ARRAY_LEN(fields), &words, fail))
                return FAIL_INVALID;
        *baseline = (struct profile_baseline){
                .from = (enum profile_baseline_from)words.from,
                .run = doc_text(object, "run"),
                .primary = doc_text(object, "primary"),
                .warn_only = words.regression == 1,
                .fail_inconclusive = words.inconclusive == 1,
        };
        if (!baseline->primary)
                baseline->primary = profile->closed ? "rate.achieved" : "latency.p99";
        if ((baseline->from == PROFILE_BASELINE_PINNED) != (baseline->run != NULL))
                return fail_set(fail, FAIL_INVALID, "spec.baseline.run goes with from: pinned, and only with it");
        if (baseline->run && !is_run_name(baseline->run))
                return fail_set(fail, FAIL_INVALID, "spec.baseline.run must be the name of a BenchmarkRun");
        if (check_metric(profile, baseline->primary, fail))
                return fail_wrap(fail, "spec.baseline.primary");
        if (decode_gates(profile, doc_at(object, "gate"), fail))
                return FAIL_INVALID;
        return decode_tolerance(baseline, doc_at(object, "tolerance"), fail);
}

void profile_pin_baseline(struct json_object *spec, const char *run)
{
        struct json_object *baseline = NULL;

        if (!json_object_object_get_ex(spec, "baseline", &baseline) || !json_object_is_type(baseline, json_type_object)) {
                baseline = doc_object();
                doc_set(spec, "baseline", baseline);
        }
        doc_set_text(doc_set_text(baseline, "from", "pinned"), "run", run);
}
