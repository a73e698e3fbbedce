/* SPDX-License-Identifier: Apache-2.0
 *
 * Where things live at the API server, and the kinds that everybody knows. */
#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "kube/client.h"
#include "kube/path.h"

const struct kube_kind kube_pods = {"", "v1", "pods", "Pod", true};
const struct kube_kind kube_configmaps = {"", "v1", "configmaps", "ConfigMap", true};
const struct kube_kind kube_services = {"", "v1", "services", "Service", true};
const struct kube_kind kube_nodes = {"", "v1", "nodes", "Node", false};
const struct kube_kind kube_namespaces = {"", "v1", "namespaces", "Namespace", false};
const struct kube_kind kube_jobs = {"batch", "v1", "jobs", "Job", true};
const struct kube_kind kube_deployments = {"apps", "v1", "deployments", "Deployment", true};
const struct kube_kind kube_replicasets = {"apps", "v1", "replicasets", "ReplicaSet", true};
const struct kube_kind kube_statefulsets = {"apps", "v1", "statefulsets", "StatefulSet", true};
const struct kube_kind kube_hpas = {"autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", true};
const struct kube_kind kube_endpointslices = {"discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true};
const struct kube_kind kube_events = {"events.k8s.io", "v1", "events", "Event", true};
const struct kube_kind kube_leases = {"coordination.k8s.io", "v1", "leases", "Lease", true};

void path_encode(struct buf *out, const char *text)
{
        /* RFC 3986 "unreserved" stays, everything else is escaped: right inside a path segment and a query value. */
        for (; *text; text++) {
                unsigned char c = (unsigned char)*text;
                if ((c < 0x80 && isalnum(c)) || strchr("-._~", c))
                        buf_add(out, text, 1);
                else
                        buf_format(out, "%%%02X", c);
        }
}

char *kube_path(const struct kube_ref *ref)
{
        const struct kube_kind *kind = ref->kind;
        struct buf path = {0};

        if (kind->group[0])
                buf_format(&path, "/apis/%s/%s", kind->group, kind->version);
        else
                buf_format(&path, "/api/%s", kind->version);
        if (kind->namespaced && ref->namespace) {
                buf_text(&path, "/namespaces/");
                path_encode(&path, ref->namespace);
        }
        buf_format(&path, "/%s", kind->plural);
        if (ref->name) {
                buf_text(&path, "/");
                path_encode(&path, ref->name);
        }
        return buf_take(&path);
}

char *kube_api_version(const struct kube_kind *kind)
{
        return kind->group[0] ? xasprintf("%s/%s", kind->group, kind->version) : xstrdup(kind->version);
}
