/* SPDX-License-Identifier: Apache-2.0
 *
 * Istio: its kinds, its workloads, its proxies, and what makes a pod part of it (sidecar and ambient).
 * Sources: istio.io reference (labels, annotations, mesh config), charts istiod, ztunnel and istio-cni. */
#include "mesh/istio.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "data/yaml.h"

#define NETWORKING "networking.istio.io"
#define SECURITY "security.istio.io"
#define PAIR (MESH_AT_CLIENT | MESH_AT_TARGET | MESH_AT_ROOT)
#define ROW(group_, plural_, kind_, at_, ...) \
        {.group = group_, .plural = plural_, .kind = kind_, .at = at_, .versions = {__VA_ARGS__}}

static const struct mesh_resource rows[] = {
        MESH_NAMESPACES,
        MESH_WORKLOADS("Deployment", "deployments", "app=istiod"),
        MESH_WORKLOADS("DaemonSet", "daemonsets", "app=ztunnel"),
        MESH_WORKLOADS("DaemonSet", "daemonsets", "k8s-app=istio-cni-node"),
        MESH_WEBHOOKS("app=sidecar-injector"),
        {.group = "", .versions = {"v1"}, .plural = "configmaps", .kind = "ConfigMap", .at = MESH_AT_CONTROL, .name = "istio",
         .name_has_revision = true},
        {.group = "", .versions = {"v1"}, .plural = "pods", .kind = "Pod", .at = MESH_AT_EVERY | MESH_AT_CONTROL, .selector = "app=ztunnel"},
        {.group = "", .versions = {"v1"}, .plural = "pods", .kind = "Pod", .at = MESH_AT_EVERY | MESH_AT_TARGET,
         .selector = "gateway.istio.io/managed=istio.io-mesh-controller"},
        ROW(NETWORKING, "virtualservices", "VirtualService", MESH_AT_EVERY | PAIR, "v1", "v1beta1", "v1alpha3"),
        ROW(NETWORKING, "destinationrules", "DestinationRule", PAIR, "v1", "v1beta1", "v1alpha3"),
        ROW(NETWORKING, "serviceentries", "ServiceEntry", MESH_AT_EVERY | PAIR, "v1", "v1beta1", "v1alpha3"),
        ROW(NETWORKING, "sidecars", "Sidecar", MESH_AT_CLIENT | MESH_AT_ROOT, "v1", "v1beta1", "v1alpha3"),
        ROW(NETWORKING, "envoyfilters", "EnvoyFilter", PAIR, "v1alpha3"),
        ROW(SECURITY, "peerauthentications", "PeerAuthentication", MESH_AT_TARGET | MESH_AT_ROOT, "v1", "v1beta1"),
        ROW(SECURITY, "authorizationpolicies", "AuthorizationPolicy", MESH_AT_TARGET | MESH_AT_ROOT, "v1", "v1beta1"),
        ROW(SECURITY, "requestauthentications", "RequestAuthentication", MESH_AT_TARGET | MESH_AT_ROOT, "v1", "v1beta1"),
        ROW("telemetry.istio.io", "telemetries", "Telemetry", PAIR, "v1", "v1alpha1"),
        ROW("extensions.istio.io", "wasmplugins", "WasmPlugin", PAIR, "v1alpha1"),
        {.group = "gateway.networking.k8s.io", .versions = {"v1", "v1beta1"}, .plural = "gateways", .kind = "Gateway",
         .at = MESH_AT_EVERY | MESH_AT_TARGET, .optional = true},
        {.group = "gateway.networking.k8s.io", .versions = {"v1", "v1beta1"}, .plural = "httproutes", .kind = "HTTPRoute",
         .at = MESH_AT_CLIENT | MESH_AT_TARGET, .optional = true},
        {.group = "gateway.networking.k8s.io", .versions = {"v1"}, .plural = "grpcroutes", .kind = "GRPCRoute",
         .at = MESH_AT_CLIENT | MESH_AT_TARGET, .optional = true},
        {.group = "gateway.networking.k8s.io", .versions = {"v1", "v1alpha3"}, .plural = "backendtlspolicies", .kind = "BackendTLSPolicy",
         .at = MESH_AT_TARGET, .optional = true},
        {.group = "gateway.networking.x-k8s.io", .versions = {"v1alpha1"}, .plural = "xbackendtrafficpolicies", .kind = "XBackendTrafficPolicy",
         .at = MESH_AT_TARGET, .optional = true},
        {.group = "extensions.istio.io", .versions = {"v1alpha1"}, .plural = "trafficextensions", .kind = "TrafficExtension", .at = PAIR,
         .optional = true},
};

static const struct control_row controls[] = {
        {.kind = "Deployment", .label = "app", .value = "istiod", .container = "discovery", .revision_label = "istio.io/rev"},
        {.kind = "DaemonSet", .label = "app", .value = "ztunnel", .revision_label = "istio.io/rev", .mode = "ambient"},
        {.kind = "DaemonSet", .label = "k8s-app", .value = "istio-cni-node"},
        {0},
};

/* Gateways, waypoints and ztunnel have a container of the same name; none of them carries the injector's status of a sidecar, except
 * gateways by injection, which have their own label. */
static const struct proxy_row proxies[] = {
        {.mode = "sidecar", .container = "istio-proxy", .annotation = "sidecar.istio.io/status",
         .not_label = "gateway.networking.k8s.io/gateway-name", .revision = "istio.io/rev"},
        {.mode = "ambient", .annotation = "ambient.istio.io/redirection", .value = "enabled"},
        {0},
};

/* The rules of the chart's webhooks, for when the webhooks themselves cannot be read. */
static enum intent documented_intent(struct json_object *pod, struct json_object *namespace)
{
        const char *inject = select_label(pod, "sidecar.istio.io/inject"), *injection = select_label(namespace, "istio-injection");

        if (text_equal(inject, "false"))
                return INTENT_NO;
        if (!namespace)
                return INTENT_UNKNOWN;
        if (injection)
                return text_equal(injection, "enabled") ? INTENT_YES : INTENT_NO;
        if (select_label(namespace, "istio.io/rev") || select_label(pod, "istio.io/rev") || text_equal(inject, "true"))
                return INTENT_YES;
        return INTENT_NO;
}

/* Asks the injector's own selectors, whatever they were set to. */
static enum intent webhook_intent(struct json_object *webhooks, struct json_object *pod, struct json_object *namespace)
{
        for (size_t i = 0; i < doc_len(webhooks, ""); i++) {
                struct json_object *list = doc_at(doc_item(webhooks, i), "webhooks");
                for (size_t j = 0; j < doc_len(list, ""); j++)
                        if (select_matches(doc_at(doc_item(list, j), "namespaceSelector"), doc_at(namespace, "metadata.labels")) &&
                            select_matches(doc_at(doc_item(list, j), "objectSelector"), doc_at(pod, "metadata.labels")))
                                return INTENT_YES;
        }
        return INTENT_NO;
}

enum intent istio_sidecar_intent(const struct view *view, struct json_object *pod, struct json_object *namespace)
{
        enum mesh_miss why;
        auto_json struct json_object *webhooks = doc_array();
        auto_json struct json_object *all = bag_objects(view->bag, "admissionregistration.k8s.io", "MutatingWebhookConfiguration", NULL);

        for (size_t i = 0; i < doc_len(all, ""); i++)
                if (text_equal(select_label(doc_item(all, i), "app"), "sidecar-injector"))
                        doc_push(webhooks, json_object_get(doc_item(all, i)));
        if (!bag_was_read(view->bag, table_row(&mesh_istio, "MutatingWebhookConfiguration"), NULL, &why))
                return documented_intent(pod, namespace);
        if (!namespace)
                return text_equal(select_label(pod, "sidecar.istio.io/inject"), "false") ? INTENT_NO : INTENT_UNKNOWN;
        /* The old annotation is looked at by the injector itself, and only where there is no label. */
        if (!select_label(pod, "sidecar.istio.io/inject") && text_equal(select_annotation(pod, "sidecar.istio.io/inject"), "false"))
                return INTENT_NO;
        return webhook_intent(webhooks, pod, namespace);
}

static enum intent ambient_intent(struct json_object *pod, struct json_object *namespace)
{
        const char *own = select_label(pod, "istio.io/dataplane-mode");

        if (own)
                return text_equal(own, "ambient") ? INTENT_YES : INTENT_NO;
        return text_equal(select_label(namespace, "istio.io/dataplane-mode"), "ambient") ? INTENT_YES : INTENT_NO;
}

static enum intent istio_intent(const struct view *view, struct json_object *pod, struct json_object *namespace)
{
        if (doc_bool(pod, "spec.hostNetwork", false))
                return INTENT_NO; /* its network is the node's: the injector and the CNI leave it alone */
        enum intent sidecar = istio_sidecar_intent(view, pod, namespace);
        return sidecar == INTENT_YES ? sidecar : ambient_intent(pod, namespace) == INTENT_YES ? INTENT_YES : sidecar;
}

/* Worker threads: what the proxy's config says, else the CPU limit (the request without a limit) rounded up; 0 is all cores. */
static void istio_threads(struct json_object *proxy, struct json_object *container)
{
        const char *text = select_variable(container, "PROXY_CONFIG");
        auto_json struct json_object *config = NULL;

        if (text && doc_parse(text, strlen(text), &config, NULL) == FAIL_NONE &&
            json_object_is_type(doc_at(config, "concurrency"), json_type_int)) {
                doc_set_int(proxy, "concurrency", doc_int(config, "concurrency", 0));
                return;
        }
        int64_t milli = doc_int(proxy, "cpuLimitMilli", 0);
        if (milli > 0)
                doc_set_int(proxy, "concurrency", (milli + 999) / 1000);
        else
                doc_set_text(proxy, "concurrency", MESH_UNKNOWN);
}

/* ConfigMap "istio" or "istio-<revision>", key "mesh": YAML over the defaults of the code. */
static void istio_configure(struct view *view)
{
        char name[MESH_NAME_MAX] = "istio";
        size_t len = strlen(view->revision);

        if (len > 0 && len < 200 && strcmp(view->revision, "default") != 0) {
                strcat(name, "-");
                strcat(name, view->revision);
        }
        struct json_object *map = bag_object(view->bag, "", "ConfigMap", view->control_namespace, name);
        struct json_object *text = NULL;
        if (!map || !json_object_object_get_ex(doc_at(map, "data"), "mesh", &text) || !json_object_is_type(text, json_type_string))
                return;
        const char *yaml = json_object_get_string(text);
        if (yaml_parse(yaml, strlen(yaml), &view->config, NULL))
                view->config = NULL;
        const char *root = doc_text(view->config, "rootNamespace");
        if (root && *root)
                view->root_namespace = root;
        if (view->snapshot)
                put_inventory(view, "ConfigMap", map, "root");
}

const struct mesh_table mesh_istio = {
        .type = MESH_ISTIO,
        .name = "ISTIO",
        .groups = {NETWORKING, SECURITY},
        .mode = "sidecar",
        .external = true,
        .resources = rows,
        .resources_len = ARRAY_LEN(rows),
        .controls = controls,
        .proxies = proxies,
        .intent = istio_intent,
        .threads = istio_threads,
        .configure = istio_configure,
        .resolve = istio_resolve,
        .proxies_between = istio_proxies,
};
