/* SPDX-License-Identifier: Apache-2.0
 *
 * Consul service mesh: its workloads and proxies. Sources: consul-k8s chart and connect-inject annotations. */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/consul.h"

/* An entry may stand in any namespace: it is known by its name alone. */
#define ENTRY(plural_, kind_)                                                                                     \
        {.group = "consul.hashicorp.com", .versions = {"v1alpha1"}, .plural = plural_, .kind = kind_, .optional = true, \
         .at = MESH_AT_EVERY | MESH_AT_CLIENT | MESH_AT_TARGET}

static const struct mesh_resource rows[] = {
        MESH_NAMESPACES,
        MESH_WORKLOADS("Deployment", "deployments", "component=connect-injector"),
        MESH_WORKLOADS("StatefulSet", "statefulsets", "app=consul"),
        MESH_WEBHOOKS("app=consul"),
        ENTRY("proxydefaults", "ProxyDefaults"),
        ENTRY("meshes", "Mesh"),
        ENTRY("servicedefaults", "ServiceDefaults"),
        ENTRY("servicerouters", "ServiceRouter"),
        ENTRY("servicesplitters", "ServiceSplitter"),
        ENTRY("serviceresolvers", "ServiceResolver"),
};

static const struct control_row controls[] = {
        {.kind = "Deployment", .label = "component", .value = "connect-injector"},
        {.kind = "StatefulSet", .label = "component", .value = "server", .container = "consul"},
        {0},
};

/* A pod with several ports has a proxy for each, named after the service. */
static const struct proxy_row proxies[] = {
        {.mode = "sidecar", .container = "consul-dataplane", .annotation = "consul.hashicorp.com/connect-inject-status", .value = "injected"},
        {.mode = "sidecar", .annotation = "consul.hashicorp.com/connect-inject-status", .value = "injected"},
        {0},
};

/* Whether a container's command line has the words. */
static bool command_has(struct json_object *container, const char *words)
{
        static const char *const places[] = {"command", "args"};

        for (size_t i = 0; i < ARRAY_LEN(places); i++)
                for (size_t j = 0; j < doc_len(container, places[i]); j++) {
                        struct json_object *word = doc_item(doc_at(container, places[i]), j);
                        if (json_object_is_type(word, json_type_string) && strstr(json_object_get_string(word), words))
                                return true;
                }
        return false;
}

/* The pod's annotation decides; without it, what the injector was started with. */
static enum intent consul_intent(const struct view *view, struct json_object *pod, struct json_object *namespace)
{
        const char *own = select_annotation(pod, "consul.hashicorp.com/connect-inject");
        struct json_object *injector = doc_at(detect_control(view->bag, &mesh_consul, NULL), "spec.template.spec.containers[0]");
        (void)namespace;

        if (own)
                return text_equal(own, "true") ? INTENT_YES : INTENT_NO;
        if (command_has(injector, "-default-inject=true"))
                return INTENT_UNKNOWN; /* lists of namespaces may still keep it out */
        return command_has(injector, "-default-inject=false") ? INTENT_NO : INTENT_UNKNOWN;
}

const struct mesh_table mesh_consul = {
        .type = MESH_CONSUL,
        .name = "CONSUL",
        .groups = {"consul.hashicorp.com"},
        .mode = "sidecar",
        .resources = rows,
        .resources_len = ARRAY_LEN(rows),
        .controls = controls,
        .proxies = proxies,
        .intent = consul_intent,
        .threads_annotation = "consul.hashicorp.com/consul-envoy-proxy-concurrency", /* without it two, or what the chart says */
        .resolve = consul_resolve,
};
