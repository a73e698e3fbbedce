/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP/1.1: one request at a time on each connection, which is its one exchange. What an answer is, http1.c knows. */
#include <sys/epoll.h>

#include "load/lane_inner.h"

static void greet(struct lane *lane, struct conn *conn)
{
        lane_stand(lane, conn);
}

static void answered(struct lane *lane, struct conn *conn, bool reusable, int64_t now_ns)
{
        struct exchange *exchange = conn->exchanges;

        /* A server may answer before it has read the whole request: what is left of it would be read as the next one. */
        reusable = reusable && exchange->sent == lane->wire.requests[exchange->kind].size;
        exchange->status = conn->http1.status;
        lane_answered(lane, exchange, now_ns);
        if (reusable && !conn->worn)
                lane_place(lane, conn, now_ns);
        else
                lane_drop(lane, conn);
}

/* False when the connection is lost. */
static bool push(struct lane *lane, struct conn *conn, struct exchange *exchange)
{
        const struct wire_request *request = &lane->wire.requests[exchange->kind];

        while (exchange->sent < request->size) {
                size_t moved = 0;
                enum socket_result result = conn->sock.ops->write(&conn->sock, request->bytes + exchange->sent,
                                                                  request->size - exchange->sent, &moved);
                if (result == SOCKET_AGAIN)
                        return true;
                if (result != SOCKET_OK) {
                        lane_break(lane, conn, lane_class_of(result));
                        return false;
                }
                exchange->sent += moved;
        }
        return true;
}

static void send_request(struct lane *lane, struct exchange *exchange)
{
        struct wire_request *request = &lane->wire.requests[exchange->kind];

        http1_begin(&exchange->conn->http1, request->to_head);
        http1_look_for(&exchange->conn->http1, &exchange->body);
        /* Changes the shared bytes; safe, because a head always leaves in the first send. */
        wire_set_index(request, exchange->index, exchange->piece < 0);
        lane_note_sent(lane, exchange, lane_now_ns());
        push(lane, exchange->conn, exchange);
}

/* True when the request is over, one way or the other. */
static bool take_bytes(struct lane *lane, struct conn *conn, size_t size, bool to_end)
{
        struct exchange *exchange = conn->exchanges;
        size_t used = 0;
        int64_t now_ns = lane_now_ns(); /* when these bytes were there; reading them is our time, not the target's */

        if (exchange->first_ns == 0)
                exchange->first_ns = now_ns;
        exchange->bytes_in += size;
        switch (http1_feed(&conn->http1, lane->read_buffer, size, &used)) {
        case HTTP1_MORE:
                return false;
        case HTTP1_DONE:
                /* One request at a time: bytes beyond its answer belong to nothing, and taint the connection. Its end
                 * was announced by an edge that will not come again. */
                answered(lane, conn, conn->http1.persistent && used == size && !to_end, now_ns);
                return true;
        case HTTP1_BROKEN:
                lane_break(lane, conn, RECORD_PROTOCOL);
                return true;
        }
        return true;
}

static void pull(struct lane *lane, struct conn *conn, bool to_end)
{
        for (size_t moved = 0, taken = 0; taken < LANE_READ_MAX; taken += moved > LANE_READ_COST ? moved : LANE_READ_COST) {
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
                        lane_break(lane, conn, lane_class_of(result));
                return;
        }
        lane_come_back(lane, conn);
}

/* Nothing is expected of a free connection: data nobody asked for, or its end, end it. */
static void look_at_free(struct lane *lane, struct conn *conn)
{
        size_t moved = 0;
        if (conn->sock.ops->read(&conn->sock, lane->read_buffer, LANE_READ_SIZE, &moved) != SOCKET_AGAIN)
                lane_drop(lane, conn);
}

static void serve(struct lane *lane, struct conn *conn, uint32_t events)
{
        if (conn->state == CONN_FREE) {
                if (events & ~(uint32_t)EPOLLOUT)
                        look_at_free(lane, conn);
                return;
        }
        if (!push(lane, conn, conn->exchanges))
                return;
        if (conn->sock.tls || (events & ~(uint32_t)EPOLLOUT))
                pull(lane, conn, events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR));
}

/* Its answer may still come, and would be taken for that of the next request. */
static void abandon(struct lane *lane, struct exchange *exchange)
{
        lane_drop(lane, exchange->conn);
}

static void nothing_shared(struct lane *lane)
{
        (void)lane;
}

static void nothing_queued(struct lane *lane, struct conn *conn)
{
        (void)lane;
        (void)conn;
}

static void nothing_kept(struct conn *conn)
{
        (void)conn;
}

const struct protocol protocol_http1 = {
        .begin = nothing_shared,
        .end = nothing_shared,
        .greet = greet,
        .send = send_request,
        .flush = nothing_queued,
        .serve = serve,
        .abandon = abandon,
        .close = nothing_kept,
};
