/* SPDX-License-Identifier: Apache-2.0
 *
 * The Sidecar resource that is in effect for the client: what it does not import has no policy for it.
 * Source: istio.io, Sidecar. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/istio.h"

#define KIND "Sidecar"

static struct json_object *sidecar_at(struct view *view, const char *namespace, bool selecting)
{
        auto_json struct json_object *all = bag_objects(view->bag, ISTIO_NETWORKING, KIND, namespace);

        for (size_t i = 0; i < doc_len(all, ""); i++) {
                struct json_object *sidecar = doc_item(all, i), *labels = doc_at(sidecar, "spec.workloadSelector.labels");
                bool selects = labels && select_count(labels) > 0;
                if (selects == selecting && (!selecting || select_labels(labels, view->client_labels)))
                        return sidecar;
        }
        return NULL;
}

bool istio_sidecar_imports(const struct istio *istio, const char *namespace, const char *host)
{
        struct json_object *egress = doc_at(istio->sidecar, "spec.egress");

        for (size_t i = 0; i < doc_len(egress, ""); i++) {
                struct json_object *hosts = doc_at(doc_item(egress, i), "hosts");
                for (size_t j = 0; j < doc_len(hosts, ""); j++) {
                        const char *entry = json_object_get_string(doc_item(hosts, j)), *slash = entry ? strchr(entry, '/') : NULL;
                        if (!slash)
                                continue;
                        size_t len = (size_t)(slash - entry);
                        bool fits = (len == 1 && *entry == '*') ||
                                    (len == 1 && *entry == '.' && text_equal(namespace, istio->view->client_namespace)) ||
                                    (strlen(namespace) == len && strncmp(entry, namespace, len) == 0);
                        if (fits && istio_host_fits(slash + 1, host) > 0)
                                return true;
                }
        }
        return doc_len(egress, "") == 0; /* without a list everything is imported */
}

/* The policies that count without the service: it is reached as any address outside, or not at all. */
static void put_not_imported(struct istio *istio, const char *ref)
{
        struct view *view = istio->view;
        const char *mode = doc_text(istio->sidecar, "spec.outboundTrafficPolicy.mode");
        const char *whole = doc_text(view->config, "outboundTrafficPolicy.mode");

        mode = mode ? mode : whole ? whole : "ALLOW_ANY";
        bool blocked = strcmp(mode, "REGISTRY_ONLY") == 0;
        istio->client = ISTIO_SIDE_BARE;
        istio->client_reason = "the client's Sidecar does not import the service";
        put_finding(view, "NotImported", blocked ? "error" : "warn", ref, "the client's Sidecar does not import %s: requests %s", view->host,
                    blocked ? "are refused (REGISTRY_ONLY)" : "pass through without any policy");
}

void istio_sidecar(struct istio *istio)
{
        struct view *view = istio->view;
        const char *reason = NULL;
        char ref[REF_MAX];

        istio->imported = true;
        if (istio->client != ISTIO_SIDE_PROXY || istio->waypoint)
                return;
        if (!istio_was_read(view, KIND, view->client_namespace, &reason) || !istio_was_read(view, KIND, view->root_namespace, &reason)) {
                put_unknown(view, "egress.imported", reason);
                return;
        }
        struct json_object *sidecar = sidecar_at(view, view->client_namespace, true);
        sidecar = sidecar ? sidecar : sidecar_at(view, view->client_namespace, false);
        sidecar = sidecar ? sidecar : sidecar_at(view, view->root_namespace, false);
        if (!sidecar) {
                put_bool(view, "egress.imported", true, ORIGIN_DEFAULT("no Sidecar applies"));
                return;
        }
        istio->sidecar = json_object_get(sidecar);
        ref_format(ref, KIND, sidecar);
        put_inventory(view, KIND, sidecar, "effective");
        istio->imported = istio_sidecar_imports(istio, view->target_namespace, view->host);
        put_bool(view, "egress.imported", istio->imported, (struct origin){.kind = "object", .ref = ref, .field = "spec.egress"});
        if (!istio->imported)
                put_not_imported(istio, ref);
}
