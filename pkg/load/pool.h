/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory for many small things of few sizes that come and go: taken from the system ahead of need and in large pieces, handed out from
 * lists of what was given back, and returned to the system all at once. For one thread. */
#pragma once

#include <stddef.h>

#define POOL_BLOCK_MAX 1024 /* larger blocks are the C library's */

struct pool;

/* With room for about 'ahead_size' bytes, which are there and not only promised. Never NULL. */
struct pool *pool_new(size_t ahead_size);
struct pool *pool_free(struct pool *pool); /* whatever is still out is gone, but for large blocks; NULL is fine; returns NULL */

/* Aligned for anything; never NULL, of any content. Give back with pool_release, or resize, by the same pool. */
void *pool_alloc(struct pool *pool, size_t size);
void pool_release(struct pool *pool, void *block); /* NULL is fine */
/* The first bytes stay, at most 'size' of them; NULL: like pool_alloc. */
void *pool_resize(struct pool *pool, void *block, size_t size);
