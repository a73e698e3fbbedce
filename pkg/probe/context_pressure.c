/* SPDX-License-Identifier: Apache-2.0
 *
 * Which nodes were under pressure, and when. */
#include <stdio.h>

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

void context_note_pressure(struct entry *entry, int64_t wall_ms)
{
        const char *pressure = entry && entry->kind == CONTEXT_NODE ? pressure_of(entry->facts) : NULL;

        if (!pressure && entry && entry->pressed_wall_ms == INT64_MAX)
                entry->pressed_wall_ms = wall_ms;
        if (!pressure)
                return;
        if (entry->pressed_wall_ms != INT64_MAX)
                entry->pressed_since_wall_ms = wall_ms;
        entry->pressure = pressure;
        entry->pressed_wall_ms = INT64_MAX;
}

bool context_pressure(const struct context *context, int64_t from_wall_ms, int64_t to_wall_ms, char text[static CONTEXT_PRESSURE_TEXT])
{
        size_t at = 0;
        const char *key;
        void *value;

        while (map_next(&context->objects, &at, &key, &value)) {
                const struct entry *entry = value;
                if (!entry->pressure || entry->pressed_wall_ms < from_wall_ms || entry->pressed_since_wall_ms > to_wall_ms)
                        continue;
                snprintf(text, CONTEXT_PRESSURE_TEXT, "%.253s: %s", doc_text(entry->facts, "name"), entry->pressure);
                return true;
        }
        return false;
}
