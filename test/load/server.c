/* SPDX-License-Identifier: Apache-2.0
 *
 * A small HTTP/1.1 server that does as it is told and remembers when it answered what:
 * server MODE LOG — listens on a free loopback port, prints it, serves until SIGTERM, then writes one line per
 * request to LOG: the x-loadstone-index header ("-" when absent) and the CLOCK_REALTIME nanoseconds after its answer
 * was handed to the kernel. The table below has the modes. */
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
        int flooding;
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

/* What a mode answers with, and how it goes on. */
enum after { STAYS, HANGS_UP, RESETS, FLOODS };
static const struct mode {
        const char *name, *text;
        enum after after;
        unsigned before_us, between_us; /* before the answer; after each byte of it */
        size_t filler;                  /* bytes of 'a' that stand where the text has a '@' */
} modes[] = {
        {"ok", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n", STAYS},
        {"close", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n", HANGS_UP},
        {"hangup", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n", HANGS_UP},
        {"reset", "", RESETS},
        {"silent", "", STAYS},
        {"garbage", "SSH-2.0-OpenSSH_9.2\r\n", STAYS},
        {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n3\r\nlo\n\r\n0\r\n\r\n", STAYS},
        {"slow", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n", STAYS, .before_us = 20000},
        {"steady", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n", STAYS, .before_us = 2000},
        {"extra", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n", STAYS},
        /* the rude ones */
        {"drip", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", STAYS, .between_us = 50},
        {"endless", "HTTP/1.1 200 OK\r\nContent-Length: 999999999999999\r\n\r\n", FLOODS},
        {"endless-head", "HTTP/1.1 200 OK\r\nx: ", FLOODS},
        {"cut", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhel", RESETS},
        {"short", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhel", HANGS_UP},
        {"mute", "", HANGS_UP},
        {"upgrade", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", STAYS},
        {"interim", "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", STAYS},
        {"twice", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: a\r\nX: b\r\nContent-Length: 2\r\n\r\nok", STAYS},
        {"two-lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", STAYS},
        {"large-head", "HTTP/1.1 200 OK\r\nx: @\r\nContent-Length: 2\r\n\r\nok", STAYS, .filler = 32 << 10},
        {"huge-head", "HTTP/1.1 200 OK\r\nx: @\r\nContent-Length: 2\r\n\r\nok", STAYS, .filler = 1 << 20},
        {"gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x1f", STAYS},
};
static const struct mode *mode;
static char *answer_text;
static size_t answer_size;

static void build_answer(void)
{
        const char *at = mode->filler ? strchr(mode->text, '@') : NULL;

        answer_size = strlen(mode->text) + mode->filler;
        answer_text = calloc(answer_size + 1, 1);
        if (!at) {
                memcpy(answer_text, mode->text, answer_size);
                return;
        }
        size_t before = (size_t)(at - mode->text);
        memcpy(answer_text, mode->text, before);
        memset(answer_text + before, 'a', mode->filler);
        strcpy(answer_text + before + mode->filler, at + 1);
}

/* False when the connection is gone. Blocks like any simple server; the socket's buffer is large enough for nearly everybody. */
static int write_all(int fd, const char *data, size_t size)
{
        while (size > 0) {
                ssize_t put = write(fd, data, mode->between_us ? 1 : size);
                if (put < 0 && errno == EAGAIN) {
                        usleep(100);
                        continue;
                }
                if (put < 0)
                        return 0;
                data += put;
                size -= (size_t)put;
                if (mode->between_us)
                        usleep(mode->between_us);
        }
        return 1;
}

static int answer(int fd, const char *head)
{
        if (mode->before_us)
                usleep(mode->before_us);
        if (!write_all(fd, answer_text, answer_size)) {
                hang_up(fd, 0);
                return 0;
        }
        remember(head);
        inputs[fd]->flooding = mode->after == FLOODS;
        if (mode->after == HANGS_UP || mode->after == RESETS) {
                hang_up(fd, mode->after == RESETS);
                return 0;
        }
        return 1;
}

/* As much as the connection takes, for ever. */
static void flood(int fd)
{
        static char block[1 << 18];

        memset(block, 'a', sizeof block);
        for (int i = 0; i < 16; i++) {
                ssize_t put = write(fd, block, sizeof block);
                if (put < 0 && errno == EAGAIN)
                        return;
                if (put < 0) {
                        hang_up(fd, 0);
                        return;
                }
        }
}

/* Takes whole requests out of the input; false when the connection is gone. */
static int serve(int fd)
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
                if (!answer(fd, input->data))
                        return 0;
        }
}

static void read_from(int fd)
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
                if (!serve(fd))
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

        for (size_t i = 0; argc == 3 && i < sizeof modes / sizeof *modes; i++)
                if (!strcmp(argv[1], modes[i].name))
                        mode = &modes[i];
        if (!mode)
                return 2;
        build_answer();
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
                int len = epoll_wait(epoll_fd, events, 256, mode->after == FLOODS ? 1 : 100);
                for (int i = 0; i < len; i++) {
                        if (events[i].data.fd == listener)
                                accept_all(listener, epoll_fd);
                        else
                                read_from(events[i].data.fd);
                }
                for (int fd = 0; mode->after == FLOODS && fd < FD_MAX; fd++)
                        if (inputs[fd] && inputs[fd]->flooding)
                                flood(fd);
        }
        FILE *log = fopen(argv[2], "w");
        for (size_t i = 0; log && i < entries_len; i++)
                fprintf(log, "%s %lld\n", entries[i].index, entries[i].at_ns);
        return log && fclose(log) == 0 ? 0 : 1;
}
