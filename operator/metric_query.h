/* SPDX-License-Identifier: Apache-2.0
 *
 * One range query at a source of the administrator's configuration: where it is asked and with what token says the configuration alone; what
 * is asked comes from a profile and goes nowhere but into the query. One connection, one answer of bounded size, within a bounded time. */
#pragma once

#include <stddef.h>

#include "api/admin.h"
#include "base/loop.h"
#include "probe/promql.h"

struct metric_query;

/* Called once, from the loop; 'text' is the whole answer, borrowed, NULL on failure. The query may be ended from there. */
typedef void metric_done_fn(void *owner, const char *text, size_t size, const struct fail *fail);

/* 'source', 'query' and 'grid' are borrowed for the call. Never NULL: what cannot even begin is told like any other failure. */
struct metric_query *metric_query_begin(struct loop *loop, const struct admin_source *source, const char *query, const struct promql_grid *grid,
                                        int64_t patience_ns, metric_done_fn *done, void *owner);
/* After this 'done' is not called any more. NULL is fine; returns NULL. */
struct metric_query *metric_query_end(struct metric_query *query);
