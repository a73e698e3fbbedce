/* SPDX-License-Identifier: Apache-2.0
 *
 * What a source answers to a range query: refused with a sentence, or series on the grid that was asked for, of a bounded number, that a result
 * can hold. */
#include <math.h>

#include "base/mem.h"
#include "fuzz_json.h"
#include "probe/promql.h"

#define T0 INT64_C(1700000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const struct promql_grid grid = promql_grid_of(T0, T0 + 1000 * (int64_t)(size % 300));
        auto_free struct promql *answer = xnew(struct promql);
        char *text = fuzz_copy(data, size);
        struct promql_summary sum = {0};
        struct fail fail = {0};

        enum fail_kind kind = promql_read(text, size, &grid, answer, &fail);
        free(text);
        if (kind) {
                must(kind == FAIL_INVALID && fail.text[0] && answer->len == 0 && answer->cut == 0);
                return 0;
        }
        must(answer->len <= PROMQL_SERIES_MAX && answer->grid.len <= PROMQL_POINTS_MAX);
        for (size_t i = 0; i < answer->len; i++) {
                fuzz_must_be_utf8(answer->series[i].labels);
                must(strlen(answer->series[i].labels) < PROMQL_LABELS_MAX);
                for (size_t k = 0; k < answer->grid.len; k++)
                        must(isnan(answer->series[i].values[k]) || isfinite(answer->series[i].values[k]));
                struct json_object *doc = promql_encode(answer, i, T0);
                fuzz_must_survive(doc);
                json_object_put(doc);
        }
        promql_summary_add(&sum, answer);
        must(sum.count <= PROMQL_SERIES_MAX * PROMQL_POINTS_MAX && (sum.count == 0 || sum.least <= sum.most));
        return 0;
}
