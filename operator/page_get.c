/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/page_get.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "probe/page.h"

struct page_get {
        struct loop *loop;
        struct loop_timer patience;
        int fd; /* -1: could not even be opened */
        char *request;
        size_t sent;
        struct buf answer;
        struct fail fail;
        page_done_fn *done;
        void *owner;
};

void page_cancel(struct page_get *get)
{
        if (!get)
                return;
        loop_disarm(get->loop, &get->patience);
        if (get->fd >= 0) {
                loop_forget(get->loop, get->fd);
                close(get->fd);
        }
        buf_done(&get->answer);
        free(get->request);
        free(get);
}

/* The owner is told, then it is gone. */
static void end(struct page_get *get)
{
        char *body = NULL;
        size_t size = 0;

        if (get->fail.kind == FAIL_NONE && get->answer.size == 0)
                fail_set(&get->fail, FAIL_IO, "the answer is empty");
        if (get->fail.kind == FAIL_NONE)
                page_decode(get->answer.data, get->answer.size, &body, &size, &get->fail);
        get->done(get->owner, body, size, &get->fail);
        page_cancel(get);
}

static void out_of_patience(void *owner)
{
        struct page_get *get = owner;

        if (get->fail.kind == FAIL_NONE)
                fail_set(&get->fail, FAIL_TIMEOUT, "no whole answer within 3 s");
        end(get);
}

static bool send_more(struct page_get *get)
{
        size_t left = strlen(get->request) - get->sent;
        ssize_t sent = left ? send(get->fd, get->request + get->sent, left, MSG_NOSIGNAL) : 0;

        if (sent > 0)
                get->sent += (size_t)sent;
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
                fail_errno(&get->fail, errno, "the page cannot be asked for");
        return get->fail.kind == FAIL_NONE;
}

/* False: nothing more will come. */
static bool receive_more(struct page_get *get)
{
        char piece[16384];
        ssize_t got;

        while ((got = recv(get->fd, piece, sizeof piece, 0)) > 0)
                if (!buf_add(&get->answer, piece, (size_t)got)) {
                        fail_set(&get->fail, FAIL_TOO_LARGE, "the page is longer than %u bytes", PAGE_BYTES_MAX);
                        return false;
                }
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
                return true;
        if (got < 0)
                fail_errno(&get->fail, errno, "the page cannot be read");
        return false;
}

static void on_ready(void *owner, int fd, uint32_t events)
{
        struct page_get *get = owner;

        if ((events & EPOLLOUT) && !send_more(get)) {
                end(get);
                return;
        }
        if (get->sent == strlen(get->request))
                loop_watch(get->loop, fd, EPOLLIN, on_ready, get);
        if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && !receive_more(get))
                end(get);
}

static socklen_t socket_address(const char *address, int port, struct sockaddr_storage *ret_socket)
{
        struct sockaddr_in *v4 = (struct sockaddr_in *)ret_socket;
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret_socket;

        *ret_socket = (struct sockaddr_storage){0};
        if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
                v4->sin_family = AF_INET;
                v4->sin_port = htons((uint16_t)port);
                return sizeof *v4;
        }
        if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
                v6->sin6_family = AF_INET6;
                v6->sin6_port = htons((uint16_t)port);
                return sizeof *v6;
        }
        return 0;
}

static void begin(struct page_get *get, const char *address, int port)
{
        struct sockaddr_storage socket_to;
        socklen_t size = socket_address(address, port, &socket_to);

        if (size == 0) {
                fail_set(&get->fail, FAIL_INVALID, "'%.60s' is no IP address", address);
                return;
        }
        get->fd = socket(socket_to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (get->fd < 0 || (connect(get->fd, (struct sockaddr *)&socket_to, size) < 0 && errno != EINPROGRESS)) {
                fail_errno(&get->fail, errno, "%.60s cannot be reached", address);
                return;
        }
        loop_watch(get->loop, get->fd, EPOLLOUT | EPOLLIN, on_ready, get);
}

struct page_get *page_get(struct loop *loop, const char *address, int port, const char *path, page_done_fn *done, void *owner)
{
        struct page_get *get = xnew(struct page_get);
        const char *bracket = strchr(address, ':') ? "[" : "";

        *get = (struct page_get){.loop = loop, .fd = -1, .done = done, .owner = owner, .answer = buf_bounded(PAGE_BYTES_MAX)};
        get->patience = (struct loop_timer){.fire = out_of_patience, .owner = get};
        get->request = xasprintf("GET %s HTTP/1.1\r\nhost: %s%s%s:%d\r\naccept: text/plain\r\nconnection: close\r\n\r\n", path, bracket, address,
                                 *bracket ? "]" : "", port);
        begin(get, address, port);
        loop_arm(loop, &get->patience, loop_now_ns(loop) + (get->fail.kind ? 0 : PAGE_PATIENCE_NS));
        return get;
}
