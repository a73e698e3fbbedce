/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose pages are read for the mesh of a run: of the proxies in the pods of the pair, and of those that carry its requests elsewhere. */
#include <string.h>

#include "base/mem.h"
#include "data/doc.h"
#include "mesh/client.h"
#include "operator/session_mesh_parts.h"

static struct mesh_scope scope_of(const struct session_mesh *mesh, bool server)
{
        const struct session *session = mesh->session;

        return (struct mesh_scope){
                .host = mesh->host,
                .service = session->profile->service,
                .namespace = session_target_namespace(session),
                .port = (int32_t)(server ? doc_int(mesh->start, "target.targetPort", 0) : session_mesh_port(session)),
                .server = server,
        };
}

void session_mesh_add_pages(struct session_mesh *mesh, bool client, struct json_object *pod)
{
        const char *address = doc_text(pod, "status.podIP");
        struct proxy proxy = {.pod = (char *)doc_text(pod, "metadata.name"), .scope = scope_of(mesh, !client)};

        if (!proxy.pod || !address || strlen(address) >= sizeof proxy.address || !mesh->host || doc_bool(pod, "spec.hostNetwork", false) ||
            !mesh_pod_metrics(pod, &proxy.port, &proxy.path))
                return;
        strcpy(proxy.address, address);
        proxy_pages_add(mesh->pages, &proxy);
}

void session_mesh_add_pages_between(struct session_mesh *mesh)
{
        auto_free struct mesh_proxies *found = xnew(struct mesh_proxies);

        mesh_watch_proxies(mesh->watch, mesh->start, found);
        for (size_t i = 0; mesh->host && i < found->len; i++) {
                struct mesh_proxy *one = &found->list[i];
                struct proxy proxy = {.pod = one->pod, .port = one->port, .path = one->path, .scope = scope_of(mesh, one->server)};
                proxy.scope.waypoint = one->waypoint;
                strcpy(proxy.address, one->address);
                proxy_pages_add(mesh->pages, &proxy);
        }
}
