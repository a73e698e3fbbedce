/* SPDX-License-Identifier: Apache-2.0 */
#include "mesh/client.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

enum where { LABEL = 1, ANNOTATION };

struct mark {
        enum where where; /* 0 ends a list */
        const char *key, *value;
};

#define MARKS_MAX 4

struct client_row {
        const char *type;                 /* as the snapshot names it */
        const char *mode;                 /* of the snapshot, NULL: any */
        struct mark enrolled[MARKS_MAX], excluded[MARKS_MAX];
        struct mark watched[MARKS_MAX];   /* so that its proxy shows what it counts */
        const char *sign;                 /* the annotation that an injector leaves on the pod, NULL: no proxy in the pod */
        const char *native;               /* stands in the sign's value when the proxy ends with the pod by itself */
        int ready_port, quit_port;        /* 0: none */
        const char *ready_path, *quit_path;
        const char *container;            /* the proxy's, also among init containers */
        int metrics_port;
        const char *metrics_path;
};

/* Sources. Istio: label/labels.yaml and annotation/annotations.yaml of istio/api, pilot/cmd/pilot-agent/status/server.go (quitquitquit
 * takes POST from loopback). Linkerd: pkg/k8s/labels.go, graceful-shutdown.md. Consul: connect-inject/constants, consul-dataplane's
 * lifecycle. Kuma: metadata/annotations.go; its control plane ends proxies of Jobs itself. */
static const struct client_row rows[] = {
        {
                .type = "ISTIO",
                .mode = "ambient",
                .enrolled = {{LABEL, "istio.io/dataplane-mode", "ambient"}},
                .excluded = {{LABEL, "istio.io/dataplane-mode", "none"}},
        },
        {
                .type = "ISTIO",
                .enrolled = {{LABEL, "sidecar.istio.io/inject", "true"}},
                .excluded = {{LABEL, "sidecar.istio.io/inject", "false"}},
                /* Istio's default leaves out retries, timeouts, overflows and ejections. */
                .watched = {{ANNOTATION, "proxy.istio.io/config",
                             "proxyStatsMatcher: {inclusionRegexps: ['cluster\\..*\\.(upstream_(rq|cx)_.*|circuit_breakers.*|"
                             "outlier_detection.*|membership_.*|ssl\\.handshake|default\\..*)', 'http\\..*\\.(fault|rbac|downstream_rq).*', "
                             "'.*http_local_rate_limit.*', 'server\\..*']}"}},
                .sign = "sidecar.istio.io/status",
                .native = "\"containers\":null",
                .ready_port = 15021,
                .ready_path = "/healthz/ready",
                .quit_port = 15020,
                .quit_path = "/quitquitquit",
                .container = "istio-proxy",
                .metrics_port = 15090, /* Envoy's own; 15020 would ask the application too */
                .metrics_path = "/stats/prometheus",
        },
        {
                .type = "LINKERD",
                .enrolled = {{ANNOTATION, "linkerd.io/inject", "enabled"},
                             {ANNOTATION, "config.linkerd.io/proxy-enable-native-sidecar", "true"},
                             {ANNOTATION, "config.linkerd.io/proxy-admin-shutdown", "enabled"}},
                .excluded = {{ANNOTATION, "linkerd.io/inject", "disabled"}},
                .sign = "linkerd.io/proxy-version",
                .ready_port = 4191,
                .ready_path = "/ready",
                .quit_port = 4191,
                .quit_path = "/shutdown",
                .container = "linkerd-proxy",
                .metrics_port = 4191,
                .metrics_path = "/metrics",
        },
        {
                .type = "CONSUL",
                .enrolled = {{ANNOTATION, "consul.hashicorp.com/connect-inject", "true"},
                             {ANNOTATION, "consul.hashicorp.com/enable-consul-dataplane-as-sidecar", "true"}},
                .excluded = {{ANNOTATION, "consul.hashicorp.com/connect-inject", "false"}},
                .sign = "consul.hashicorp.com/connect-inject-status",
                .quit_port = 20600,
                .quit_path = "/graceful_shutdown",
                .container = "consul-dataplane",
                .metrics_port = 20200,
                .metrics_path = "/metrics",
        },
        {
                .type = "KUMA",
                .enrolled = {{LABEL, "kuma.io/sidecar-injection", "enabled"}, {ANNOTATION, "kuma.io/wait-for-dataplane-ready", "true"}},
                .excluded = {{LABEL, "kuma.io/sidecar-injection", "disabled"}},
                .container = "kuma-sidecar",
                .metrics_port = 5670,
                .metrics_path = "/metrics",
        },
        {.type = "OPEN_SERVICE_MESH", .excluded = {{ANNOTATION, "openservicemesh.io/sidecar-injection", "disabled"}}},
        {.type = "NGINX_SERVICE_MESH", .excluded = {{ANNOTATION, "injector.nsm.nginx.com/auto-inject", "false"}}},
        {.type = "APP_MESH", .excluded = {{ANNOTATION, "appmesh.k8s.aws/sidecarInjectorWebhook", "disabled"}}},
};

enum mesh_client mesh_client_of(const char *word)
{
        static const char *const words[] = {"inherit", "enrolled", "excluded"};

        for (size_t i = 0; i < ARRAY_LEN(words); i++)
                if (text_equal(word, words[i]))
                        return (enum mesh_client)i;
        return MESH_CLIENT_INHERIT;
}

struct encoding {
        struct json_object *labels, *annotations, *files, *proxies;
};

static void add_marks(const struct encoding *to, const struct mark marks[static MARKS_MAX])
{
        for (size_t i = 0; i < MARKS_MAX && marks[i].where; i++)
                doc_set_text(marks[i].where == LABEL ? to->labels : to->annotations, marks[i].key, marks[i].value);
}

static struct json_object *encode_call(int port, const char *path)
{
        return port > 0 ? doc_set_text(doc_set_int(doc_object(), "port", port), "path", path) : NULL;
}

static void add_proxy(const struct encoding *to, const struct client_row *row)
{
        struct json_object *proxy = doc_object();
        char file[24];

        if (!row->sign) {
                json_object_put(proxy);
                return;
        }
        snprintf(file, sizeof file, "proxy-%d", json_object_object_length(to->files));
        doc_set_text(to->files, file, row->sign);
        doc_set_text(doc_set_text(proxy, "file", file), "native", row->native);
        doc_set(proxy, "ready", encode_call(row->ready_port, row->ready_path));
        doc_push(to->proxies, doc_set(proxy, "quit", encode_call(row->quit_port, row->quit_path)));
}

static bool is_of(const struct client_row *row, struct json_object *snapshot)
{
        const char *type = doc_text(snapshot, "type"), *mode = doc_text(snapshot, "mode");
        bool known = type && !text_equal(type, "NONE") && !text_equal(type, "unknown");

        if (!known)
                return !row->mode;
        if (!text_equal(type, row->type))
                return false;
        return row->mode ? text_equal(mode, row->mode) : !text_equal(mode, "ambient");
}

/* A control plane that is not the default one only injects where it is named. */
static void add_revision(const struct encoding *to, struct json_object *snapshot)
{
        const char *revision = doc_text(snapshot, "revision");

        if (text_equal(doc_text(snapshot, "type"), "ISTIO") && revision && *revision &&
            !text_equal(revision, "default") && !text_equal(revision, "unknown"))
                doc_set_text(to->labels, "istio.io/rev", revision);
}

struct json_object *mesh_client_encode(enum mesh_client wish, struct json_object *snapshot)
{
        const struct encoding to = {doc_object(), doc_object(), doc_object(), doc_array()};
        struct json_object *pod = doc_object();

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                if (wish == MESH_CLIENT_EXCLUDED) {
                        add_marks(&to, rows[i].excluded);
                        continue;
                }
                if (wish == MESH_CLIENT_ENROLLED && is_of(&rows[i], snapshot))
                        add_marks(&to, rows[i].enrolled);
                add_marks(&to, rows[i].watched);
                add_proxy(&to, &rows[i]);
        }
        if (wish == MESH_CLIENT_ENROLLED)
                add_revision(&to, snapshot);
        doc_set(doc_set(pod, "labels", to.labels), "annotations", to.annotations);
        return doc_set(doc_set(pod, "files", to.files), "proxies", to.proxies);
}

static bool has_container(struct json_object *pod, const char *list, const char *name)
{
        struct json_object *containers = doc_at(pod, list);

        for (size_t i = 0; i < doc_len(containers, ""); i++)
                if (text_equal(doc_text(doc_item(containers, i), "name"), name))
                        return true;
        return false;
}

bool mesh_pod_metrics(struct json_object *pod, int *ret_port, const char **ret_path)
{
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                const struct client_row *row = &rows[i];
                if (!row->container || (!has_container(pod, "spec.initContainers", row->container) &&
                                        !has_container(pod, "spec.containers", row->container)))
                        continue;
                *ret_port = row->metrics_port;
                *ret_path = row->metrics_path;
                return true;
        }
        return false;
}
