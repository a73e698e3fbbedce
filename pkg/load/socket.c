/* SPDX-License-Identifier: Apache-2.0
 *
 * TCP, and the plain operations. TLS is socket_tls.c. */
#include "load/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include "load/socket_tls.h"

static enum socket_result plain_shake(struct socket *sock)
{
        (void)sock;
        return SOCKET_OK;
}

static enum socket_result result_of(ssize_t moved)
{
        if (moved > 0)
                return SOCKET_OK;
        if (moved == 0)
                return SOCKET_CLOSED;
        return errno == EAGAIN || errno == EINTR ? SOCKET_AGAIN : SOCKET_RESET;
}

static enum socket_result plain_read(struct socket *sock, char *data, size_t size, size_t *ret_moved)
{
        ssize_t moved = recv(sock->fd, data, size, 0);

        *ret_moved = moved > 0 ? (size_t)moved : 0;
        return result_of(moved);
}

static enum socket_result plain_write(struct socket *sock, const char *data, size_t size, size_t *ret_moved)
{
        ssize_t moved = send(sock->fd, data, size, MSG_NOSIGNAL);

        *ret_moved = moved > 0 ? (size_t)moved : 0;
        return moved == 0 ? SOCKET_AGAIN : result_of(moved);
}

static void plain_close(struct socket *sock)
{
        (void)sock;
}

static const struct socket_ops plain_ops = {plain_shake, plain_read, plain_write, plain_close};

void socket_init(struct socket *sock, const struct socket_tls *tls)
{
        *sock = (struct socket){.fd = -1, .tls = tls, .ops = tls ? &socket_tls_ops : &plain_ops};
}

void socket_done(struct socket *sock)
{
        socket_close(sock);
        socket_tls_forget(sock);
}

enum socket_result socket_connect(struct socket *sock, const struct sockaddr_storage *address, socklen_t address_size)
{
        int on = 1;

        sock->fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (sock->fd < 0)
                return SOCKET_RESET;
        setsockopt(sock->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (connect(sock->fd, (const struct sockaddr *)address, address_size) == 0)
                return SOCKET_OK;
        if (errno == EINPROGRESS || errno == EINTR)
                return SOCKET_AGAIN;
        socket_close(sock);
        return SOCKET_RESET;
}

enum socket_result socket_connected(struct socket *sock)
{
        struct pollfd ready = {.fd = sock->fd, .events = POLLOUT};
        int error = 0;
        socklen_t size = sizeof error;

        if (poll(&ready, 1, 0) <= 0)
                return SOCKET_AGAIN;
        if (getsockopt(sock->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error)
                return SOCKET_RESET;
        return SOCKET_OK;
}

void socket_close(struct socket *sock)
{
        if (sock->fd < 0)
                return;
        sock->ops->close(sock);
        close(sock->fd);
        sock->fd = -1;
}
