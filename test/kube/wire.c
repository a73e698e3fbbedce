/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

struct wire {
        struct wire_server *server;
        struct wire *next;
        int fd;         /* -1: closed */
        SSL *tls;       /* NULL: plain */
        bool shaken;    /* the handshake is done, or there is none */
        bool closing, mute;
        struct buf out;
        size_t sent;    /* of 'out' */
        void *mark;
};

struct wire_server {
        struct loop *loop;
        SSL_CTX *tls;
        struct wire_calls calls;
        void *owner;
        int fd, port;
        bool mute;
        unsigned accepted;
        struct wire *wires;
};

static void shut(struct wire *wire, bool farewell)
{
        if (wire->fd < 0)
                return;
        if (wire->tls && wire->shaken && farewell)
                SSL_shutdown(wire->tls);
        SSL_free(take(wire->tls));
        loop_forget(wire->server->loop, wire->fd);
        close(wire->fd);
        wire->fd = -1;
        buf_done(&wire->out);
        wire->sent = 0;
}

static void lost(struct wire *wire)
{
        shut(wire, false);
        if (wire->server->calls.closed)
                wire->server->calls.closed(wire->server->owner, wire);
}

/* > 0: so many bytes; 0: later; < 0: the connection is over. */
static ssize_t push(struct wire *wire)
{
        const char *data = wire->out.data + wire->sent;
        size_t size = wire->out.size - wire->sent;

        if (!wire->tls) {
                ssize_t plain = send(wire->fd, data, size, MSG_NOSIGNAL);
                return plain < 0 && errno == EAGAIN ? 0 : plain;
        }
        int sent = SSL_write(wire->tls, data, size > 16384 ? 16384 : (int)size);
        if (sent > 0)
                return sent;
        int error = SSL_get_error(wire->tls, sent);
        return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

static ssize_t pull(struct wire *wire, char *block, int size)
{
        if (!wire->tls) {
                ssize_t got = recv(wire->fd, block, (size_t)size, 0);
                return got < 0 && errno == EAGAIN ? 0 : got <= 0 ? -1 : got;
        }
        int got = SSL_read(wire->tls, block, size);
        if (got > 0)
                return got;
        int error = SSL_get_error(wire->tls, got);
        return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

static void on_ready(void *owner, int fd, uint32_t events);

static void flush(struct wire *wire)
{
        while (wire->fd >= 0 && wire->shaken && wire->sent < wire->out.size) {
                ssize_t sent = push(wire);
                if (sent < 0)
                        lost(wire);
                if (sent <= 0)
                        break;
                wire->sent += (size_t)sent;
        }
        if (wire->sent == wire->out.size) {
                buf_clear(&wire->out);
                wire->sent = 0;
        }
        if (wire->fd < 0)
                return;
        if (!wire->out.size && wire->closing)
                shut(wire, true);
        else
                loop_watch(wire->server->loop, wire->fd, wire->out.size ? EPOLLIN | EPOLLOUT : EPOLLIN, on_ready, wire);
}

/* False while the handshake goes on. */
static bool shake(struct wire *wire)
{
        if (wire->shaken)
                return true;
        int done = SSL_accept(wire->tls);
        if (done <= 0) {
                int error = SSL_get_error(wire->tls, done);
                if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
                        lost(wire);
                return false;
        }
        wire->shaken = true;
        if (wire->server->calls.opened)
                wire->server->calls.opened(wire->server->owner, wire);
        return true;
}

static void on_ready(void *owner, int fd, uint32_t events)
{
        struct wire *wire = owner;
        char block[16384];
        ssize_t got;

        (void)fd;
        if (wire->mute) {
                loop_forget(wire->server->loop, wire->fd);
                return;
        }
        if (!shake(wire))
                return;
        if (events & EPOLLOUT)
                flush(wire);
        while (wire->fd >= 0 && (got = pull(wire, block, sizeof block)) != 0) {
                if (got < 0)
                        lost(wire);
                else
                        wire->server->calls.bytes(wire->server->owner, wire, block, (size_t)got);
        }
}

static struct wire *add(struct wire_server *server, int fd)
{
        struct wire *wire = xnew(struct wire);
        int one = 1;

        if (fd < 0)
                abort();
        *wire = (struct wire){.server = server, .next = server->wires, .fd = fd};
        server->wires = wire;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        return wire;
}

static void on_accept(void *owner, int fd, uint32_t events)
{
        struct wire_server *server = owner;
        struct wire *wire = add(server, accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));

        (void)events;
        server->accepted++;
        wire->mute = server->mute;
        wire->shaken = !server->tls;
        if (server->tls) {
                wire->tls = SSL_new(server->tls);
                SSL_set_fd(wire->tls, wire->fd);
        }
        loop_watch(server->loop, wire->fd, EPOLLIN, on_ready, wire);
        if (wire->shaken && server->calls.opened && !wire->mute)
                server->calls.opened(server->owner, wire);
}

struct wire_server *wire_listen(struct loop *loop, SSL_CTX *tls, const struct wire_calls *calls, void *owner)
{
        struct wire_server *server = xnew(struct wire_server);
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof address;

        signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
        *server = (struct wire_server){.loop = loop, .tls = tls, .calls = *calls, .owner = owner};
        server->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (bind(server->fd, (struct sockaddr *)&address, size) || listen(server->fd, 64) ||
            getsockname(server->fd, (struct sockaddr *)&address, &size))
                abort();
        server->port = ntohs(address.sin_port);
        loop_watch(loop, server->fd, EPOLLIN, on_accept, server);
        return server;
}

struct wire_server *wire_server_free(struct wire_server *server)
{
        if (!server)
                return NULL;
        while (server->wires) {
                struct wire *wire = server->wires;
                server->wires = wire->next;
                shut(wire, false);
                buf_done(&wire->out);
                free(wire);
        }
        loop_forget(server->loop, server->fd);
        close(server->fd);
        free(server);
        return NULL;
}

void wire_server_use(struct wire_server *server, SSL_CTX *tls)
{
        server->tls = tls;
}

void wire_server_mute(struct wire_server *server, bool mute)
{
        server->mute = mute;
}

int wire_server_port(const struct wire_server *server)
{
        return server->port;
}

unsigned wire_server_accepted(const struct wire_server *server)
{
        return server->accepted;
}

unsigned wire_server_open(const struct wire_server *server)
{
        unsigned open = 0;

        for (const struct wire *wire = server->wires; wire; wire = wire->next)
                open += wire->fd >= 0;
        return open;
}

struct wire *wire_connect(struct wire_server *server, int port)
{
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)port),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        struct wire *wire = add(server, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));

        if (connect(wire->fd, (struct sockaddr *)&address, sizeof address)) {
                shut(wire, false);
                return wire;
        }
        fcntl(wire->fd, F_SETFL, O_NONBLOCK); /* only now: to loopback a connect is over at once */
        wire->shaken = true;
        loop_watch(server->loop, wire->fd, EPOLLIN, on_ready, wire);
        return wire;
}

void wire_send(struct wire *wire, const char *data, size_t size)
{
        if (wire->fd < 0)
                return;
        buf_add(&wire->out, data, size);
        flush(wire);
}

void wire_close(struct wire *wire)
{
        wire->closing = true;
        flush(wire);
}

void wire_reset(struct wire *wire)
{
        struct linger now = {.l_onoff = 1};

        if (wire->fd >= 0)
                setsockopt(wire->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        shut(wire, false);
}

void wire_cut(struct wire *wire)
{
        shut(wire, false);
}

bool wire_is_open(const struct wire *wire)
{
        return wire->fd >= 0;
}

bool wire_is_idle(const struct wire *wire)
{
        return wire->out.size == 0;
}

const char *wire_protocol(const struct wire *wire)
{
        static char name[16];
        const unsigned char *agreed = NULL;
        unsigned size = 0;

        if (wire->tls)
                SSL_get0_alpn_selected(wire->tls, &agreed, &size);
        if (size >= sizeof name)
                abort();
        if (size)
                memcpy(name, agreed, size);
        name[size] = '\0';
        return name;
}

void wire_mark(struct wire *wire, void *mark)
{
        wire->mark = mark;
}

void *wire_marked(const struct wire *wire)
{
        return wire->mark;
}
