/* SPDX-License-Identifier: Apache-2.0
 *
 * What the meshes' files share: the table each of them is, the view they read and the snapshot they write into. Inside of pkg/mesh. */
#pragma once

#include "mesh/bag.h"

#define REF_MAX 600
#define FIELD_MAX 256
#define HOST_MAX 512

/* The pair, and what was found out about its mesh so far. Borrows from bag and question. */
struct view {
        const struct mesh_bag *bag;
        const struct mesh_question *question;
        struct json_object *snapshot;
        const struct mesh_table *table;      /* of the mesh that decides; NULL: none */
        struct json_object *client_labels;   /* of its pod or template, may be NULL */
        const char *client_namespace, *target_namespace, *service_name; /* never NULL, "" if not known */
        const char *control_namespace, *root_namespace; /* "" if not known */
        const char *revision;                /* "" if not known */
        char host[HOST_MAX];                 /* the Service's full name, "" without a Service */
        int32_t port, target_port;           /* 0: not known */
        const char *protocol;                /* "http", "http2", "grpc", "tcp", "tls", … or MESH_UNKNOWN */
        struct json_object *config;          /* mesh config as a document, NULL: not known; owned */
        bool client_meshed, server_meshed;   /* facts, where known (see *_known) */
        bool client_known, server_known;
};

/* A control-plane workload, recognised by one label, wherever it runs. */
struct control_row {
        const char *kind;           /* "Deployment", "DaemonSet", "StatefulSet" */
        const char *label, *value;
        const char *container;      /* whose image tells the version; NULL: the first */
        const char *revision_label; /* NULL: the mesh has no revisions */
        const char *mode;           /* a mode that this workload adds to the mesh ("ambient"), or NULL */
};

/* How a pod of the mesh looks. All that is given has to be there. */
struct proxy_row {
        const char *mode;
        const char *container;           /* name of the proxy, also among init containers; NULL: no proxy in the pod */
        const char *annotation, *value;  /* value NULL: any */
        const char *label;
        const char *image;               /* a part of the container's image, or NULL */
        const char *not_label;           /* a pod with this label is something else (a gateway, ztunnel) */
        const char *not_value;           /* NULL: any value */
        const char *revision;            /* annotation that tells the revision, or NULL */
        const char *version;             /* annotation that tells the proxy's version, or NULL: the image does */
};

enum intent {INTENT_NO, INTENT_YES, INTENT_UNKNOWN};

/* A mesh: one file defines one of these. Adding a mesh is adding its file, and its row in table.c. */
struct mesh_table {
        enum mesh_type type;
        const char *name;
        const char *groups[4];       /* API groups; without any, its workloads are always looked for */
        const char *mode;            /* of a control plane that says nothing else */
        bool external;               /* knows targets that are no Services, by their host */
        bool node_proxy;             /* no pod shows it: when it runs it decides for all that no other mesh has */
        const struct mesh_resource *resources;
        size_t resources_len;
        const struct control_row *controls; /* ends with kind NULL */
        const struct proxy_row *proxies;    /* ends with mode NULL */
        /* Would a new pod like this be in the mesh? 'namespace' is the Namespace object or NULL. May be NULL itself. */
        enum intent (*intent)(const struct view *view, struct json_object *pod, struct json_object *namespace);
        /* A mesh that is asked for by annotations of the target's Service. May be NULL. */
        bool (*claims)(struct json_object *service);
        /* Threads of the proxy, its "concurrency": by an annotation of the pod, or by what its container says, which sets it. Both
         * may be NULL. */
        const char *threads_annotation;
        void (*threads)(struct json_object *proxy, struct json_object *container);
        /* Where the mesh keeps global policies, and its configuration. May be NULL. */
        void (*configure)(struct view *view);
        /* Proxies of the pair that are in none of its pods. May be NULL. */
        void (*proxies_between)(const struct mesh_bag *bag, const struct mesh_question *question, struct json_object *snapshot,
                                struct mesh_proxies *proxies);
        /* Policies of the pair into the snapshot. NULL: the mesh is recognised, and its policies are "unknown". */
        void (*resolve)(struct view *view);
};

extern const struct mesh_table mesh_istio, mesh_linkerd, mesh_consul, mesh_kuma, mesh_cilium, mesh_osm, mesh_nginx, mesh_app_mesh, mesh_traefik;
const struct mesh_table *mesh_table_of(enum mesh_type type);
const struct mesh_resource *table_row(const struct mesh_table *table, const char *kind); /* NULL: no such row */
bool table_serves(const struct mesh_bag *bag, const struct mesh_table *table); /* the API server has one of its groups */

/* What every mesh needs from the cluster: its row list begins with these (see table.c). */
#define MESH_NAMESPACES                                                                                          \
        {.group = "", .versions = {"v1"}, .plural = "namespaces", .kind = "Namespace", .at = MESH_AT_CLUSTER,    \
         .own_names = true}
#define MESH_WORKLOADS(kind_, plural_, selector_)                                                                \
        {.group = "apps", .versions = {"v1"}, .plural = plural_, .kind = kind_, .at = MESH_AT_EVERY, .selector = selector_}
#define MESH_WEBHOOKS(selector_)                                                                                 \
        {.group = "admissionregistration.k8s.io", .versions = {"v1"}, .plural = "mutatingwebhookconfigurations", \
         .kind = "MutatingWebhookConfiguration", .at = MESH_AT_CLUSTER, .selector = selector_}

/* view.c */
void view_begin(struct view *view, const struct mesh_bag *bag, const struct mesh_question *question);
void view_configure(struct view *view, const struct mesh_table *table); /* namespaces, revision and configuration of this mesh */
void view_done(struct view *view);
/* The Service's port that the question is about, NULL: none. Borrowed. */
struct json_object *view_service_port(const struct view *view);
/* What the mesh takes the port for, and why it does ("appProtocol", "portName", …). */
void view_set_protocol(struct view *view, const char *protocol, const char *source);

/* Whether a proxy of the client's has a say in its requests: *ret_bare says why not, *ret_unknown why nobody knows; else both are NULL. A
 * template is taken for what its labels ask for. */
void view_client_side(const struct view *view, const char **ret_bare, const char **ret_unknown);

/* detect.c */
void detect_meshes(struct view *view);                      /* "meshes" */
const struct mesh_table *detect_decider(struct view *view); /* the mesh of the client, else of the server; NULL: none */
/* The first control-plane workload of this mesh (with this revision, if not NULL). Borrowed, NULL: none was seen. */
struct json_object *detect_control(const struct mesh_bag *bag, const struct mesh_table *table, const char *revision);
void detect_version(const char *image, struct json_object *labels, char *version, size_t size); /* "" if neither tells */

/* member.c */
void member_client(struct view *view);
void member_server(struct view *view);
/* Sets "concurrency". NULL or no number: "unknown", an installation's default counts, which nothing here shows. */
void member_threads(struct json_object *proxy, const char *asked);
/* The row that fits the pod as it is, NULL: it is not in this mesh. */
const struct proxy_row *member_row(const struct mesh_table *table, struct json_object *pod);
/* The proxy container of the pod; *ret_native: it is an init container that restarts. */
struct json_object *member_proxy(const struct proxy_row *row, struct json_object *pod, bool *ret_native);

/* select.c: label selectors of Kubernetes */
bool select_labels(struct json_object *match_labels, struct json_object *labels);  /* all of them; NULL or {} fits everything */
bool select_matches(struct json_object *selector, struct json_object *labels);     /* matchLabels and matchExpressions */
/* Whether the labels fit the pods of the array: 1 all, 0 none, -1 some of them. */
int select_pods(struct json_object *match_labels, struct json_object *pods);
int select_pods_matching(struct json_object *selector, struct json_object *pods); /* by a whole selector */
int select_count(struct json_object *map);                                         /* members; 0 for what is no object */
const char *select_label(struct json_object *object, const char *key);             /* metadata.labels[key] */
const char *select_annotation(struct json_object *object, const char *key);
const char *select_variable(struct json_object *container, const char *name);      /* value of env[name] */

/* snapshot.c: writing */
struct origin {
        const char *kind; /* "object", "meshConfig", "proxyConfig", "default", "unknown" */
        const char *ref, *field, *reason;
};
#define ORIGIN_DEFAULT(reason_) ((struct origin){.kind = "default", .reason = (reason_)})
#define ORIGIN_UNKNOWN(reason_) ((struct origin){.kind = "unknown", .reason = (reason_)})
#define ORIGIN_CONFIG(field_) ((struct origin){.kind = "meshConfig", .field = (field_)})

/* 'value' is taken; NULL: none, no limit. An unknown origin needs no value. Putting a key twice replaces it; its shadowed and inert stay. */
void put_policy(struct view *view, const char *key, struct json_object *value, struct origin origin);
void put_int(struct view *view, const char *key, int64_t value, struct origin origin);
void put_text(struct view *view, const char *key, const char *value, struct origin origin);
void put_bool(struct view *view, const char *key, bool value, struct origin origin);
void put_unknown(struct view *view, const char *key, const char *reason);
/* Objects that matched and lost, or that cannot have an effect; key NULL: of the pair as a whole. */
void put_shadowed(struct view *view, const char *key, const char *ref, const char *reason);
void put_inert(struct view *view, const char *key, const char *ref, const char *reason);
void put_finding(struct view *view, const char *code, const char *severity, const char *ref, const char *format, ...)
        __attribute__((format(printf, 5, 6)));
void put_missed(struct view *view, const char *path, const char *reason); /* "unknown" */
/* An object that was looked at for the pair; a stronger relevance replaces a weaker one. */
void put_inventory(struct view *view, const char *kind, struct json_object *object, const char *relevance);
void snapshot_finish(struct json_object *snapshot); /* sorts and hashes */

void ref_format(char ref[static REF_MAX], const char *kind, struct json_object *object);
void put_null(struct json_object *object, const char *key);

/* quantity.c: all dialects of durations ("1.5s", "1m30s", "200ms", milliseconds as a number) in microseconds; false: not one. */
bool quantity_us(struct json_object *value, int64_t *ret_us);
bool quantity_milli(const char *text, int64_t *ret_milli); /* CPU */
bool quantity_bytes(const char *text, int64_t *ret_bytes);
/* A number or its text ("5", 2.5) times 'scale', rounded; false: not one, or out of range. */
bool quantity_scaled(struct json_object *value, double scale, int64_t *ret_value);
/* The same of a text that is no JSON: an annotation, a variable. */
bool quantity_text_us(const char *text, int64_t *ret_us);
bool quantity_text_scaled(const char *text, double scale, int64_t *ret_value);
