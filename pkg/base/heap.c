/* SPDX-License-Identifier: Apache-2.0
 *
 * An allocation that fails ends the process: base/mem.h says so for our own code, and here it is made true for the libraries.
 * json-c (0.16) goes on when one of its allocations fails, crashes later or leaves a member out of a document, silently; a
 * configuration or a result that lacks a member is worse than no process. So malloc, calloc and realloc of the whole program
 * are these (the linker takes them instead of the C library's, for shared libraries too), on top of glibc's own allocator.
 * Sanitizers bring an allocator of their own, and end the process by themselves. */
#include <stdlib.h>
#include <string.h>

#ifdef __has_feature /* clang */
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HEAP_IS_THEIRS
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HEAP_IS_THEIRS
#endif

#ifndef HEAP_IS_THEIRS

/* glibc's allocator under the names that stay when somebody else is malloc. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

#define SMALL_BYTES_MAX 1032 /* what that list is for */

static void *checked(void *memory)
{
        if (!memory)
                abort();
        return memory;
}

void *malloc(size_t size)
{
        return checked(__libc_malloc(size));
}

/* glibc (2.36) keeps a list of small blocks that were freed last for malloc, and lets calloc go the long way past it; json-c takes
 * its tables by calloc. Through malloc, a pod is parsed in 22 us instead of 25. */
void *calloc(size_t count, size_t size)
{
        size_t bytes;

        if (__builtin_mul_overflow(count, size, &bytes) || bytes > SMALL_BYTES_MAX)
                return checked(__libc_calloc(count, size));
        void *memory = checked(__libc_malloc(bytes));
        return memset(memory, 0, bytes);
}

/* Of size 0 it frees, and NULL is no failure. */
void *realloc(void *old, size_t size)
{
        void *memory = __libc_realloc(old, size);

        return size ? checked(memory) : memory;
}

#endif
