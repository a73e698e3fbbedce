/* SPDX-License-Identifier: Apache-2.0
 *
 * Sources: istio.io, VirtualService (hosts, gateways, exportTo, delegate), Traffic Management Best Practices (several objects for one
 * host are not merged inside the mesh: the oldest counts). */
#include "mesh/istio_virtual.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

#define KIND "VirtualService"

static bool is_for_mesh(struct json_object *virtual)
{
        struct json_object *gateways = doc_at(virtual, "spec.gateways");

        for (size_t i = 0; i < doc_len(gateways, ""); i++)
                if (text_equal(json_object_get_string(doc_item(gateways, i)), "mesh"))
                        return true;
        return doc_len(gateways, "") == 0;
}

/* How exactly the object's best host fits. *ret_near: a host that people mean for the service, and that is another name. */
static int host_fit(const struct view *view, struct json_object *virtual, bool *ret_near)
{
        struct json_object *hosts = doc_at(virtual, "spec.hosts");
        const char *namespace = doc_text(virtual, "metadata.namespace");
        int best = 0;

        *ret_near = false;
        for (size_t i = 0; i < doc_len(hosts, ""); i++) {
                char full[HOST_MAX];
                const char *host = json_object_get_string(doc_item(hosts, i));
                if (!host)
                        continue;
                istio_host_full(view, host, namespace ? namespace : "", full);
                int fit = istio_host_fits(full, view->host);
                size_t len = strlen(full);
                best = fit > best ? fit : best;
                *ret_near = *ret_near || (len > 0 && strncmp(view->host, full, len) == 0 && view->host[len] == '.');
        }
        return best;
}

/* Private to the client's namespace, exported to it by name, public: the order in which istiod looks at them. */
static int visibility_class(const struct view *view, struct json_object *virtual)
{
        struct json_object *list = doc_at(virtual, "spec.exportTo");

        if (doc_len(list, "") == 0)
                list = doc_at(view->config, "defaultVirtualServiceExportTo");
        bool public = doc_len(list, "") == 0, own = false;
        for (size_t i = 0; i < doc_len(list, ""); i++) {
                public = public || text_equal(json_object_get_string(doc_item(list, i)), "*");
                own = own || text_equal(json_object_get_string(doc_item(list, i)), ".");
        }
        return public ? 2 : own ? 0 : 1;
}

static bool is_imported(const struct istio *istio, struct json_object *virtual)
{
        struct json_object *hosts = doc_at(virtual, "spec.hosts");
        const char *namespace = doc_text(virtual, "metadata.namespace");

        for (size_t i = 0; i < doc_len(hosts, ""); i++) {
                char full[HOST_MAX];
                const char *host = json_object_get_string(doc_item(hosts, i));
                if (!host || !namespace)
                        continue;
                istio_host_full(istio->view, host, namespace, full);
                if (istio_sidecar_imports(istio, namespace, full))
                        return true;
        }
        return false;
}

/* Why an object whose host fits has no say for this client; NULL: it has. */
static const char *excluded_because(const struct istio *istio, struct json_object *virtual)
{
        const char *namespace = doc_text(virtual, "metadata.namespace");

        if (istio->client == ISTIO_SIDE_BARE)
                return istio->client_reason;
        if (!is_for_mesh(virtual))
                return "only for gateways";
        if (istio->waypoint && !text_equal(namespace, istio->seat) && !text_equal(namespace, istio->view->target_namespace))
                return "a waypoint reads routes of its own and of the service's namespace";
        if (!istio_is_exported(istio, virtual, "defaultVirtualServiceExportTo"))
                return "not exported to the client's namespace";
        return is_imported(istio, virtual) ? NULL : "not imported by the client's Sidecar";
}

struct contest {
        struct json_object *winner;
        int fit, class;
};

static void lose(struct view *view, struct json_object *loser, const char *reason)
{
        char ref[REF_MAX];

        ref_format(ref, KIND, loser);
        put_shadowed(view, NULL, ref, reason);
}

static void compete(struct view *view, struct contest *contest, struct json_object *virtual, int fit)
{
        int class = visibility_class(view, virtual);
        bool wins = !contest->winner || fit > contest->fit || (fit == contest->fit && class < contest->class);

        put_inventory(view, KIND, virtual, "matched");
        if (!wins) {
                lose(view, virtual, fit < contest->fit ? "another VirtualService names the host more exactly"
                                    : class > contest->class ? "another one is exported to fewer namespaces"
                                                             : "an older VirtualService owns the host");
                return;
        }
        if (contest->winner)
                lose(view, contest->winner, fit > contest->fit ? "another VirtualService names the host more exactly"
                                                                : "another one is exported to fewer namespaces");
        *contest = (struct contest){.winner = virtual, .fit = fit, .class = class};
}

struct json_object *virtual_owner(struct istio *istio)
{
        struct view *view = istio->view;
        auto_json struct json_object *all = bag_objects(view->bag, ISTIO_NETWORKING, KIND, NULL);
        struct contest contest = {0};

        for (size_t i = 0; i < doc_len(all, ""); i++) {
                struct json_object *virtual = doc_item(all, i);
                char ref[REF_MAX];
                bool near;
                int fit = host_fit(view, virtual, &near);
                ref_format(ref, KIND, virtual);
                if (fit == 0) {
                        if (near)
                                put_inert(view, NULL, ref, "its host is not the service's full name: a name with a dot is taken as it is");
                        continue;
                }
                const char *reason = excluded_because(istio, virtual);
                if (reason)
                        put_inert(view, NULL, ref, reason);
                else {
                        istio->several = contest.winner != NULL;
                        compete(view, &contest, virtual, fit);
                }
        }
        return contest.winner;
}

static void add_route(struct virtual_routes *routes, const struct virtual_route *route, enum istio_fit fit)
{
        if (fit == ISTIO_FIT_NO || routes->certain)
                return;
        if (routes->len < VIRTUAL_ROUTES_MAX)
                routes->routes[routes->len++] = *route;
        routes->certain = fit == ISTIO_FIT_YES;
}

/* The routes of a delegate stand in place of the route that names it; a delegate that does not exist takes that route away. */
static void add_delegated(struct istio *istio, struct virtual_routes *routes, struct json_object *owner, struct virtual_route *route,
                          enum istio_fit root_fit)
{
        struct view *view = istio->view;
        const char *own = doc_text(owner, "metadata.namespace"), *name = doc_text(route->own, "delegate.name");
        const char *namespace = doc_text(route->own, "delegate.namespace");
        struct json_object *delegate = bag_object(view->bag, ISTIO_NETWORKING, KIND, namespace && *namespace ? namespace : own, name);

        if (!delegate || doc_len(delegate, "spec.hosts") > 0) {
                put_finding(view, "DelegateMissing", "error", route->ref, "http[%zu] delegates to %s/%s, which %s: the route does not exist",
                            route->index, namespace && *namespace ? namespace : own ? own : "", name ? name : "",
                            delegate ? "has hosts of its own" : "is not there");
                return;
        }
        struct json_object *list = doc_at(delegate, "spec.http");
        route->root = route->own;
        route->root_index = route->index;
        memcpy(route->root_ref, route->ref, sizeof route->root_ref);
        ref_format(route->ref, KIND, delegate);
        put_inventory(view, KIND, delegate, "effective");
        for (size_t i = 0; i < doc_len(list, ""); i++) {
                enum istio_fit fit = istio_matches(istio, doc_at(doc_item(list, i), "match"));
                route->own = doc_item(list, i);
                route->index = i;
                add_route(routes, route, fit < root_fit ? fit : root_fit);
        }
}

void virtual_routes(struct istio *istio, struct json_object *owner, struct virtual_routes *routes)
{
        struct json_object *list = doc_at(owner, "spec.http");

        routes->len = 0;
        routes->certain = false;
        for (size_t i = 0; i < doc_len(list, "") && !routes->certain; i++) {
                struct virtual_route route = {.own = doc_item(list, i), .index = i};
                enum istio_fit fit = istio_matches(istio, doc_at(route.own, "match"));
                ref_format(route.ref, KIND, owner);
                if (fit == ISTIO_FIT_NO)
                        continue;
                if (doc_at(route.own, "delegate"))
                        add_delegated(istio, routes, owner, &route, fit);
                else
                        add_route(routes, &route, fit);
        }
}

struct json_object *virtual_member(const struct virtual_route *route, const char *name, const char **ret_ref, char field[static FIELD_MAX])
{
        struct json_object *value = doc_at(route->own, name);

        *ret_ref = route->ref;
        if (route->converted)
                snprintf(field, FIELD_MAX, "spec.rules[%zu]", route->index);
        else
                snprintf(field, FIELD_MAX, "spec.http[%zu].%s", route->index, name);
        if (value || !route->root)
                return value;
        *ret_ref = route->root_ref;
        snprintf(field, FIELD_MAX, "spec.http[%zu].%s", route->root_index, name);
        return doc_at(route->root, name);
}
