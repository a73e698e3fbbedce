/* SPDX-License-Identifier: Apache-2.0 */
#include "node/ask.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "load/plan.h"
#include "load/socket.h"

enum state { CONNECTING, SHAKING, WRITING, READING };

struct ask {
        struct loop *loop;
        struct loop_timer patience;
        struct socket_tls *tls;
        struct socket socket;
        enum state state;
        struct buf request, answer;
        size_t sent;
        struct fail fail;
        ask_done_fn *done;
        void *owner;
};

void ask_cancel(struct ask *ask)
{
        if (!ask)
                return;
        loop_disarm(ask->loop, &ask->patience);
        if (ask->socket.fd >= 0)
                loop_forget(ask->loop, ask->socket.fd);
        socket_done(&ask->socket);
        socket_tls_free(ask->tls);
        if (ask->request.data)
                explicit_bzero(ask->request.data, ask->request.size); /* two tokens */
        buf_done(&ask->request);
        buf_done(&ask->answer);
        free(ask);
}

enum fail_kind ask_decode(const char *text, size_t size, struct json_object **ret_object, struct fail *fail)
{
        const char *body = size > 0 ? memmem(text, size, "\r\n\r\n", 4) : NULL;
        char status[4] = "";

        if (!body || size < strlen("HTTP/1.x 200") || strncmp(text, "HTTP/1.", strlen("HTTP/1.")) != 0 || text[8] != ' ')
                return fail_set(fail, FAIL_INVALID, "the API server gave no answer");
        memcpy(status, text + 9, 3);
        if (text_equal(status, "401") || text_equal(status, "403"))
                return fail_set(fail, FAIL_DENIED, "the API server refuses the probe's question (%s)", status);
        if (status[0] != '2')
                return fail_set(fail, FAIL_IO, "the API server answered %.3s", status);
        body += 4;
        return doc_parse(body, size - (size_t)(body - text), ret_object, fail);
}

/* The owner is told, then it is gone. */
static void end(struct ask *ask)
{
        auto_json struct json_object *object = NULL;

        if (ask->fail.kind == FAIL_NONE)
                ask_decode(ask->answer.data, ask->answer.size, &object, &ask->fail);
        ask->done(ask->owner, object, &ask->fail);
        ask_cancel(ask);
}

static void out_of_patience(void *owner)
{
        struct ask *ask = owner;

        if (ask->fail.kind == FAIL_NONE)
                fail_set(&ask->fail, FAIL_TIMEOUT, "the API server gave no answer in time");
        end(ask);
}

/* ---- the steps; each says how its socket fared, OK: it is done ---- */

static enum socket_result write_on(struct ask *ask)
{
        enum socket_result result = SOCKET_OK;
        size_t moved;

        while (ask->sent < ask->request.size && result == SOCKET_OK) {
                result = ask->socket.ops->write(&ask->socket, ask->request.data + ask->sent, ask->request.size - ask->sent, &moved);
                ask->sent += result == SOCKET_OK ? moved : 0;
        }
        return result;
}

/* OK: the server has closed, as HTTP/1.0 says that an answer has ended. */
static enum socket_result read_on(struct ask *ask)
{
        char piece[4096];
        size_t moved;
        enum socket_result result;

        while ((result = ask->socket.ops->read(&ask->socket, piece, sizeof piece, &moved)) == SOCKET_OK)
                if (!buf_add(&ask->answer, piece, moved)) {
                        fail_set(&ask->fail, FAIL_TOO_LARGE, "the API server's answer is longer than %u bytes", ASK_BYTES_MAX);
                        return SOCKET_OK;
                }
        return result == SOCKET_CLOSED ? SOCKET_OK : result;
}

static enum socket_result step(struct ask *ask)
{
        switch (ask->state) {
        case CONNECTING:
                return socket_connected(&ask->socket);
        case SHAKING:
                return ask->socket.ops->shake(&ask->socket);
        case WRITING:
                return write_on(ask);
        case READING:
                break;
        }
        return read_on(ask);
}

static void on_ready(void *owner, int fd, uint32_t events)
{
        static const char *const whats[] = {"cannot be reached", "cannot be trusted, or speaks no TLS", "hung up", "broke off its answer"};
        struct ask *ask = owner;
        enum socket_result result;

        (void)events;
        while ((result = step(ask)) == SOCKET_OK && ask->state != READING)
                ask->state++;
        if (result == SOCKET_AGAIN) {
                loop_watch(ask->loop, fd, ask->state == CONNECTING || ask->state == WRITING ? EPOLLOUT : EPOLLIN, on_ready, ask);
                return;
        }
        if (result != SOCKET_OK && ask->fail.kind == FAIL_NONE)
                fail_set(&ask->fail, FAIL_IO, "the API server %s", whats[ask->state]);
        end(ask);
}

/* ---- begin ---- */

static socklen_t socket_address(const struct ask_server *server, struct sockaddr_storage *socket_to)
{
        struct sockaddr_in *v4 = (struct sockaddr_in *)socket_to;
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)socket_to;

        *socket_to = (struct sockaddr_storage){0};
        if (inet_pton(AF_INET, server->host, &v4->sin_addr) == 1) {
                v4->sin_family = AF_INET;
                v4->sin_port = htons((uint16_t)server->port);
                return sizeof *v4;
        }
        if (inet_pton(AF_INET6, server->host, &v6->sin6_addr) == 1) {
                v6->sin6_family = AF_INET6;
                v6->sin6_port = htons((uint16_t)server->port);
                return sizeof *v6;
        }
        return 0;
}

static void connect_to(struct ask *ask, const struct ask_server *server)
{
        auto_free char *ca_file = server->ca_file ? xstrdup(server->ca_file) : NULL, *name = xstrdup(server->host);
        const struct load_plan trust = {.tls = ca_file != NULL, .tls_verify = true, .ca_file = ca_file, .sni = name};
        struct sockaddr_storage address;
        socklen_t size = socket_address(server, &address);

        if (size == 0)
                fail_set(&ask->fail, FAIL_INVALID, "'%.60s' is no IP address", server->host);
        if (size == 0 || socket_tls_new(&trust, &ask->tls, &ask->fail))
                return;
        socket_init(&ask->socket, ask->tls);
        if (socket_connect(&ask->socket, &address, size) == SOCKET_RESET)
                fail_set(&ask->fail, FAIL_IO, "the API server cannot be reached");
        else
                loop_watch(ask->loop, ask->socket.fd, EPOLLOUT, on_ready, ask);
}

struct ask *ask_post(struct loop *loop, const struct ask_server *server, const char *path, struct json_object *body, ask_done_fn *done, void *owner)
{
        struct ask *ask = xnew(struct ask);
        const char *text = doc_print(body), *bracket = strchr(server->host, ':') ? "[" : "";

        *ask = (struct ask){.loop = loop, .socket = {.fd = -1}, .answer = buf_bounded(ASK_BYTES_MAX), .done = done, .owner = owner};
        socket_init(&ask->socket, NULL);
        ask->patience = (struct loop_timer){.fire = out_of_patience, .owner = ask};
        buf_format(&ask->request,
                   "POST %s HTTP/1.0\r\nHost: %s%s%s:%d\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nAccept: application/json\r\n"
                   "Content-Length: %zu\r\n\r\n%s",
                   path, bracket, server->host, *bracket ? "]" : "", server->port, server->token, strlen(text), text);
        connect_to(ask, server);
        loop_arm(loop, &ask->patience, loop_now_ns(loop) + (ask->fail.kind ? 0 : ASK_PATIENCE_NS));
        return ask;
}
