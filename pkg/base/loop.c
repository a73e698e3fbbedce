/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/mem.h"

#define EVENTS_PER_STEP 64

struct watched {
        loop_ready_fn *ready; /* NULL: not watched */
        void *owner;
        uint32_t generation;  /* tells a descriptor from an earlier one with the same number */
};

struct loop {
        const struct clock *clock;
        int epoll_fd, timer_fd;
        int64_t timer_fd_at_ns;     /* what timer_fd is set to, INT64_MAX when idle */
        struct loop_timer **timers; /* a heap, the earliest first: every request and every watch has one */
        size_t timers_len, timers_capacity;
        uint64_t order;             /* of arming: among equal times, first come first served */
        struct loop_timer *due;     /* being fired in this step, a list */
        struct watched *watched;    /* indexed by descriptor */
        size_t watched_len;
        uint32_t generation;
        bool stepping;              /* timer_fd is set once, at the end of the step */
};

struct loop *loop_new(const struct clock *clock)
{
        struct loop *loop = xnew(struct loop);

        loop->clock = clock;
        loop->timer_fd_at_ns = INT64_MAX;
        loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        loop->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
        if (loop->epoll_fd < 0 || loop->timer_fd < 0)
                abort();
        struct epoll_event event = {.events = EPOLLIN, .data.u64 = UINT64_MAX};
        if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->timer_fd, &event) < 0)
                abort();
        return loop;
}

struct loop *loop_free(struct loop *loop)
{
        if (!loop)
                return NULL;
        while (loop->timers_len)
                loop_disarm(loop, loop->timers[0]);
        free(loop->timers);
        assert(!loop->due); /* nobody frees the loop from inside a timer */
        if (guard_stands(GUARD_CLOSE)) {
                close(loop->timer_fd);
                close(loop->epoll_fd);
        }
        free(loop->watched);
        free(loop);
        return NULL;
}

const struct clock *loop_clock(const struct loop *loop)
{
        return loop->clock;
}

int64_t loop_now_ns(const struct loop *loop)
{
        return clock_now_ns(loop->clock);
}

int loop_fd(const struct loop *loop)
{
        return loop->epoll_fd;
}

int64_t loop_next_ns(const struct loop *loop)
{
        return loop->timers_len ? loop->timers[0]->at_ns : INT64_MAX;
}

static void grow_watched(struct loop *loop, int fd)
{
        size_t len = (size_t)fd + 1;

        if (len <= loop->watched_len)
                return;
        loop->watched = xrealloc(loop->watched, len * sizeof *loop->watched);
        for (size_t i = loop->watched_len; i < len; i++)
                loop->watched[i] = (struct watched){0};
        loop->watched_len = len;
}

void loop_watch(struct loop *loop, int fd, uint32_t events, loop_ready_fn *ready, void *owner)
{
        grow_watched(loop, fd);
        struct watched *watched = &loop->watched[fd];
        int op = watched->ready ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

        if (!watched->ready)
                watched->generation = ++loop->generation;
        watched->ready = ready;
        watched->owner = owner;
        struct epoll_event event = {.events = events,
                                    .data.u64 = (uint64_t)watched->generation << 32 | (uint32_t)fd};
        /* A library may have closed and reopened the number behind our back: MOD then says ENOENT, ADD says EEXIST. */
        if (epoll_ctl(loop->epoll_fd, op, fd, &event) < 0)
                epoll_ctl(loop->epoll_fd, op == EPOLL_CTL_MOD ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
}

void loop_forget(struct loop *loop, int fd)
{
        if (fd < 0 || (size_t)fd >= loop->watched_len || !loop->watched[fd].ready)
                return;
        loop->watched[fd].ready = NULL;
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

/* The timer descriptor only serves waiting; what is due is always decided by the clock object. */
static void set_timer_fd(struct loop *loop)
{
        int64_t at_ns = loop_next_ns(loop);

        if (loop->stepping || at_ns == loop->timer_fd_at_ns || loop->clock != clock_system())
                return;
        struct itimerspec spec = {0};
        if (at_ns != INT64_MAX) {
                int64_t due_ns = at_ns > 1 ? at_ns : 1;
                spec.it_value = (struct timespec){.tv_sec = due_ns / NS_PER_S, .tv_nsec = due_ns % NS_PER_S};
        }
        timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
        loop->timer_fd_at_ns = at_ns;
}

/* ---- Timers ---- */

static bool earlier(const struct loop_timer *a, const struct loop_timer *b)
{
        return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static void place(struct loop *loop, size_t at, struct loop_timer *timer)
{
        loop->timers[at] = timer;
        timer->at = at;
}

static void rise(struct loop *loop, struct loop_timer *timer)
{
        size_t at = timer->at;

        for (; at > 0 && earlier(timer, loop->timers[(at - 1) / 2]); at = (at - 1) / 2)
                place(loop, at, loop->timers[(at - 1) / 2]);
        place(loop, at, timer);
}

static void sink(struct loop *loop, struct loop_timer *timer)
{
        size_t at = timer->at;

        for (;;) {
                size_t child = 2 * at + 1;
                if (child + 1 < loop->timers_len && earlier(loop->timers[child + 1], loop->timers[child]))
                        child++;
                if (child >= loop->timers_len || !earlier(loop->timers[child], timer))
                        break;
                place(loop, at, loop->timers[child]);
                at = child;
        }
        place(loop, at, timer);
}

static void push(struct loop *loop, struct loop_timer *timer)
{
        if (loop->timers_len == loop->timers_capacity) {
                loop->timers_capacity = loop->timers_capacity ? loop->timers_capacity * 2 : 16;
                loop->timers = xrealloc(loop->timers, loop->timers_capacity * sizeof *loop->timers);
        }
        place(loop, loop->timers_len++, timer);
        rise(loop, timer);
}

static void pull(struct loop *loop, struct loop_timer *timer)
{
        struct loop_timer *last = loop->timers[--loop->timers_len];

        if (last == timer)
                return;
        place(loop, timer->at, last);
        rise(loop, last);
        sink(loop, last);
}

static void leave_due(struct loop *loop, struct loop_timer *timer)
{
        *(timer->previous ? &timer->previous->next : &loop->due) = timer->next;
        if (timer->next)
                timer->next->previous = timer->previous;
}

static void remove_timer(struct loop *loop, struct loop_timer *timer)
{
        if (timer->at < loop->timers_len && loop->timers[timer->at] == timer)
                pull(loop, timer);
        else
                leave_due(loop, timer);
        timer->armed = false;
}

void loop_arm(struct loop *loop, struct loop_timer *timer, int64_t at_ns)
{
        if (timer->armed)
                remove_timer(loop, timer);
        timer->at_ns = at_ns;
        timer->order = ++loop->order;
        timer->armed = true;
        push(loop, timer);
        set_timer_fd(loop);
}

void loop_disarm(struct loop *loop, struct loop_timer *timer)
{
        if (!timer->armed)
                return;
        remove_timer(loop, timer);
        set_timer_fd(loop);
}

/* Fires what is due at the beginning of the step. A timer that arms itself again for "now" waits for the next one, so that
 * descriptors are never starved by it. */
static void fire_due(struct loop *loop)
{
        int64_t now_ns = loop_now_ns(loop);
        struct loop_timer *last = NULL;

        while (loop_next_ns(loop) <= now_ns) {
                struct loop_timer *timer = loop->timers[0];
                pull(loop, timer);
                timer->next = NULL;
                timer->previous = last;
                *(last ? &last->next : &loop->due) = timer;
                last = timer;
        }
        while (loop->due) {
                struct loop_timer *timer = loop->due;
                remove_timer(loop, timer);
                timer->fire(timer->owner);
        }
}

/* ---- Steps ---- */

static int wait_ms(const struct loop *loop, int64_t wait_ns)
{
        int64_t next_ns = loop_next_ns(loop), now_ns = loop_now_ns(loop);

        if (next_ns != INT64_MAX) {
                int64_t until_ns = next_ns > now_ns ? next_ns - now_ns : 0;
                if (wait_ns < 0 || until_ns < wait_ns)
                        wait_ns = until_ns;
        }
        if (wait_ns < 0)
                return -1;
        int64_t ms = (wait_ns + NS_PER_MS - 1) / NS_PER_MS;
        return ms > 60000 ? 60000 : (int)ms;
}

static void dispatch(struct loop *loop, const struct epoll_event *event)
{
        int fd = (int)(uint32_t)event->data.u64;

        if (event->data.u64 == UINT64_MAX) {
                uint64_t expirations;
                ssize_t got = read(loop->timer_fd, &expirations, sizeof expirations);
                (void)got; /* only makes the descriptor quiet again */
                loop->timer_fd_at_ns = INT64_MAX;
                return;
        }
        if ((size_t)fd >= loop->watched_len)
                return;
        struct watched watched = loop->watched[fd];
        if (watched.ready && watched.generation == (uint32_t)(event->data.u64 >> 32))
                watched.ready(watched.owner, fd, event->events);
}

void loop_step(struct loop *loop, int64_t wait_ns)
{
        struct epoll_event events[EVENTS_PER_STEP];
        int count = epoll_wait(loop->epoll_fd, events, EVENTS_PER_STEP, wait_ms(loop, wait_ns));

        loop->stepping = true;
        for (int i = 0; i < count; i++)
                dispatch(loop, &events[i]);
        fire_due(loop);
        loop->stepping = false;
        set_timer_fd(loop);
}
