/* SPDX-License-Identifier: Apache-2.0
 *
 * Cilium: its agents on the nodes, and whether requests of the pair pass their proxy. Sources: docs.cilium.io, Layer 7 Policies;
 * CiliumEnvoyConfig; Transparent Encryption; cilium-agent's options in ConfigMap cilium-config. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/cilium.h"

#define PAIR (MESH_AT_CLIENT | MESH_AT_TARGET)

static const struct mesh_resource rows[] = {
        MESH_WORKLOADS("DaemonSet", "daemonsets", "k8s-app=cilium"),
        MESH_WORKLOADS("DaemonSet", "daemonsets", "k8s-app=cilium-envoy"),
        {.group = "", .versions = {"v1"}, .plural = "configmaps", .kind = "ConfigMap", .at = MESH_AT_CONTROL, .name = "cilium-config"},
        {.group = "cilium.io", .versions = {"v2"}, .plural = "ciliumenvoyconfigs", .kind = "CiliumEnvoyConfig", .at = PAIR, .optional = true},
        {.group = "cilium.io", .versions = {"v2"}, .plural = "ciliumclusterwideenvoyconfigs", .kind = "CiliumClusterwideEnvoyConfig",
         .at = MESH_AT_CLUSTER, .optional = true},
        {.group = "cilium.io", .versions = {"v2"}, .plural = "ciliumnetworkpolicies", .kind = "CiliumNetworkPolicy", .at = PAIR},
        {.group = "cilium.io", .versions = {"v2"}, .plural = "ciliumclusterwidenetworkpolicies", .kind = "CiliumClusterwideNetworkPolicy",
         .at = MESH_AT_CLUSTER},
};

static const struct control_row controls[] = {
        {.kind = "DaemonSet", .label = "k8s-app", .value = "cilium", .container = "cilium-agent"},
        {.kind = "DaemonSet", .label = "k8s-app", .value = "cilium-envoy"},
        {0},
};

static void cilium_configure(struct view *view)
{
        struct json_object *map = bag_object(view->bag, "", "ConfigMap", view->control_namespace, "cilium-config");

        view->config = map ? json_object_get(doc_at(map, "data")) : NULL;
        if (map && view->snapshot)
                put_inventory(view, "ConfigMap", map, "root");
}

static bool is_on(const struct view *view, const char *key)
{
        return text_equal(doc_text(view->config, key), "true");
}

static void put_encryption(struct view *view)
{
        static const struct {
                const char *key, *word;
        } kinds[] = {{"enable-wireguard", "wireguard"}, {"enable-ipsec", "ipsec"}, {"enable-ztunnel", "ztunnel"}};

        if (!view->config) {
                put_unknown(view, "encryption", "cilium-config not read");
                return;
        }
        for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
                if (is_on(view, kinds[i].key)) {
                        put_text(view, "encryption", kinds[i].word, ORIGIN_CONFIG(kinds[i].key));
                        return;
                }
        put_text(view, "encryption", "none", ORIGIN_DEFAULT(NULL));
}

/* Envoy configuration that takes over the Service. Returns how many there are. */
static size_t look_at_configs(struct view *view, char ref[static REF_MAX])
{
        static const char *const kinds[] = {"CiliumEnvoyConfig", "CiliumClusterwideEnvoyConfig"};
        size_t count = 0;

        for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
                auto_json struct json_object *all = bag_objects(view->bag, "cilium.io", kinds[k], NULL);
                for (size_t i = 0; i < doc_len(all, ""); i++) {
                        struct json_object *services = doc_at(doc_item(all, i), "spec.services");
                        const char *own = doc_text(doc_item(all, i), "metadata.namespace");
                        for (size_t j = 0; j < doc_len(services, ""); j++) {
                                const char *namespace = doc_text(doc_item(services, j), "namespace");
                                namespace = namespace ? namespace : own;
                                if (!text_equal(doc_text(doc_item(services, j), "name"), view->service_name) ||
                                    !text_equal(namespace, view->target_namespace))
                                        continue;
                                ref_format(ref, kinds[k], doc_item(all, i));
                                put_inventory(view, kinds[k], doc_item(all, i), "effective");
                                count++;
                                break;
                        }
                }
        }
        return count;
}

static const char *const route_keys[] = {"timeout.requestUs", "retries.attempts", "split", "faults", "lb.policy"};

static const char *unread(const struct view *view)
{
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                enum mesh_miss why = MESH_NOT_READ;
                if (!text_equal(rows[i].group, "cilium.io"))
                        continue;
                const char *places[] = {view->client_namespace, view->target_namespace};
                for (size_t n = 0; n < 2; n++)
                        if (!bag_was_read(view->bag, &rows[i], rows[i].at & MESH_AT_CLUSTER ? NULL : places[n], &why))
                                return mesh_miss_name(why);
        }
        return NULL;
}

#define HTTP_RETRIES 3

static void put_retry_count(struct view *view)
{
        struct json_object *own = doc_at(view->config, "http-retry-count");
        int64_t number = HTTP_RETRIES;

        if (!view->config || (own && !quantity_scaled(own, 1, &number)))
                put_unknown(view, "retries.attempts", "cilium-config not read");
        else
                put_int(view, "retries.attempts", number, own ? ORIGIN_CONFIG("http-retry-count") : ORIGIN_DEFAULT(NULL));
        put_unknown(view, "timeout.requestUs", "the default depends on the version");
}

static void put_redirect(struct view *view, const struct cilium_redirect *redirect, size_t configs, const char *config_ref)
{
        char reason[REF_MAX + 64];

        if (configs > 1)
                put_finding(view, "EnvoyConfigConflict", "warn", config_ref,
                            "%zu Envoy configurations name the Service: which one counts is not defined", configs);
        if (configs > 0) {
                put_bool(view, "l7.redirect", true, (struct origin){.kind = "object", .ref = config_ref, .field = "spec.services"});
                snprintf(reason, sizeof reason, "%s is Envoy's own configuration", config_ref);
                for (size_t i = 0; i < ARRAY_LEN(route_keys); i++)
                        put_unknown(view, route_keys[i], reason);
        } else if (redirect->found < 0) {
                snprintf(reason, sizeof reason, "%s may select the pods", redirect->ref);
                put_unknown(view, "l7.redirect", reason);
                put_unknown(view, "retries.attempts", reason);
        } else if (redirect->found > 0) {
                put_bool(view, "l7.redirect", true, (struct origin){.kind = "object", .ref = redirect->ref, .field = redirect->field});
                put_retry_count(view);
        } else {
                put_bool(view, "l7.redirect", false, ORIGIN_DEFAULT(NULL));
                put_int(view, "retries.attempts", 0, ORIGIN_DEFAULT("requests pass no proxy"));
                put_policy(view, "timeout.requestUs", NULL, ORIGIN_DEFAULT("requests pass no proxy"));
        }
}

static void cilium_resolve(struct view *view)
{
        struct cilium_redirect redirect = {0};
        char ref[REF_MAX] = "";
        const char *application = doc_text(view_service_port(view), "appProtocol"), *reason = unread(view);

        view_set_protocol(view, application ? application : MESH_UNKNOWN, application ? "appProtocol" : "the policies for the port tell");
        put_encryption(view);
        put_text(view, "mtls.effective", is_on(view, "enable-ztunnel") ? MESH_UNKNOWN : "plaintext",
                 !view->config || is_on(view, "enable-ztunnel") ? ORIGIN_UNKNOWN(view->config ? "ztunnel: per namespace" : "cilium-config not read")
                                                                : ORIGIN_DEFAULT("pods speak for themselves; nodes may encrypt"));
        put_missed(view, "authz", "NotResolved");
        if (reason) {
                put_unknown(view, "l7.redirect", reason);
                put_unknown(view, "retries.attempts", reason);
                return;
        }
        size_t configs = look_at_configs(view, ref);
        cilium_look_at_policies(view, &redirect);
        put_redirect(view, &redirect, configs, ref);
}

const struct mesh_table mesh_cilium = {
        .type = MESH_CILIUM,
        .name = "CILIUM_SERVICE_MESH",
        .groups = {"cilium.io"},
        .mode = "node-proxy",
        .node_proxy = true,
        .resources = rows,
        .resources_len = ARRAY_LEN(rows),
        .controls = controls,
        .configure = cilium_configure,
        .resolve = cilium_resolve,
};
