/* SPDX-License-Identifier: Apache-2.0
 *
 * Names, visibility and what was read. Sources: istio.io, VirtualService and DestinationRule (host, exportTo), Global Mesh Options. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/istio.h"

bool istio_was_read(const struct view *view, const char *kind, const char *namespace, const char **ret_reason)
{
        const struct mesh_resource *row = table_row(&mesh_istio, kind);
        enum mesh_miss why = MESH_NOT_READ;

        if (row && bag_was_read(view->bag, row, namespace, &why))
                return true;
        *ret_reason = mesh_miss_name(why);
        return false;
}

void istio_host_full(const struct view *view, const char *host, const char *namespace, char full[static HOST_MAX])
{
        const char *domain = view->question->cluster_domain ? view->question->cluster_domain : "cluster.local";

        if (!strchr(host, '.') && strcmp(host, "*") != 0)
                snprintf(full, HOST_MAX, "%.200s.%.63s.svc.%.128s", host, namespace, domain);
        else
                snprintf(full, HOST_MAX, "%s", host);
}

#define EXACT 100000

int istio_host_fits(const char *rule_host, const char *host)
{
        size_t rule_len = strlen(rule_host), len = strlen(host);

        if (strcmp(rule_host, host) == 0)
                return EXACT;
        if (rule_host[0] != '*' || rule_len > len)
                return 0;
        /* "*" is a wildcard of length one; "*.shop" must leave something for the star. */
        return strcmp(rule_host + 1, host + len - (rule_len - 1)) == 0 ? (int)rule_len : 0;
}

static bool lists_namespace(struct json_object *list, const char *own, const char *client)
{
        for (size_t i = 0; i < doc_len(list, ""); i++) {
                const char *entry = json_object_get_string(doc_item(list, i));
                if (text_equal(entry, "*") || text_equal(entry, client) || (text_equal(entry, ".") && text_equal(own, client)))
                        return true;
        }
        return false;
}

bool istio_is_exported(const struct istio *istio, struct json_object *object, const char *config_key)
{
        const char *own = doc_text(object, "metadata.namespace");
        struct json_object *list = doc_at(object, "spec.exportTo");

        if (doc_len(list, "") == 0)
                list = doc_at(istio->view->config, config_key);
        return doc_len(list, "") == 0 || lists_namespace(list, own, istio->seat);
}

bool istio_host_namespace(const char *host, char namespace[static MESH_NAME_MAX])
{
        const char *dot = strchr(host, '.'), *end = dot ? strchr(dot + 1, '.') : NULL;

        if (!end || !text_starts(end, ".svc.") || (size_t)(end - dot) >= MESH_NAME_MAX)
                return false;
        snprintf(namespace, MESH_NAME_MAX, "%.*s", (int)(end - dot - 1), dot + 1);
        return true;
}

const char *istio_pilot_env(const struct view *view, const char *name)
{
        struct json_object *control = detect_control(view->bag, &mesh_istio, *view->revision ? view->revision : NULL);
        struct json_object *containers = doc_at(control, "spec.template.spec.containers");

        for (size_t i = 0; i < doc_len(containers, ""); i++) {
                const char *value = select_variable(doc_item(containers, i), name);
                if (value)
                        return value;
        }
        return NULL;
}

enum istio_gate istio_gate_of(const struct view *view)
{
        int64_t ambient = doc_int(view->snapshot, "membership.server.modes.ambient", 0), pods = doc_int(view->snapshot, "membership.server.pods", 0);

        if (!view->server_known || (ambient > 0 && ambient < pods))
                return ISTIO_GATE_UNKNOWN;
        return ambient > 0 ? ISTIO_GATE_ZTUNNEL : view->server_meshed ? ISTIO_GATE_SIDECAR : ISTIO_GATE_NONE;
}

const char *istio_client_reason(const struct istio *istio)
{
        if (istio->ambient)
                return "the client has no proxy of its own";
        return istio->client == ISTIO_SIDE_PROXY ? NULL : istio->client_reason;
}

const char *istio_server_reason(const struct istio *istio, bool *ret_known)
{
        enum istio_gate gate = istio_gate_of(istio->view);

        *ret_known = gate == ISTIO_GATE_SIDECAR || gate == ISTIO_GATE_NONE;
        if (gate == ISTIO_GATE_UNKNOWN)
                return istio->view->server_known ? "some of the target's pods are ambient" : "the target's pods are not known";
        if (gate == ISTIO_GATE_ZTUNNEL)
                return istio->waypoint ? "settings of the waypoint's own are not resolved" : "settings of ztunnel's own are not resolved";
        return gate == ISTIO_GATE_NONE ? "the server is not in the mesh" : NULL;
}
