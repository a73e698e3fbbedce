/* SPDX-License-Identifier: Apache-2.0 */
#include "load/pool.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define STEP 64 /* classes are multiples of it */
#define CLASSES (POOL_BLOCK_MAX / STEP)
#define PIECE_SIZE ((size_t)256 * 1024)

/* Before each block. */
struct head {
        alignas(16) size_t size; /* as asked for, at most that of its class */
        struct head *next;       /* of the blocks given back */
};

struct piece {
        alignas(16) struct piece *next;
        size_t size;
};

struct pool {
        struct head *given_back[CLASSES];
        struct piece *pieces; /* the first is being used up */
        char *at, *end;
};

static void add_piece(struct pool *pool, size_t size)
{
        struct piece *piece = xcalloc(1, sizeof *piece + size);

        memset(piece, 1, sizeof *piece + size); /* zeroed memory is only promised */
        piece->next = pool->pieces;
        piece->size = size;
        pool->pieces = piece;
        pool->at = (char *)(piece + 1);
        pool->end = pool->at + size;
}

struct pool *pool_new(size_t ahead_size)
{
        struct pool *pool = xnew(struct pool);

        add_piece(pool, ahead_size > PIECE_SIZE ? ahead_size : PIECE_SIZE);
        return pool;
}

struct pool *pool_free(struct pool *pool)
{
        if (!pool)
                return NULL;
        for (struct piece *piece = pool->pieces, *next; piece; piece = next) {
                next = piece->next;
                free(piece);
        }
        free(pool);
        return NULL;
}

static size_t class_of(size_t size)
{
        return size == 0 ? 0 : (size - 1) / STEP;
}

void *pool_alloc(struct pool *pool, size_t size)
{
        size_t class = class_of(size);
        struct head *head;

        if (class >= CLASSES) {
                head = xcalloc(1, sizeof *head + size);
        } else if (pool->given_back[class]) {
                head = pool->given_back[class];
                pool->given_back[class] = head->next;
        } else {
                size_t whole = sizeof *head + (class + 1) * STEP;
                if ((size_t)(pool->end - pool->at) < whole)
                        add_piece(pool, PIECE_SIZE);
                head = (struct head *)pool->at;
                pool->at += whole;
        }
        head->size = size;
        return head + 1;
}

void pool_release(struct pool *pool, void *block)
{
        if (!block)
                return;
        struct head *head = (struct head *)block - 1;
        size_t class = class_of(head->size);
        if (class >= CLASSES) {
                free(head);
                return;
        }
        head->next = pool->given_back[class];
        pool->given_back[class] = head;
}

void *pool_resize(struct pool *pool, void *block, size_t size)
{
        void *larger = pool_alloc(pool, size);

        if (!block)
                return larger;
        size_t kept = ((struct head *)block - 1)->size;
        memcpy(larger, block, kept < size ? kept : size);
        pool_release(pool, block);
        return larger;
}
