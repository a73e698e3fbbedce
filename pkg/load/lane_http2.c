/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP/2 (RFC 9113): many requests at once on each connection. Frames and header compression are nghttp2's; what is here is when
 * to send, what an answer is, and what becomes of requests when streams and connections end:
 *
 *   END_STREAM                                    answered
 *   RST_STREAM(REFUSED_STREAM), GOAWAY below it   sent again: lane_refused
 *   RST_STREAM otherwise                          lost: reset
 *   malformed answer, head beyond its bound       lost: protocol
 *   the connection ends                           lost: reset, or protocol when it was the peer's frames
 *   timeout                                       lost, and the stream is cancelled; a connection from which nothing has come since the
 *                                                 request was sent takes no more, and is closed after those that it has
 *
 * A GOAWAY lets what is on its way be finished; then the connection is closed and made anew.
 *
 * What is due at once on one connection leaves in one write. The peer's windows are obeyed; ours are so large that the answer's speed
 * is the server's affair. */
#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/buf.h"
#include "base/mem.h"
#include "load/lane_inner.h"

#define WINDOW_BITS 30
#define WRITE_SIZE 65536
#define FRAME_HEAD_SIZE 9

/* What the connections of a lane share. */
struct shared {
        nghttp2_session_callbacks *callbacks;
        nghttp2_option *option;
        nghttp2_nv fields[LOAD_REQUESTS_MAX][WIRE_FIELDS_MAX];
        char *out; /* WRITE_SIZE bytes, between nghttp2 and the socket */
};

struct http2 {
        struct lane *lane;
        struct conn *conn;
        nghttp2_session *session;
        struct buf blocked;      /* what the socket did not take */
        struct exchange *unsent, **unsent_end;
        struct exchange *found;  /* of the last frame's stream */
        int64_t read_ns;         /* when the bytes being read were there */
        bool greeted;            /* the peer's SETTINGS have come */
        bool leaving;            /* takes no further requests, and ends when it has none */
        bool at_fault;           /* the peer broke the protocol */
};

/* ---- requests ---- */

static ssize_t read_body(nghttp2_session *session, int32_t stream, uint8_t *into, size_t size, uint32_t *flags, nghttp2_data_source *source,
                         void *owner)
{
        struct exchange *exchange = source->ptr;
        const struct http2 *http2 = owner;
        const struct wire_request *request = &http2->lane->wire.requests[exchange->kind];
        size_t left = request->body_size - exchange->sent;

        (void)session;
        /* Its slot may serve another request by now. */
        if (exchange->stream != stream)
                return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        if (size >= left) {
                size = left;
                *flags |= NGHTTP2_DATA_FLAG_EOF;
        }
        memcpy(into, request->bytes + request->size - left, size);
        exchange->sent += size;
        return (ssize_t)size;
}

static void send_request(struct lane *lane, struct exchange *exchange)
{
        struct shared *shared = lane->shared;
        struct http2 *http2 = exchange->conn->http2;
        struct wire_request *request = &lane->wire.requests[exchange->kind];
        const nghttp2_data_provider body = {.source.ptr = exchange, .read_callback = read_body};

        wire_set_index(request, exchange->index, exchange->piece < 0);
        exchange->head_size = 0;
        exchange->whole = exchange->reset = false;
        exchange->stream = nghttp2_submit_request(http2->session, NULL, shared->fields[exchange->kind], request->fields_len,
                                                  request->body_size ? &body : NULL, exchange);
        /* A connection has 2^30 streams in its life; this one has none left. */
        http2->leaving |= exchange->stream < 0 || nghttp2_session_get_next_stream_id(http2->session) > INT32_MAX;
        exchange->unsent = NULL;
        *http2->unsent_end = exchange;
        http2->unsent_end = &exchange->unsent;
        lane_ask_flush(lane, exchange->conn);
}

static void note_sent(struct http2 *http2)
{
        struct exchange *exchange = http2->unsent;
        int64_t now_ns = exchange ? lane_now_ns() : 0;

        http2->unsent = NULL;
        http2->unsent_end = &http2->unsent;
        for (struct exchange *next; exchange; exchange = next) {
                next = exchange->unsent;
                lane_note_sent(http2->lane, exchange, now_ns);
                if (exchange->stream < 0)
                        lane_refused(http2->lane, exchange);
        }
}

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
        char *out = ((struct shared *)http2->lane->shared)->out;
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
                if (size > 0 && (frame_size == 0 || size + (size_t)frame_size > WRITE_SIZE)) {
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
        note_sent(http2);
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

static void abandon(struct lane *lane, struct exchange *exchange)
{
        struct http2 *http2 = exchange->conn->http2;

        nghttp2_session_set_stream_user_data(http2->session, exchange->stream, NULL);
        nghttp2_submit_rst_stream(http2->session, NGHTTP2_FLAG_NONE, exchange->stream, NGHTTP2_CANCEL);
        exchange->stream = 0;
        http2->found = NULL;
        http2->leaving |= http2->read_ns < exchange->send_ns;
        lane_ask_flush(lane, exchange->conn);
}

/* ---- what nghttp2 says ---- */

static struct exchange *find(struct http2 *http2, int32_t stream)
{
        if (!http2->found || http2->found->stream != stream)
                http2->found = nghttp2_session_get_stream_user_data(http2->session, stream);
        return http2->found;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *owner)
{
        struct http2 *http2 = owner;
        struct exchange *exchange = find(http2, frame->hd.stream_id);

        (void)session;
        if (exchange && exchange->first_ns == 0)
                exchange->first_ns = http2->read_ns;
        return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_size, const uint8_t *value,
                     size_t value_size, uint8_t flags, void *owner)
{
        struct exchange *exchange = find(owner, frame->hd.stream_id);

        (void)session;
        (void)flags;
        if (!exchange)
                return 0;
        exchange->head_size += (uint32_t)(name_size + value_size);
        if (exchange->head_size > HTTP1_HEAD_BYTES_MAX)
                return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* resets the stream */
        /* nghttp2 has seen to it that a status is three digits and stands where it may. */
        if (name_size == 7 && name[0] == ':')
                exchange->status = (value[0] - '0') * 100 + (value[1] - '0') * 10 + (value[2] - '0');
        return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data, size_t size, void *owner)
{
        struct exchange *exchange = find(owner, stream);

        (void)session;
        (void)flags;
        if (exchange)
                match_feed(&exchange->body, (const char *)data, size);
        return 0;
}

/* The peer's word on how many requests it takes at once counts from now on. */
static void take_settings(struct http2 *http2)
{
        uint32_t most = nghttp2_session_get_remote_settings(http2->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);

        http2->greeted = true;
        http2->conn->room = most < http2->lane->room ? most : http2->lane->room;
}

static void take_answer_frame(struct http2 *http2, const nghttp2_frame *frame)
{
        struct exchange *exchange = find(http2, frame->hd.stream_id);

        if (!exchange)
                return;
        exchange->bytes_in += frame->hd.length + FRAME_HEAD_SIZE;
        if (!(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
                return;
        exchange->whole = true;
        /* An answer before the end of its request: nobody wants the rest of that. */
        if (exchange->sent < http2->lane->wire.requests[exchange->kind].body_size)
                nghttp2_submit_rst_stream(http2->session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *owner)
{
        struct http2 *http2 = owner;
        struct exchange *exchange;

        (void)session;
        switch (frame->hd.type) {
        case NGHTTP2_HEADERS:
        case NGHTTP2_DATA:
                take_answer_frame(http2, frame);
                break;
        case NGHTTP2_RST_STREAM:
                if ((exchange = find(http2, frame->hd.stream_id)))
                        exchange->reset = true;
                break;
        case NGHTTP2_SETTINGS:
                if (!(frame->hd.flags & NGHTTP2_FLAG_ACK))
                        take_settings(http2);
                break;
        case NGHTTP2_GOAWAY:
                http2->leaving = true;
                break;
        default:
                break;
        }
        return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream, uint32_t code, void *owner)
{
        struct http2 *http2 = owner;
        struct exchange *exchange = find(http2, stream);

        (void)session;
        http2->found = NULL;
        if (!exchange)
                return 0;
        if (exchange->whole)
                lane_answered(http2->lane, exchange, http2->read_ns);
        else if (code == NGHTTP2_REFUSED_STREAM)
                lane_refused(http2->lane, exchange);
        else
                lane_lost(http2->lane, exchange, exchange->reset ? RECORD_RESET : RECORD_PROTOCOL);
        exchange->stream = 0;
        return 0;
}

/* We end a connection by an error only for what the peer did. */
static int on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *owner)
{
        struct http2 *http2 = owner;

        (void)session;
        http2->at_fault |= frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR;
        return 0;
}

/* ---- beginning and end ---- */

static void greet(struct lane *lane, struct conn *conn)
{
        const struct shared *shared = lane->shared;
        const nghttp2_settings_entry settings[] = {
                {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, (1u << WINDOW_BITS) - 1},
        };
        struct http2 *http2 = xnew(struct http2);

        http2->lane = lane;
        http2->conn = conn;
        http2->unsent_end = &http2->unsent;
        conn->http2 = http2;
        if (nghttp2_session_client_new2(&http2->session, shared->callbacks, http2, shared->option) != 0 ||
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

static void list_fields(struct shared *shared, const struct wire *wire)
{
        for (size_t i = 0; i < wire->len; i++) {
                const struct wire_request *request = &wire->requests[i];
                for (size_t k = 0; k < request->fields_len; k++) {
                        const struct wire_field *field = &request->fields[k];
                        uint8_t *value = (uint8_t *)request->bytes + field->value;
                        /* All bytes stay where they are while a request waits, but those of the index. */
                        bool moves = (char *)value == request->index;
                        shared->fields[i][k] = (nghttp2_nv){
                                .name = (uint8_t *)request->bytes + field->name,
                                .namelen = field->name_size,
                                .value = value,
                                .valuelen = field->value_size,
                                .flags = (uint8_t)(NGHTTP2_NV_FLAG_NO_COPY_NAME |
                                                   (moves ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NO_COPY_VALUE)),
                        };
                }
        }
}

static void begin(struct lane *lane)
{
        struct shared *shared = xnew(struct shared);

        lane->shared = shared;
        shared->out = xcalloc(WRITE_SIZE, 1);
        if (nghttp2_session_callbacks_new(&shared->callbacks) != 0 || nghttp2_option_new(&shared->option) != 0)
                abort();
        nghttp2_session_callbacks_set_on_begin_headers_callback(shared->callbacks, on_begin_headers);
        nghttp2_session_callbacks_set_on_header_callback(shared->callbacks, on_header);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(shared->callbacks, on_data);
        nghttp2_session_callbacks_set_on_frame_recv_callback(shared->callbacks, on_frame);
        nghttp2_session_callbacks_set_on_frame_send_callback(shared->callbacks, on_frame_sent);
        nghttp2_session_callbacks_set_on_stream_close_callback(shared->callbacks, on_stream_close);
        nghttp2_option_set_no_closed_streams(shared->option, 1);
        list_fields(shared, &lane->wire);
}

static void end(struct lane *lane)
{
        struct shared *shared = lane->shared;

        nghttp2_session_callbacks_del(shared->callbacks);
        nghttp2_option_del(shared->option);
        free(shared->out);
        free(shared);
}

const struct protocol protocol_http2 = {
        .begin = begin,
        .end = end,
        .greet = greet,
        .send = send_request,
        .flush = flush,
        .serve = serve,
        .abandon = abandon,
        .close = close_session,
};
