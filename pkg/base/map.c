/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

static size_t slot_of(const struct map *map, const char *key)
{
        size_t mask = map->capacity - 1;
        size_t slot = text_hash(key, strlen(key)) & mask;

        while (map->entries[slot].key && strcmp(map->entries[slot].key, key) != 0)
                slot = (slot + 1) & mask;
        return slot;
}

void map_done(struct map *map)
{
        for (size_t i = 0; i < map->capacity; i++)
                free(map->entries[i].key);
        free(map->entries);
        *map = (struct map){0};
}

void map_done_values(struct map *map)
{
        for (size_t i = 0; i < map->capacity; i++)
                if (map->entries[i].key)
                        free(map->entries[i].value);
        map_done(map);
}

void *map_find(const struct map *map, const char *key)
{
        return map->capacity ? map->entries[slot_of(map, key)].value : NULL;
}

static void grow(struct map *map)
{
        struct map old = *map;

        map->capacity = old.capacity ? old.capacity * 2 : 16;
        map->entries = xcalloc(map->capacity, sizeof *map->entries);
        for (size_t i = 0; i < old.capacity; i++)
                if (old.entries[i].key)
                        map->entries[slot_of(map, old.entries[i].key)] = old.entries[i];
        free(old.entries);
}

void *map_set(struct map *map, const char *key, void *value)
{
        if ((map->len + 1) * 4 > map->capacity * 3)
                grow(map);
        struct map_entry *entry = &map->entries[slot_of(map, key)];
        void *old = entry->value;
        if (!entry->key) {
                entry->key = xstrdup(key);
                map->len++;
        }
        entry->value = value;
        return old;
}

void *map_remove(struct map *map, const char *key)
{
        if (!map->capacity)
                return NULL;
        size_t mask = map->capacity - 1, hole = slot_of(map, key);
        if (!map->entries[hole].key)
                return NULL;
        void *value = map->entries[hole].value;
        free(map->entries[hole].key);
        map->entries[hole] = (struct map_entry){0};
        map->len--;
        /* Close the gap: every entry of the run behind it must stay reachable from its own slot. */
        for (size_t i = (hole + 1) & mask; map->entries[i].key; i = (i + 1) & mask) {
                struct map_entry moving = map->entries[i];
                map->entries[i] = (struct map_entry){0};
                map->entries[slot_of(map, moving.key)] = moving;
        }
        return value;
}

bool map_next(const struct map *map, size_t *at, const char **ret_key, void **ret_value)
{
        for (; *at < map->capacity; (*at)++) {
                struct map_entry *entry = &map->entries[*at];
                if (!entry->key)
                        continue;
                *ret_key = entry->key;
                *ret_value = entry->value;
                (*at)++;
                return true;
        }
        return false;
}
