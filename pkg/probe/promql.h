/* SPDX-License-Identifier: Apache-2.0
 *
 * What a Prometheus answers to a range query, as series on a grid of the query's own steps. The answer comes from outside: nothing of it is
 * believed that the question did not ask for. Pure.
 * Source: Prometheus HTTP API, "Range queries" and "Expression query result formats". */
#pragma once

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"

#define PROMQL_POINTS_MAX 240
#define PROMQL_SERIES_MAX 8          /* kept; further ones are only counted */
#define PROMQL_BYTES_MAX (256 * 1024) /* of an answer */
#define PROMQL_LABELS_MAX 160

/* Steps of whole seconds from the first instant to the last. */
struct promql_grid {
        int64_t from_wall_ms, step_ms;
        size_t len; /* at most PROMQL_POINTS_MAX; 0: the window is empty */
};
struct promql_grid promql_grid_of(int64_t from_wall_ms, int64_t to_wall_ms);
/* The last instant. */
int64_t promql_grid_end_wall_ms(const struct promql_grid *grid);

struct promql_series {
        char labels[PROMQL_LABELS_MAX]; /* 'queue_depth{pod="a"}', cut where it is long; "" when it has none */
        double values[PROMQL_POINTS_MAX]; /* NaN: none at this step, or one that is no number */
};

struct promql {
        struct promql_grid grid;
        struct promql_series series[PROMQL_SERIES_MAX];
        size_t len, cut; /* cut: series beyond the bound */
};

/* Large: allocate it. FAIL_INVALID: it is no answer to such a query, or says an error of its own; the sentence says which. */
enum fail_kind promql_read(const char *text, size_t size, const struct promql_grid *grid, struct promql *ret_answer, struct fail *fail);

/* What is known of all series together; count 0: nothing is. */
struct promql_summary {
        uint64_t count;
        double least, most, sum;
};
void promql_summary_add(struct promql_summary *summary, const struct promql *answer);

/* Of one series: {"kind":"metric","labels","from","step" (milliseconds since 'zero_wall_ms'),"values":[…]}, null where there is none; values
 * have six digits. Caller owns. */
struct json_object *promql_encode(const struct promql *answer, size_t series, int64_t zero_wall_ms);
