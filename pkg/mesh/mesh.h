/* SPDX-License-Identifier: Apache-2.0
 *
 * Which service mesh stands between this client and this target, and which of its policies are in effect for the pair. Pure:
 * fed with Kubernetes objects as the API server returned them, it answers with documents; no value is guessed: what could not be
 * read is "unknown" with the reason.
 *
 * How a caller goes about it:
 *
 *   bag = mesh_bag_new();
 *   mesh_bag_groups(bag, <GET /apis>)            or mesh_bag_groups_missed(bag, why)
 *   while ((len = mesh_wants(bag, &question, lists)) > 0)     further lists show up as the control plane becomes known
 *           for each list: GET it, then mesh_bag_add(bag, &list, items) or mesh_bag_miss(bag, &list, why)
 *   snapshot = mesh_resolve(bag, &question);
 *   changes = mesh_diff(before, snapshot);       mesh/diff.h
 *
 * The snapshot ("meshsnapshot/v1"). Integers only: microseconds (…Us), bytes, milli-CPU, parts of 10^4 percent (…E4); a value null
 * means "no limit" or "none", the text "unknown" stands for what nobody could tell.
 *
 *  {"schema", "target": {"namespace", "service", "port", "targetPort", "protocol", "protocolSource"},
 *   "type": "ISTIO" … | "NONE" | "unknown",     the mesh that decides for this pair
 *   "mode": "sidecar" | "ambient" | "node-proxy" | "none" | "unknown",
 *   "version", "revision": control plane that the client (else the server) is connected to; "unknown" if not told
 *   "meshes": [{"type", "present": "running" | "not-ready" | "crds-only" | "unknown", "controlPlane": [{"kind", "namespace", "name", "revision",
 *               "version", "image", "ready"}], "evidence": ["api-group", "workload", "webhook", "pod"]}],   sorted by type
 *   "membership": {"client": member, "server": {"pods", "meshedPods", "modes": {mode: n}, "proxyVersions": {v: n}, "revisions": {r: n},
 *                  "pod": member of the first meshed pod, "waypoint": the ref of one that the client's requests pass}},
 *     member = {"meshed": true | false | "unknown", "intent": true | false | "unknown", "mesh", "mode", "native": proxy is an init container that
 *               restarts, "revision", "proxy": {"container", "image", "version", "concurrency", "cpuRequestMilli", "cpuLimitMilli",
 *               "memRequestBytes", "memLimitBytes"}}
 *   "policies": [{"key", "value", "origin": {"kind": "object" | "meshConfig" | "proxyConfig" | "default" | "unknown", "ref", "field", "reason"},
 *                 "shadowed": [{"ref", "reason"}], "inert": [{"ref", "reason"}]}],    sorted by key
 *   "findings": [{"code", "severity": "info" | "warn" | "error", "ref", "text"}],
 *   "unknown": [{"path", "reason"}],
 *   "inventory": [{"ref", "uid", "specHash", "relevance": "effective" | "matched" | "namespace" | "root"}],
 *   "hashes": {"effective": "sha256:…", "inventory": "sha256:…"}}
 *
 * A ref is "Kind namespace/name" ("VirtualService shop/cart"), a field a path in that object ("spec.http[0].retries.attempts").
 * "effective" covers type, mode, versions, membership, policy values and unknowns, never where a value comes from; "inventory" the specs
 * of all objects that were looked at for the pair. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MESH_LISTS_MAX 128     /* of one mesh_wants() */
#define MESH_NAME_MAX 254      /* Kubernetes names with their NUL */
#define MESH_BAG_OBJECTS_MAX 20000 /* further ones are not looked at; the kind becomes "unknown" (TooMany) */
#define MESH_POLICIES_MAX 128
#define MESH_UNKNOWN "unknown"

/* The names of the Service Mesh Performance specification where it has one. */
enum mesh_type {
        MESH_ISTIO,
        MESH_LINKERD,
        MESH_CONSUL,
        MESH_KUMA,
        MESH_CILIUM,
        MESH_GATEWAY_API, /* not a mesh: objects that several meshes read */
        MESH_OSM,
        MESH_NGINX,
        MESH_APP_MESH,
        MESH_TRAEFIK,
        MESH_TYPES,
};

const char *mesh_type_name(enum mesh_type type); /* "ISTIO", "CILIUM_SERVICE_MESH", … */

/* Where a kind has to be read for the pair; bits. */
enum mesh_place {
        MESH_AT_CLUSTER = 1,  /* the kind has no namespace */
        MESH_AT_EVERY = 2,    /* all namespaces: an object anywhere may be visible to the client */
        MESH_AT_CLIENT = 4,   /* the load generator's namespace */
        MESH_AT_TARGET = 8,
        MESH_AT_ROOT = 16,    /* where the mesh keeps its global policies */
        MESH_AT_CONTROL = 32, /* where the control plane runs */
};

/* A row of a mesh's table: one kind that its resolution reads. */
struct mesh_resource {
        const char *group;       /* "" for the core group */
        const char *versions[3]; /* best first */
        const char *plural, *kind;
        unsigned at;
        const char *selector;    /* label selector that limits the list, or NULL */
        const char *name;        /* this one object instead of a list, or NULL */
        bool name_has_revision;  /* "NAME-REVISION" for each revision other than "default" */
        bool optional;           /* only some versions have the kind: not served means that there is none */
        bool own_names;          /* the caller's own Namespaces: name is the client's and the target's namespace */
};

/* All that a mesh reads; what an aggregated ClusterRole has to allow ("get", "list", "watch"). Static. */
const struct mesh_resource *mesh_resources(enum mesh_type type, size_t *ret_len);

/* One request to the API server. */
struct mesh_list {
        const struct mesh_resource *resource;
        const char *version;
        char namespace[MESH_NAME_MAX]; /* "": all namespaces, or a kind without */
        char name[MESH_NAME_MAX];      /* "": a list */
};

/* Why something could not be read. */
enum mesh_miss {
        MESH_FORBIDDEN,  /* 401, 403 */
        MESH_NOT_SERVED, /* no such kind: 404 on the list, or its group is not among the served ones */
        MESH_FAILED,     /* transport, timeout, 5xx */
        MESH_TOO_MANY,   /* more than the caller or the bag holds */
        MESH_NOT_READ,   /* nobody asked */
        MESH_MISSES,
};

const char *mesh_miss_name(enum mesh_miss miss); /* "Forbidden", "NotServed", … */

struct mesh_question {
        const char *client_namespace;
        struct json_object *client;      /* the generator's Pod as created (fact), or its template {"metadata","spec"} (intent); NULL: unknown */
        const char *target_namespace;
        struct json_object *service;     /* the target's Service, NULL: the target is none */
        const char *host;                /* the name of a target that is no Service; else NULL */
        int32_t port;                    /* of the Service, else of the pods */
        struct json_object *server_pods; /* array of the target's Pods; NULL: unknown */
        struct json_object *request;     /* {"method", "path", "headers": {}} of the load; NULL: of many kinds */
        const char *cluster_domain;      /* NULL: "cluster.local" */
};                                       /* all borrowed for the call */

struct mesh_bag;

struct mesh_bag *mesh_bag_new(void);
struct mesh_bag *mesh_bag_free(struct mesh_bag *bag); /* NULL is fine; returns NULL */

/* The APIGroupList of GET /apis. Once known, only served kinds are wanted, in the version that is served. */
void mesh_bag_groups(struct mesh_bag *bag, struct json_object *group_list);
void mesh_bag_groups_missed(struct mesh_bag *bag, enum mesh_miss why);

/* The answer to a list that mesh_wants() asked for: an array (empty: there are none; for one named object the array holds it, or nothing after
 * 404). Objects need no "kind" of their own. The bag keeps references: do not change them afterwards. */
void mesh_bag_add(struct mesh_bag *bag, const struct mesh_list *list, struct json_object *items);
void mesh_bag_miss(struct mesh_bag *bag, const struct mesh_list *list, enum mesh_miss why);

/* The lists that nobody has answered yet, as far as they can be known now; 0: nothing is missing. Every list is wanted once. */
size_t mesh_wants(const struct mesh_bag *bag, const struct mesh_question *question, struct mesh_list lists[static MESH_LISTS_MAX]);

/* The snapshot (see above). Caller owns. Never fails: what cannot be told is in "unknown". */
struct json_object *mesh_resolve(const struct mesh_bag *bag, const struct mesh_question *question);

/* A proxy in a pod that is neither of the client nor of the target, and carries what goes between them. */
struct mesh_proxy {
        char pod[MESH_NAME_MAX], address[46];
        int port;         /* its page of metrics, Prometheus text */
        const char *path; /* static */
        bool server;      /* at the server's side, else at the client's */
        bool waypoint;    /* between the two; 'server' is false */
};

#define MESH_PROXIES_MAX 12

struct mesh_proxies {
        struct mesh_proxy list[MESH_PROXIES_MAX];
        size_t len;
};

/* Those of the pair as the snapshot has it; *proxies is overwritten. */
void mesh_find_proxies(const struct mesh_bag *bag, const struct mesh_question *question, struct json_object *snapshot, struct mesh_proxies *proxies);

/* The policy with this key in a snapshot, NULL if it has none. Borrowed. */
struct json_object *mesh_policy(struct json_object *snapshot, const char *key);
