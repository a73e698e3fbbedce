/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

struct fake_connection {
        struct fake_server *server;
        struct fake_connection *next; /* lives as long as the server */
        struct wire *wire;
        struct buf in;
        unsigned requests;
};

struct fake_server {
        struct wire_server *wires;
        fake_handle_fn *handle;
        void *owner;
        char url[64];
        unsigned requests;
        struct fake_connection *connections;
};

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

static void on_opened(void *owner, struct wire *wire)
{
        struct fake_server *server = owner;
        struct fake_connection *connection = xnew(struct fake_connection);

        *connection = (struct fake_connection){.server = server, .next = server->connections, .wire = wire};
        server->connections = connection;
        wire_mark(wire, connection);
}

static void on_bytes(void *owner, struct wire *wire, const char *data, size_t size)
{
        struct fake_connection *connection = wire_marked(wire);

        (void)owner;
        buf_add(&connection->in, data, size);
        while (wire_is_open(wire) && take_request(connection))
                ;
}

struct fake_server *fake_server_new_tls(struct loop *loop, SSL_CTX *tls, fake_handle_fn *handle, void *owner)
{
        static const struct wire_calls calls = {.opened = on_opened, .bytes = on_bytes};
        struct fake_server *server = xnew(struct fake_server);

        server->handle = handle;
        server->owner = owner;
        server->wires = wire_listen(loop, tls, &calls, server);
        snprintf(server->url, sizeof server->url, "%s://127.0.0.1:%d", tls ? "https" : "http", wire_server_port(server->wires));
        return server;
}

struct fake_server *fake_server_new(struct loop *loop, fake_handle_fn *handle, void *owner)
{
        return fake_server_new_tls(loop, NULL, handle, owner);
}

struct fake_server *fake_server_free(struct fake_server *server)
{
        if (!server)
                return NULL;
        wire_server_free(server->wires);
        while (server->connections) {
                struct fake_connection *connection = server->connections;
                server->connections = connection->next;
                buf_done(&connection->in);
                free(connection);
        }
        free(server);
        return NULL;
}

const char *fake_server_url(const struct fake_server *server)
{
        return server->url;
}

struct wire_server *fake_server_wires(const struct fake_server *server)
{
        return server->wires;
}

unsigned fake_server_connections(const struct fake_server *server)
{
        return wire_server_accepted(server->wires);
}

unsigned fake_server_open(const struct fake_server *server)
{
        return wire_server_open(server->wires);
}

struct wire *fake_wire(const struct fake_connection *connection)
{
        return connection->wire;
}

void fake_send(struct fake_connection *connection, const char *data, size_t size)
{
        wire_send(connection->wire, data, size);
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
        wire_close(connection->wire);
}

void fake_reset(struct fake_connection *connection)
{
        wire_reset(connection->wire);
}
