/* SPDX-License-Identifier: Apache-2.0
 *
 * Istio's chapters. What a policy means is read as istiod reads it; each chapter names its documents. Inside of pkg/mesh. */
#pragma once

#include "mesh/parts.h"

#define ISTIO_NETWORKING "networking.istio.io"
#define ISTIO_SECURITY "security.istio.io"
#define ISTIO_TELEMETRY "telemetry.istio.io"
#define ISTIO_EXTENSIONS "extensions.istio.io"
#define ISTIO_SOME_PODS "an object selects some of the target's pods"
#define ISTIO_NEEDS_WAYPOINT "needs a waypoint"

/* What the client's side of the pair looks like to the policies. */
enum istio_side {
        ISTIO_SIDE_PROXY,   /* a sidecar decides, or the target's waypoint */
        ISTIO_SIDE_BARE,    /* nothing of the mesh touches the request on its way out */
        ISTIO_SIDE_UNKNOWN,
};

struct istio {
        struct view *view;
        enum istio_side client;
        const char *client_reason; /* why it is bare or unknown */
        bool ambient;              /* the client's connections go through its node's ztunnel */
        struct json_object *waypoint; /* the Gateway that decides in place of a sidecar, or NULL; borrowed */
        struct json_object *entry; /* the ServiceEntry of a target that is no Service, or NULL; borrowed */
        bool several;              /* VirtualServices for the host, which a waypoint merges */
        const char *seat;          /* namespace of the proxy that decides: the client's own, or the waypoint's */
        bool http;                 /* the port is treated as HTTP, or would be after sniffing */
        int minor;                 /* of the control plane's version 1.x; 0: not known */
        bool imported;             /* the client's Sidecar knows the service */
        struct json_object *sidecar; /* the Sidecar in effect for the client, or NULL; owned */
        struct json_object *backends; /* [{"host", "subset", "port", "weight"}]: where requests go; owned; NULL: not known */
};

void istio_resolve(struct view *view);
void istio_proxies(const struct mesh_bag *bag, const struct mesh_question *question, struct json_object *snapshot, struct mesh_proxies *proxies);
/* Whether the injector would add a sidecar; a pod that is asked into the mesh otherwise becomes ambient. */
enum intent istio_sidecar_intent(const struct view *view, struct json_object *pod, struct json_object *namespace);

/* istio_scope.c: reading, names and visibility */
bool istio_was_read(const struct view *view, const char *kind, const char *namespace, const char **ret_reason);
/* The full name of a host as an object of 'namespace' writes it: only names without a dot are completed. */
void istio_host_full(const struct view *view, const char *host, const char *namespace, char full[static HOST_MAX]);
/* How exactly a rule's full host ("*.shop.svc…" or a name) fits: 0 not at all, more is more exact, an equal name beats all. */
int istio_host_fits(const char *rule_host, const char *host);
/* Whether an object is visible where the proxy sits that decides; 'config_key' is the mesh's default ("defaultVirtualServiceExportTo", …). */
bool istio_is_exported(const struct istio *istio, struct json_object *object, const char *config_key);
/* The namespace in "name.namespace.svc.domain"; false: it is no such name. */
bool istio_host_namespace(const char *host, char namespace[static MESH_NAME_MAX]);
/* The value of an environment variable of istiod; NULL: not set or not known. */
const char *istio_pilot_env(const struct view *view, const char *name);

/* How requests are let in. */
enum istio_gate {
        ISTIO_GATE_NONE,    /* no pod of the target is in the mesh */
        ISTIO_GATE_SIDECAR,
        ISTIO_GATE_ZTUNNEL, /* all pods are ambient: their nodes' ztunnels, behind a waypoint if there is one */
        ISTIO_GATE_UNKNOWN, /* the pods differ, or are not known */
};
enum istio_gate istio_gate_of(const struct view *view);
/* Why the client's own proxy has no settings, or why nobody knows; NULL: it is a sidecar. */
const char *istio_client_reason(const struct istio *istio);
/* Why settings of the server's proxy are unknown (*ret_known false) or there are none; NULL: sidecars have them. */
const char *istio_server_reason(const struct istio *istio, bool *ret_known);

/* istio_external.c: for a target that is no Service, sets 'entry', or says what becomes of requests without. */
void istio_external(struct istio *istio);
/* A word of the API or of a port's name as the protocol; what is none of Istio's is unknown. */
void istio_take_protocol(struct view *view, const char *word, const char *source);

/* istio_waypoint.c: for a client in ambient, sets 'waypoint' and 'seat', or says why there is none (*ret_bare) or why nobody knows. */
void istio_waypoint(struct istio *istio, const char **ret_bare, const char **ret_unknown);
struct json_object *istio_targets(struct json_object *policy); /* its targetRefs as an array, new reference; NULL: it has none */
/* Whether one of them is the waypoint, the Service, or in the root namespace the class of all waypoints. */
bool istio_attaches(const struct istio *istio, struct json_object *policy);

/* istio_sidecar.c: which Sidecar is in effect, and what it lets the client see */
void istio_sidecar(struct istio *istio);
bool istio_sidecar_imports(const struct istio *istio, const char *namespace, const char *host);

/* istio_match.c: whether a match of a route fits the load */
enum istio_fit {ISTIO_FIT_NO, ISTIO_FIT_MAYBE, ISTIO_FIT_YES};
enum istio_fit istio_matches(const struct istio *istio, struct json_object *match_list);

void istio_route(struct istio *istio);       /* timeouts, retries, faults, mirrors, split */
void istio_destination(struct istio *istio); /* connection pool, outlier detection, load balancing, the client's TLS */
void istio_mtls(struct istio *istio); /* after istio_destination */
bool istio_outbound_is_excluded(const struct view *view); /* the client's proxy does not see the port */
void istio_authz(struct istio *istio);
void istio_extensions(struct istio *istio);
void istio_telemetry(struct istio *istio);

/* sheet.c: answers that may differ between the routes or subsets that a load can hit. A sheet is {key: {"value", "origin"}}. */
void sheet_set(struct json_object *sheet, const char *key, struct json_object *value, struct origin origin); /* takes value */
/* Puts what all sheets of the array agree on; where they differ the key is unknown, and 'what' is named ("requests", "subsets"). */
void sheets_put(struct view *view, struct json_object *sheets, const char *what);
