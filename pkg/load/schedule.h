/* SPDX-License-Identifier: Apache-2.0
 *
 * The one global schedule of an open-loop run, in closed form: request i is due when the cumulative rate reaches i.
 * Nothing is stored per request and every worker computes the same instants, so N workers that take every N-th
 * request reproduce exactly what one worker would send. All times are shape time: 0 is where the shape begins. */
#pragma once

#include "load/plan.h"

struct schedule_piece {
        enum load_piece_kind kind;
        int64_t from_ns, to_ns;
        double from_rps, slope_rps_per_s;
        double from_count; /* cumulative requests at from_ns; may have a fraction */
        uint64_t end;      /* first request that belongs to a later piece */
};

struct schedule {
        struct schedule_piece pieces[LOAD_PIECES_MAX];
        size_t pieces_len;
        uint64_t requests; /* of the shape; 0 for a closed one */
        double warmup_rps;
        int64_t warmup_ns;
        uint64_t warmup_requests;
        uint64_t seed, weights[LOAD_REQUESTS_MAX]; /* cumulative */
        size_t weights_len;
};

void schedule_init(struct schedule *schedule, const struct load_plan *plan);

/* Walks the requests first, first + step, …: of the warm-up when 'warmup', else of the shape. */
struct schedule_cursor {
        const struct schedule *schedule; /* borrowed for the life of the cursor */
        uint64_t index, step, end;
        int64_t due_ns; /* of 'index'; INT64_MAX at the end */
        int piece;      /* of 'index'; -1 in the warm-up */
};

void schedule_begin(struct schedule_cursor *cursor, const struct schedule *schedule, bool warmup, uint64_t first,
                    uint64_t step);
void schedule_advance(struct schedule_cursor *cursor);

static inline bool schedule_ended(const struct schedule_cursor *cursor)
{
        return cursor->index >= cursor->end;
}

/* Which of the plan's requests number 'index' is: by weight, from seed and index alone. */
size_t schedule_choose(const struct schedule *schedule, uint64_t index);
