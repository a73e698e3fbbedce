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
static struct json_object *peer_at(struct view *view, const char *namespace, bool selecting, bool *ret_some)
{
        auto_json struct json_object *all = bag_objects(view->bag, ISTIO_SECURITY, KIND, namespace);
        struct json_object *first = NULL;

        for (size_t i = 0; i < doc_len(all, ""); i++) {
                struct json_object *peer = doc_item(all, i), *selector = doc_at(peer, "spec.selector.matchLabels");
                bool selects = selector && select_count(selector) > 0;
                int fits = !selecting ? 1 : view->server_known ? select_pods(selector, view->question->server_pods) : -1;
                if (selects != selecting || fits == 0)
                        continue;
                *ret_some = *ret_some || fits < 0;
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

        if (!ports || select_count(ports) == 0)
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
        bool some = false;
        struct json_object *mesh = peer_at(view, view->root_namespace, false, &some);
        struct json_object *own = in_root ? NULL : peer_at(view, view->target_namespace, false, &some);
        struct json_object *workload = in_root ? NULL : peer_at(view, view->target_namespace, true, &some);
        if (some) {
                put_unknown(view, "mtls.server", ISTIO_SOME_PODS);
                return false;
        }
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

/* What the pair makes of both sides. NULL: a rule of the table below, but not ours to tell. */
static const struct pairing {
        const char *client;   /* mtls.client; "bare": the client has no proxy */
        const char *server;   /* mtls.server; "unmeshed": the server has no proxy; NULL: any */
        const char *effective;
} pairings[] = {
        {"bare", "unmeshed", "plaintext"},     {"bare", "STRICT", "refused"},         {"bare", NULL, "plaintext"},
        {"auto", "unmeshed", "plaintext"},     {"auto", "DISABLE", "plaintext"},      {"auto", NULL, "mutual"},
        {"none", "STRICT", "refused"},         {"none", NULL, "plaintext"},           {"DISABLE", "STRICT", "refused"},
        {"DISABLE", NULL, "plaintext"},        {"ISTIO_MUTUAL", "unmeshed", "refused"}, {"ISTIO_MUTUAL", "DISABLE", "refused"},
        {"ISTIO_MUTUAL", NULL, "mutual"},      {"SIMPLE", "STRICT", "refused"},       {"SIMPLE", NULL, "tls"},
};

static const char *pair_up(const char *client, const char *server)
{
        for (size_t i = 0; i < ARRAY_LEN(pairings); i++)
                if (text_equal(pairings[i].client, client) && (!pairings[i].server || text_equal(pairings[i].server, server)))
                        return pairings[i].effective;
        return NULL;
}

static bool lists_port(const char *list, int32_t port)
{
        while (list && *list) {
                char *end;
                long one = strtol(list, &end, 10);
                if ((one == port && end > list) || *list == '*')
                        return true;
                list = end + strcspn(end, ",");
                list += *list == ',';
        }
        return false;
}

/* The proxy of the server does not see what its annotations keep from it. */
static bool inbound_is_excluded(const struct view *view)
{
        struct json_object *pod = doc_item(view->question->server_pods, 0);

        return view->target_port && lists_port(select_annotation(pod, "traffic.sidecar.istio.io/excludeInboundPorts"), view->target_port);
}

bool istio_outbound_is_excluded(const struct view *view)
{
        return lists_port(select_annotation(view->question->client, "traffic.sidecar.istio.io/excludeOutboundPorts"), view->port);
}

/* Node proxies speak HBONE to each other, always with mTLS. What they speak to a sidecar depends on what that one was installed with. */
static void put_ambient(struct view *view)
{
        int64_t ambient = doc_int(view->snapshot, "membership.server.modes.ambient", 0), pods = doc_int(view->snapshot, "membership.server.pods", 0);
        int64_t meshed = doc_int(view->snapshot, "membership.server.meshedPods", 0);

        put_text(view, "mtls.client", "HBONE", ORIGIN_DEFAULT("the client's connections go through ztunnel"));
        if (!view->server_known)
                put_unknown(view, "mtls.effective", "the target's pods are not known");
        else if (ambient == pods)
                put_text(view, "mtls.effective", "mutual", ORIGIN_DEFAULT("both ends are redirected to ztunnel"));
        else if (meshed == 0)
                put_text(view, "mtls.effective", "plaintext", ORIGIN_DEFAULT("the server is not in the mesh"));
        else
                put_unknown(view, "mtls.effective", "ztunnel and a sidecar meet");
}

static void put_refused(struct view *view, const char *client, const char *server)
{
        struct json_object *origin = doc_at(mesh_policy(view->snapshot, "mtls.server"), "origin");
        const char *ref = doc_text(origin, "ref");

        if (text_equal(client, "bare"))
                put_finding(view, "PlaintextRefused", "error", ref,
                            "the client is not in the mesh and the server takes only mTLS (%s): connections are reset",
                            ref ? ref : server);
        else
                put_finding(view, "TlsMismatch", "error", ref, "the client's TLS mode %s does not fit the server's %s: connections fail",
                            client, server);
}

/* All pods of the target are alike, or the answer is "mixed". */
static void put_effective(struct view *view, const char *client, const char *demanded)
{
        int64_t pods = doc_int(view->snapshot, "membership.server.pods", 0), meshed = doc_int(view->snapshot, "membership.server.meshedPods", 0);
        bool excluded = inbound_is_excluded(view);
        const char *in_mesh = pair_up(client, excluded && meshed > 0 ? "unmeshed" : demanded), *outside = pair_up(client, "unmeshed");

        if (excluded && meshed > 0) {
                put_finding(view, "InboundExcluded", "warn", NULL, "port %d is kept from the server's proxy (excludeInboundPorts)",
                            view->target_port);
                /* The client goes by the pod's label, and would still offer mTLS. */
                in_mesh = text_equal(client, "auto") && !text_equal(demanded, "DISABLE") ? "refused" : in_mesh;
        }
        const char *effective = meshed == 0 ? outside : meshed == pods ? in_mesh : text_equal(in_mesh, outside) ? in_mesh : "mixed";
        if (!effective) {
                put_unknown(view, "mtls.effective", "the client brings its own certificates");
                return;
        }
        if (text_equal(effective, "refused"))
                put_refused(view, client, meshed == 0 ? "plaintext" : demanded);
        put_text(view, "mtls.effective", effective, ORIGIN_DEFAULT("the client's TLS mode met the server's"));
}

void istio_mtls(struct istio *istio)
{
        struct view *view = istio->view;
        struct demand demand;

        if (demand_decide(view, &demand))
                put_demand(view, &demand);
        const char *client = istio->client == ISTIO_SIDE_BARE ? "bare" : doc_text(mesh_policy(view->snapshot, "mtls.client"), "value");
        const char *server = doc_text(mesh_policy(view->snapshot, "mtls.server"), "value");
        if (istio->ambient)
                put_ambient(view);
        else if (istio->entry && client && pair_up(client, "unmeshed"))
                put_text(view, "mtls.effective", pair_up(client, "unmeshed"), ORIGIN_DEFAULT("the target is outside the mesh"));
        else if (!view->server_known)
                put_unknown(view, "mtls.effective", "the target's pods are not known");
        else if (!client || text_equal(client, MESH_UNKNOWN) || text_equal(server, MESH_UNKNOWN))
                put_unknown(view, "mtls.effective", istio->client == ISTIO_SIDE_UNKNOWN ? istio->client_reason : "a side is not known");
        else
                put_effective(view, client, server);
}
