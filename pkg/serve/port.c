/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define BACKLOG 128
#define ACCEPTS_PER_STEP 8
#define PATIENCE_NS (5 * NS_PER_S)  /* for what the other side has to do */
#define MAKING_NS (15 * NS_PER_S)   /* for what we have to do; whoever answers has a shorter limit */
#define IDLE_NS (90 * NS_PER_S)     /* between two requests: scrapers come every minute or sooner */
#define SWEEP_NS NS_PER_S

/*   SHAKING -> READING -> ASKED -> WRITING -> READING …     Every state has an end in time, and in all but ASKED, where it is we
 *      TLS                                                  who are slow, a connection may have to give way to a newcomer. */
enum state { SHAKING, READING, ASKED, WRITING };

struct port_request { /* a connection, with the request that it is busy with */
        struct port *port;
        int fd; /* -1: this place is free */
        SSL *tls;
        enum state state;
        struct in6_addr peer;
        int64_t born_ns, until_ns;  /* when it came; when its state ends */
        size_t in_size;
        struct buf out;
        size_t out_sent;
        bool to_head, close;
        char in[HTTP_HEAD_BYTES_MAX]; /* last: not touched beyond what came */
};

struct port {
        struct loop *loop;
        struct port_options options;
        int fd, number;
        bool deaf; /* no descriptor was left: accepts nothing until the next sweep */
        struct port_request connections[PORT_CONNECTIONS_MAX];
        struct loop_timer sweep;
};

static void on_ready(void *owner, int fd, uint32_t events);

/* ---- Connections ---- */

static void watch_time(struct port *port)
{
        if (!port->sweep.armed)
                loop_arm(port->loop, &port->sweep, loop_now_ns(port->loop) + SWEEP_NS);
}

static void enter(struct port_request *connection, enum state state, int64_t wait_ns)
{
        connection->state = state;
        connection->until_ns = loop_now_ns(connection->port->loop) + wait_ns;
}

static void await(struct port_request *connection, uint32_t events)
{
        loop_watch(connection->port->loop, connection->fd, events, on_ready, connection);
}

static void hang_up(struct port_request *connection)
{
        struct port *port = connection->port;
        bool asked = connection->state == ASKED;

        loop_forget(port->loop, connection->fd);
        if (connection->tls) {
                SSL_shutdown(connection->tls); /* said once, not waited for */
                SSL_free(take(connection->tls));
                ERR_clear_error();
        }
        close(connection->fd);
        connection->fd = -1;
        buf_done(&connection->out);
        explicit_bzero(connection->in, connection->in_size); /* tokens */
        if (asked && port->options.gone)
                port->options.gone(port->options.owner, connection);
}

static unsigned connections_of(const struct port *port, const struct in6_addr *peer)
{
        unsigned count = 0;

        for (size_t i = 0; i < PORT_CONNECTIONS_MAX; i++)
                count += port->connections[i].fd >= 0 && memcmp(&port->connections[i].peer, peer, sizeof *peer) == 0;
        return count;
}

/* The place of a new connection: a free one, else that of the oldest connection of whoever has most. So a crowd from one address
 * pushes out itself; against a crowd of addresses the newcomer at least comes last. NULL: all wait for us. */
static struct port_request *place(struct port *port)
{
        struct port_request *leaves = NULL;
        unsigned most = 0;

        for (size_t i = 0; i < PORT_CONNECTIONS_MAX; i++) {
                struct port_request *connection = &port->connections[i];
                if (connection->fd < 0)
                        return connection;
                if (connection->state == ASKED)
                        continue;
                unsigned count = connections_of(port, &connection->peer);
                if (!leaves || count > most || (count == most && connection->born_ns < leaves->born_ns)) {
                        leaves = connection;
                        most = count;
                }
        }
        if (leaves)
                hang_up(leaves);
        return leaves;
}

static SSL *begin_tls(struct port *port, int fd)
{
        struct fail fail;
        SSL *tls = SSL_new(certificate_context(port->options.certificate, loop_now_ns(port->loop), &fail));

        if (fail.kind)
                log_line("the certificate before stays in use", "error", fail.text, NULL);
        if (!tls || SSL_set_fd(tls, fd) != 1)
                abort(); /* out of memory */
        SSL_set_accept_state(tls);
        return tls;
}

static struct in6_addr address_of(const struct sockaddr_storage *from)
{
        struct in6_addr address = {0};

        if (from->ss_family == AF_INET6)
                address = ((const struct sockaddr_in6 *)from)->sin6_addr;
        else
                memcpy(&address, &((const struct sockaddr_in *)from)->sin_addr, sizeof(struct in_addr));
        return address;
}

static void welcome(struct port *port, int fd, const struct sockaddr_storage *from)
{
        struct port_request *connection = place(port);

        if (!connection) {
                close(fd);
                return;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        memset(connection, 0, offsetof(struct port_request, in));
        connection->port = port;
        connection->fd = fd;
        connection->peer = address_of(from);
        connection->born_ns = loop_now_ns(port->loop);
        if (port->options.certificate)
                connection->tls = begin_tls(port, fd);
        enter(connection, connection->tls ? SHAKING : READING, PATIENCE_NS);
        await(connection, EPOLLIN);
        watch_time(port);
}

static void on_listening(void *owner, int fd, uint32_t events)
{
        struct port *port = owner;

        (void)events;
        for (int i = 0; i < ACCEPTS_PER_STEP; i++) {
                struct sockaddr_storage from = {0};
                socklen_t size = sizeof from;
                int accepted = accept4(fd, (struct sockaddr *)&from, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
                if (accepted >= 0) {
                        welcome(port, accepted, &from);
                        continue;
                }
                if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                        port->deaf = true; /* else the loop would turn around this descriptor */
                        loop_forget(port->loop, fd);
                        watch_time(port);
                }
                return;
        }
}

static void sweep(void *owner)
{
        struct port *port = owner;
        int64_t now_ns = loop_now_ns(port->loop);
        bool busy = false;

        for (size_t i = 0; i < PORT_CONNECTIONS_MAX; i++) {
                if (port->connections[i].fd >= 0 && now_ns >= port->connections[i].until_ns)
                        hang_up(&port->connections[i]);
                busy = busy || port->connections[i].fd >= 0;
        }
        if (port->deaf) {
                port->deaf = false;
                loop_watch(port->loop, port->fd, EPOLLIN, on_listening, port);
        }
        if (busy)
                loop_arm(port->loop, &port->sweep, now_ns + SWEEP_NS);
}

/* ---- Bytes ---- */

enum moved { MOVED_SOME, MOVED_LATER, MOVED_NEVER };

/* What a call of OpenSSL came to; arranges for the call to be made again when the socket is ready. */
static enum moved after_tls(struct port_request *connection, int result)
{
        int error = SSL_get_error(connection->tls, result);

        ERR_clear_error();
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
                return MOVED_NEVER;
        await(connection, error == SSL_ERROR_WANT_READ ? EPOLLIN : EPOLLOUT);
        return MOVED_LATER;
}

static enum moved after_plain(struct port_request *connection, ssize_t result, uint32_t events)
{
        if (result == 0 || (errno != EAGAIN && errno != EINTR))
                return MOVED_NEVER;
        await(connection, events);
        return MOVED_LATER;
}

static enum moved pull(struct port_request *connection)
{
        char *into = connection->in + connection->in_size;
        size_t room = sizeof connection->in - connection->in_size;
        ssize_t got = connection->tls ? SSL_read(connection->tls, into, (int)room) : recv(connection->fd, into, room, 0);

        if (got <= 0)
                return connection->tls ? after_tls(connection, (int)got) : after_plain(connection, got, EPOLLIN);
        connection->in_size += (size_t)got;
        return MOVED_SOME;
}

static enum moved push(struct port_request *connection)
{
        const char *from = connection->out.data + connection->out_sent;
        size_t left = connection->out.size - connection->out_sent;
        ssize_t sent = connection->tls ? SSL_write(connection->tls, from, (int)left) : send(connection->fd, from, left, MSG_NOSIGNAL);

        if (sent <= 0)
                return connection->tls ? after_tls(connection, (int)sent) : after_plain(connection, sent, EPOLLOUT);
        connection->out_sent += (size_t)sent;
        return MOVED_SOME;
}

/* ---- Requests and answers ---- */

static const char *reason_of(int status)
{
        static const struct { int status; const char *reason; } reasons[] = {
                {200, "OK"}, {400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"}, {404, "Not Found"}, {405, "Method Not Allowed"},
                {414, "URI Too Long"}, {429, "Too Many Requests"}, {431, "Request Header Fields Too Large"},
                {503, "Service Unavailable"}, {505, "HTTP Version Not Supported"},
        };

        for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
                if (reasons[i].status == status)
                        return reasons[i].reason;
        return "Internal Server Error";
}

static void write_on(struct port_request *connection)
{
        while (connection->out_sent < connection->out.size) {
                enum moved moved = push(connection);
                if (moved == MOVED_NEVER)
                        hang_up(connection);
                if (moved != MOVED_SOME)
                        return;
        }
        if (connection->close) {
                hang_up(connection);
                return;
        }
        buf_done(&connection->out);
        connection->out_sent = 0;
        enter(connection, READING, connection->in_size ? PATIENCE_NS : IDLE_NS);
        /* What has come already is looked at in the next step: others have their turn in between. OpenSSL, too, may hold bytes
         * that the socket no longer tells of. */
        await(connection, connection->in_size || (connection->tls && SSL_pending(connection->tls)) ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void port_answer(struct port_request *connection, int status, const char *content_type, const struct buf *body)
{
        buf_format(&connection->out,
                   "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n%s%s%s\r\n",
                   status, reason_of(status), content_type, body->size, status == 401 ? "WWW-Authenticate: Bearer\r\n" : "",
                   status == 405 ? "Allow: GET, HEAD\r\n" : "", connection->close ? "Connection: close\r\n" : "");
        if (!connection->to_head && body->size)
                buf_add(&connection->out, body->data, body->size);
        enter(connection, WRITING, PATIENCE_NS);
        await(connection, EPOLLOUT);
}

static void refuse(struct port_request *connection, int status)
{
        auto_buf struct buf body = {0};

        connection->close = true;
        connection->in_size = 0;
        buf_format(&body, "%s\n", reason_of(status));
        port_answer(connection, status, "text/plain; charset=utf-8", &body);
}

/* Takes one request out of what has come; false when it is not whole yet. */
static bool take_request(struct port_request *connection)
{
        struct port *port = connection->port;
        struct http_head head;
        long size = connection->in_size ? http_head_parse(connection->in, connection->in_size, &head) : 0;

        if (size == 0)
                return false;
        connection->to_head = size > 0 && head.to_head;
        if (size < 0) {
                refuse(connection, (int)-size);
                return true;
        }
        connection->close = head.close;
        enter(connection, ASKED, MAKING_NS);
        await(connection, 0); /* only the end of the connection is told */
        port->options.asked(port->options.owner, connection, &head);
        connection->in_size -= (size_t)size;
        memmove(connection->in, connection->in + size, connection->in_size);
        explicit_bzero(connection->in + connection->in_size, (size_t)size); /* the token */
        return true;
}

static void read_on(struct port_request *connection)
{
        bool idle = connection->in_size == 0;

        if (take_request(connection))
                return;
        enum moved moved = pull(connection);
        if (moved == MOVED_NEVER)
                hang_up(connection);
        if (moved != MOVED_SOME)
                return;
        if (idle) /* a head has begun */
                connection->until_ns = loop_now_ns(connection->port->loop) + PATIENCE_NS;
        if (!take_request(connection))
                await(connection, connection->tls && SSL_pending(connection->tls) ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void on_ready(void *owner, int fd, uint32_t events)
{
        struct port_request *connection = owner;

        (void)fd;
        if (connection->state == ASKED) {
                if (events & (EPOLLERR | EPOLLHUP))
                        hang_up(connection);
                return;
        }
        if (connection->state == SHAKING) {
                int result = SSL_do_handshake(connection->tls);
                if (result != 1) {
                        if (after_tls(connection, result) == MOVED_NEVER)
                                hang_up(connection);
                        return;
                }
                enter(connection, READING, PATIENCE_NS);
        }
        if (connection->state == WRITING)
                write_on(connection);
        else
                read_on(connection);
}

/* ---- Life ---- */

/* IPv6 with IPv4 inside, or IPv4 alone where the kernel has no IPv6. */
static int listen_on(int number)
{
        struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)number), .sin6_addr = in6addr_any};
        struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)number)};
        int kind = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, fd = socket(AF_INET6, kind, 0);
        bool is_six = fd >= 0;

        if (!is_six)
                fd = socket(AF_INET, kind, 0);
        if (fd < 0)
                return -1;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
        if (is_six)
                setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){0}, sizeof(int));
        if (bind(fd, is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four, is_six ? sizeof six : sizeof four) == 0 && listen(fd, BACKLOG) == 0)
                return fd;
        close(fd);
        return -1;
}

static int number_of(int fd)
{
        struct sockaddr_storage bound = {0};
        socklen_t size = sizeof bound;

        getsockname(fd, (struct sockaddr *)&bound, &size);
        return ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port : ((struct sockaddr_in *)&bound)->sin_port);
}

enum fail_kind port_new(struct loop *loop, const struct port_options *options, struct port **ret_port, struct fail *fail)
{
        int fd = listen_on(options->number);

        if (fd < 0)
                return fail_errno(fail, errno, "cannot listen on port %d", options->number);
        struct port *port = xnew(struct port);
        port->loop = loop;
        port->options = *options;
        port->fd = fd;
        port->number = number_of(fd);
        for (size_t i = 0; i < PORT_CONNECTIONS_MAX; i++)
                port->connections[i].fd = -1;
        port->sweep = (struct loop_timer){.fire = sweep, .owner = port};
        loop_watch(loop, fd, EPOLLIN, on_listening, port);
        *ret_port = port;
        return FAIL_NONE;
}

struct port *port_free(struct port *port)
{
        if (!port)
                return NULL;
        for (size_t i = 0; i < PORT_CONNECTIONS_MAX; i++)
                if (port->connections[i].fd >= 0)
                        hang_up(&port->connections[i]);
        loop_disarm(port->loop, &port->sweep);
        loop_forget(port->loop, port->fd);
        close(port->fd);
        free(port);
        return NULL;
}

int port_number(const struct port *port)
{
        return port->number;
}

void *port_owner(const struct port_request *request)
{
        return request->port->options.owner;
}
