/* SPDX-License-Identifier: Apache-2.0
 *
 * A small HTTP/1.1 server that does as it is told and remembers when it answered what:
 * server MODE LOG — listens on a free loopback port, prints it, serves until SIGTERM, then writes one line per
 * request to LOG: the x-loadstone-index header ("-" when absent) and the CLOCK_REALTIME nanoseconds after its answer
 * was handed to the kernel. Modes: ok, close (says so), hangup (does not), reset, silent, garbage, chunked, slow (20 ms
 * each, one after the other), extra (bytes nobody asked for). */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUESTS_MAX 4000000
#define INPUT_MAX (1 << 17)
#define FD_MAX 65536

struct entry {
        char index[17];
        long long at_ns;
};

struct input {
        size_t size, skip; /* bytes held; body bytes still to be passed over */
        char data[INPUT_MAX + 1];
};

static struct entry *entries;
static size_t entries_len;
static struct input *inputs[FD_MAX];
static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
        (void)signal_number;
        stopped = 1;
}

static long long now_ns(void)
{
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void remember(const char *head)
{
        const char *at = strcasestr(head, "\r\nx-loadstone-index: ");
        struct entry *entry = &entries[entries_len];

        if (entries_len == REQUESTS_MAX)
                return;
        entries_len++;
        snprintf(entry->index, sizeof entry->index, "%.16s", at ? at + 21 : "-");
        entry->at_ns = now_ns();
}

static void hang_up(int fd, int hard)
{
        struct linger linger = {.l_onoff = 1};

        if (hard)
                setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
        free(inputs[fd]);
        inputs[fd] = NULL;
        close(fd);
}

/* False when the connection is gone. */
static int answer(int fd, const char *mode, const char *head)
{
        static const char plain[] = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n";
        static const char closing[] = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n";
        static const char chunked[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n3\r\nlo\n\r\n0\r\n\r\n";
        static const char garbage[] = "SSH-2.0-OpenSSH_9.2\r\n";
        static const char extra[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n";
        const char *text = !strcmp(mode, "close")     ? closing
                           : !strcmp(mode, "chunked") ? chunked
                           : !strcmp(mode, "garbage") ? garbage
                           : !strcmp(mode, "extra")   ? extra
                                                      : plain;

        if (!strcmp(mode, "silent")) {
                remember(head);
                return 1;
        }
        if (!strcmp(mode, "reset")) {
                remember(head);
                hang_up(fd, 1);
                return 0;
        }
        if (!strcmp(mode, "slow"))
                usleep(20000);
        if (write(fd, text, strlen(text)) < 0 && errno != EAGAIN) {
                hang_up(fd, 0);
                return 0;
        }
        remember(head);
        if (text == closing || !strcmp(mode, "hangup")) {
                hang_up(fd, 0);
                return 0;
        }
        return 1;
}

/* Takes whole requests out of the input; false when the connection is gone. */
static int serve(int fd, const char *mode)
{
        struct input *input = inputs[fd];

        for (;;) {
                size_t skip = input->skip < input->size ? input->skip : input->size;
                memmove(input->data, input->data + skip, input->size - skip);
                input->size -= skip;
                input->skip -= skip;
                input->data[input->size] = '\0';
                char *end = input->skip ? NULL : strstr(input->data, "\r\n\r\n");
                if (!end)
                        return 1;
                *end = '\0';
                const char *length = strcasestr(input->data, "\r\ncontent-length:");
                input->skip = (size_t)(end - input->data) + 4 + (length ? strtoul(length + 17, NULL, 10) : 0);
                if (!answer(fd, mode, input->data))
                        return 0;
        }
}

static void read_from(int fd, const char *mode)
{
        struct input *input = inputs[fd];

        for (;;) {
                ssize_t got = read(fd, input->data + input->size, INPUT_MAX - input->size);
                if (got < 0 && errno == EAGAIN)
                        return;
                if (got <= 0) {
                        hang_up(fd, 0);
                        return;
                }
                input->size += (size_t)got;
                if (!serve(fd, mode))
                        return;
        }
}

static void accept_all(int listener, int epoll_fd)
{
        int on = 1, fd;

        while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
                if (fd >= FD_MAX) {
                        close(fd);
                        continue;
                }
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                inputs[fd] = calloc(1, sizeof **inputs);
                epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
        }
}

static int listen_somewhere(void)
{
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof address;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

        if (bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 4096) < 0 ||
            getsockname(fd, (struct sockaddr *)&address, &size) < 0)
                exit(1);
        printf("%d\n", ntohs(address.sin_port));
        fflush(stdout);
        return fd;
}

int main(int argc, char **argv)
{
        struct epoll_event events[256];
        struct rlimit files;

        if (argc != 3)
                return 2;
        signal(SIGPIPE, SIG_IGN);
        signal(SIGTERM, stop);
        getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
        entries = calloc(REQUESTS_MAX, sizeof *entries);
        int epoll_fd = epoll_create1(0), listener = listen_somewhere();
        struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event);
        while (!stopped) {
                int len = epoll_wait(epoll_fd, events, 256, 100);
                for (int i = 0; i < len; i++) {
                        if (events[i].data.fd == listener)
                                accept_all(listener, epoll_fd);
                        else
                                read_from(events[i].data.fd, argv[1]);
                }
        }
        FILE *log = fopen(argv[2], "w");
        for (size_t i = 0; log && i < entries_len; i++)
                fprintf(log, "%s %lld\n", entries[i].index, entries[i].at_ns);
        return log && fclose(log) == 0 ? 0 : 1;
}
