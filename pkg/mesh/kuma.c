/* SPDX-License-Identifier: Apache-2.0
 *
 * Kuma and Kong Mesh: their workloads and proxies. Sources: kuma.io, Data plane on Kubernetes; UPGRADE.md (2.11: the namespace needs the
 * label; 2.14: native sidecars). */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/kuma.h"

#define POLICY(plural_, kind_)                                                                       \
        {.group = KUMA_GROUP, .versions = {"v1alpha1"}, .plural = plural_, .kind = kind_, .optional = true, \
         .at = MESH_AT_CONTROL | MESH_AT_CLIENT | MESH_AT_TARGET}

static const struct mesh_resource rows[] = {
        MESH_NAMESPACES,
        MESH_WORKLOADS("Deployment", "deployments", "app=kuma-control-plane"),
        {.group = KUMA_GROUP, .versions = {"v1alpha1"}, .plural = "meshes", .kind = "Mesh", .at = MESH_AT_CLUSTER},
        POLICY("meshtimeouts", "MeshTimeout"),
        POLICY("meshretries", "MeshRetry"),
        POLICY("meshcircuitbreakers", "MeshCircuitBreaker"),
        POLICY("meshloadbalancingstrategies", "MeshLoadBalancingStrategy"),
        POLICY("meshratelimits", "MeshRateLimit"),
        POLICY("meshfaultinjections", "MeshFaultInjection"),
        POLICY("meshtlses", "MeshTLS"),
};

static const struct control_row controls[] = {
        {.kind = "Deployment", .label = "app", .value = "kuma-control-plane", .container = "control-plane"},
        {0},
};

static const struct proxy_row proxies[] = {
        {.mode = "sidecar", .container = "kuma-sidecar", .annotation = "kuma.io/sidecar-injected", .value = "true"},
        {0},
};

#define INJECTION "kuma.io/sidecar-injection"

static bool is_on(const char *word)
{
        return text_equal(word, "enabled") || text_equal(word, "true");
}

/* The pod's label beats the namespace's, but a namespace without the label is never looked at. */
static enum intent kuma_intent(const struct view *view, struct json_object *pod, struct json_object *namespace)
{
        const char *own = select_label(pod, INJECTION), *whole = select_label(namespace, INJECTION);
        (void)view;

        if (own && !is_on(own))
                return INTENT_NO;
        if (!namespace)
                return INTENT_UNKNOWN;
        if (!whole)
                return own ? INTENT_UNKNOWN : INTENT_NO; /* until 2.11 the pod's word alone was enough */
        return is_on(own ? own : whole) ? INTENT_YES : INTENT_NO;
}

const struct mesh_table mesh_kuma = {
        .type = MESH_KUMA,
        .name = "KUMA",
        .groups = {"kuma.io"},
        .mode = "sidecar",
        .resources = rows,
        .resources_len = ARRAY_LEN(rows),
        .controls = controls,
        .proxies = proxies,
        .intent = kuma_intent,
        .threads_annotation = "kuma.io/sidecar-proxy-concurrency",
        .resolve = kuma_resolve,
};
