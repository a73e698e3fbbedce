/* SPDX-License-Identifier: Apache-2.0
 *
 * What a controller has to look at in one step: filled while nothing changes, then walked while everything may. */
#pragma once

#include "sim.h"

struct agenda { /* zeroed memory is an empty one */
        struct object **objects; /* while it is filled */
        char **uids;             /* when it is walked */
        size_t len, capacity, at;
};

/* NULL is left out; twice is once. */
void agenda_add(struct agenda *agenda, struct object *object);
/* 'note' adds what each change after 'version' concerns; where the past is forgotten it is told every object as if it had just been
 * made, and the answer is false: who was deleted is not known. */
bool agenda_fill(struct agenda *agenda, struct apisim *sim, uint64_t version,
                 void (*note)(struct apisim *sim, const struct change *change, struct agenda *agenda));
/* Nothing is added any more. The next one that is still there, by kind and key; NULL at the end. */
struct object *agenda_next(struct agenda *agenda, struct apisim *sim);
void agenda_done(struct agenda *agenda);
