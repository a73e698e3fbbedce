/* SPDX-License-Identifier: Apache-2.0
 *
 * A lane's thread: what to do next, and until when to wait. */
#include "load/lane.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "load/lane_inner.h"

#define EVENTS_MAX 256

int64_t lane_warmup_intervals(const struct load_plan *plan, int64_t interval_ms)
{
        return (plan->warmup_ms + interval_ms - 1) / interval_ms;
}

int64_t lane_interval_from_ms(const struct load_plan *plan, int64_t interval_ms, int64_t shape_from, int64_t index)
{
        if (index >= shape_from)
                return (index - shape_from) * interval_ms;
        if (index == 0)
                return -plan->warmup_ms;
        return (index - lane_warmup_intervals(plan, interval_ms)) * interval_ms;
}

static void open_interval(struct lane *lane, int64_t index)
{
        lane->interval = index;
        lane->interval_end_ns =
                lane_interval_from_ms(lane->setup.plan, lane->setup.interval_ms, lane->shape_from, index + 1) * NS_PER_MS;
}

static void fill_gauges(struct lane *lane)
{
        struct tally_span *span = tally_span(&lane->tally);

        span->in_flight = lane->flying.len;
        span->window_ns = lane->setup.plan->closed ? 0 : lane->pacer.window_ns;
        span->narrowed |= lane->pacer.narrowed;
        lane->pacer.narrowed = false;
        span->backlog = lane->setup.plan->closed ? 0 : (lane->due.index - lane->head.index) / lane->setup.step;
}

static void begin_requests(struct lane *lane, bool warmup)
{
        lane->warming = warmup;
        schedule_begin(&lane->due, lane->setup.schedule, warmup, lane->setup.first, lane->setup.step);
        lane->head = lane->due;
}

/* The interval that the shape begins with; earlier than planned when the worker has found that the warm-up is over. */
static int64_t shape_from(const struct lane *lane)
{
        int64_t earlier = atomic_load_explicit(&lane->setup.gate->shape_from, memory_order_acquire);

        return earlier ? earlier : lane->shape_from;
}

/* Shape time begins anew where the warm-up was ended; a lane that learns of it late is late, and not in another time. */
static void begin_shape(struct lane *lane, int64_t from)
{
        const struct load_plan *plan = lane->setup.plan;
        int64_t cut_ms = -lane_interval_from_ms(plan, lane->setup.interval_ms, lane->shape_from, from);

        lane->zero_ns -= cut_ms * NS_PER_MS;
        lane->shape_from = from;
        /* Warm-up requests not even sent yet go with the warm-up: the shape begins without debt. */
        begin_requests(lane, false);
}

static void close_interval(struct lane *lane)
{
        int64_t next = lane->interval + 1, from = shape_from(lane);

        fill_gauges(lane);
        if (lane->warming && next >= from) {
                begin_shape(lane, from);
                next = from;
        }
        tally_flip(&lane->tally, next, lane->warming, false);
        eventfd_write(lane->setup.gate->notify_fd, 1);
        open_interval(lane, next);
}

static void account_due(struct lane *lane)
{
        tally_offered(&lane->tally, lane->due.piece, schedule_choose(lane->setup.schedule, lane->due.index));
        schedule_advance(&lane->due);
}

/* Runs for every request sent or answered: most calls only compare. */
void lane_advance(struct lane *lane, int64_t now_ns)
{
        if (!lane->started)
                return;
        for (;;) {
                int64_t at_ns = now_ns - lane->zero_ns; /* an interval that is closed may move it */
                if (lane->due.due_ns < lane->interval_end_ns && lane->due.due_ns <= at_ns)
                        account_due(lane);
                else if (lane->interval_end_ns <= at_ns)
                        close_interval(lane);
                else
                        return;
        }
}

int lane_closed_piece(const struct lane *lane, int64_t now_ns)
{
        if (!lane->started || now_ns < lane->start_ns || now_ns >= lane->zero_ns + lane->shape_end_ns)
                return -2;
        return now_ns < lane->zero_ns ? -1 : 0;
}

/* A start in the past: what should have been sent already is offered and skipped, not sent in a burst. */
static void skip_past(struct lane *lane, int64_t now_ns)
{
        if (!atomic_load(&lane->setup.gate->late))
                return;
        lane_advance(lane, now_ns);
        if (!lane->warming && !lane->setup.plan->closed)
                lane->tally.skipped = (lane->due.index - lane->head.index) / lane->setup.step;
        lane->head = lane->due;
}

static void look_at_gate(struct lane *lane)
{
        int64_t start_ns = atomic_load(&lane->setup.gate->start_ns);

        if (lane->started || start_ns == 0)
                return;
        lane->started = true;
        lane->start_ns = start_ns;
        lane->zero_ns = start_ns + lane->setup.schedule->warmup_ns;
        lane->shape_from = lane_warmup_intervals(lane->setup.plan, lane->setup.interval_ms);
        begin_requests(lane, lane->setup.schedule->warmup_ns > 0);
        open_interval(lane, 0);
        *tally_span(&lane->tally) =
                (struct tally_span){.warmup = lane->warming, .set = tally_span(&lane->tally)->set};
        skip_past(lane, lane_now_ns());
}

static void note_start(struct lane *lane, int64_t now_ns)
{
        if (lane->started && now_ns >= lane->start_ns && atomic_load(&lane->state.wake_ns) < 0) {
                atomic_store(&lane->state.wake_ns, now_ns - lane->start_ns);
                eventfd_write(lane->setup.gate->notify_fd, 1);
        }
}

static bool is_finished(const struct lane *lane, int64_t now_ns)
{
        bool all_due = lane->setup.plan->closed || (!lane->warming && schedule_ended(&lane->due));

        return lane->started && now_ns >= lane->zero_ns + lane->shape_end_ns && all_due &&
               lane->flying.len == 0 && lane->again_len == 0 && (lane->setup.plan->closed || lane->head.index == lane->due.index);
}

static int64_t earlier(int64_t a, int64_t b)
{
        return a < b ? a : b;
}

/* When the next request must leave, INT64_MAX when none can. */
static int64_t next_send_ns(const struct lane *lane)
{
        if (!lane->started)
                return INT64_MAX;
        if (atomic_load_explicit(&lane->state.wake_ns, memory_order_relaxed) < 0)
                return lane->start_ns;
        if (lane->again_len && lane->free.len)
                return 0;
        if (lane->setup.plan->closed) /* what became free in this round is sent in the next */
                return lane->free.len && lane_closed_piece(lane, lane_now_ns()) >= -1 ? 0 : INT64_MAX;
        bool can = lane->free.len > 0 || lane->setup.plan->when_busy == LOAD_SHED;
        return can && lane->head.due_ns != INT64_MAX ? lane->zero_ns + lane->head.due_ns : INT64_MAX;
}

static int64_t next_other_ns(const struct lane *lane)
{
        int64_t at_ns = lane->retry_ns;

        if (lane->connecting.first)
                at_ns = earlier(at_ns, lane->connecting.first->since_ns + lane->timeout_ns);
        if (lane->flying.first)
                at_ns = earlier(at_ns, lane->flying.first->due_ns + lane->timeout_ns);
        if (!lane->started)
                return at_ns;
        for (size_t i = 0; i < lane->again_len; i++)
                at_ns = earlier(at_ns, lane_again(lane, i)->due_ns + lane->timeout_ns);
        if (lane->head.index < lane->due.index)
                at_ns = earlier(at_ns, lane->zero_ns + lane->head.due_ns + lane->timeout_ns);
        if (lane_now_ns() < lane->zero_ns + lane->shape_end_ns)
                at_ns = earlier(at_ns, lane->zero_ns + lane->shape_end_ns);
        return earlier(at_ns, lane->zero_ns + lane->interval_end_ns);
}

static void handle_events(struct lane *lane, const struct epoll_event *events, int len)
{
        for (int i = 0; i < len; i++) {
                if (events[i].data.ptr) {
                        lane_handle(lane, events[i].data.ptr, events[i].events);
                        continue;
                }
                eventfd_t value;
                eventfd_read(lane->wake_fd, &value);
                look_at_gate(lane);
        }
}

static void end_tally(struct lane *lane)
{
        if (lane->started) {
                fill_gauges(lane);
                tally_span(&lane->tally)->ended_ns = lane_now_ns() - lane->zero_ns;
                tally_flip(&lane->tally, lane->interval + 1, lane->warming, true);
        }
        atomic_store(&lane->state.ended, true);
        eventfd_write(lane->setup.gate->notify_fd, 1);
}

static void flush_all(struct lane *lane)
{
        struct conn *conn;

        while ((conn = lane->unflushed)) {
                lane->unflushed = conn->next_unflushed;
                conn->unflushed = false;
                if (conn->state >= CONN_GREETING)
                        lane->protocol->flush(lane, conn);
        }
}

static void *run(void *owner)
{
        struct lane *lane = owner;
        struct epoll_event events[EVENTS_MAX];

        pacer_init(&lane->pacer, lane->setup.precise, lane->setup.poll_share);
        lane_open_all(lane);
        for (;;) {
                int64_t now_ns = lane_now_ns();
                if (atomic_load_explicit(&lane->setup.gate->stop, memory_order_relaxed)) {
                        lane_censor_all(lane, now_ns);
                        break;
                }
                note_start(lane, now_ns);
                lane_advance(lane, now_ns);
                lane_expire_connecting(lane, now_ns);
                lane_expire_requests(lane, now_ns);
                lane_retry(lane, now_ns);
                if (lane->started && now_ns >= lane->start_ns)
                        lane_send_due(lane);
                flush_all(lane);
                if (is_finished(lane, now_ns))
                        break;
                int got = pacer_wait(&lane->pacer, lane->epoll_fd, events, EVENTS_MAX, next_send_ns(lane),
                                     next_other_ns(lane));
                handle_events(lane, events, got);
                if (got == 0)
                        lane_rehearse(lane);
        }
        end_tally(lane);
        lane_close_all(lane);
        return NULL;
}

struct lane *lane_new(const struct lane_setup *setup)
{
        struct lane *lane = xnew(struct lane);
        struct epoll_event wake = {.events = EPOLLIN};

        lane->setup = *setup;
        lane->protocol = setup->plan->protocol == LOAD_HTTP1 ? &protocol_http1 : &protocol_http2;
        lane->room = setup->plan->streams;
        lane->again_max = (size_t)setup->connections_max * lane->room;
        lane->again = xcalloc(lane->again_max, sizeof *lane->again);
        lane->state.wake_ns = -1;
        lane->retry_ns = INT64_MAX;
        lane->failure = RECORD_CONNECT;
        lane->timeout_ns = setup->plan->timeout_ms * NS_PER_MS;
        lane->shape_end_ns = setup->plan->shape_ms * NS_PER_MS;
        lane->conns = xcalloc(setup->connections_max, sizeof *lane->conns);
        lane->exchanges = xcalloc(lane->again_max, sizeof *lane->exchanges);
        lane->read_buffer = xcalloc(LANE_READ_SIZE, 1);
        tally_init(&lane->tally, setup->plan);
        wire_copy(&lane->wire, setup->wire);
        lane->protocol->begin(lane);
        lane->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        lane->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (lane->epoll_fd < 0 || lane->wake_fd < 0 ||
            epoll_ctl(lane->epoll_fd, EPOLL_CTL_ADD, lane->wake_fd, &wake) < 0 ||
            pthread_create(&lane->thread, NULL, run, lane) != 0)
                abort(); /* no descriptors or no threads: nothing true can be said */
        return lane;
}

void lane_wake(struct lane *lane)
{
        eventfd_write(lane->wake_fd, 1);
}

void lane_join(struct lane *lane)
{
        pthread_join(lane->thread, NULL);
}

struct lane *lane_free(struct lane *lane)
{
        if (!lane)
                return NULL;
        lane->protocol->end(lane);
        tally_done(&lane->tally);
        wire_done(&lane->wire);
        close(lane->epoll_fd);
        close(lane->wake_fd);
        free(lane->conns);
        free(lane->exchanges);
        free(lane->again);
        free(lane->read_buffer);
        free(lane);
        return NULL;
}

struct lane_state *lane_state(struct lane *lane)
{
        return &lane->state;
}

struct tally *lane_tally(struct lane *lane)
{
        return &lane->tally;
}
