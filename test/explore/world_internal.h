/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a world, shared by world.c (time, and what must hold) and scene.c (what people do). */
#pragma once

#include "base/buf.h"
#include "life.h"
#include "world.h"

struct world {
        struct clock clock;     /* first: the clock functions know the world by it */
        int64_t now_ns;
        const struct workload *workload;
        struct apisim *sim;
        struct faults faults;
        struct life lives[OPERATORS_MAX];
        int lives_len;
        struct check *check;
        int64_t act_ns;
        unsigned step, passes;
        struct { const char *what; int status; } refusal; /* what NULL: nothing is refused */
        struct json_object *answer;
        struct buf end;
        char problem[1024];
};

/* Somebody touches the Lease, in the way of that fault. */
void world_spoil_lease(struct world *world, enum fault_kind kind);
