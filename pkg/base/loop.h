/* SPDX-License-Identifier: Apache-2.0
 *
 * One thread, one epoll, timers in monotonic nanoseconds taken from a clock that the caller owns.
 * The loop's own descriptor is pollable, so loops nest: another library may wait for it and call
 * loop_step(loop, 0) when it is readable. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct loop;

/* 'events' are EPOLLIN | EPOLLOUT | … as epoll reports them. The callback may watch and forget any descriptor. */
typedef void loop_ready_fn(void *owner, int fd, uint32_t events);

/* Embedded by its owner; zeroed memory with 'fire' and 'owner' set is an idle timer. */
struct loop_timer {
        void (*fire)(void *owner);
        void *owner;
        int64_t at_ns; /* read-only for the owner; valid while armed */
        bool armed;    /* read-only for the owner; false already when 'fire' is called */
        /* The loop's own. */
        uint64_t order;
        size_t at;
        struct loop_timer *next, *previous;
};

/* 'clock' is borrowed for the life of the loop. Never NULL (no descriptors left ends the process). */
struct loop *loop_new(const struct clock *clock);
struct loop *loop_free(struct loop *loop); /* NULL is fine; returns NULL; armed timers are dropped unfired */
const struct clock *loop_clock(const struct loop *loop);
int64_t loop_now_ns(const struct loop *loop);

/* Watches a descriptor, or changes its events and callback when it is watched already. The loop does not own 'fd':
 * forget it before closing it. */
void loop_watch(struct loop *loop, int fd, uint32_t events, loop_ready_fn *ready, void *owner);
void loop_forget(struct loop *loop, int fd); /* an unknown fd is fine */

/* Arms or moves a timer to 'at_ns'; in the past means at the next step. A timer fires once. */
void loop_arm(struct loop *loop, struct loop_timer *timer, int64_t at_ns);
void loop_disarm(struct loop *loop, struct loop_timer *timer);

/* Readable when loop_step() has work to do (a descriptor is ready or a timer is due on the system clock). */
int loop_fd(const struct loop *loop);
/* Monotonic time of the earliest timer, INT64_MAX when none. */
int64_t loop_next_ns(const struct loop *loop);
/* Waits at most 'wait_ns' (0: not at all, <0: until something happens), then runs due timers and ready callbacks once. */
void loop_step(struct loop *loop, int64_t wait_ns);
