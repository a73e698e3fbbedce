/* SPDX-License-Identifier: Apache-2.0
 *
 * NGINX Service Mesh (archived): recognised, not resolved. Source: its chart and documentation of 2.0. */
#include "base/mem.h"
#include "base/text.h"
#include "mesh/parts.h"

static const struct mesh_resource rows[] = {
        MESH_NAMESPACES,
        MESH_WORKLOADS("Deployment", "deployments", "app.kubernetes.io/part-of=nginx-service-mesh"),
};

static const struct control_row controls[] = {{.kind = "Deployment", .label = "app.kubernetes.io/part-of", .value = "nginx-service-mesh"}, {0}};

static const struct proxy_row proxies[] = {{.mode = "sidecar", .container = "nginx-mesh-sidecar"}, {0}};

/* Without the pod's word the mesh's own setting decides, which is not an object that can be read. */
static enum intent nginx_intent(const struct view *view, struct json_object *pod, struct json_object *namespace)
{
        const char *own = select_label(pod, "injector.nsm.nginx.com/auto-inject");
        (void)view;

        own = own ? own : select_annotation(pod, "injector.nsm.nginx.com/auto-inject");
        own = own ? own : select_label(namespace, "injector.nsm.nginx.com/auto-inject");
        if (!own)
                return INTENT_UNKNOWN;
        return text_equal(own, "false") || text_equal(own, "disabled") ? INTENT_NO : INTENT_YES;
}

const struct mesh_table mesh_nginx = {
        .type = MESH_NGINX,
        .name = "NGINX_SERVICE_MESH",
        .groups = {"nsm.nginx.com"},
        .mode = "sidecar",
        .resources = rows,
        .resources_len = ARRAY_LEN(rows),
        .controls = controls,
        .proxies = proxies,
        .intent = nginx_intent,
};
