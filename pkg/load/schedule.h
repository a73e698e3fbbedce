/* SPDX-License-Identifier: Apache-2.0
 *
 * The one global schedule of an open-loop run: request i is due when the cumulative rate reaches its place. With constant arrivals
 * the place of request i is i; with Poisson arrivals it is the sum of i + 1 exponential gaps of mean 1, drawn from seed and number
 * alone, so that arrivals follow the shape and their gaps are those of independent users. Nothing is stored per request and every
 * worker computes the same instants, so N workers that take every N-th request reproduce exactly what one worker would send. All
 * times are shape time: 0 is where the shape begins. */
#pragma once

#include "load/plan.h"

struct schedule_piece {
        struct load_piece shape;
        int64_t from_ns, to_ns;
        double from_count, to_count; /* cumulative requests at both ends; may have a fraction */
};

struct schedule {
        struct schedule_piece pieces[LOAD_PIECES_MAX];
        size_t pieces_len;
        double count;      /* of the shape; 0 for a closed one */
        uint64_t requests; /* that many, exactly with constant arrivals, on average with Poisson arrivals */
        double warmup_rps, warmup_count;
        int64_t warmup_ns;
        uint64_t warmup_requests; /* like 'requests' */
        bool poisson;
        uint64_t mix_key, arrival_key, weights[LOAD_REQUESTS_MAX]; /* weights: cumulative */
        size_t weights_len;
};

void schedule_init(struct schedule *schedule, const struct load_plan *plan);

/* Walks the requests first, first + step, …: of the warm-up when 'warmup', else of the shape. A move takes constant time; with
 * Poisson arrivals it looks at every request on the way. */
struct schedule_cursor {
        const struct schedule *schedule; /* borrowed for the life of the cursor */
        uint64_t index, step;
        double place;   /* of 'index', in requests */
        int64_t due_ns; /* of 'index'; INT64_MAX at the end */
        int piece;      /* of 'index'; -1 in the warm-up */
};

void schedule_begin(struct schedule_cursor *cursor, const struct schedule *schedule, bool warmup, uint64_t first,
                    uint64_t step);
void schedule_advance(struct schedule_cursor *cursor);

static inline bool schedule_ended(const struct schedule_cursor *cursor)
{
        return cursor->due_ns == INT64_MAX;
}

/* Which of the plan's requests number 'index' is: by weight, from seed and index alone. */
size_t schedule_choose(const struct schedule *schedule, uint64_t index);
