/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/node_pages.h"

#include <assert.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/text.h"

#define SILENCE_S 10
#define REFUSED_AGAIN_NS (60 * NS_PER_S)
#define LINES_MAX 60000 /* a node of 250 pods */
#define BYTES_MAX (24u << 20)

/* Kubelets look at their containers every 10 to 15 s, at each at a time of its own; where they ask the runtime instead, their own page is
 * of now. */
static const struct page {
        const char *path;
        int64_t every_ns;
} page_rows[SAMPLES_SOURCES] = { /* a probe has its own (probe_pages.h) */
        [SAMPLES_CADVISOR] = {"/metrics/cadvisor", 5 * NS_PER_S},
        [SAMPLES_RESOURCE] = {"/metrics/resource", 2 * NS_PER_S},
};

struct node {
        struct node_pages *pages;
        char *name, *server;
        struct kube_config *config;
        struct kube_client *client;
        enum samples_source source;  /* that is asked for */
        uint64_t stream;
        int64_t due_ns[SAMPLES_SOURCES];
        struct prometheus_page page;
        bool moved;                  /* to another address, in the middle of a page */
        struct loop_timer timer;
        struct node_reader *readers;
};

struct node_reader {
        struct node *node;
        struct node_reader *next;
        struct node_reader_options options;
        bool reads; /* has seen the page begin */
};

struct node_pages {
        struct loop *loop;
        const struct kube_client *client;
        struct map nodes; /* name -> struct node */
};

struct node_pages *node_pages_new(struct loop *loop, const struct kube_client *client)
{
        struct node_pages *pages = xnew(struct node_pages);

        pages->loop = loop;
        pages->client = client;
        return pages;
}

struct node_pages *node_pages_free(struct node_pages *pages)
{
        if (!pages)
                return NULL;
        assert(pages->nodes.len == 0);
        map_done(&pages->nodes);
        free(pages);
        return NULL;
}

/* ---- one page ---- */

static void ask_next(struct node *node)
{
        size_t next = SAMPLES_CADVISOR;

        for (size_t i = next + 1; i < SAMPLES_SOURCES; i++)
                if (node->due_ns[i] < node->due_ns[next])
                        next = i;
        node->source = (enum samples_source)next;
        loop_arm(node->pages->loop, &node->timer, node->due_ns[next]);
}

static void tell_end(struct node *node, const struct fail *fail)
{
        for (struct node_reader *reader = node->readers; reader; reader = reader->next) {
                if (reader->reads)
                        reader->options.ended(reader->options.owner, fail);
                reader->reads = false;
        }
}

/* What is refused, or is not there, is not asked for all the time. */
static void end(struct node *node, const struct fail *fail)
{
        bool refused = fail->kind == FAIL_DENIED || fail->kind == FAIL_MISSING || fail->kind == FAIL_TOO_LARGE;

        node->stream = 0;
        prometheus_done(&node->page);
        tell_end(node, fail);
        node->due_ns[node->source] = loop_now_ns(node->pages->loop) + (refused ? REFUSED_AGAIN_NS : page_rows[node->source].every_ns);
        ask_next(node);
}

static void line_read(void *owner, const struct prometheus_line *line)
{
        const struct node *node = owner;

        for (struct node_reader *reader = node->readers; reader; reader = reader->next)
                if (reader->reads)
                        reader->options.line(reader->options.owner, line);
}

static void piece_arrived(void *owner, const char *data, size_t size)
{
        struct node *node = owner;
        struct fail fail = {0};

        if (prometheus_feed(&node->page, data, size, line_read, node, &fail)) {
                kube_cancel(node->client, node->stream);
                end(node, &fail);
        }
}

static void page_over(void *owner, const struct fail *closed)
{
        struct node *node = owner;
        struct fail fail = *closed;

        if (fail.kind == FAIL_NONE)
                prometheus_end(&node->page, &fail);
        if (fail.status == 403)
                fail_set(&fail, FAIL_DENIED, "the kubelet refuses it (403): the operator's account needs \"get\" on nodes/metrics");
        end(node, &fail);
}

static void ask(void *owner)
{
        struct node *node = owner;
        struct fail moved = {0};

        if (node->moved) {
                fail_set(&moved, FAIL_UNKNOWN, "the node has another address");
                tell_end(node, &moved);
        }
        node->moved = false;
        node->page = (struct prometheus_page){.lines_max = LINES_MAX, .bytes_max = BYTES_MAX};
        for (struct node_reader *reader = node->readers; reader; reader = reader->next) {
                reader->reads = true;
                reader->options.begun(reader->options.owner, node->source);
        }
        node->stream = kube_stream(node->client, page_rows[node->source].path, SILENCE_S, piece_arrived, page_over, node);
}

/* ---- readers ---- */

static void disconnect(struct node *node)
{
        loop_disarm(node->pages->loop, &node->timer);
        node->client = kube_client_free(node->client);
        node->config = kube_config_free(node->config);
        prometheus_done(&node->page);
        node->stream = 0;
}

/* On failure the node is as it was. */
static enum fail_kind connect_to(struct node *node, const char *server, struct fail *fail)
{
        struct loop *loop = node->pages->loop;
        struct kube_config *config = kube_config_beside(kube_client_config(node->pages->client), server);
        struct kube_client *client = NULL;

        if (kube_client_new(loop, config, &client, fail)) {
                kube_config_free(config);
                return fail_wrap(fail, "the node's kubelet");
        }
        node->moved = node->moved || node->stream != 0;
        disconnect(node);
        node->client = client;
        node->config = config;
        free(node->server);
        node->server = xstrdup(server);
        node->source = SAMPLES_CADVISOR;
        for (size_t i = 0; i < SAMPLES_SOURCES; i++)
                node->due_ns[i] = 0;
        loop_arm(loop, &node->timer, loop_now_ns(loop));
        return FAIL_NONE;
}

static struct node *node_new(struct node_pages *pages, const char *name)
{
        struct node *node = xnew(struct node);

        *node = (struct node){.pages = pages, .name = xstrdup(name), .timer = {.fire = ask, .owner = node}};
        map_set(&pages->nodes, node->name, node);
        return node;
}

static void node_free(struct node *node)
{
        map_remove(&node->pages->nodes, node->name);
        disconnect(node);
        free(node->server);
        free(node->name);
        free(node);
}

struct node_reader *node_pages_join(struct node_pages *pages, const struct node_reader_options *options, struct fail *fail)
{
        struct node *node = map_find(&pages->nodes, options->node);
        auto_free char *server = kube_config_server_at(options->address, options->port);

        if (!node)
                node = node_new(pages, options->node);
        if (!text_equal(node->server, server) && connect_to(node, server, fail)) {
                if (!node->readers)
                        node_free(node);
                return NULL;
        }
        struct node_reader *reader = xnew(struct node_reader);
        *reader = (struct node_reader){.node = node, .next = node->readers, .options = *options};
        reader->options.node = reader->options.address = NULL;
        node->readers = reader;
        return reader;
}

struct node_reader *node_pages_leave(struct node_reader *reader)
{
        if (!reader)
                return NULL;
        struct node *node = reader->node;
        struct node_reader **at = &node->readers;
        while (*at != reader)
                at = &(*at)->next;
        *at = reader->next;
        free(reader);
        if (!node->readers)
                node_free(node);
        return NULL;
}
