/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_h2.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define FRAME_HEAD 9

struct connection {
        struct h2_connection shown;
        struct buf in;
};

struct h2_server {
        struct wire_server *wires;
        h2_handle_fn *handle;
        void *owner;
        const void *settings;
        size_t settings_size;
        struct h2_connection *connections;
        char url[64];
};

static void put_32(uint8_t *at, uint32_t value)
{
        for (int i = 0; i < 4; i++)
                at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t get_32(const uint8_t *at)
{
        return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

void h2_send(struct h2_connection *connection, enum h2_frame type, uint8_t flags, uint32_t stream, const void *payload, size_t size)
{
        uint8_t head[FRAME_HEAD] = {(uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size, (uint8_t)type, flags};
        auto_buf struct buf frame = {0};

        put_32(head + 5, stream);
        buf_add(&frame, (char *)head, sizeof head);
        if (size)
                buf_add(&frame, payload, size);
        wire_send(connection->wire, frame.data, frame.size);
}

static void take_frame(struct h2_connection *connection, enum h2_frame type, uint8_t flags, uint32_t stream, const uint8_t *payload,
                       size_t size)
{
        struct h2_server *server = connection->server;

        if (type == H2_SETTINGS && !(flags & H2_ACK))
                h2_send(connection, H2_SETTINGS, H2_ACK, 0, NULL, 0);
        if (type == H2_PING) {
                connection->pings += !(flags & H2_ACK);
                connection->acks += flags & H2_ACK;
                if (!(flags & H2_ACK))
                        h2_send(connection, H2_PING, H2_ACK, 0, payload, size);
        }
        if (type == H2_HEADERS) {
                connection->requests++;
                server->handle(server->owner, connection, stream, flags & H2_END_STREAM);
        }
        if (type == H2_DATA && flags & H2_END_STREAM)
                server->handle(server->owner, connection, stream, true);
}

static void on_opened(void *owner, struct wire *wire)
{
        struct h2_server *server = owner;
        struct connection *connection = xnew(struct connection);

        connection->shown = (struct h2_connection){.server = server, .next = server->connections, .wire = wire};
        server->connections = &connection->shown;
        wire_mark(wire, connection);
        h2_send(&connection->shown, H2_SETTINGS, 0, 0, server->settings, server->settings_size);
}

static void on_bytes(void *owner, struct wire *wire, const char *data, size_t size)
{
        struct connection *connection = wire_marked(wire);
        struct buf *in = &connection->in;

        (void)owner;
        buf_add(in, data, size);
        if (!connection->shown.greeted) {
                if (in->size < strlen(PREFACE))
                        return;
                if (memcmp(in->data, PREFACE, strlen(PREFACE)) != 0)
                        abort();
                buf_drop(in, strlen(PREFACE));
                connection->shown.greeted = true;
        }
        while (wire_is_open(wire) && in->size >= FRAME_HEAD) {
                const uint8_t *head = (const uint8_t *)in->data;
                size_t payload = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
                if (in->size < FRAME_HEAD + payload)
                        break;
                take_frame(&connection->shown, head[3], head[4], get_32(head + 5) & INT32_MAX, head + FRAME_HEAD, payload);
                buf_drop(in, FRAME_HEAD + payload);
        }
}

struct h2_server *h2_server_new(struct loop *loop, SSL_CTX *tls, h2_handle_fn *handle, void *owner)
{
        static const struct wire_calls calls = {.opened = on_opened, .bytes = on_bytes};
        struct h2_server *server = xnew(struct h2_server);

        server->handle = handle;
        server->owner = owner;
        server->wires = wire_listen(loop, tls, &calls, server);
        snprintf(server->url, sizeof server->url, "https://127.0.0.1:%d", wire_server_port(server->wires));
        return server;
}

struct h2_server *h2_server_free(struct h2_server *server)
{
        if (!server)
                return NULL;
        wire_server_free(server->wires);
        while (server->connections) {
                struct connection *connection = (struct connection *)server->connections;
                server->connections = connection->shown.next;
                buf_done(&connection->in);
                free(connection);
        }
        free(server);
        return NULL;
}

const char *h2_server_url(const struct h2_server *server)
{
        return server->url;
}

struct wire_server *h2_server_wires(const struct h2_server *server)
{
        return server->wires;
}

void h2_server_settings(struct h2_server *server, const void *payload, size_t size)
{
        server->settings = payload;
        server->settings_size = size;
}

void h2_head(struct h2_connection *connection, uint32_t stream, int status, bool last)
{
        uint8_t indexed = 0x80 | (status == 200 ? 8 : status == 404 ? 13 : 14);

        h2_send(connection, H2_HEADERS, H2_END_HEADERS | (last ? H2_END_STREAM : 0), stream, &indexed, 1);
}

void h2_data(struct h2_connection *connection, uint32_t stream, const char *data, bool last)
{
        h2_send(connection, H2_DATA, last ? H2_END_STREAM : 0, stream, data, strlen(data));
}

void h2_answer(struct h2_connection *connection, uint32_t stream, int status, const char *body)
{
        h2_head(connection, stream, status, false);
        h2_data(connection, stream, body, true);
}

void h2_reset(struct h2_connection *connection, uint32_t stream, enum h2_error error)
{
        uint8_t payload[4];

        put_32(payload, error);
        h2_send(connection, H2_RST_STREAM, 0, stream, payload, sizeof payload);
}

void h2_goaway(struct h2_connection *connection, uint32_t last_stream, enum h2_error error)
{
        uint8_t payload[8];

        put_32(payload, last_stream);
        put_32(payload + 4, error);
        h2_send(connection, H2_GOAWAY, 0, 0, payload, sizeof payload);
}
