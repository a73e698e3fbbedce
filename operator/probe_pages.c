/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/probe_pages.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "kube/cache.h"

#define EVERY_NS (2 * NS_PER_S)
#define REFUSED_AGAIN_NS (10 * NS_PER_S)
#define SILENCE_S 10
#define FIRST_BACK_MS 2000 /* of the past that a probe knows, when we begin to read */
#define CA_BYTES_MAX (1u << 20)
#define SELECTOR "app.kubernetes.io/name=loadstone-probe"

static const char *const kept_of_pods[] = {"metadata.deletionTimestamp", "spec.nodeName", "spec.containers.ports", "status.phase", "status.podIP", NULL};

struct node {
        struct probe_pages *pages;
        char *name;
        char *server;               /* its probe's; NULL: there is none */
        struct kube_config *config;
        struct kube_client *client;
        uint64_t stream;
        struct node_page *page;     /* that is being read */
        int64_t since_wall_ms, open_wall_ms; /* the newest whole second; the one that has begun, 0: none */
        struct loop_timer timer;
        struct probe_reader *readers;
};

struct probe_reader {
        struct node *node;
        struct probe_reader *next;
        struct probe_reader_options options;
        bool reads; /* has seen the second begin */
};

struct probe_pages {
        struct loop *loop;
        char *namespace, *token_file, *ca_file;
        struct kube_cache *pods;
        struct map nodes; /* name -> struct node, of those that are read */
};

/* ---- one page ---- */

static void miss(struct node *node, const char *problem)
{
        for (struct probe_reader *reader = node->readers; reader; reader = reader->next) {
                reader->options.missed(reader->options.owner, problem);
                reader->reads = false;
        }
        node->open_wall_ms = 0;
}

static void end_second(void *owner)
{
        struct node *node = owner;

        if (node->open_wall_ms == 0)
                return;
        for (struct probe_reader *reader = node->readers; reader; reader = reader->next) {
                if (reader->reads)
                        reader->options.ended(reader->options.owner, node->open_wall_ms);
                reader->reads = false;
        }
        node->since_wall_ms = node->open_wall_ms;
        node->open_wall_ms = 0;
}

static void begin_second(void *owner, int64_t wall_ms)
{
        struct node *node = owner;

        end_second(node);
        node->open_wall_ms = wall_ms;
        for (struct probe_reader *reader = node->readers; reader; reader = reader->next) {
                reader->reads = true;
                reader->options.begun(reader->options.owner, wall_ms);
        }
}

static void take_row(void *owner, const char *path, const struct node_row *row)
{
        struct node *node = owner;

        for (struct probe_reader *reader = node->readers; reader; reader = reader->next)
                if (reader->reads)
                        reader->options.row(reader->options.owner, node->open_wall_ms, path, row);
}

static void end(struct node *node, const struct fail *fail)
{
        node->stream = 0;
        node->page = node_page_free(node->page);
        if (fail->kind)
                miss(node, fail->text);
        loop_arm(node->pages->loop, &node->timer, loop_now_ns(node->pages->loop) + (fail->kind == FAIL_DENIED ? REFUSED_AGAIN_NS : EVERY_NS));
}

static void piece_arrived(void *owner, const char *data, size_t size)
{
        struct node *node = owner;
        struct fail fail = {0};

        if (size > 0 && node_page_feed(node->page, data, size, &fail)) {
                kube_cancel(node->client, node->stream);
                end(node, &fail);
        }
}

static void page_over(void *owner, const struct fail *closed)
{
        struct node *node = owner;
        struct fail fail = *closed;

        if (fail.kind == FAIL_NONE)
                node_page_end(node->page, &fail);
        if (fail.kind)
                fail_wrap(&fail, "the node's probe");
        end(node, &fail);
}

static void ask(void *owner)
{
        struct node *node = owner;
        auto_free char *path = xasprintf("/samples/%" PRId64, node->since_wall_ms);

        node->page = node_page_new(node->name, &(struct node_page_reader){begin_second, take_row, end_second, node});
        node->stream = kube_stream(node->client, path, SILENCE_S, piece_arrived, page_over, node);
}

/* ---- where it is ---- */

static void disconnect(struct node *node)
{
        loop_disarm(node->pages->loop, &node->timer);
        node->client = kube_client_free(node->client);
        node->config = kube_config_free(node->config);
        node->page = node_page_free(node->page);
        free(take(node->server));
        node->stream = 0;
}

static enum fail_kind make_client(struct node *node, const char *server, struct fail *fail)
{
        const struct probe_pages *pages = node->pages;
        auto_free char *ca_pem = NULL;

        if (pages->ca_file && text_file_read(pages->ca_file, CA_BYTES_MAX, &ca_pem, NULL, fail))
                return fail_wrap(fail, "the CA of probes");
        node->config = xnew(struct kube_config);
        *node->config = (struct kube_config){
                .server = xstrdup(server),
                .tls_server_name = ca_pem ? xasprintf("loadstone-probe.%s.svc", pages->namespace) : NULL,
                .insecure_skip_verify = !ca_pem,
                .ca_file = ca_pem ? xstrdup(pages->ca_file) : NULL,
                .ca_pem = take(ca_pem),
                .token_file = xstrdup(pages->token_file),
                .proxy_url = xstrdup(""), /* none, whatever the environment says */
        };
        return kube_client_new(pages->loop, node->config, &node->client, fail);
}

/* 'server' NULL: there is no probe (any more). */
static void connect_to(struct node *node, const char *server)
{
        struct probe_pages *pages = node->pages;
        bool was_there = node->server != NULL;
        struct fail fail = {0};

        if (text_equal(node->server, server))
                return;
        disconnect(node);
        if (was_there)
                miss(node, "the node's probe has gone");
        if (!server)
                return;
        if (make_client(node, server, &fail)) {
                miss(node, fail.text);
                disconnect(node);
                return;
        }
        node->server = xstrdup(server);
        node->since_wall_ms = clock_wall_ms(loop_clock(pages->loop)) - FIRST_BACK_MS;
        loop_arm(pages->loop, &node->timer, loop_now_ns(pages->loop));
}

/* "https://10.88.0.7:9443" in a new string; NULL: it serves nothing. */
static char *server_of(struct json_object *pod)
{
        const char *address = doc_text(pod, "status.podIP");

        if (!address || !text_equal(doc_text(pod, "status.phase"), "Running") || doc_text(pod, "metadata.deletionTimestamp"))
                return NULL;
        return kube_config_server_at(address, (int)doc_int(pod, "spec.containers[0].ports[0].containerPort", PROBE_PORT));
}

/* Of several on one node, as while one takes over from another, any serves. */
static void find_probe(struct node *node)
{
        struct json_object *pod;
        auto_free char *server = NULL;
        size_t at = 0;

        while (!server && (pod = kube_cache_next(node->pages->pods, &at)))
                if (text_equal(doc_text(pod, "spec.nodeName"), node->name))
                        server = server_of(pod);
        connect_to(node, server);
}

static void pod_changed(void *owner, struct json_object *before, struct json_object *after)
{
        struct probe_pages *pages = owner;
        const char *name = doc_text(after ? after : before, "spec.nodeName");
        struct node *node = name ? map_find(&pages->nodes, name) : NULL;

        if (node)
                find_probe(node);
}

/* ---- life ---- */

struct probe_pages *probe_pages_new(struct loop *loop, struct kube_client *client, const struct probe_pages_options *options)
{
        struct probe_pages *pages = xnew(struct probe_pages);

        pages->loop = loop;
        pages->namespace = xstrdup(options->namespace);
        pages->token_file = xstrdup(options->token_file);
        pages->ca_file = options->ca_file ? xstrdup(options->ca_file) : NULL;
        pages->pods = kube_cache_new(client, &(struct kube_cache_options){
                .kind = &kube_pods,
                .namespace = options->namespace,
                .label_selector = SELECTOR,
                .keep = kept_of_pods,
                .changed = pod_changed,
                .owner = pages,
        });
        return pages;
}

struct probe_pages *probe_pages_free(struct probe_pages *pages)
{
        if (!pages)
                return NULL;
        assert(pages->nodes.len == 0);
        kube_cache_free(pages->pods);
        map_done(&pages->nodes);
        free(pages->namespace);
        free(pages->token_file);
        free(pages->ca_file);
        free(pages);
        return NULL;
}

static struct node *node_new(struct probe_pages *pages, const char *name)
{
        struct node *node = xnew(struct node);

        *node = (struct node){.pages = pages, .name = xstrdup(name)};
        node->timer = (struct loop_timer){.fire = ask, .owner = node};
        map_set(&pages->nodes, name, node);
        find_probe(node);
        return node;
}

struct probe_reader *probe_pages_join(struct probe_pages *pages, const struct probe_reader_options *options)
{
        if (!pages)
                return NULL;
        struct node *node = map_find(&pages->nodes, options->node);
        if (!node)
                node = node_new(pages, options->node);
        struct probe_reader *reader = xnew(struct probe_reader);
        *reader = (struct probe_reader){.node = node, .next = node->readers, .options = *options};
        reader->options.node = NULL;
        node->readers = reader;
        return reader;
}

struct probe_reader *probe_pages_leave(struct probe_reader *reader)
{
        if (!reader)
                return NULL;
        struct node *node = reader->node;
        struct probe_reader **at = &node->readers;
        while (*at != reader)
                at = &(*at)->next;
        *at = reader->next;
        free(reader);
        if (node->readers)
                return NULL;
        map_remove(&node->pages->nodes, node->name);
        disconnect(node);
        free(node->name);
        free(node);
        return NULL;
}
