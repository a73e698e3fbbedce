/* SPDX-License-Identifier: Apache-2.0 */
#include "agenda.h"

#include <stdlib.h>
#include <string.h>

#include "stream.h"

void agenda_add(struct agenda *agenda, struct object *object)
{
        if (!object)
                return;
        if (agenda->len == agenda->capacity) {
                agenda->capacity = agenda->capacity ? 2 * agenda->capacity : 16;
                agenda->objects = xrealloc(agenda->objects, agenda->capacity * sizeof *agenda->objects);
        }
        agenda->objects[agenda->len++] = object;
}

bool agenda_fill(struct agenda *agenda, struct apisim *sim, uint64_t version,
                 void (*note)(struct apisim *sim, const struct change *change, struct agenda *agenda))
{
        if (version >= sim->compacted) {
                for (size_t i = history_after(sim, version); i < sim->history_len; i++)
                        note(sim, &sim->history[i], agenda);
                return true;
        }
        for (size_t i = 0; i < sim->kinds_len; i++)
                for (size_t j = 0; j < sim->kinds[i].len; j++)
                        note(sim, &(struct change){.kind = &sim->kinds[i], .after = sim->kinds[i].objects[j]->json}, agenda);
        return false;
}

static int by_place(const void *a, const void *b)
{
        const struct object *left = *(struct object *const *)a, *right = *(struct object *const *)b;

        return left->kind != right->kind ? (left->kind > right->kind) - (left->kind < right->kind) : strcmp(left->key, right->key);
}

/* Objects come and go under the feet of whoever walks; their uids do not. */
static void begin_walk(struct agenda *agenda)
{
        size_t len = 0;

        agenda->uids = xcalloc(agenda->len + 1, sizeof *agenda->uids);
        if (agenda->len)
                qsort(agenda->objects, agenda->len, sizeof *agenda->objects, by_place);
        for (size_t i = 0; i < agenda->len; i++)
                if (i == 0 || agenda->objects[i] != agenda->objects[i - 1])
                        agenda->uids[len++] = xstrdup(doc_text(agenda->objects[i]->json, "metadata.uid"));
        agenda->len = len;
}

struct object *agenda_next(struct agenda *agenda, struct apisim *sim)
{
        struct object *object = NULL;

        if (!agenda->uids)
                begin_walk(agenda);
        while (agenda->at < agenda->len && !object)
                object = sim_store_by_uid(sim, agenda->uids[agenda->at++]);
        return object;
}

void agenda_done(struct agenda *agenda)
{
        for (size_t i = 0; i < agenda->len && agenda->uids; i++)
                free(agenda->uids[i]);
        free(agenda->uids);
        free(agenda->objects);
        *agenda = (struct agenda){0};
}
