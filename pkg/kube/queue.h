/* SPDX-License-Identifier: Apache-2.0
 *
 * Names that need a pass. Adding a name twice is adding it once; a name being worked is never handed out again until
 * queue_finish, and what was added meanwhile is kept. Due times are monotonic. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buckets.h"

struct queue;

struct queue *queue_new(void);
struct queue *queue_free(struct queue *queue);
/* Keeps the earlier of two due times. */
void queue_add(struct queue *queue, const char *name, int64_t due_ns);
/* The earliest name that is due, marked as being worked; NULL when none. Borrowed until queue_finish(name). */
const char *queue_take(struct queue *queue, int64_t now_ns);
void queue_finish(struct queue *queue, const char *name, int64_t now_ns); /* a name that is not being worked is fine */
/* Later each time: 50 ms doubled up to 30 s, with 0..50 % jitter from 'random' (any 64-bit number). From the second failure in a row on
 * queue_add() makes the name due only after that pause, or after a second of it: news comes fast, and much of it is our own. */
void queue_retry(struct queue *queue, const char *name, int64_t now_ns, uint64_t random);
void queue_succeeded(struct queue *queue, const char *name); /* forgets the failures, keeps the name if it waits */
/* INT64_MAX when nothing waits. */
int64_t queue_next_ns(const struct queue *queue);
uint64_t queue_len(const struct queue *queue); /* names that wait, due or not; those being worked do not count */

struct queue_stats {
        uint64_t adds, retries;
        struct buckets waited; /* from being due to being taken */
        struct buckets worked; /* from being taken to queue_finish() */
};
/* Borrowed, it goes on counting. */
const struct queue_stats *queue_stats(const struct queue *queue);
/* When this name was taken; INT64_MAX when it is not being worked. */
int64_t queue_taken_ns(const struct queue *queue, const char *name);
/* Walks the names being worked, in no particular order; the queue must not change meanwhile. */
void queue_each_working(const struct queue *queue, void (*visit)(void *owner, const char *name, int64_t taken_ns), void *owner);
