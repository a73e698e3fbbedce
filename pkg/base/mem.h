/* SPDX-License-Identifier: Apache-2.0
 *
 * Heap memory and its automatic release. Running out of memory ends the process: a restarted operator
 * rebuilds its world from the API server, and a worker without memory has nothing true to say. */
#pragma once

#include <stddef.h>

/* Never NULL, zeroed (xcalloc) or uninitialised past the old size (xrealloc); abort() when memory is out. */
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *old, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *text) __attribute__((malloc, returns_nonnull, nonnull));
char *xstrndup(const char *text, size_t len_max) __attribute__((malloc, returns_nonnull, nonnull));
/* printf into a new string that the caller frees. */
char *xasprintf(const char *format, ...) __attribute__((malloc, returns_nonnull, format(printf, 1, 2)));

#define xnew(type) ((type *)xcalloc(1, sizeof(type)))

/* Moves a pointer out of its variable: yields the value and leaves NULL behind. */
#define take(variable)                              \
        ({                                          \
                __typeof__(variable) *at_ = &(variable); \
                __typeof__(variable) value_ = *at_; \
                *at_ = NULL;                        \
                value_;                             \
        })

#define MEM_FETCH_MAX 1024

/* Asks the processor to have these bytes, the first MEM_FETCH_MAX of them, in its caches when they are written soon. Changes nothing. */
static inline void mem_fetch(const void *data, size_t size)
{
        for (size_t at = 0; at < size && at < MEM_FETCH_MAX; at += 64)
                __builtin_prefetch((const char *)data + at, 1);
}

#define container_of(pointer, type, member) ((type *)((char *)(pointer) - offsetof(type, member)))
#define ARRAY_LEN(array) (sizeof(array) / sizeof *(array))

void mem_free_at(void *pointer_to_pointer);
void mem_close_at(const int *fd);

#define auto_free __attribute__((cleanup(mem_free_at)))
/* Closes a file descriptor when it leaves scope; -1 is nothing. */
#define auto_close __attribute__((cleanup(mem_close_at)))
