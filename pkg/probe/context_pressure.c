/* SPDX-License-Identifier: Apache-2.0
 *
 * Which nodes were under pressure, and when. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "probe/context_internal.h"

static const char *pressure_of(struct json_object *facts)
{
        static const char *const conditions[] = {"MemoryPressure", "DiskPressure", "PIDPressure"};

        for (size_t i = 0; i < ARRAY_LEN(conditions); i++)
                if (text_equal(doc_text(doc_at(facts, "conditions"), conditions[i]), "True"))
                        return conditions[i];
        return NULL;
}

static void begin_stretch(struct entry *entry, const char *pressure, int64_t wall_ms)
{
        struct stretch *all = entry->stretches;

        if (entry->stretches_len == STRETCHES_MAX) { /* rather too long a time than one that is forgotten */
                all[0].to_wall_ms = all[1].to_wall_ms;
                memmove(&all[1], &all[2], (STRETCHES_MAX - 2) * sizeof *all);
                entry->stretches_len--;
        }
        all[entry->stretches_len++] = (struct stretch){pressure, wall_ms, INT64_MAX};
}

void context_note_pressure(struct entry *entry, int64_t wall_ms)
{
        const char *pressure = entry && entry->kind == CONTEXT_NODE ? pressure_of(entry->facts) : NULL;
        struct stretch *last = entry && entry->stretches_len ? &entry->stretches[entry->stretches_len - 1] : NULL;
        bool lasts = last && last->to_wall_ms == INT64_MAX;

        if (lasts && text_equal(last->pressure, pressure))
                return;
        if (lasts)
                last->to_wall_ms = wall_ms;
        if (pressure)
                begin_stretch(entry, pressure, wall_ms);
}

static const struct stretch *stretch_in(const struct entry *entry, int64_t from_wall_ms, int64_t to_wall_ms)
{
        for (unsigned i = 0; i < entry->stretches_len; i++)
                if (entry->stretches[i].to_wall_ms >= from_wall_ms && entry->stretches[i].from_wall_ms <= to_wall_ms)
                        return &entry->stretches[i];
        return NULL;
}

bool context_pressure(const struct context *context, int64_t from_wall_ms, int64_t to_wall_ms, char text[static CONTEXT_PRESSURE_TEXT])
{
        size_t at = 0;
        const char *key;
        void *value;

        while (map_next(&context->objects, &at, &key, &value)) {
                const struct entry *entry = value;
                const struct stretch *stretch = stretch_in(entry, from_wall_ms, to_wall_ms);
                if (!stretch)
                        continue;
                snprintf(text, CONTEXT_PRESSURE_TEXT, "%.253s: %s", doc_text(entry->facts, "name"), stretch->pressure);
                return true;
        }
        return false;
}
