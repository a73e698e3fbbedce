/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS App Mesh (ended by AWS in September 2026): recognised, not resolved. Source: aws-app-mesh-controller-for-k8s. */
#include "base/mem.h"
#include "base/text.h"
#include "mesh/parts.h"

static const struct mesh_resource rows[] = {
        MESH_NAMESPACES,
        MESH_WORKLOADS("Deployment", "deployments", "app.kubernetes.io/name=appmesh-controller"),
};

static const struct control_row controls[] = {{.kind = "Deployment", .label = "app.kubernetes.io/name", .value = "appmesh-controller"}, {0}};

/* Its proxy is called like many others; its image is not. */
static const struct proxy_row proxies[] = {{.mode = "sidecar", .container = "envoy", .image = "appmesh-envoy"}, {0}};

/* Which namespaces a Mesh selects stands in the Mesh: without its word nobody can tell. */
static enum intent app_mesh_intent(const struct view *view, struct json_object *pod, struct json_object *namespace)
{
        const char *own = select_annotation(pod, "appmesh.k8s.aws/sidecarInjectorWebhook");
        (void)view;
        (void)namespace;

        return text_equal(own, "disabled") ? INTENT_NO : INTENT_UNKNOWN;
}

const struct mesh_table mesh_app_mesh = {
        .type = MESH_APP_MESH,
        .name = "APP_MESH",
        .groups = {"appmesh.k8s.aws"},
        .mode = "sidecar",
        .resources = rows,
        .resources_len = ARRAY_LEN(rows),
        .controls = controls,
        .proxies = proxies,
        .intent = app_mesh_intent,
};
