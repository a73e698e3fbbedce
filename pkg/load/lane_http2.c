/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP/2 (RFC 9113), and unary gRPC calls over it: many requests at once on each connection. Frames and header compression are nghttp2's; what is here is when
 * to send, what an answer is, and what becomes of requests when streams and connections end:
 *
 *   END_STREAM                                    answered
 *   RST_STREAM(REFUSED_STREAM), GOAWAY below it   sent again: lane_refused
 *   RST_STREAM otherwise                          lost: reset
 *   gRPC: END_STREAM without a status             answered by its HTTP status, or lost: protocol when that is 200
 *   gRPC: OK without exactly one message          lost: protocol
 *   malformed answer, head beyond its bound       lost: protocol
 *   the connection ends                           lost: reset, or protocol when it was the peer's frames
 *   timeout                                       lost, and the stream is cancelled; a connection from which nothing has come since the
 *                                                 request was sent takes no more, and is closed after those that it has
 *
 * A GOAWAY lets what is on its way be finished; then the connection is closed and made anew.
 *
 * What is due at once on one connection leaves in one write. The peer's windows are obeyed; ours are so large that the answer's speed
 * is the server's affair. */
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/mem.h"
#include "load/lane_http2.h"

#define WINDOW_BITS 30
/* What nghttp2 (1.52) keeps in small blocks, found by counting. */
#define CONNECTION_MEMORY ((size_t)22 << 10)
#define STREAM_MEMORY 512
#define MEMORY_AHEAD_MAX ((size_t)64 << 20)

/* ---- the connection ---- */

/* After anything that may have changed how many requests it has or takes. False when it was closed. */
static bool settle(struct http2 *http2, int64_t now_ns)
{
        struct lane *lane = http2->lane;
        struct conn *conn = http2->conn;
        bool over = !nghttp2_session_want_read(http2->session) && !nghttp2_session_want_write(http2->session);

        if (over || http2->at_fault) {
                lane_break(lane, conn, http2->at_fault ? RECORD_PROTOCOL : RECORD_RESET);
                return false;
        }
        if (conn->state == CONN_GREETING) {
                if (http2->greeted)
                        lane_stand(lane, conn);
                return true;
        }
        http2->leaving |= conn->worn;
        if (http2->leaving)
                conn->room = 0;
        if (http2->leaving && conn->flying_len == 0) {
                lane_drop(lane, conn);
                return false;
        }
        lane_place(lane, conn, now_ns);
        return true;
}

/* Sends 'size' bytes, or keeps what the socket does not take. False when the connection broke. */
static bool write_out(struct http2 *http2, const char *data, size_t size)
{
        while (size > 0) {
                size_t moved = 0;
                enum socket_result result = http2->conn->sock.ops->write(&http2->conn->sock, data, size, &moved);
                if (result == SOCKET_AGAIN) {
                        buf_add(&http2->blocked, data, size);
                        return true;
                }
                if (result != SOCKET_OK) {
                        lane_break(http2->lane, http2->conn, lane_class_of(result));
                        return false;
                }
                data += moved;
                size -= moved;
        }
        return true;
}

static bool write_blocked(struct http2 *http2)
{
        struct buf blocked = http2->blocked;

        if (blocked.size == 0)
                return true;
        http2->blocked = (struct buf){0};
        bool stands = write_out(http2, blocked.data, blocked.size);
        buf_done(&blocked);
        return stands;
}

/* Moves frames from the session to the socket. False when the connection broke. */
static bool push(struct http2 *http2)
{
        char *out = ((struct http2_shared *)http2->lane->shared)->out;
        size_t size = 0;

        if (!write_blocked(http2))
                return false;
        while (http2->blocked.size == 0) {
                const uint8_t *frame;
                ssize_t frame_size = nghttp2_session_mem_send(http2->session, &frame);
                if (frame_size < 0) {
                        lane_break(http2->lane, http2->conn, RECORD_PROTOCOL);
                        return false;
                }
                if (size > 0 && (frame_size == 0 || size + (size_t)frame_size > HTTP2_WRITE_SIZE)) {
                        if (!write_out(http2, out, size))
                                return false;
                        size = 0;
                }
                if (frame_size == 0)
                        return true;
                if (http2->blocked.size > 0) { /* this frame is out of the session already */
                        buf_add(&http2->blocked, frame, (size_t)frame_size);
                        return true;
                }
                memcpy(out + size, frame, (size_t)frame_size);
                size += (size_t)frame_size;
        }
        return true;
}

static void flush(struct lane *lane, struct conn *conn)
{
        struct http2 *http2 = conn->http2;

        (void)lane;
        http2_note_sent(http2);
        if (push(http2))
                settle(http2, lane_now_ns());
}

/* Frames that broke the protocol are answered by a GOAWAY, which is all that nghttp2 says of it; here nobody is left to read one. */
static bool is_at_fault(struct http2 *http2)
{
        const uint8_t *frame;

        while (nghttp2_session_mem_send(http2->session, &frame) > 0)
                ;
        return http2->at_fault;
}

/* Reads what is there. False when the connection broke. */
static bool pull(struct http2 *http2, bool to_end)
{
        struct lane *lane = http2->lane;
        struct conn *conn = http2->conn;

        for (size_t moved = 0, taken = 0; taken < LANE_READ_MAX; taken += moved > LANE_READ_COST ? moved : LANE_READ_COST) {
                enum socket_result result = conn->sock.ops->read(&conn->sock, lane->read_buffer, LANE_READ_SIZE, &moved);
                if (result == SOCKET_AGAIN)
                        return true;
                if (result != SOCKET_OK) {
                        lane_break(lane, conn, is_at_fault(http2) ? RECORD_PROTOCOL : lane_class_of(result));
                        return false;
                }
                http2->read_ns = lane_now_ns();
                if (nghttp2_session_mem_recv(http2->session, (uint8_t *)lane->read_buffer, moved) < 0) {
                        lane_break(lane, conn, RECORD_PROTOCOL);
                        return false;
                }
                /* A short read has drained a plain socket; only an announced end is worth another call. */
                if (moved < LANE_READ_SIZE && !to_end && !conn->sock.tls)
                        return true;
        }
        lane_come_back(lane, conn);
        return true;
}

static void serve(struct lane *lane, struct conn *conn, uint32_t events)
{
        struct http2 *http2 = conn->http2;
        int64_t before_ns = http2->read_ns;

        (void)lane;
        if (http2->blocked.size > 0 && !push(http2))
                return;
        if ((conn->sock.tls || (events & ~(uint32_t)EPOLLOUT)) && !pull(http2, events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
                return;
        if (nghttp2_session_want_write(http2->session) && !push(http2))
                return;
        /* What has room now has had it since its answers came; dealing with them is our time. */
        settle(http2, http2->read_ns > before_ns ? http2->read_ns : lane_now_ns());
}

/* ---- beginning and end ---- */

static void greet(struct lane *lane, struct conn *conn)
{
        struct http2_shared *shared = lane->shared;
        const nghttp2_settings_entry settings[] = {
                {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, (1u << WINDOW_BITS) - 1},
        };
        struct http2 *http2 = xnew(struct http2);

        http2->lane = lane;
        http2->conn = conn;
        http2->unsent_end = &http2->unsent;
        conn->http2 = http2;
        if (nghttp2_session_client_new3(&http2->session, shared->callbacks, http2, shared->option, &shared->memory) != 0 ||
            nghttp2_submit_settings(http2->session, NGHTTP2_FLAG_NONE, settings, ARRAY_LEN(settings)) != 0 ||
            nghttp2_session_set_local_window_size(http2->session, NGHTTP2_FLAG_NONE, 0, (1 << WINDOW_BITS) - 1) != 0)
                abort(); /* no memory: nothing true can be said */
        /* The peer's first frames may have come with the end of the TLS handshake, and no edge will announce them again. */
        if (push(http2) && pull(http2, false) && push(http2))
                settle(http2, lane_now_ns());
}

static void close_session(struct conn *conn)
{
        nghttp2_session_del(conn->http2->session);
        buf_done(&conn->http2->blocked);
        free(conn->http2);
        conn->http2 = NULL;
}

/* ---- memory ---- */

static void *take_memory(size_t size, void *pool)
{
        return pool_alloc(pool, size);
}

static void give_memory(void *block, void *pool)
{
        pool_release(pool, block);
}

static void *take_zeroed(size_t count, size_t size, void *pool)
{
        /* nghttp2 asks for a few structures at a time. */
        return memset(pool_alloc(pool, count * size), 0, count * size);
}

static void *resize_memory(void *block, size_t size, void *pool)
{
        return pool_resize(pool, block, size);
}

static struct pool *pool_for(const struct lane *lane)
{
        size_t wanted = lane->setup.connections * CONNECTION_MEMORY + lane->setup.connections * lane->room * STREAM_MEMORY;

        return pool_new(wanted < MEMORY_AHEAD_MAX ? wanted : MEMORY_AHEAD_MAX);
}

static void begin(struct lane *lane)
{
        struct http2_shared *shared = xnew(struct http2_shared);

        lane->shared = shared;
        shared->grpc = lane->setup.plan->protocol == LOAD_GRPC;
        shared->out = xcalloc(HTTP2_WRITE_SIZE, 1);
        if (nghttp2_session_callbacks_new(&shared->callbacks) != 0 || nghttp2_option_new(&shared->option) != 0)
                abort();
        http2_set_callbacks(shared->callbacks);
        shared->pool = pool_for(lane);
        shared->memory = (nghttp2_mem){shared->pool, take_memory, give_memory, take_zeroed, resize_memory};
        nghttp2_option_set_no_closed_streams(shared->option, 1);
        /* Values that begin or end with a blank make an answer malformed (RFC 9113 section 8.2.1). gRPC's own library sends them in
         * grpc-message, and no client minds. */
        nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(shared->option, 1);
        http2_list_fields(shared, &lane->wire);
}

static void end(struct lane *lane)
{
        struct http2_shared *shared = lane->shared;

        nghttp2_session_callbacks_del(shared->callbacks);
        nghttp2_option_del(shared->option);
        pool_free(shared->pool);
        free(shared->out);
        free(shared);
}

const struct protocol protocol_http2 = {
        .begin = begin,
        .end = end,
        .greet = greet,
        .send = http2_send,
        .flush = flush,
        .serve = serve,
        .abandon = http2_abandon,
        .close = close_session,
};
