/* SPDX-License-Identifier: Apache-2.0
 *
 * Linkerd: its kinds, its workloads, its proxies. Sources: linkerd.io, Automatic Proxy Injection, Proxy Configuration; the chart
 * linkerd-control-plane (labels, ConfigMap linkerd-config). */
#include "mesh/linkerd.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/yaml.h"

#define PAIR (MESH_AT_CLIENT | MESH_AT_TARGET)
#define ROW(group_, plural_, kind_, at_, ...) \
        {.group = group_, .plural = plural_, .kind = kind_, .at = at_, .optional = true, .versions = {__VA_ARGS__}}

static const struct mesh_resource rows[] = {
        MESH_NAMESPACES,
        MESH_WORKLOADS("Deployment", "deployments", "linkerd.io/control-plane-component"),
        MESH_WEBHOOKS("linkerd.io/control-plane-component=proxy-injector"),
        {.group = "", .versions = {"v1"}, .plural = "configmaps", .kind = "ConfigMap", .at = MESH_AT_CONTROL, .name = "linkerd-config"},
        ROW("linkerd.io", "serviceprofiles", "ServiceProfile", PAIR, "v1alpha2"),
        ROW("gateway.networking.k8s.io", "httproutes", "HTTPRoute", PAIR, "v1", "v1beta1"),
        ROW("gateway.networking.k8s.io", "grpcroutes", "GRPCRoute", PAIR, "v1"),
        ROW("policy.linkerd.io", "httproutes", "HTTPRoute", PAIR, "v1beta3", "v1beta2", "v1beta1"),
        ROW("policy.linkerd.io", "servers", "Server", MESH_AT_TARGET, "v1beta3", "v1beta2", "v1beta1"),
        ROW("policy.linkerd.io", "authorizationpolicies", "AuthorizationPolicy", MESH_AT_TARGET, "v1alpha1"),
        ROW("policy.linkerd.io", "httplocalratelimitpolicies", "HTTPLocalRateLimitPolicy", MESH_AT_TARGET, "v1alpha1"),
};

static const struct control_row controls[] = {
        {.kind = "Deployment", .label = "linkerd.io/control-plane-component", .value = "destination", .container = "destination"},
        {.kind = "Deployment", .label = "linkerd.io/control-plane-component", .value = "identity"},
        {.kind = "Deployment", .label = "linkerd.io/control-plane-component", .value = "proxy-injector"},
        {0},
};

static const struct proxy_row proxies[] = {
        {.mode = "sidecar", .container = "linkerd-proxy", .label = "linkerd.io/control-plane-ns", .version = "linkerd.io/proxy-version"},
        {0},
};

const char *linkerd_annotation(struct json_object *pod, struct json_object *namespace, const char *key)
{
        const char *own = select_annotation(pod, key);

        return own ? own : select_annotation(namespace, key);
}

/* The pod's own word beats the namespace's; "ingress" is a kind of enabled. */
static enum intent linkerd_intent(const struct view *view, struct json_object *pod, struct json_object *namespace)
{
        const char *own = select_annotation(pod, "linkerd.io/inject"), *word = linkerd_annotation(pod, namespace, "linkerd.io/inject");
        (void)view;

        if (doc_bool(pod, "spec.hostNetwork", false))
                return INTENT_NO;
        if (!own && !namespace)
                return INTENT_UNKNOWN;
        return text_equal(word, "enabled") || text_equal(word, "ingress") ? INTENT_YES : INTENT_NO;
}

/* The key "values" of ConfigMap linkerd-config: what the chart was installed with. */
static void linkerd_configure(struct view *view)
{
        struct json_object *map = bag_object(view->bag, "", "ConfigMap", view->control_namespace, "linkerd-config");
        const char *yaml = doc_text(map, "data.values");

        if (!yaml)
                return;
        if (yaml_parse(yaml, strlen(yaml), &view->config, NULL))
                view->config = NULL;
        if (view->snapshot)
                put_inventory(view, "ConfigMap", map, "root");
}

/* The proxy's container has its number of workers as an environment variable, or the CPU limit decides. */
static void linkerd_threads(struct json_object *proxy, struct json_object *container)
{
        member_threads(proxy, select_variable(container, "LINKERD2_PROXY_CORES"));
}

const struct mesh_table mesh_linkerd = {
        .type = MESH_LINKERD,
        .name = "LINKERD",
        .groups = {"linkerd.io", "policy.linkerd.io"},
        .mode = "sidecar",
        .resources = rows,
        .resources_len = ARRAY_LEN(rows),
        .controls = controls,
        .proxies = proxies,
        .intent = linkerd_intent,
        .threads = linkerd_threads,
        .configure = linkerd_configure,
        .resolve = linkerd_resolve,
};
