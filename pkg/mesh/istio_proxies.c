/* SPDX-License-Identifier: Apache-2.0
 *
 * Ambient: the proxies that are in no pod of the pair. Sources: istio.io, Ambient mode (Data plane architecture); ztunnel, metrics (port 15020). */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/istio.h"

static void add(struct mesh_proxies *proxies, struct json_object *pod, struct mesh_proxy proxy)
{
        const char *name = doc_text(pod, "metadata.name"), *address = doc_text(pod, "status.podIP");

        if (!name || !address || strlen(address) >= sizeof proxy.address || strlen(name) >= sizeof proxy.pod || proxies->len == MESH_PROXIES_MAX)
                return;
        for (size_t i = 0; i < proxies->len; i++)
                if (strcmp(proxies->list[i].pod, name) == 0 && proxies->list[i].server == proxy.server)
                        return;
        strcpy(proxy.pod, name);
        strcpy(proxy.address, address);
        proxies->list[proxies->len++] = proxy;
}

/* The ztunnel of an ambient pod's node. */
static void add_ztunnel(const struct mesh_bag *bag, struct json_object *member, bool server, struct mesh_proxies *proxies)
{
        const char *node = doc_text(member, "spec.nodeName");
        auto_json struct json_object *pods = bag_objects(bag, "", "Pod", NULL);

        if (!node || !text_equal(select_annotation(member, "ambient.istio.io/redirection"), "enabled"))
                return;
        for (size_t i = 0; i < doc_len(pods, ""); i++)
                if (text_equal(select_label(doc_item(pods, i), "app"), "ztunnel") && text_equal(doc_text(doc_item(pods, i), "spec.nodeName"), node))
                        add(proxies, doc_item(pods, i), (struct mesh_proxy){.port = 15020, .path = "/metrics", .server = server});
}

static void add_waypoint(const struct mesh_bag *bag, struct json_object *snapshot, struct mesh_proxies *proxies)
{
        const char *ref = doc_text(snapshot, "membership.server.waypoint"), *slash = ref ? strchr(ref, '/') : NULL;
        auto_json struct json_object *pods = bag_objects(bag, "", "Pod", NULL);
        char namespace[MESH_NAME_MAX];

        if (!slash)
                return;
        snprintf(namespace, sizeof namespace, "%.*s", (int)(slash - ref - strlen("Gateway ")), ref + strlen("Gateway "));
        for (size_t i = 0; i < doc_len(pods, ""); i++)
                if (text_equal(doc_text(doc_item(pods, i), "metadata.namespace"), namespace) &&
                    text_equal(select_label(doc_item(pods, i), "gateway.networking.k8s.io/gateway-name"), slash + 1))
                        add(proxies, doc_item(pods, i), (struct mesh_proxy){.port = 15090, .path = "/stats/prometheus", .waypoint = true});
}

void istio_proxies(const struct mesh_bag *bag, const struct mesh_question *question, struct json_object *snapshot, struct mesh_proxies *proxies)
{
        add_waypoint(bag, snapshot, proxies);
        add_ztunnel(bag, question->client, false, proxies);
        for (size_t i = 0; i < doc_len(question->server_pods, ""); i++)
                add_ztunnel(bag, doc_item(question->server_pods, i), true, proxies);
}
