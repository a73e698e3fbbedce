/* SPDX-License-Identifier: Apache-2.0
 *
 * Waits for descriptors until an instant, either exactly (sleep to shortly before it, then poll: about 0.1 us late,
 * some CPU) or coarsely (plain sleep, sends grouped to at most 1 ms).
 *
 * How long before the instant polling begins, the window, is what the kernel was measured to wake us too late, and a margin. Where that
 * is more than half of the time between two sends, the window is that half: the thread would otherwise poll most of the time, and take
 * a core from others for it. Sends are then late by what is missing, and the pacer says that it was narrowed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct pacer {
        bool precise;
        double poll_share;     /* of the time that polling may take, 0..1: below a CPU limit it must not eat the quota */
        int64_t allowance_ns;  /* polling time saved up */
        int64_t accounted_ns;  /* up to when the allowance was saved up */
        int64_t late_ns;       /* smoothed: how much later than asked the kernel wakes us */
        int64_t woken_ns;      /* coarse: the last wake-up for a send */
        int64_t asked_ns;      /* the last send that was waited for */
        int64_t gap_ns;        /* smoothed: between two of them; 0 before the second */
        int64_t window_ns;     /* the last one; 0 before */
        bool narrowed;         /* since the owner last looked, who sets it back */
};

/* The delay that is known, after one more of 'late_ns'. Quick to grow, slow to shrink: being late once costs more than polling a little
 * longer. What no window covers is not the kernel's delay but somebody else's turn on the core, against which polling does not help: it
 * is not learned. Pure. */
int64_t pacer_learn_ns(int64_t known_ns, int64_t late_ns);
/* The window for this delay and this time between sends (0: unknown). Pure. */
int64_t pacer_window_ns(int64_t late_ns, int64_t gap_ns, bool *ret_narrowed);

/* Also asks the kernel for exact timers in the calling thread, which must be the one that waits. */
void pacer_init(struct pacer *pacer, bool precise, double poll_share);

/* Waits for events of 'epoll_fd' until 'send_ns' (an instant that matters) or 'other_ns' (one that may be late by a
 * little); INT64_MAX for none, both monotonic. Returns the number of events, 0 when the time came; or,
 * having slept, when it is about to come: polling begins with the next call, and what the caller does before that brings back into the
 * caches what a send needs. */
int pacer_wait(struct pacer *pacer, int epoll_fd, struct epoll_event *events, int events_max, int64_t send_ns,
               int64_t other_ns);
