/* SPDX-License-Identifier: Apache-2.0
 *
 * The proxy beside the worker is asked whether it is ready, and told to quit if it would stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "data/doc.h"
#include "load/proxy.h"

/* ---- a proxy's port: answers one request ---- */

struct port {
        int fd, number;
        const char *answer;
        char heard[256];
        pthread_t thread;
};

static void *answer_one(void *argument)
{
        struct port *port = argument;
        int fd = accept(port->fd, NULL, NULL);

        if (fd >= 0) {
                ssize_t got = recv(fd, port->heard, sizeof port->heard - 1, 0);
                port->heard[got > 0 ? got : 0] = '\0';
                if (send(fd, port->answer, strlen(port->answer), MSG_NOSIGNAL) < 0)
                        port->heard[0] = '\0';
                close(fd);
        }
        return NULL;
}

static void port_open(struct port *port, const char *answer)
{
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof address;

        *port = (struct port){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .answer = answer};
        assert_int_equal(bind(port->fd, (struct sockaddr *)&address, size), 0);
        assert_int_equal(listen(port->fd, 4), 0);
        assert_int_equal(getsockname(port->fd, (struct sockaddr *)&address, &size), 0);
        port->number = ntohs(address.sin_port);
        assert_int_equal(pthread_create(&port->thread, NULL, answer_one, port), 0);
}

/* What it heard stays readable. Nobody came: the waiting ends by shutdown. */
static void port_close(struct port *port)
{
        shutdown(port->fd, SHUT_RD);
        pthread_join(port->thread, NULL);
        close(port->fd);
}

/* ---- a pod with a proxy's sign ---- */

struct pod {
        char file[64];
        struct load_proxy proxies[LOAD_PROXIES_MAX];
        size_t len;
};

static void pod_open(struct pod *pod, const char *sign, const char *member, int port)
{
        auto_json struct json_object *doc = NULL;

        strcpy(pod->file, "/tmp/loadstone-proxy.XXXXXX");
        int fd = mkstemp(pod->file);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, sign, strlen(sign)), (ssize_t)strlen(sign));
        close(fd);
        auto_free char *text = xasprintf("{\"proxies\":[{\"file\":\"%s\",\"native\":\"\\\"containers\\\":null\","
                                         "\"%s\":{\"port\":%d,\"path\":\"/x\"}}]}", pod->file, member, port);
        assert_int_equal(doc_parse(text, strlen(text), &doc, NULL), 0);
        assert_int_equal(load_proxies_decode(doc, pod->proxies, &pod->len, NULL), 0);
        assert_int_equal(pod->len, 1);
}

static void pod_close(struct pod *pod)
{
        load_proxies_free(pod->proxies, pod->len);
        unlink(pod->file);
}

#define SIGN_NATIVE "{\"initContainers\":[\"istio-init\",\"istio-proxy\"],\"containers\":null}"
#define SIGN_PLAIN "{\"initContainers\":[\"istio-init\"],\"containers\":[\"istio-proxy\"]}"

static void a_proxy_is_ready_when_it_says_so(void **state)
{
        static const struct { const char *answer; bool ready; } cases[] = {
                {"HTTP/1.1 200 OK\r\n\r\n", true},
                {"HTTP/1.1 204 No Content\r\n\r\n", true},
                {"HTTP/1.1 503 Service Unavailable\r\n\r\n", false},
                {"HTTP/1.1 2", false},
                {"SSH-2.0-x 200\r\n", false},
                {"", false},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                struct port port;
                struct pod pod;
                int asked = 0;
                port_open(&port, cases[i].answer);
                pod_open(&pod, SIGN_PLAIN, "ready", port.number);
                assert_int_equal(load_proxies_ready(pod.proxies, pod.len, &asked), cases[i].ready);
                port_close(&port);
                assert_memory_equal(port.heard, "GET /x HTTP/1.1\r\n", 17);
                assert_int_equal(asked, cases[i].ready ? 0 : port.number);
                pod_close(&pod);
        }
}

static void where_nobody_listens_it_is_not_ready(void **state)
{
        struct port port;
        struct pod pod;
        int asked = 0;
        (void)state;

        port_open(&port, "");
        port_close(&port);
        pod_open(&pod, SIGN_NATIVE, "ready", port.number);
        assert_false(load_proxies_ready(pod.proxies, pod.len, &asked));
        assert_int_equal(asked, port.number);
        pod_close(&pod);
}

static void a_pod_without_the_sign_has_no_proxy(void **state)
{
        struct pod pod;
        int asked = 0;
        (void)state;

        pod_open(&pod, "", "ready", 1);
        assert_true(load_proxies_ready(pod.proxies, pod.len, &asked));
        unlink(pod.file);
        assert_true(load_proxies_ready(pod.proxies, pod.len, &asked));
        pod_close(&pod);
}

static void only_a_proxy_that_would_stay_is_told_to_quit(void **state)
{
        static const struct { const char *sign; bool told; } cases[] = {{SIGN_PLAIN, true}, {SIGN_NATIVE, false}, {"", false}};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                struct port port;
                struct pod pod;
                port_open(&port, "HTTP/1.1 200 OK\r\n\r\n");
                pod_open(&pod, cases[i].sign, "quit", port.number);
                load_proxies_quit(pod.proxies, pod.len);
                port_close(&port);
                assert_int_equal(strncmp(port.heard, "POST /x HTTP/1.1\r\n", 18) == 0, cases[i].told);
                pod_close(&pod);
        }
}

static void plans_that_say_half_of_it_are_refused(void **state)
{
        static const struct { const char *text, *says; } cases[] = {
                {"{\"proxies\":[{\"native\":\"x\"}]}", "proxies[0].file: is missing"},
                {"{\"proxies\":[{\"file\":\"/x\",\"ready\":{\"port\":1}}]}", "proxies[0].ready: a port and a path are wanted"},
                {"{\"proxies\":[{\"file\":\"/x\",\"quit\":{\"path\":\"/q\"}}]}", "proxies[0].quit: a port and a path are wanted"},
                {"{\"proxies\":[{\"file\":\"/x\",\"quit\":{\"port\":1,\"path\":\"q\"}}]}", "proxies[0].quit: a port and a path are wanted"},
                {"{\"proxies\":[{\"file\":\"/x\",\"quit\":{\"port\":1,\"path\":\"/q x\"}}]}", "proxies[0].quit: a port and a path are wanted"},
                {"{\"proxies\":[{},{},{},{},{},{},{},{},{}]}", "proxies: at most 8 are wanted"},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                struct load_proxy proxies[LOAD_PROXIES_MAX];
                auto_json struct json_object *doc = NULL;
                struct fail fail = {0};
                size_t len = 0;
                assert_int_equal(doc_parse(cases[i].text, strlen(cases[i].text), &doc, NULL), 0);
                assert_int_equal(load_proxies_decode(doc, proxies, &len, &fail), FAIL_INVALID);
                assert_string_equal(fail.text, cases[i].says);
                load_proxies_free(proxies, len);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_proxy_is_ready_when_it_says_so),
                cmocka_unit_test(where_nobody_listens_it_is_not_ready),
                cmocka_unit_test(a_pod_without_the_sign_has_no_proxy),
                cmocka_unit_test(only_a_proxy_that_would_stay_is_told_to_quit),
                cmocka_unit_test(plans_that_say_half_of_it_are_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
