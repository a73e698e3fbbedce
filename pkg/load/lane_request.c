/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests: sending, answers, losses. */
#include <sys/epoll.h>

#include "base/clock.h"
#include "load/lane_inner.h"

/* Back to the free ones, or away when the answer said so. */
static void release(struct lane *lane, struct conn *conn, bool reusable, int64_t now_ns)
{
        conn->served = true;
        if (!reusable) {
                lane_drop(lane, conn);
                return;
        }
        conn->backoff_ms = 0;
        conn_list_remove(&lane->busy, conn);
        conn->state = CONN_FREE;
        conn->since_ns = now_ns;
        conn_list_add(&lane->free, conn);
}

static void lose(struct lane *lane, struct conn *conn, enum record_error error)
{
        int64_t now_ns = lane_now_ns();

        lane_advance(lane, now_ns);
        tally_lost(&lane->tally, &(struct tally_loss){.piece = conn->piece,
                                                      .kind = conn->kind,
                                                      .error = error,
                                                      .age_ns = now_ns - conn->due_ns,
                                                      .bytes = conn->bytes_in});
        lane_drop(lane, conn);
}

static void answered(struct lane *lane, struct conn *conn, bool reusable, int64_t now_ns)
{
        const struct wire_request *request = &lane->wire.requests[conn->kind];

        lane_advance(lane, now_ns);
        tally_answered(&lane->tally, &(struct tally_answer){.piece = conn->piece,
                                                            .kind = conn->kind,
                                                            .status = conn->http1.status,
                                                            .expected = wire_expects(request, conn->http1.status),
                                                            .latency_ns = now_ns - conn->due_ns,
                                                            .service_ns = now_ns - conn->send_ns,
                                                            .ttfb_ns = conn->first_ns - conn->send_ns,
                                                            .bytes = conn->bytes_in});
        release(lane, conn, reusable && conn->sent == request->size, now_ns);
}

static enum record_error class_of(enum socket_result result)
{
        return result == SOCKET_TLS ? RECORD_TLS : RECORD_RESET;
}

/* False when the connection is lost. */
static bool push(struct lane *lane, struct conn *conn)
{
        const struct wire_request *request = &lane->wire.requests[conn->kind];

        while (conn->sent < request->size) {
                size_t moved = 0;
                enum socket_result result = conn->sock.ops->write(&conn->sock, request->bytes + conn->sent,
                                                                  request->size - conn->sent, &moved);
                if (result == SOCKET_AGAIN)
                        return true;
                if (result != SOCKET_OK) {
                        lose(lane, conn, class_of(result));
                        return false;
                }
                conn->sent += moved;
        }
        return true;
}

/* True when the request is over, one way or the other. */
static bool take_bytes(struct lane *lane, struct conn *conn, size_t size, bool to_end)
{
        size_t used = 0;
        int64_t now_ns = lane_now_ns(); /* when these bytes were there; reading them is our time, not the target's */

        if (conn->first_ns == 0)
                conn->first_ns = now_ns;
        conn->bytes_in += size;
        switch (http1_feed(&conn->http1, lane->read_buffer, size, &used)) {
        case HTTP1_MORE:
                return false;
        case HTTP1_DONE:
                /* One request at a time: bytes beyond its answer belong to nothing, and taint the connection. Its end
                 * was announced by an edge that will not come again. */
                answered(lane, conn, conn->http1.persistent && used == size && !to_end, now_ns);
                return true;
        case HTTP1_BROKEN:
                lose(lane, conn, RECORD_PROTOCOL);
                return true;
        }
        return true;
}

static void pull(struct lane *lane, struct conn *conn, bool to_end)
{
        for (;;) {
                size_t moved = 0;
                enum socket_result result =
                        conn->sock.ops->read(&conn->sock, lane->read_buffer, LANE_READ_SIZE, &moved);
                if (result == SOCKET_AGAIN)
                        return;
                if (result == SOCKET_OK) {
                        if (take_bytes(lane, conn, moved, to_end))
                                return;
                        /* A short read has drained a plain socket; only an announced end is worth another call. */
                        if (moved < LANE_READ_SIZE && !to_end && !conn->sock.tls)
                                return;
                        continue;
                }
                if (result == SOCKET_CLOSED && http1_end(&conn->http1) == HTTP1_DONE)
                        answered(lane, conn, false, lane_now_ns());
                else
                        lose(lane, conn, class_of(result));
                return;
        }
}

void lane_serve(struct lane *lane, struct conn *conn, uint32_t events)
{
        if (!push(lane, conn))
                return;
        if (conn->sock.tls || (events & ~(uint32_t)EPOLLOUT))
                pull(lane, conn, events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR));
}

/* 'due_ns' is monotonic; 0 means now (closed loop). */
static void begin(struct lane *lane, uint64_t index, int piece, int64_t due_ns)
{
        struct conn *conn = lane->free.first;
        size_t kind = schedule_choose(lane->setup.schedule, index);
        struct wire_request *request = &lane->wire.requests[kind];
        int64_t free_ns = conn->since_ns;

        conn_list_remove(&lane->free, conn);
        conn->state = CONN_BUSY;
        conn_list_add(&lane->busy, conn);
        http1_begin(&conn->http1, request->to_head);
        conn->piece = piece;
        conn->kind = kind;
        conn->sent = 0;
        conn->bytes_in = 0;
        conn->first_ns = 0;
        /* Changes the shared bytes; safe, because a head always leaves in the first send. */
        wire_set_index(request, index, piece < 0);

        conn->send_ns = lane_now_ns();
        conn->due_ns = due_ns ? due_ns : conn->send_ns;
        int64_t wanted_ns = due_ns ? due_ns : lane->start_ns;
        int64_t able_ns = free_ns > wanted_ns ? free_ns : wanted_ns;
        lane_advance(lane, conn->send_ns);
        if (!due_ns)
                tally_offered(&lane->tally, piece, kind);
        tally_sent(&lane->tally, piece, kind, conn->send_ns - able_ns, due_ns ? able_ns - due_ns : 0);
        push(lane, conn);
}

static void send_closed(struct lane *lane)
{
        /* Only those free now: a connection that fails and returns in this round waits for the next. */
        for (size_t left = lane->free.len; left > 0 && lane->free.first; left--) {
                int piece = lane_closed_piece(lane, lane_now_ns());
                if (piece < -1)
                        return;
                begin(lane, lane->head.index, piece, 0);
                lane->head.index += lane->head.step;
        }
}

static void shed(struct lane *lane, int64_t now_ns)
{
        tally_lost(&lane->tally, &(struct tally_loss){.piece = lane->head.piece,
                                                      .kind = schedule_choose(lane->setup.schedule, lane->head.index),
                                                      .error = RECORD_SHED,
                                                      .age_ns = now_ns - lane->zero_ns - lane->head.due_ns});
}

void lane_send_due(struct lane *lane)
{
        if (lane->setup.plan->closed) {
                send_closed(lane);
                return;
        }
        int64_t now_ns = lane_now_ns();
        lane_advance(lane, now_ns);
        while (lane->head.index < lane->due.index) {
                if (lane->free.first) {
                        /* The cursor moves first: sending may advance time into the shape and begin it anew. */
                        struct schedule_cursor head = lane->head;
                        schedule_advance(&lane->head);
                        begin(lane, head.index, head.piece, lane->zero_ns + head.due_ns);
                } else if (lane->setup.plan->when_busy == LOAD_SHED) {
                        shed(lane, now_ns);
                        schedule_advance(&lane->head);
                } else {
                        lane_grow(lane);
                        return;
                }
        }
}

static void expire_backlog(struct lane *lane, int64_t now_ns)
{
        while (lane->head.index < lane->due.index) {
                int64_t age_ns = now_ns - lane->zero_ns - lane->head.due_ns;
                if (age_ns < lane->timeout_ns)
                        return;
                /* Without any connection the reason is not the target's slowness. */
                bool open = atomic_load_explicit(&lane->state.open, memory_order_relaxed) > 0;
                tally_lost(&lane->tally,
                           &(struct tally_loss){.piece = lane->head.piece,
                                                .kind = schedule_choose(lane->setup.schedule, lane->head.index),
                                                .error = open ? RECORD_TIMEOUT : lane->failure,
                                                .age_ns = age_ns});
                schedule_advance(&lane->head);
        }
}

void lane_expire_requests(struct lane *lane, int64_t now_ns)
{
        struct conn *conn;

        while ((conn = lane->busy.first) && conn->due_ns + lane->timeout_ns <= now_ns)
                lose(lane, conn, RECORD_TIMEOUT);
        expire_backlog(lane, now_ns);
}

void lane_censor_all(struct lane *lane, int64_t now_ns)
{
        lane_advance(lane, now_ns);
        while (lane->busy.first)
                lose(lane, lane->busy.first, RECORD_UNFINISHED);
        for (; lane->head.index < lane->due.index; schedule_advance(&lane->head))
                tally_lost(&lane->tally,
                           &(struct tally_loss){.piece = lane->head.piece,
                                                .kind = schedule_choose(lane->setup.schedule, lane->head.index),
                                                .error = RECORD_UNFINISHED,
                                                .age_ns = now_ns - lane->zero_ns - lane->head.due_ns});
}

void lane_count_failed_connect(struct lane *lane, const struct conn *conn, int64_t now_ns)
{
        int piece = lane->setup.plan->closed ? lane_closed_piece(lane, now_ns) : -2;

        if (piece < -1)
                return;
        size_t kind = schedule_choose(lane->setup.schedule, lane->head.index);
        lane->head.index += lane->head.step;
        lane_advance(lane, now_ns);
        tally_offered(&lane->tally, piece, kind);
        /* What it spent before the start is no request's time. */
        int64_t from_ns = conn->since_ns > lane->start_ns ? conn->since_ns : lane->start_ns;
        tally_lost(&lane->tally, &(struct tally_loss){
                                         .piece = piece, .kind = kind, .error = lane->failure, .age_ns = now_ns - from_ns});
}
