/* SPDX-License-Identifier: Apache-2.0
 *
 * Strings to pointers. Open addressing, keys copied, values borrowed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct map_entry {
        char *key; /* NULL: free slot */
        void *value;
};

struct map { /* zeroed memory is an empty map */
        struct map_entry *entries;
        size_t capacity, len;
};

void map_done(struct map *map); /* frees keys and table, never values; the map is empty and usable again */
/* The same, and free() of each value. */
void map_done_values(struct map *map);
/* The value, or NULL. */
void *map_find(const struct map *map, const char *key);
/* Sets the value (not NULL) and returns the one it replaces, or NULL. */
void *map_set(struct map *map, const char *key, void *value);
/* Returns the removed value, or NULL when there was none. */
void *map_remove(struct map *map, const char *key);
/* Walks in no particular order: start with *at = 0; false at the end. The map must not change meanwhile. */
bool map_next(const struct map *map, size_t *at, const char **ret_key, void **ret_value);
