/* SPDX-License-Identifier: Apache-2.0 */
#include "load/settle.h"

#include <math.h>

static size_t place_of(size_t cell)
{
        return cell % SETTLE_CELLS;
}

void settle_add(struct settle *settle, const struct settle_cell *span)
{
        if (settle->len == 0 || settle->cells[place_of(settle->len - 1)].ms >= SETTLE_CELL_MS)
                settle->cells[place_of(settle->len++)] = (struct settle_cell){0};
        struct settle_cell *cell = &settle->cells[place_of(settle->len - 1)];
        cell->ms += span->ms;
        cell->log_sum += span->log_sum;
        cell->count += span->count;
}

/* Of the cells that end before cell 'to', as many as make one span; NAN when they hold no answer. Returns where they begin. */
static size_t level_before(const struct settle *settle, size_t to, double *ret_level)
{
        size_t oldest = settle->len > SETTLE_CELLS ? settle->len - SETTLE_CELLS : 0, from = to;
        double log_sum = 0;
        uint64_t count = 0;

        for (int64_t ms = 0; from > oldest && ms < SETTLE_SPAN_MS; ms += settle->cells[place_of(from)].ms) {
                from--;
                log_sum += settle->cells[place_of(from)].log_sum;
                count += settle->cells[place_of(from)].count;
        }
        *ret_level = count > 0 ? log_sum / (double)count : NAN;
        return from;
}

bool settle_holds(const struct settle *settle, double *ret_change)
{
        double last, before;

        level_before(settle, level_before(settle, settle->len, &last), &before);
        *ret_change = expm1(last - before);
        return fabs(*ret_change) < SETTLE_CHANGE;
}
