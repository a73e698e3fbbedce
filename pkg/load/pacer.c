/* SPDX-License-Identifier: Apache-2.0 */
#include "load/pacer.h"

#include <errno.h>
#include <poll.h>
#include <sys/prctl.h>

#include "base/clock.h"

#define WINDOW_LEAST_NS (20 * INT64_C(1000))
#define WINDOW_MOST_NS (500 * INT64_C(1000))
#define ALLOWANCE_MOST_NS (5 * NS_PER_MS)
#define GROUP_NS NS_PER_MS

void pacer_init(struct pacer *pacer, bool precise, double poll_share)
{
        *pacer = (struct pacer){
                .precise = precise,
                .poll_share = poll_share,
                .late_ns = 60 * INT64_C(1000),
                .accounted_ns = clock_now_ns(clock_system()),
        };
        prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
}

static int wait_for(int epoll_fd, struct epoll_event *events, int events_max, int64_t wait_ns)
{
        if (wait_ns <= 0)
                return epoll_wait(epoll_fd, events, events_max, 0);
        struct timespec wait = {.tv_sec = wait_ns / NS_PER_S, .tv_nsec = wait_ns % NS_PER_S};
        struct timespec *bound = wait_ns >= INT64_MAX / 2 ? NULL : &wait;
        int got = epoll_pwait2(epoll_fd, events, events_max, bound, NULL);
        if (got >= 0 || errno != ENOSYS)
                return got < 0 ? 0 : got;
        /* Before Linux 5.11 (and in some sandboxes): an epoll descriptor can itself be waited for with nanoseconds. */
        struct pollfd ready = {.fd = epoll_fd, .events = POLLIN};
        ppoll(&ready, 1, bound, NULL);
        got = epoll_wait(epoll_fd, events, events_max, 0);
        return got < 0 ? 0 : got;
}

int64_t pacer_learn_ns(int64_t known_ns, int64_t late_ns)
{
        int64_t difference_ns = late_ns - known_ns;

        if (late_ns > WINDOW_MOST_NS)
                return known_ns;
        return known_ns + (difference_ns > 0 ? difference_ns / 4 : difference_ns / 64);
}

int64_t pacer_window_ns(int64_t late_ns, int64_t gap_ns, bool *ret_narrowed)
{
        int64_t wanted_ns = late_ns + late_ns / 4 + 5000;

        wanted_ns = wanted_ns < WINDOW_LEAST_NS ? WINDOW_LEAST_NS : wanted_ns > WINDOW_MOST_NS ? WINDOW_MOST_NS : wanted_ns;
        *ret_narrowed = gap_ns > 0 && wanted_ns > gap_ns / 2;
        return *ret_narrowed ? gap_ns / 2 : wanted_ns;
}

static void note_gap(struct pacer *pacer, int64_t send_ns)
{
        if (send_ns <= pacer->asked_ns)
                return;
        int64_t gap_ns = send_ns - pacer->asked_ns;
        if (pacer->asked_ns > 0)
                pacer->gap_ns += pacer->gap_ns > 0 ? (gap_ns - pacer->gap_ns) / 16 : gap_ns;
        pacer->asked_ns = send_ns;
}

static int64_t window(struct pacer *pacer)
{
        bool narrowed;

        pacer->window_ns = pacer_window_ns(pacer->late_ns, pacer->gap_ns, &narrowed);
        pacer->narrowed |= narrowed;
        return pacer->window_ns;
}

static bool may_poll(struct pacer *pacer, int64_t now_ns)
{
        if (pacer->poll_share >= 1)
                return true;
        pacer->allowance_ns += (int64_t)((double)(now_ns - pacer->accounted_ns) * pacer->poll_share);
        pacer->accounted_ns = now_ns;
        if (pacer->allowance_ns > ALLOWANCE_MOST_NS)
                pacer->allowance_ns = ALLOWANCE_MOST_NS;
        return pacer->allowance_ns > 0;
}

static int poll_until(struct pacer *pacer, int epoll_fd, struct epoll_event *events, int events_max, int64_t at_ns)
{
        int64_t from_ns = clock_now_ns(clock_system()), now_ns;
        int got = 0;

        /* At least once: answers are read even when sends are late. */
        do {
                got = wait_for(epoll_fd, events, events_max, 0);
                now_ns = clock_now_ns(clock_system());
        } while (got == 0 && now_ns < at_ns);
        pacer->allowance_ns -= now_ns - from_ns;
        return got < 0 ? 0 : got;
}

static int wait_precise(struct pacer *pacer, int epoll_fd, struct epoll_event *events, int events_max, int64_t send_ns)
{
        int64_t now_ns = clock_now_ns(clock_system());

        note_gap(pacer, send_ns);
        int64_t wake_ns = send_ns - window(pacer);
        if (!may_poll(pacer, now_ns))
                return wait_for(epoll_fd, events, events_max, send_ns - now_ns);
        if (wake_ns > now_ns) {
                int got = wait_for(epoll_fd, events, events_max, wake_ns - now_ns);
                if (got == 0)
                        pacer->late_ns = pacer_learn_ns(pacer->late_ns, clock_now_ns(clock_system()) - wake_ns);
                return got;
        }
        return poll_until(pacer, epoll_fd, events, events_max, send_ns);
}

int pacer_wait(struct pacer *pacer, int epoll_fd, struct epoll_event *events, int events_max, int64_t send_ns,
               int64_t other_ns)
{
        if (pacer->precise && send_ns <= other_ns && send_ns != INT64_MAX)
                return wait_precise(pacer, epoll_fd, events, events_max, send_ns);

        if (!pacer->precise && send_ns != INT64_MAX && send_ns < pacer->woken_ns + GROUP_NS)
                send_ns = pacer->woken_ns + GROUP_NS;
        int64_t at_ns = send_ns < other_ns ? send_ns : other_ns, now_ns = clock_now_ns(clock_system());
        int got = wait_for(epoll_fd, events, events_max, at_ns == INT64_MAX ? at_ns : at_ns - now_ns);
        if (got == 0 && at_ns == send_ns)
                pacer->woken_ns = clock_now_ns(clock_system());
        return got;
}
