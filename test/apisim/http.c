/* SPDX-License-Identifier: Apache-2.0 */
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "http_head.h"

#define HEAD_BYTES_MAX (64u << 10)
#define BODY_BYTES_MAX (3u << 20) /* as the real server */
#define ROUNDS_MAX 100

struct connection {
        struct http *http;
        int fd;
        struct buf in, out;
        uint32_t events;            /* that the loop watches for */
        struct apisim_stream *stream;
        bool last;                  /* closes when 'out' is written */
        struct connection *next;
};

struct http {
        struct loop *loop;
        struct apisim *sim;
        int fd;
        struct connection *connections;
        struct loop_timer timer;
};

/* ---- Writing ---- */

static void watch_connection(struct connection *connection);

static void close_connection(struct connection *connection)
{
        struct connection **at = &connection->http->connections;

        while (*at != connection)
                at = &(*at)->next;
        *at = connection->next;
        loop_forget(connection->http->loop, connection->fd);
        close(connection->fd);
        apisim_stream_free(connection->stream);
        buf_done(&connection->in);
        buf_done(&connection->out);
        free(connection);
}

/* False when the connection is no more. */
static bool flush(struct connection *connection)
{
        while (connection->out.size) {
                ssize_t sent = send(connection->fd, connection->out.data, connection->out.size, MSG_NOSIGNAL);
                if (sent < 0 && errno == EAGAIN)
                        break;
                if (sent <= 0) {
                        close_connection(connection);
                        return false;
                }
                buf_drop(&connection->out, (size_t)sent);
        }
        if (!connection->out.size && connection->last && !connection->stream) {
                close_connection(connection);
                return false;
        }
        watch_connection(connection);
        return true;
}

static void chunk(struct buf *out, const struct buf *data)
{
        buf_format(out, "%zx\r\n", data->size);
        buf_add(out, data->data, data->size);
        buf_text(out, "\r\n");
}

/* False when the connection is no more. */
static bool pump_stream(struct connection *connection)
{
        auto_buf struct buf data = {0};

        if (!connection->stream)
                return true;
        bool more = apisim_stream_read(connection->stream, &data);
        if (!data.size && more && !connection->out.size)
                return true;
        if (data.size)
                chunk(&connection->out, &data);
        if (!more) {
                connection->stream = apisim_stream_free(connection->stream);
                buf_text(&connection->out, "0\r\n\r\n");
        }
        return flush(connection);
}

/* As a quoted string of a header. */
static void add_warning(struct buf *out, const char *text)
{
        buf_text(out, "Warning: 299 - \"");
        for (; *text; text++)
                buf_format(out, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
        buf_text(out, "\"\r\n");
}

static void answer(struct connection *connection, const struct http_head *head, struct apisim_answer *answer)
{
        struct buf *out = &connection->out;

        buf_format(out, "HTTP/1.1 %d apisim\r\nContent-Type: %s\r\n", answer->status, answer->content_type);
        if (answer->retry_after_s)
                buf_format(out, "Retry-After: %d\r\n", answer->retry_after_s);
        if (answer->warning)
                add_warning(out, answer->warning);
        if (head->close)
                buf_text(out, "Connection: close\r\n");
        connection->last = connection->last || head->close;
        if (answer->stream) {
                buf_text(out, "Transfer-Encoding: chunked\r\n\r\n");
                connection->stream = take(answer->stream);
                return;
        }
        buf_format(out, "Content-Length: %zu\r\n\r\n", answer->size);
        buf_add(out, answer->body, answer->size);
}

/* ---- Reading ---- */

static void refuse(struct connection *connection, int status, const char *why)
{
        buf_format(&connection->out, "HTTP/1.1 %d apisim\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", status,
                   strlen(why), why);
        connection->last = true;
        buf_clear(&connection->in);
}

static void run_controllers(struct http *http)
{
        for (int i = 0; i < ROUNDS_MAX && apisim_step(http->sim); i++)
                ;
}

/* Takes one request out of what has arrived. False when none is complete. */
static bool take_request(struct connection *connection)
{
        struct buf *in = &connection->in;
        char *end = in->size ? memmem(in->data, in->size, "\r\n\r\n", 4) : NULL;
        struct http_head head = {0};
        struct apisim_answer reply;

        if (!end) {
                if (in->size > HEAD_BYTES_MAX)
                        refuse(connection, 431, "the head is too long\n");
                return false;
        }
        head.size = (size_t)(end - in->data) + 4;
        auto_free char *text = xstrndup(in->data, head.size);
        http_head_read(text, &head);
        if (head.bad || head.chunked || head.body_size > BODY_BYTES_MAX) {
                refuse(connection, head.chunked ? 411 : head.bad ? 400 : 413, "apisim reads HTTP/1.1 with Content-Length up to 3 MiB\n");
                return false;
        }
        if (in->size < head.size + head.body_size) {
                if (head.expects && in->size == head.size)
                        buf_text(&connection->out, "HTTP/1.1 100 Continue\r\n\r\n");
                return false;
        }
        apisim_request(connection->http->sim,
                       &(struct apisim_request){head.method, head.target, head.content_type, in->data + head.size, head.body_size}, &reply);
        answer(connection, &head, &reply);
        apisim_answer_done(&reply);
        buf_drop(in, head.size + head.body_size);
        return !connection->last && !connection->stream;
}

/* ---- The loop ---- */

static void pump_all(struct http *http)
{
        int64_t wake_ns;

        run_controllers(http);
        wake_ns = apisim_wake_ns(http->sim);
        for (struct connection *at = http->connections, *next; at; at = next) {
                next = at->next;
                if (pump_stream(at) && at->stream && apisim_stream_wake_ns(at->stream) < wake_ns)
                        wake_ns = apisim_stream_wake_ns(at->stream);
        }
        if (wake_ns == INT64_MAX)
                loop_disarm(http->loop, &http->timer);
        else
                loop_arm(http->loop, &http->timer, wake_ns);
}

static void time_passed(void *owner)
{
        pump_all(owner);
}

/* False when the connection is no more. */
static bool receive(struct connection *connection)
{
        char data[16384];
        ssize_t size;

        while ((size = recv(connection->fd, data, sizeof data, 0)) > 0)
                buf_add(&connection->in, data, (size_t)size);
        if (size == 0 || (size < 0 && errno != EAGAIN)) {
                close_connection(connection);
                return false;
        }
        return true;
}

static void connection_ready(void *owner, int fd, uint32_t events)
{
        struct connection *connection = owner;
        struct http *http = connection->http;

        (void)fd;
        if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && !receive(connection))
                return;
        while (!connection->stream && !connection->last && take_request(connection))
                ;
        if (flush(connection))
                pump_all(http);
}

static void watch_connection(struct connection *connection)
{
        uint32_t events = EPOLLIN | (connection->out.size ? EPOLLOUT : 0);

        if (events == connection->events)
                return;
        connection->events = events;
        loop_watch(connection->http->loop, connection->fd, events, connection_ready, connection);
}

static void accept_all(void *owner, int fd, uint32_t events)
{
        struct http *http = owner;
        int accepted, one = 1;

        (void)events;
        while ((accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
                struct connection *connection = xnew(struct connection);
                *connection = (struct connection){.http = http, .fd = accepted, .next = http->connections};
                http->connections = connection;
                setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                watch_connection(connection);
        }
}

static enum fail_kind parse_address(const char *text, struct sockaddr_in *ret_address, struct fail *fail)
{
        const char *colon = strrchr(text, ':');
        auto_free char *host = colon ? xstrndup(text, (size_t)(colon - text)) : NULL;
        char *end = NULL;
        long port = colon ? strtol(colon + 1, &end, 10) : -1;

        *ret_address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        if (port < 0 || port > 65535 || end == colon + 1 || *end || inet_pton(AF_INET, host, &ret_address->sin_addr) != 1)
                return fail_set(fail, FAIL_INVALID, "'%s' is no ADDRESS:PORT, like 127.0.0.1:8001", text);
        return FAIL_NONE;
}

enum fail_kind http_new(struct loop *loop, struct apisim *sim, const char *address, struct http **ret_http, struct fail *fail)
{
        struct sockaddr_in at;
        auto_close int fd = -1;
        int one = 1;

        if (parse_address(address, &at, fail))
                return fail->kind;
        fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) || bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 64))
                return fail_errno(fail, errno, "listening on %s", address);
        struct http *http = xnew(struct http);
        *http = (struct http){.loop = loop, .sim = sim, .fd = fd, .timer = {.fire = time_passed, .owner = http}};
        fd = -1;
        loop_watch(loop, http->fd, EPOLLIN, accept_all, http);
        *ret_http = http;
        return FAIL_NONE;
}

struct http *http_free(struct http *http)
{
        if (!http)
                return NULL;
        while (http->connections)
                close_connection(http->connections);
        loop_disarm(http->loop, &http->timer);
        loop_forget(http->loop, http->fd);
        close(http->fd);
        free(http);
        return NULL;
}

int http_port(const struct http *http)
{
        struct sockaddr_in at;
        socklen_t size = sizeof at;

        return getsockname(http->fd, (struct sockaddr *)&at, &size) ? -1 : ntohs(at.sin_port);
}

void http_changed(struct http *http)
{
        pump_all(http);
}
