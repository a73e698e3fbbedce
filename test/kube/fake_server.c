/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

struct fake_connection {
        struct fake_server *server;
        struct fake_connection *next;
        int fd; /* -1: closed; the struct lives until the server goes, so that tests may hold on to it */
        struct buf in, out;
        bool closing;
        unsigned requests;
};

struct fake_server {
        struct loop *loop;
        fake_handle_fn *handle;
        void *owner;
        int fd;
        char url[64];
        unsigned accepted, requests;
        struct fake_connection *connections;
};

static void shut(struct fake_connection *connection)
{
        if (connection->fd < 0)
                return;
        loop_forget(connection->server->loop, connection->fd);
        close(connection->fd);
        connection->fd = -1;
}

static void on_ready(void *owner, int fd, uint32_t events);

static void flush(struct fake_connection *connection)
{
        while (connection->fd >= 0 && connection->out.size) {
                ssize_t sent = send(connection->fd, connection->out.data, connection->out.size, MSG_NOSIGNAL);
                if (sent <= 0) {
                        if (errno != EAGAIN)
                                shut(connection);
                        break;
                }
                buf_drop(&connection->out, (size_t)sent);
        }
        if (connection->fd < 0)
                return;
        if (!connection->out.size && connection->closing)
                shut(connection);
        else
                loop_watch(connection->server->loop, connection->fd, connection->out.size ? EPOLLIN | EPOLLOUT : EPOLLIN,
                           on_ready, connection);
}

/* Hands over one complete request; false when there is none yet. */
static bool take_request(struct fake_connection *connection)
{
        char *end = connection->in.size ? strstr(connection->in.data, "\r\n\r\n") : NULL;
        char method[16], path[4096];
        size_t body_size = 0;

        if (!end)
                return false;
        size_t head_size = (size_t)(end - connection->in.data) + 4;
        auto_free char *head = xstrndup(connection->in.data, head_size);
        const char *length = strcasestr(head, "\r\ncontent-length:");
        if (length)
                body_size = strtoul(length + 17, NULL, 10);
        if (connection->in.size < head_size + body_size)
                return false;
        auto_free char *body = xstrndup(connection->in.data + head_size, body_size);
        buf_drop(&connection->in, head_size + body_size);
        if (sscanf(head, "%15s %4095s", method, path) != 2)
                abort();
        struct fake_request request = {.method = method,
                                       .path = path,
                                       .head = head,
                                       .body = body,
                                       .body_size = body_size,
                                       .count = ++connection->server->requests,
                                       .on_connection = ++connection->requests};
        connection->server->handle(connection->server->owner, connection, &request);
        return true;
}

static void on_ready(void *owner, int fd, uint32_t events)
{
        struct fake_connection *connection = owner;
        char block[16384];

        if (events & EPOLLOUT)
                flush(connection);
        while (connection->fd >= 0) {
                ssize_t got = recv(fd, block, sizeof block, 0);
                if (got < 0 && errno == EAGAIN)
                        break;
                if (got <= 0) {
                        shut(connection);
                        return;
                }
                buf_add(&connection->in, block, (size_t)got);
        }
        while (connection->fd >= 0 && take_request(connection))
                ;
}

static void on_accept(void *owner, int fd, uint32_t events)
{
        struct fake_server *server = owner;
        struct fake_connection *connection = xnew(struct fake_connection);

        (void)events;
        connection->server = server;
        connection->fd = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        connection->next = server->connections;
        server->connections = connection;
        server->accepted++;
        loop_watch(server->loop, connection->fd, EPOLLIN, on_ready, connection);
}

struct fake_server *fake_server_new(struct loop *loop, fake_handle_fn *handle, void *owner)
{
        struct fake_server *server = xnew(struct fake_server);
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof address;

        server->loop = loop;
        server->handle = handle;
        server->owner = owner;
        server->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (bind(server->fd, (struct sockaddr *)&address, size) || listen(server->fd, 64) ||
            getsockname(server->fd, (struct sockaddr *)&address, &size))
                abort();
        snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d", ntohs(address.sin_port));
        loop_watch(loop, server->fd, EPOLLIN, on_accept, server);
        return server;
}

struct fake_server *fake_server_free(struct fake_server *server)
{
        if (!server)
                return NULL;
        while (server->connections) {
                struct fake_connection *connection = server->connections;
                server->connections = connection->next;
                shut(connection);
                buf_done(&connection->in);
                buf_done(&connection->out);
                free(connection);
        }
        loop_forget(server->loop, server->fd);
        close(server->fd);
        free(server);
        return NULL;
}

const char *fake_server_url(const struct fake_server *server)
{
        return server->url;
}

unsigned fake_server_connections(const struct fake_server *server)
{
        return server->accepted;
}

unsigned fake_server_open(const struct fake_server *server)
{
        unsigned open = 0;

        for (const struct fake_connection *connection = server->connections; connection; connection = connection->next)
                open += connection->fd >= 0;
        return open;
}

void fake_send(struct fake_connection *connection, const char *data, size_t size)
{
        buf_add(&connection->out, data, size);
        flush(connection);
}

void fake_answer(struct fake_connection *connection, int status, const char *headers, const char *body)
{
        auto_buf struct buf text = {0};

        buf_format(&text, "HTTP/1.1 %d Whatever\r\nContent-Length: %zu\r\n%s\r\n", status, strlen(body),
                   headers ? headers : "");
        buf_text(&text, body);
        fake_send(connection, text.data, text.size);
}

void fake_begin(struct fake_connection *connection, int status)
{
        auto_free char *head = xasprintf("HTTP/1.1 %d Whatever\r\nTransfer-Encoding: chunked\r\n\r\n", status);

        fake_send(connection, head, strlen(head));
}

void fake_piece(struct fake_connection *connection, const char *data, size_t size)
{
        auto_buf struct buf text = {0};

        buf_format(&text, "%zx\r\n", size);
        buf_add(&text, data, size);
        buf_text(&text, "\r\n");
        fake_send(connection, text.data, text.size);
}

void fake_end(struct fake_connection *connection)
{
        fake_send(connection, "0\r\n\r\n", 5);
}

void fake_close(struct fake_connection *connection)
{
        connection->closing = true;
        flush(connection);
}

void fake_reset(struct fake_connection *connection)
{
        struct linger now = {.l_onoff = 1};

        if (connection->fd >= 0)
                setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        shut(connection);
}
