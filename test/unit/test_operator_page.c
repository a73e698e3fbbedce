/* SPDX-License-Identifier: Apache-2.0
 *
 * A page is fetched from whoever listens at an address, in whatever pieces it comes; who does not answer holds up nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "operator/page_get.h"

/* ---- a proxy that says its lines one by one ---- */

struct proxy {
        int fd, port;
        const char *const *pieces; /* ends with NULL */
        char heard[512];
        pthread_t thread;
};

static void *serve(void *argument)
{
        struct proxy *proxy = argument;
        int fd = accept(proxy->fd, NULL, NULL);

        if (fd < 0)
                return NULL;
        ssize_t got = recv(fd, proxy->heard, sizeof proxy->heard - 1, 0);
        proxy->heard[got > 0 ? got : 0] = '\0';
        for (size_t i = 0; proxy->pieces[i]; i++)
                if (send(fd, proxy->pieces[i], strlen(proxy->pieces[i]), MSG_NOSIGNAL) < 0)
                        break;
        close(fd);
        return NULL;
}

static void proxy_open(struct proxy *proxy, const char *const *pieces)
{
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof address;

        *proxy = (struct proxy){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .pieces = pieces};
        assert_int_equal(bind(proxy->fd, (struct sockaddr *)&address, size), 0);
        assert_int_equal(listen(proxy->fd, 4), 0);
        assert_int_equal(getsockname(proxy->fd, (struct sockaddr *)&address, &size), 0);
        proxy->port = ntohs(address.sin_port);
        assert_int_equal(pthread_create(&proxy->thread, NULL, serve, proxy), 0);
}

static void proxy_close(struct proxy *proxy)
{
        shutdown(proxy->fd, SHUT_RD);
        pthread_join(proxy->thread, NULL);
        close(proxy->fd);
}

/* ---- a reader with a clock of its own ---- */

struct own_clock {
        struct clock clock;
        int64_t now_ns;
};

static int64_t own_now(const struct clock *clock)
{
        return ((const struct own_clock *)clock)->now_ns;
}

static int64_t own_wall(const struct clock *clock)
{
        (void)clock;
        return 1;
}

struct reader {
        struct own_clock clock;
        struct loop *loop;
        char *text;
        enum fail_kind kind;
        int calls;
};

static void on_page(void *owner, const char *text, size_t size, const struct fail *fail)
{
        struct reader *reader = owner;

        reader->calls++;
        reader->kind = fail->kind;
        if (text)
                assert_int_equal(strlen(text), size);
        free(reader->text);
        reader->text = text ? xstrdup(text) : NULL;
}

static void reader_open(struct reader *reader)
{
        *reader = (struct reader){.clock = {.clock = {own_now, own_wall}}};
        reader->loop = loop_new(&reader->clock.clock);
}

static void reader_close(struct reader *reader)
{
        free(reader->text);
        loop_free(reader->loop);
}

static void read_page(struct reader *reader, const char *address, int port)
{
        int before = reader->calls;

        page_get(reader->loop, address, port, "/stats/prometheus", on_page, reader);
        assert_int_equal(reader->calls, before); /* never from inside of the call */
        while (reader->calls == before)
                loop_step(reader->loop, NS_PER_S);
        assert_int_equal(reader->calls, before + 1);
}

static void a_page_comes_in_pieces(void **state)
{
        static const char *const pieces[] = {"HTTP/1.1 200 OK\r\ntransfer-enc", "oding: chunked\r\n\r\n6\r\na 1", "\nb \r\n2\r\n2\n\r\n0\r\n", "\r\n", NULL};
        struct proxy proxy;
        struct reader reader;
        (void)state;

        reader_open(&reader);
        proxy_open(&proxy, pieces);
        read_page(&reader, "127.0.0.1", proxy.port);
        proxy_close(&proxy);
        assert_int_equal(reader.kind, FAIL_NONE);
        assert_string_equal(reader.text, "a 1\nb 2\n");
        assert_memory_equal(proxy.heard, "GET /stats/prometheus HTTP/1.1\r\n", 32);
        reader_close(&reader);
}

static void what_is_no_page_is_a_failure(void **state)
{
        static const char *const cut[] = {"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", NULL}, *const nothing[] = {NULL};
        static const char *const moved[] = {"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\n\r\n", NULL};
        static const struct { const char *const *pieces; enum fail_kind kind; } cases[] = {{cut, FAIL_IO}, {nothing, FAIL_IO}, {moved, FAIL_INVALID}};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                struct proxy proxy;
                struct reader reader;
                reader_open(&reader);
                proxy_open(&proxy, cases[i].pieces);
                read_page(&reader, "127.0.0.1", proxy.port);
                proxy_close(&proxy);
                assert_int_equal(reader.kind, cases[i].kind);
                assert_null(reader.text);
                reader_close(&reader);
        }
}

static void nobody_there_and_no_address_are_failures_too(void **state)
{
        static const char *const nothing[] = {NULL};
        struct proxy proxy;
        struct reader reader;
        (void)state;

        reader_open(&reader);
        proxy_open(&proxy, nothing);
        proxy_close(&proxy);
        read_page(&reader, "127.0.0.1", proxy.port);
        assert_int_equal(reader.kind, FAIL_IO);
        read_page(&reader, "not-an-address", 80);
        assert_int_equal(reader.kind, FAIL_INVALID);
        reader_close(&reader);
}

/* It listens, and never says a word: the time is ours, so nobody waits for it here. */
static void who_is_silent_is_given_up_after_a_while(void **state)
{
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof address;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct reader reader;
        (void)state;

        assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
        assert_int_equal(listen(fd, 4), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
        reader_open(&reader);
        page_get(reader.loop, "127.0.0.1", ntohs(address.sin_port), "/", on_page, &reader);
        loop_step(reader.loop, 0);
        reader.clock.now_ns = PAGE_PATIENCE_NS - 1;
        loop_step(reader.loop, 0);
        assert_int_equal(reader.calls, 0);
        reader.clock.now_ns = PAGE_PATIENCE_NS;
        loop_step(reader.loop, 0);
        assert_int_equal(reader.calls, 1);
        assert_int_equal(reader.kind, FAIL_TIMEOUT);
        page_cancel(page_get(reader.loop, "127.0.0.1", ntohs(address.sin_port), "/", on_page, &reader));
        assert_int_equal(reader.calls, 1);
        reader_close(&reader);
        close(fd);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_page_comes_in_pieces),
                cmocka_unit_test(what_is_no_page_is_a_failure),
                cmocka_unit_test(nobody_there_and_no_address_are_failures_too),
                cmocka_unit_test(who_is_silent_is_given_up_after_a_while),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
