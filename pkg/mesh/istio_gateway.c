/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTPRoutes and GRPCRoutes of a Service as istiod reads them: each rule becomes a route of a VirtualService. Sources:
 * gateway-api.sigs.k8s.io, HTTPRoute (timeouts, retry, filters, backendRefs), GRPCRoute; istio.io, Kubernetes Gateway API (mesh traffic). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/gateway.h"
#include "mesh/istio_virtual.h"

#define GROUP "gateway.networking.k8s.io"
#define DEFAULT_ATTEMPTS 2

/* The destination of a backend, by its full name: the route's own namespace counts where it names none. */
static struct json_object *destination_of(const struct view *view, struct json_object *backend, const char *own)
{
        const char *name = doc_text(backend, "name"), *namespace = doc_text(backend, "namespace");
        const char *domain = view->question->cluster_domain ? view->question->cluster_domain : "cluster.local";
        auto_free char *host = xasprintf("%.253s.%.253s.svc.%.253s", name ? name : "", namespace ? namespace : own, domain);
        struct json_object *destination = doc_set_text(doc_object(), "host", host);

        if (doc_at(backend, "port"))
                doc_set(destination, "port", doc_set_int(doc_object(), "number", doc_int(backend, "port", 0)));
        return destination;
}

static bool is_zero(struct json_object *duration)
{
        int64_t us;

        return quantity_us(duration, &us) && us == 0;
}

/* A retry stanza means connection errors and the codes it lists; without attempts there are two. */
static void set_retries(struct json_object *route, struct json_object *retry)
{
        auto_buf struct buf on = {0};
        struct json_object *retries = doc_set_int(doc_object(), "attempts", doc_int(retry, "attempts", DEFAULT_ATTEMPTS));

        buf_text(&on, "connect-failure,refused-stream,unavailable,cancelled");
        for (size_t i = 0; i < doc_len(retry, "codes"); i++)
                buf_format(&on, ",%lld", (long long)json_object_get_int64(doc_item(doc_at(retry, "codes"), i)));
        doc_set_text(retries, "retryOn", on.data);
        doc_set(retries, "backoff", doc_copy(doc_at(retry, "backoff")));
        doc_set(route, "retries", retries);
}

/* backendRequest is the time of a try where there are retries, else of the request. */
static void set_timeouts(struct json_object *route, struct json_object *timeouts)
{
        struct json_object *request = doc_at(timeouts, "request"), *backend = doc_at(timeouts, "backendRequest"), *retries = doc_at(route, "retries");

        if (request && !is_zero(request))
                doc_set(route, "timeout", doc_copy(request));
        if (backend && !is_zero(backend))
                doc_set(retries ? retries : route, retries ? "perTryTimeout" : "timeout", doc_copy(backend));
}

static void set_filters(const struct view *view, struct json_object *route, struct json_object *filters, const char *own)
{
        struct json_object *mirrors = doc_array();

        for (size_t i = 0; i < doc_len(filters, ""); i++) {
                struct json_object *filter = doc_item(filters, i), *mirror = doc_at(filter, "requestMirror");
                if (doc_at(filter, "requestRedirect"))
                        doc_set(route, "redirect", doc_copy(doc_at(filter, "requestRedirect")));
                if (!mirror)
                        continue;
                struct json_object *entry = doc_set(doc_object(), "destination", destination_of(view, doc_at(mirror, "backendRef"), own));
                struct json_object *percent = doc_at(mirror, "percent");
                if (percent)
                        doc_set(entry, "percentage", doc_set(doc_object(), "value", doc_copy(percent)));
                doc_push(mirrors, entry);
        }
        if (doc_len(mirrors, "") > 0)
                doc_set(route, "mirrors", mirrors);
        else
                json_object_put(mirrors);
}

/* Rules whose backends have no weight answer with 500; of the others those without weight get nothing. */
static void set_backends(const struct view *view, struct json_object *route, struct json_object *backends, const char *own)
{
        struct json_object *list = doc_array();
        int64_t sum = 0;

        for (size_t i = 0; i < doc_len(backends, ""); i++) {
                struct json_object *backend = doc_item(backends, i);
                int64_t weight = doc_int(backend, "weight", 1);
                sum += weight > 0 ? weight : 0;
                doc_push(list, doc_set_int(doc_set(doc_object(), "destination", destination_of(view, backend, own)), "weight", weight));
        }
        if (sum == 0 && !doc_at(route, "redirect"))
                doc_set(route, "directResponse", doc_set_int(doc_object(), "status", 500));
        doc_set(route, "route", list);
}

static struct json_object *convert(const struct view *view, const struct gateway_hit *hit)
{
        struct json_object *route = doc_object();
        const char *own = doc_text(hit->route, "metadata.namespace");

        if (doc_at(hit->rule, "retry"))
                set_retries(route, doc_at(hit->rule, "retry"));
        set_timeouts(route, doc_at(hit->rule, "timeouts"));
        set_filters(view, route, doc_at(hit->rule, "filters"), own ? own : "");
        set_backends(view, route, doc_at(hit->rule, "backendRefs"), own ? own : "");
        return route;
}

static void convert_hits(const struct view *view, const struct gateway_hits *hits, struct virtual_routes *routes, struct json_object *held)
{
        *routes = (struct virtual_routes){.certain = hits->certain};
        for (size_t i = 0; i < hits->len && i < VIRTUAL_ROUTES_MAX; i++) {
                struct virtual_route *route = &routes->routes[routes->len++];
                *route = (struct virtual_route){.own = convert(view, &hits->hits[i]), .index = hits->hits[i].index, .converted = true};
                memcpy(route->ref, hits->hits[i].ref, sizeof route->ref);
                doc_push(held, route->own);
        }
}

/* Routes in the client's namespace are its own affair; a waypoint does not know whose request it has. */
static void note_consumers(const struct istio *istio, const char *kind)
{
        struct view *view = istio->view;
        bool elsewhere = strcmp(view->client_namespace, istio->seat) != 0 && strcmp(view->client_namespace, view->target_namespace) != 0;
        auto_json struct json_object *all = bag_objects(view->bag, GROUP, kind, view->client_namespace);

        for (size_t i = 0; istio->waypoint && elsewhere && i < doc_len(all, ""); i++) {
                char ref[REF_MAX];
                ref_format(ref, kind, doc_item(all, i));
                if (gateway_is_attached(view, doc_item(all, i)))
                        put_inert(view, NULL, ref, "a waypoint reads routes of its own and of the service's namespace");
        }
}

bool virtual_gateway(struct istio *istio, struct virtual_routes *routes, struct json_object *held, const char **ret_unknown)
{
        static const char *const groups[] = {GROUP}, *const kinds[] = {"HTTPRoute", "GRPCRoute"};
        struct view *view = istio->view;
        const char *controller = istio_pilot_env(view, "PILOT_GATEWAY_API_CONTROLLER_NAME");
        size_t attached = 0;

        for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
                if (!istio_was_read(view, kinds[i], istio->seat, ret_unknown) ||
                    !istio_was_read(view, kinds[i], view->target_namespace, ret_unknown))
                        return false;
        struct gateway_hits *hits = xnew(struct gateway_hits);
        for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
                const struct gateway_query query = {kinds[i], groups, 1, controller ? controller : "istio.io/gateway-controller", istio->seat,
                                                    !istio->waypoint};
                note_consumers(istio, kinds[i]);
                gateway_find(view, &query, hits);
                attached += hits->attached;
                if (hits->attached)
                        convert_hits(view, hits, routes, held);
        }
        free(hits);
        *ret_unknown = attached > 1 ? "an HTTPRoute and a GRPCRoute name the service" : NULL;
        return attached > 0;
}
