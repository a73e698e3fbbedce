/* SPDX-License-Identifier: Apache-2.0
 *
 * Open Service Mesh (archived): recognised, not resolved. Source: docs.openservicemesh.io, Sidecar Injection. */
#include "base/mem.h"
#include "base/text.h"
#include "mesh/parts.h"

static const struct mesh_resource rows[] = {
        MESH_NAMESPACES,
        MESH_WORKLOADS("Deployment", "deployments", "app=osm-controller"),
};

static const struct control_row controls[] = {{.kind = "Deployment", .label = "app", .value = "osm-controller"}, {0}};

static const struct proxy_row proxies[] = {{.mode = "sidecar", .container = "envoy", .label = "osm-proxy-uuid"}, {0}};

static bool is_on(const char *word)
{
        return text_equal(word, "enabled") || text_equal(word, "yes") || text_equal(word, "true");
}

/* Only namespaces that the mesh monitors; in them the pod's word beats the namespace's. */
static enum intent osm_intent(const struct view *view, struct json_object *pod, struct json_object *namespace)
{
        const char *own = select_annotation(pod, "openservicemesh.io/sidecar-injection");
        (void)view;

        if (own && !is_on(own))
                return INTENT_NO;
        if (!namespace)
                return INTENT_UNKNOWN;
        if (!select_label(namespace, "openservicemesh.io/monitored-by"))
                return INTENT_NO;
        return own || is_on(select_annotation(namespace, "openservicemesh.io/sidecar-injection")) ? INTENT_YES : INTENT_NO;
}

const struct mesh_table mesh_osm = {
        .type = MESH_OSM,
        .name = "OPEN_SERVICE_MESH",
        .groups = {"config.openservicemesh.io", "policy.openservicemesh.io"},
        .mode = "sidecar",
        .resources = rows,
        .resources_len = ARRAY_LEN(rows),
        .controls = controls,
        .proxies = proxies,
        .intent = osm_intent,
};
