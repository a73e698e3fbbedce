/* SPDX-License-Identifier: Apache-2.0
 *
 * What the server demands (PeerAuthentication), what the client offers (DestinationRule tls, else auto mTLS), and what the pair makes of
 * it. Sources: istio.io, PeerAuthentication; Understanding TLS Configuration. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/istio.h"

#define KIND "PeerAuthentication"

/* The oldest object of the namespace that is for everything in it (labels NULL), or selects the workload. The others are shadowed. */
static struct json_object *peer_at(struct view *view, const char *namespace, bool selecting)
{
        auto_json struct json_object *all = bag_objects(view->bag, ISTIO_SECURITY, KIND, namespace);
        struct json_object *first = NULL;

        for (size_t i = 0; i < doc_len(all, ""); i++) {
                struct json_object *peer = doc_item(all, i), *selector = doc_at(peer, "spec.selector.matchLabels");
                bool selects = selector && json_object_object_length(selector) > 0;
                if (selects != selecting || (selecting && !select_labels(selector, view->server_labels)))
                        continue;
                if (first) {
                        char ref[REF_MAX];
                        ref_format(ref, KIND, peer);
                        put_shadowed(view, "mtls.server", ref, "an older one has the same scope");
                } else {
                        first = peer;
                }
                put_inventory(view, KIND, peer, "matched");
        }
        return first;
}

/* A mode that says something: UNSET inherits. */
static const char *mode_at(struct json_object *peer, const char *path)
{
        const char *mode = doc_text(peer, path);

        return text_equal(mode, "UNSET") ? NULL : mode;
}

struct demand {
        const char *mode, *field;
        struct json_object *peer;
        char port_field[FIELD_MAX];
};

static void demand_from(struct demand *demand, struct json_object *peer)
{
        const char *mode = mode_at(peer, "spec.mtls.mode");

        if (mode)
                *demand = (struct demand){.mode = mode, .field = "spec.mtls.mode", .peer = peer};
}

/* Only an object that selects workloads has a say about ports, and its ports are the container's. */
static void demand_of_port(struct demand *demand, const struct view *view, struct json_object *peer)
{
        char path[64];

        snprintf(path, sizeof path, "spec.portLevelMtls[\"%d\"].mode", view->target_port);
        const char *mode = mode_at(peer, path);
        if (!mode)
                return;
        demand->mode = mode;
        demand->peer = peer;
        snprintf(demand->port_field, sizeof demand->port_field, "%s", path);
        demand->field = demand->port_field;
}

static void note_useless_ports(struct view *view, struct json_object *peer)
{
        char ref[REF_MAX];
        struct json_object *ports = doc_at(peer, "spec.portLevelMtls");

        if (!ports || json_object_object_length(ports) == 0)
                return;
        ref_format(ref, KIND, peer);
        put_inert(view, "mtls.server", ref, "spec.portLevelMtls counts only beside a selector");
}

/* Mesh-wide, then namespace, then workload, then port: the narrowest that says something. */
static bool demand_decide(struct view *view, struct demand *demand)
{
        const char *reason;
        bool in_root = strcmp(view->root_namespace, view->target_namespace) == 0;

        *demand = (struct demand){.mode = "PERMISSIVE"};
        if (!*view->root_namespace) {
                put_unknown(view, "mtls.server", "root namespace not known");
                return false;
        }
        if (!istio_was_read(view, KIND, view->target_namespace, &reason) || !istio_was_read(view, KIND, view->root_namespace, &reason)) {
                put_unknown(view, "mtls.server", reason);
                return false;
        }
        struct json_object *mesh = peer_at(view, view->root_namespace, false), *own = in_root ? NULL : peer_at(view, view->target_namespace, false);
        struct json_object *workload = in_root ? NULL : peer_at(view, view->target_namespace, true);
        demand_from(demand, mesh);
        note_useless_ports(view, mesh);
        demand_from(demand, own);
        note_useless_ports(view, own);
        demand_from(demand, workload);
        if (workload && !view->target_port && doc_at(workload, "spec.portLevelMtls")) {
                put_unknown(view, "mtls.server", "target port not known");
                return false;
        }
        demand_of_port(demand, view, workload);
        return true;
}

static void put_demand(struct view *view, const struct demand *demand)
{
        char ref[REF_MAX];

        if (!demand->peer) {
                put_text(view, "mtls.server", demand->mode, ORIGIN_DEFAULT("no PeerAuthentication applies"));
                return;
        }
        ref_format(ref, KIND, demand->peer);
        put_inventory(view, KIND, demand->peer, "effective");
        put_text(view, "mtls.server", demand->mode, (struct origin){.kind = "object", .ref = ref, .field = demand->field});
}

void istio_mtls(struct view *view)
{
        struct demand demand;

        if (demand_decide(view, &demand))
                put_demand(view, &demand);
}
