/* SPDX-License-Identifier: Apache-2.0
 *
 * What earlier trials and a baseline left, from ConfigMaps that anybody could have written: a list of trials' documents, the first half
 * compared with the second. Whatever stands there, the result is one that a status can hold. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fuzz_json.h"
#include "result/compare.h"
#include "result/probe.h"
#include "result/series.h"
#include "result/status.h"
#include "result/verdict.h"

#define MOST 8

static void must_be_sane(const struct estimates *estimates)
{
        for (size_t i = 0; i < comparables_len; i++) {
                const struct estimate *one = &estimates->of[i];
                must(isfinite(one->value) && isfinite(one->se) && isfinite(one->low) && isfinite(one->high));
                must(one->se >= 0 && (one->se == 0 || one->df > 0));
        }
}

static void try_series(struct json_object *const *docs, size_t len, struct series_result *result)
{
        static char first[] = "get-cart";
        struct load_plan plan = {.workers = 1, .timeout_ms = 1000, .interval_ms = 1000, .shape_ms = 5000};
        const struct profile profile = {.baseline = {.primary = "latency.p99"}, .trials = {.min = 3, .max = 6, .until = 0.05}};
        bool known;

        plan.shape[0] = (struct load_piece){LOAD_HOLD, 100, 100, 5000};
        plan.shape_len = 1;
        plan.requests[0].name = first;
        plan.requests_len = 1;
        uint32_t planned = series_planned(&profile, docs, len, &known);
        must(planned >= 3 && planned <= 6 && (known || len < 3));
        series_merge(&profile, &plan, docs, len, false, result);
        must(result->trials_len <= len && result->gates.len <= GATES_REASONS);
        must_be_sane(&result->estimates);
        for (enum metric_family family = METRIC_OBSERVED; family < METRIC_FAMILIES; family++) {
                const struct observed_figure *figure = observed_find(&result->observed, family);
                must(isfinite(figure->number) && figure->number >= 0 && figure->covered >= 0 && figure->covered <= 1 && (figure->known || figure->number == 0));
        }
        for (size_t i = 0; i < result->gates.len; i++)
                fuzz_must_be_utf8(result->gates.reasons[i].text);
        struct json_object *rows = series_encode_rows(docs, len), *full = status_encode_full(result->fold);
        must(doc_len(rows, "") == len);
        fuzz_must_survive(full);
        json_object_put(rows);
        json_object_put(full);
}

static void try_search(struct json_object *const *docs, size_t len)
{
        const struct profile profile = {.capacity = {.given = true, .search = {.from_rps = 1, .limit_rps = 100, .precision = 0.25}, .probe_ms = 2000}};
        struct probe_search search = probe_search(&profile, docs, len);
        struct json_object *capacity = probe_encode_capacity(&search);
        char *message = probe_message(&search);

        must(search.last_len <= len && search.step.rate_rps > 0 && search.asked.rate_rps > 0 && search.asked.lengths > 0);
        fuzz_must_survive(capacity);
        must(strlen(message) < 400);
        free(message);
        json_object_put(capacity);
}

static void try_comparison(const struct series_result *a, const struct series_result *b)
{
        struct compare_question question = {.primary = "latency.p99", .gates = {"errors.ratio", "rate.achieved"}, .gates_len = 2};
        auto_free struct compared *compared = xnew(struct compared);

        if (a->trials_len == 0 || b->trials_len == 0)
                return;
        for (size_t i = 0; i < comparables_len; i++)
                question.tolerance[i] = comparables[i].tolerance;
        compare_runs(&(struct compare_side){"a", a->trials, a->trials_len}, &(struct compare_side){"b", b->trials, b->trials_len}, &question,
                     compared);
        fuzz_must_be_utf8(compared->text);
        fuzz_must_be_utf8(compared->change);
        must(!strstr(compared->text, "nan") && !strstr(compared->change, "nan"));
        struct json_object *doc = compare_encode(compared, 1, "b", NULL);
        fuzz_must_survive(doc);
        must(!strstr(doc_print(doc), "nan"));
        json_object_put(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct json_object *list = fuzz_json(data, size), *docs[MOST];
        size_t len = doc_len(list, "") < MOST ? doc_len(list, "") : MOST;
        struct series_result a = {0}, b = {0};

        for (size_t i = 0; i < len; i++)
                docs[i] = doc_item(list, i);
        try_series(docs, len / 2, &a);
        try_series(docs + len / 2, len - len / 2, &b);
        try_comparison(&a, &b);
        try_search(docs, len);
        series_done(&a);
        series_done(&b);
        json_object_put(list);
        return 0;
}
