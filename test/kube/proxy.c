/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* The two wires of one connection; each is marked with it. */
struct pair {
        struct pair *next;
        struct wire *client, *server;
        bool watched;   /* the last request is one that the script looks for */
        bool stalled;
        size_t passed;
};

struct proxy {
        struct wire_server *wires;
        int port;
        char url[64];
        struct proxy_script script;
        struct pair *pairs;
        unsigned done, requests;
        size_t passed;
};

static void end(struct proxy *proxy, struct pair *pair)
{
        proxy->done++;
        if (proxy->script.end == PROXY_CLOSES)
                wire_close(pair->client);
        else if (proxy->script.end == PROXY_RESETS)
                wire_reset(pair->client);
        else
                pair->stalled = true;
        if (!pair->stalled)
                wire_cut(pair->server);
}

static void pass_on(struct proxy *proxy, struct pair *pair, const char *data, size_t size)
{
        size_t piece = proxy->script.piece_bytes && pair->watched ? proxy->script.piece_bytes : size;

        for (size_t at = 0; at < size; at += piece)
                wire_send(pair->client, data + at, size - at < piece ? size - at : piece);
}

static void on_answer(struct proxy *proxy, struct pair *pair, const char *data, size_t size)
{
        bool cuts = pair->watched && proxy->script.cut_at != SIZE_MAX && proxy->done < proxy->script.times;

        if (pair->stalled)
                return;
        size_t left = cuts ? proxy->script.cut_at - pair->passed : size;
        pass_on(proxy, pair, data, size < left ? size : left);
        pair->passed += size < left ? size : left;
        if (pair->watched)
                proxy->passed = pair->passed;
        if (cuts && pair->passed == proxy->script.cut_at)
                end(proxy, pair);
}

static void on_bytes(void *owner, struct wire *wire, const char *data, size_t size)
{
        struct proxy *proxy = owner;
        struct pair *pair = wire_marked(wire);

        if (wire == pair->server) {
                on_answer(proxy, pair, data, size);
                return;
        }
        /* Heads of this client come in one piece. */
        pair->watched = proxy->script.request && memmem(data, size, proxy->script.request, strlen(proxy->script.request));
        pair->passed = 0;
        proxy->requests += pair->watched;
        wire_send(pair->server, data, size);
}

static void on_opened(void *owner, struct wire *wire)
{
        struct proxy *proxy = owner;
        struct pair *pair = xnew(struct pair);

        *pair = (struct pair){.next = proxy->pairs, .client = wire, .server = wire_connect(proxy->wires, proxy->port)};
        proxy->pairs = pair;
        wire_mark(pair->client, pair);
        wire_mark(pair->server, pair);
        if (!wire_is_open(pair->server))
                wire_reset(pair->client); /* nobody there */
}

static void on_closed(void *owner, struct wire *wire)
{
        struct pair *pair = wire_marked(wire);

        (void)owner;
        if (!pair) /* it never got as far as that */
                return;
        if (!pair->stalled)
                wire_close(wire == pair->client ? pair->server : pair->client);
}

struct proxy *proxy_new(struct loop *loop, SSL_CTX *tls, int port)
{
        static const struct wire_calls calls = {.opened = on_opened, .bytes = on_bytes, .closed = on_closed};
        struct proxy *proxy = xnew(struct proxy);

        proxy->port = port;
        proxy->wires = wire_listen(loop, tls, &calls, proxy);
        snprintf(proxy->url, sizeof proxy->url, "%s://127.0.0.1:%d", tls ? "https" : "http", wire_server_port(proxy->wires));
        return proxy;
}

struct proxy *proxy_free(struct proxy *proxy)
{
        if (!proxy)
                return NULL;
        wire_server_free(proxy->wires);
        while (proxy->pairs) {
                struct pair *pair = proxy->pairs;
                proxy->pairs = pair->next;
                free(pair);
        }
        free(proxy);
        return NULL;
}

const char *proxy_url(const struct proxy *proxy)
{
        return proxy->url;
}

void proxy_use(struct proxy *proxy, const struct proxy_script *script)
{
        proxy->script = *script;
        proxy->done = proxy->requests = 0;
        proxy->passed = 0;
}

unsigned proxy_done(const struct proxy *proxy)
{
        return proxy->done;
}

size_t proxy_passed(const struct proxy *proxy)
{
        return proxy->passed;
}

unsigned proxy_requests(const struct proxy *proxy)
{
        return proxy->requests;
}

void proxy_target(struct proxy *proxy, int port)
{
        proxy->port = port;
}

void proxy_reset_all(struct proxy *proxy)
{
        for (struct pair *pair = proxy->pairs; pair; pair = pair->next) {
                wire_reset(pair->client);
                wire_reset(pair->server);
        }
}
