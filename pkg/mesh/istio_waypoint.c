/* SPDX-License-Identifier: Apache-2.0
 *
 * Ambient: which waypoint the target is bound to, whether it serves it, and what is attached to it. Sources: istio.io, Configure waypoint
 * proxies (use-waypoint, waypoint-for, cross-namespace use); Use Layer 7 features (targetRefs). */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/istio.h"

#define GATEWAYS "gateway.networking.k8s.io"
#define CLASS "istio-waypoint"
#define CANARY "istio.io/use-waypoint-canary"

/* The waypoint that labels ask for. */
struct binding {
        const char *name; /* NULL: none is asked for */
        const char *namespace;
        bool canary; /* some connections go to another one */
};

static struct binding binding_by(struct json_object *labelled, const char *own)
{
        const char *name = select_label(labelled, "istio.io/use-waypoint"), *namespace = select_label(labelled, "istio.io/use-waypoint-namespace");
        const char *canary = select_label(labelled, CANARY);

        return (struct binding){
                .name = name && *name ? name : NULL,
                .namespace = namespace ? namespace : own,
                .canary = canary && *canary && strcmp(canary, "none") != 0,
        };
}

/* The Service's own word goes before its namespace's. */
static struct binding binding_of(const struct view *view)
{
        struct binding own = binding_by(view->question->service, view->target_namespace);
        struct binding whole = binding_by(bag_object(view->bag, "", "Namespace", NULL, view->target_namespace), view->target_namespace);
        struct binding binding = own.name ? own : whole;

        binding.canary = own.canary || whole.canary;
        return binding;
}

static bool is_allowed(const struct view *view, struct json_object *gateway)
{
        struct json_object *namespace = bag_object(view->bag, "", "Namespace", NULL, view->target_namespace);
        struct json_object *listeners = doc_at(gateway, "spec.listeners");

        for (size_t i = 0; i < doc_len(listeners, ""); i++) {
                struct json_object *allowed = doc_at(doc_item(listeners, i), "allowedRoutes.namespaces");
                const char *from = doc_text(allowed, "from");
                if (text_equal(from, "All") ||
                    (text_equal(from, "Selector") && select_matches(doc_at(allowed, "selector"), doc_at(namespace, "metadata.labels"))))
                        return true;
        }
        return text_equal(doc_text(gateway, "metadata.namespace"), view->target_namespace);
}

/* Why istiod does not bind the Service to this Gateway; NULL: it does. */
static const char *refused_because(const struct view *view, struct json_object *gateway)
{
        const char *traffic = select_label(gateway, "istio.io/waypoint-for");

        if (!gateway)
                return "its waypoint is not there";
        if (doc_len(gateway, "status.addresses") == 0)
                return "its waypoint is not ready";
        if (!is_allowed(view, gateway))
                return "its waypoint does not allow the namespace";
        if (traffic && strcmp(traffic, "service") != 0 && strcmp(traffic, "all") != 0)
                return "its waypoint is not for Services";
        return NULL;
}

static void bind(struct istio *istio, struct json_object *gateway)
{
        char ref[REF_MAX];
        const char *namespace = doc_text(gateway, "metadata.namespace");

        istio->waypoint = gateway;
        istio->seat = namespace ? namespace : "";
        ref_format(ref, "Gateway", gateway);
        put_inventory(istio->view, "Gateway", gateway, "effective");
        doc_set_text(doc_at(istio->view->snapshot, "membership.server"), "waypoint", ref);
}

void istio_waypoint(struct istio *istio, const char **ret_bare, const char **ret_unknown)
{
        struct view *view = istio->view;
        struct binding binding = binding_of(view);

        *ret_bare = *ret_unknown = NULL;
        if (!binding.name && !bag_object(view->bag, "", "Namespace", NULL, view->target_namespace)) {
                *ret_unknown = "the target's namespace was not read, which may name a waypoint";
                return;
        }
        if (!binding.name || strcmp(binding.name, "none") == 0) {
                *ret_bare = ISTIO_NEEDS_WAYPOINT;
                return;
        }
        if (!istio_was_read(view, "Gateway", binding.namespace, ret_unknown))
                return;
        struct json_object *gateway = bag_object(view->bag, GATEWAYS, "Gateway", binding.namespace, binding.name);
        *ret_bare = refused_because(view, gateway);
        if (*ret_bare)
                put_finding(view, "WaypointIgnored", "error", NULL,
                            "the service asks for waypoint %.63s/%.63s, and %s: policies of HTTP have no effect", binding.namespace, binding.name,
                            *ret_bare);
        else if (!text_equal(doc_text(gateway, "spec.gatewayClassName"), CLASS))
                *ret_unknown = "a waypoint of another class decides";
        else if (binding.canary)
                *ret_unknown = "connections are split between two waypoints";
        else
                bind(istio, gateway);
}

struct json_object *istio_targets(struct json_object *policy)
{
        struct json_object *list = doc_at(policy, "spec.targetRefs"), *one = doc_at(policy, "spec.targetRef");

        if (doc_len(list, "") > 0)
                return json_object_get(list);
        return one ? doc_push(doc_array(), json_object_get(one)) : NULL;
}

static bool is_kind(struct json_object *target, const char *group, const char *kind)
{
        const char *own = doc_text(target, "group");

        own = text_equal(own, "core") || !own ? "" : own;
        return strcmp(own, group) == 0 && text_equal(doc_text(target, "kind"), kind);
}

bool istio_attaches(const struct istio *istio, struct json_object *policy)
{
        const struct view *view = istio->view;
        auto_json struct json_object *targets = istio_targets(policy);
        const char *namespace = doc_text(policy, "metadata.namespace");

        for (size_t i = 0; i < doc_len(targets, ""); i++) {
                struct json_object *target = doc_item(targets, i);
                const char *name = doc_text(target, "name");
                if (is_kind(target, "", "Service") && text_equal(name, view->service_name) && text_equal(namespace, view->target_namespace))
                        return true;
                if (is_kind(target, GATEWAYS, "GatewayClass") && text_equal(name, CLASS) && text_equal(namespace, view->root_namespace))
                        return true;
                if (istio->waypoint && is_kind(target, GATEWAYS, "Gateway") && text_equal(namespace, istio->seat) &&
                    text_equal(name, doc_text(istio->waypoint, "metadata.name")))
                        return true;
        }
        return false;
}
