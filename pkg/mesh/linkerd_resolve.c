/* SPDX-License-Identifier: Apache-2.0
 *
 * The order in which Linkerd's policies are looked at for the pair, and what they go by. Sources: linkerd.io, Protocol Detection;
 * Proxy Configuration. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/linkerd.h"

bool linkerd_lists_port(const char *list, int32_t port)
{
        while (list && *list) {
                char *end;
                long from = strtol(list, &end, 10), to = from;
                if (*end == '-')
                        to = strtol(end + 1, &end, 10);
                if (port >= from && port <= to)
                        return true;
                list = end + strcspn(end, ",");
                list += *list == ',';
        }
        return false;
}

#define OPAQUE_PORTS "25,587,3306,4444,5432,6379,9300,11211" /* the chart's list */

/* Opaque ports are carried as bytes. Who says so: the Service's port, its annotation, the server's pod or namespace, the installation. */
static void decide_protocol(struct linkerd *linkerd)
{
        struct view *view = linkerd->view;
        const char *application = doc_text(view_service_port(view), "appProtocol");
        const char *own = select_annotation(view->question->service, "config.linkerd.io/opaque-ports");
        const char *pod = linkerd_annotation(doc_item(view->question->server_pods, 0), linkerd->server_space, "config.linkerd.io/opaque-ports");
        const char *whole = doc_text(view->config, "proxy.opaquePorts");

        linkerd->opaque = text_equal(application, "linkerd.io/tcp") || text_equal(application, "linkerd.io/opaque");
        if (linkerd->opaque) {
                view_set_protocol(view, "opaque", "appProtocol");
                return;
        }
        if (own || pod || whole) {
                linkerd->opaque = own ? linkerd_lists_port(own, view->port) : linkerd_lists_port(pod ? pod : whole, view->target_port);
                view_set_protocol(view, linkerd->opaque ? "opaque" : "detected",
                                  own ? "Service annotation" : pod ? "pod or namespace annotation" : "linkerd-config");
                return;
        }
        linkerd->opaque = linkerd_lists_port(OPAQUE_PORTS, view->target_port);
        view_set_protocol(view, linkerd->opaque ? "opaque" : "detected", "default");
}

/* A port that the client keeps from its proxy has none of the mesh's policies. */
static void decide_client(struct linkerd *linkerd)
{
        struct view *view = linkerd->view;
        const char *skipped = linkerd_annotation(view->question->client, linkerd->client_space, "config.linkerd.io/skip-outbound-ports");

        view_client_side(view, &linkerd->bare, &linkerd->unknown);
        if (!linkerd->bare && linkerd_lists_port(skipped, view->port)) {
                linkerd->bare = "the client keeps the port from its proxy (skip-outbound-ports)";
                linkerd->unknown = NULL;
        }
}

struct origin linkerd_origin(const char *ref, const char *field)
{
        return (struct origin){.kind = "object", .ref = ref, .field = field};
}

void linkerd_resolve(struct view *view)
{
        struct linkerd linkerd = {.view = view,
                                  .client_space = bag_object(view->bag, "", "Namespace", NULL, view->client_namespace),
                                  .server_space = bag_object(view->bag, "", "Namespace", NULL, view->target_namespace)};

        decide_protocol(&linkerd);
        decide_client(&linkerd);
        linkerd_routes(&linkerd);
        linkerd_proxies(&linkerd);
        linkerd_inbound(&linkerd);
}
