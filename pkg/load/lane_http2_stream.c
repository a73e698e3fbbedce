/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests as streams of HTTP/2, and what becomes of them: the rules stand at the top of lane_http2.c. */
#include <string.h>

#include "load/lane_http2.h"

#define FRAME_HEAD_SIZE 9

/* ---- requests ---- */

/* All bytes stay where they are while a request waits, but those of the index. */
static nghttp2_nv field_of(const struct wire_request *request, size_t i)
{
        const struct wire_field *field = &request->fields[i];
        uint8_t *bytes = (uint8_t *)request->bytes;
        bool moves = request->index == request->bytes + field->value;

        return (nghttp2_nv){
                .name = bytes + field->name,
                .namelen = field->name_size,
                .value = bytes + field->value,
                .valuelen = field->value_size,
                .flags = (uint8_t)(NGHTTP2_NV_FLAG_NO_COPY_NAME | (moves ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NO_COPY_VALUE)),
        };
}

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

/* What is left of the deadline. On time that is the whole timeout, whose text stands in the request already. */
static void set_deadline(struct lane *lane, const struct exchange *exchange, char text[static GRPC_TIMEOUT_TEXT])
{
        const struct wire_request *request = &lane->wire.requests[exchange->kind];
        nghttp2_nv *field = &((struct http2_shared *)lane->shared)->fields[exchange->kind][request->deadline];
        int64_t late_ns = exchange->due_ns ? lane_now_ns() - exchange->due_ns : 0;

        if (late_ns < NS_PER_MS) {
                *field = field_of(request, request->deadline);
                return;
        }
        field->value = (uint8_t *)text;
        field->valuelen = grpc_format_timeout(lane->timeout_ns - late_ns, text);
        field->flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_INDEX;
}

void http2_send(struct lane *lane, struct exchange *exchange)
{
        struct http2_shared *shared = lane->shared;
        struct http2 *http2 = exchange->conn->http2;
        struct wire_request *request = &lane->wire.requests[exchange->kind];
        char deadline[GRPC_TIMEOUT_TEXT];
        const nghttp2_data_provider body = {.source.ptr = exchange, .read_callback = read_body};

        wire_set_index(request, exchange->index, exchange->piece < 0);
        exchange->head_size = 0;
        exchange->whole = exchange->reset = false;
        exchange->reader = (struct grpc_reader){0};
        exchange->grpc_status = -1;
        if (shared->grpc)
                set_deadline(lane, exchange, deadline);
        exchange->stream = nghttp2_submit_request(http2->session, NULL, shared->fields[exchange->kind], request->fields_len,
                                                  request->body_size ? &body : NULL, exchange);
        /* A connection has 2^30 streams in its life; this one has none left. */
        http2->leaving |= exchange->stream < 0 || nghttp2_session_get_next_stream_id(http2->session) > INT32_MAX;
        exchange->unsent = NULL;
        *http2->unsent_end = exchange;
        http2->unsent_end = &exchange->unsent;
        lane_ask_flush(lane, exchange->conn);
}

void http2_note_sent(struct http2 *http2)
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

void http2_abandon(struct lane *lane, struct exchange *exchange)
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
        else if (name_size == 11 && memcmp(name, "grpc-status", 11) == 0)
                exchange->grpc_status = grpc_parse_status(value, value_size);
        return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data, size_t size, void *owner)
{
        struct exchange *exchange = find(owner, stream);

        (void)session;
        (void)flags;
        if (!exchange)
                return 0;
        match_feed(&exchange->body, (const char *)data, size);
        grpc_feed(&exchange->reader, data, size);
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

/* The stream has ended with an answer, which gRPC may find fault with. */
static void finish(struct http2 *http2, struct exchange *exchange)
{
        bool grpc = ((const struct http2_shared *)http2->lane->shared)->grpc, has_status = exchange->grpc_status >= 0;
        bool is_ok = exchange->grpc_status == 0;

        if (grpc && (has_status ? is_ok && !grpc_is_unary(&exchange->reader) : exchange->status == 200)) {
                lane_lost(http2->lane, exchange, RECORD_PROTOCOL);
                return;
        }
        if (grpc && has_status)
                exchange->status = RECORD_GRPC_OK + exchange->grpc_status;
        lane_answered(http2->lane, exchange, http2->read_ns);
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
                finish(http2, exchange);
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

/* ---- for all ---- */

void http2_list_fields(struct http2_shared *shared, const struct wire *wire)
{
        for (size_t i = 0; i < wire->len; i++)
                for (size_t k = 0; k < wire->requests[i].fields_len; k++)
                        shared->fields[i][k] = field_of(&wire->requests[i], k);
}

void http2_set_callbacks(nghttp2_session_callbacks *callbacks)
{
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
        nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
        nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
}
