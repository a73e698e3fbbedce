/* SPDX-License-Identifier: Apache-2.0 */
#include "load/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "load/plan_decode.h"

#define FILE_BYTES_MAX 65536
#define STATUS_BYTES 12 /* "HTTP/1.1 200" */

/* ---- the plan's part ---- */

static enum fail_kind decode_call(struct json_object *doc, const char *where, struct load_call *call, struct fail *fail)
{
        auto_free char *port_path = xasprintf("%s.port", where), *path_path = xasprintf("%s.path", where);
        const struct plan_int want = {port_path, 1, 65535, 0};
        int64_t port = 0;

        if (plan_want_int(doc, &want, &port, fail) || plan_want_text(doc, path_path, 256, &call->path, fail))
                return FAIL_INVALID;
        call->port = (int)port;
        if ((port > 0) != (call->path != NULL) || (call->path && (call->path[0] != '/' || strpbrk(call->path, " \r\n"))))
                return fail_set(fail, FAIL_INVALID, "%s: a port and a path are wanted", where);
        return FAIL_NONE;
}

enum fail_kind load_proxies_decode(struct json_object *doc, struct load_proxy proxies[static LOAD_PROXIES_MAX], size_t *ret_len,
                                   struct fail *fail)
{
        size_t len = doc_len(doc, "proxies");

        *ret_len = 0;
        if (len > LOAD_PROXIES_MAX)
                return fail_set(fail, FAIL_INVALID, "proxies: at most %d are wanted", LOAD_PROXIES_MAX);
        for (size_t i = 0; i < len; i++) {
                auto_free char *file = xasprintf("proxies[%zu].file", i), *native = xasprintf("proxies[%zu].native", i);
                auto_free char *ready = xasprintf("proxies[%zu].ready", i), *quit = xasprintf("proxies[%zu].quit", i);
                proxies[i] = (struct load_proxy){0};
                *ret_len = i + 1;
                if (plan_want_text(doc, file, 4096, &proxies[i].file, fail) || plan_want_text(doc, native, 256, &proxies[i].native, fail) ||
                    decode_call(doc, ready, &proxies[i].ready, fail) || decode_call(doc, quit, &proxies[i].quit, fail))
                        return FAIL_INVALID;
                if (!proxies[i].file)
                        return fail_set(fail, FAIL_INVALID, "%s: is missing", file);
        }
        return FAIL_NONE;
}

void load_proxies_free(struct load_proxy proxies[static LOAD_PROXIES_MAX], size_t len)
{
        for (size_t i = 0; i < len; i++) {
                free(proxies[i].file);
                free(proxies[i].native);
                free(proxies[i].ready.path);
                free(proxies[i].quit.path);
        }
}

/* ---- the pod's part ---- */

/* The file's text; NULL: there is no such proxy in this pod. New string. */
static char *sign_of(const struct load_proxy *proxy)
{
        char *text = NULL;

        if (text_file_read(proxy->file, FILE_BYTES_MAX, &text, NULL, NULL) || text[0] == '\0')
                return free(text), NULL;
        return text;
}

static int connect_to(int port)
{
        const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        const struct timeval patience = {.tv_sec = 1};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return -1;
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
                return fd;
        close(fd);
        return -1;
}

/* True: the answer was a 2xx. Whoever listens there is read no further than its status. */
static bool ask(const char *method, const struct load_call *call)
{
        auto_free char *request = xasprintf("%s %s HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", method, call->path);
        char answer[STATUS_BYTES + 1] = "";
        size_t size = 0;
        int fd = connect_to(call->port);

        if (fd < 0)
                return false;
        bool sent = send(fd, request, strlen(request), MSG_NOSIGNAL) == (ssize_t)strlen(request);
        while (sent && size < STATUS_BYTES) {
                ssize_t got = recv(fd, answer + size, STATUS_BYTES - size, 0);
                if (got <= 0)
                        break;
                size += (size_t)got;
        }
        close(fd);
        return size == STATUS_BYTES && strncmp(answer, "HTTP/1.", 7) == 0 && strncmp(answer + 8, " 2", 2) == 0;
}

bool load_proxies_ready(const struct load_proxy *proxies, size_t len, int *ret_port)
{
        for (size_t i = 0; i < len; i++) {
                auto_free char *sign = sign_of(&proxies[i]);
                if (sign && proxies[i].ready.port > 0 && !ask("GET", &proxies[i].ready)) {
                        *ret_port = proxies[i].ready.port;
                        return false;
                }
        }
        return true;
}

void load_proxies_quit(const struct load_proxy *proxies, size_t len)
{
        for (size_t i = 0; i < len; i++) {
                auto_free char *sign = sign_of(&proxies[i]);
                bool ends_itself = sign && proxies[i].native && strstr(sign, proxies[i].native);
                if (sign && !ends_itself && proxies[i].quit.port > 0)
                        ask("POST", &proxies[i].quit);
        }
}
