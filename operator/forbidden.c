/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/forbidden.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/target.h"
#include "base/mem.h"
#include "data/doc.h"

#define FRESH_NS (60 * NS_PER_S)
#define PROBLEM_MAX 256

/* What an address is, the word of most use first: that of the only node is the API server's, too. */
enum what {
        WHAT_NODE,
        WHAT_DNS,
        WHAT_API_SERVER,
        WHAT_LEN,
};

static const char *const whats[WHAT_LEN] = {
        [WHAT_NODE] = "the address of a node",
        [WHAT_DNS] = "the address of the cluster's DNS",
        [WHAT_API_SERVER] = "the address of the API server",
};

struct entry {
        struct address address;
        enum what what;
};

struct list {
        struct entry *entries;
        size_t len, room;
};

struct forbidden {
        struct kube_client *client;
        struct sift *of_nodes;     /* what is kept of each */
        struct list known, coming; /* coming: being put together */
        uint64_t requests[4];
        int open;                  /* of them */
        bool complete;             /* known is */
        int64_t known_ns;
        char problem[PROBLEM_MAX], coming_problem[PROBLEM_MAX];
        void (*arrived)(void *owner);
        void *owner;
};

struct forbidden *forbidden_new(struct kube_client *client, void (*arrived)(void *owner), void *owner)
{
        static const char *const kept_of_nodes[] = {"status.addresses.address", NULL};
        struct forbidden *forbidden = xnew(struct forbidden);

        *forbidden = (struct forbidden){.client = client, .of_nodes = sift_new(kept_of_nodes), .arrived = arrived, .owner = owner};
        return forbidden;
}

struct forbidden *forbidden_free(struct forbidden *forbidden)
{
        if (!forbidden)
                return NULL;
        for (size_t i = 0; i < ARRAY_LEN(forbidden->requests); i++)
                kube_cancel(forbidden->client, forbidden->requests[i]);
        sift_free(forbidden->of_nodes);
        free(forbidden->known.entries);
        free(forbidden->coming.entries);
        free(forbidden);
        return NULL;
}

static void add(struct forbidden *forbidden, const char *text, enum what what)
{
        struct list *list = &forbidden->coming;
        struct address address;

        if (!address_parse(text, &address))
                return; /* a node's host name; "None" of a headless Service */
        if (list->len == list->room) {
                list->room = list->room ? 2 * list->room : 16;
                list->entries = xrealloc(list->entries, list->room * sizeof *list->entries);
        }
        list->entries[list->len++] = (struct entry){address, what};
}

static int64_t now_of(const struct forbidden *forbidden)
{
        return loop_now_ns(kube_client_loop(forbidden->client));
}

/* One answer less to wait for. That there is no such object is an answer too. */
static void answered(struct forbidden *forbidden, const char *of, const struct fail *fail)
{
        if (fail->kind && fail->kind != FAIL_MISSING)
                snprintf(forbidden->coming_problem, sizeof forbidden->coming_problem, "%s: %s", of, fail->text);
        if (--forbidden->open > 0)
                return;
        snprintf(forbidden->problem, sizeof forbidden->problem, "%s", forbidden->coming_problem);
        if (!forbidden->problem[0]) {
                free(forbidden->known.entries);
                forbidden->known = forbidden->coming;
                forbidden->coming = (struct list){0};
                forbidden->known_ns = now_of(forbidden);
                forbidden->complete = true;
        }
        forbidden->arrived(forbidden->owner);
}

static void add_service(struct forbidden *forbidden, struct json_object *service, enum what what)
{
        struct json_object *ips = doc_at(service, "spec.clusterIPs");

        add(forbidden, doc_text(service, "spec.clusterIP"), what);
        for (size_t i = 0; i < doc_len(ips, ""); i++)
                add(forbidden, json_object_get_string(doc_item(ips, i)), what);
}

static void api_service_arrived(void *owner, struct json_object *service, const struct fail *fail)
{
        add_service(owner, service, WHAT_API_SERVER);
        answered(owner, "Service default/kubernetes", fail);
}

static void add_api_endpoint(void *owner, const char *address, const char *pod)
{
        (void)pod;
        add(owner, address, WHAT_API_SERVER);
}

static void api_endpoints_arrived(void *owner, struct json_object *slices, const struct fail *fail)
{
        target_each_endpoint(doc_at(slices, "items"), add_api_endpoint, owner);
        answered(owner, "EndpointSlices of default/kubernetes", fail);
}

static void dns_arrived(void *owner, struct json_object *service, const struct fail *fail)
{
        add_service(owner, service, WHAT_DNS);
        answered(owner, "Service kube-system/kube-dns", fail);
}

static void node_seen(void *owner, const struct sifted *item)
{
        auto_json struct json_object *node = NULL;

        /* Where the list begins; what an earlier beginning brought does no harm. */
        if (!item || doc_parse(item->text.data, item->text.size, &node, NULL))
                return;
        struct json_object *addresses = doc_at(node, "status.addresses");
        for (size_t i = 0; i < doc_len(addresses, ""); i++)
                add(owner, doc_text(doc_item(addresses, i), "address"), WHAT_NODE);
}

static void nodes_listed(void *owner, struct json_object *head, const struct fail *fail)
{
        (void)head;
        answered(owner, "nodes", fail);
}

bool forbidden_ask(struct forbidden *forbidden)
{
        struct kube_client *client = forbidden->client;

        if (forbidden->complete && now_of(forbidden) - forbidden->known_ns < FRESH_NS)
                return true;
        if (forbidden->open > 0)
                return false;
        forbidden->coming.len = 0;
        forbidden->coming_problem[0] = '\0';
        forbidden->open = ARRAY_LEN(forbidden->requests);
        forbidden->requests[0] = kube_get(client, &(struct kube_ref){&kube_services, "default", "kubernetes"}, api_service_arrived, forbidden);
        forbidden->requests[1] = kube_list(client, &(struct kube_ref){.kind = &kube_endpointslices, .namespace = "default"},
                                           "kubernetes.io/service-name=kubernetes", api_endpoints_arrived, forbidden);
        forbidden->requests[2] = kube_get(client, &(struct kube_ref){&kube_services, "kube-system", "kube-dns"}, dns_arrived, forbidden);
        forbidden->requests[3] = kube_list_each(client, &(struct kube_ref){.kind = &kube_nodes}, NULL, forbidden->of_nodes, node_seen,
                                               nodes_listed, forbidden);
        return false;
}

const char *forbidden_problem(const struct forbidden *forbidden)
{
        return forbidden->problem;
}

const char *forbidden_what(const struct forbidden *forbidden, const struct address *address)
{
        enum what first = WHAT_LEN;

        for (size_t i = 0; i < forbidden->known.len; i++)
                if (address_equal(&forbidden->known.entries[i].address, address) && forbidden->known.entries[i].what < first)
                        first = forbidden->known.entries[i].what;
        return first == WHAT_LEN ? NULL : whats[first];
}

size_t forbidden_len(const struct forbidden *forbidden)
{
        return forbidden->known.len;
}

const struct address *forbidden_at(const struct forbidden *forbidden, size_t index)
{
        return &forbidden->known.entries[index].address;
}
