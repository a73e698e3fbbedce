/* SPDX-License-Identifier: Apache-2.0
 *
 * A target that is no Service: whether the mesh knows its host, by a ServiceEntry. Sources: istio.io, ServiceEntry (hosts, ports, exportTo,
 * location); Accessing External Services (outboundTrafficPolicy). */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/istio.h"

#define KIND "ServiceEntry"

static struct json_object *port_of(struct json_object *entry, int32_t port)
{
        struct json_object *ports = doc_at(entry, "spec.ports");

        for (size_t i = 0; i < doc_len(ports, ""); i++)
                if (doc_int(doc_item(ports, i), "number", -1) == port)
                        return doc_item(ports, i);
        return NULL;
}

static int host_fit(const struct view *view, struct json_object *entry)
{
        struct json_object *hosts = doc_at(entry, "spec.hosts");
        int best = 0;

        for (size_t i = 0; i < doc_len(hosts, ""); i++) {
                const char *host = json_object_get_string(doc_item(hosts, i));
                int fit = host ? istio_host_fits(host, view->host) : 0;
                best = fit > best ? fit : best;
        }
        return best;
}

/* The oldest with the most exact host that the client sees. Borrowed, NULL: none. */
static struct json_object *entry_of(const struct istio *istio)
{
        const struct view *view = istio->view;
        auto_json struct json_object *all = bag_objects(view->bag, ISTIO_NETWORKING, KIND, NULL);
        struct json_object *best = NULL;
        int best_fit = 0;

        for (size_t i = 0; i < doc_len(all, ""); i++) {
                struct json_object *entry = doc_item(all, i);
                int fit = host_fit(view, entry);
                if (fit <= best_fit || !port_of(entry, view->port) || !istio_is_exported(istio, entry, "defaultServiceExportTo"))
                        continue;
                best = entry;
                best_fit = fit;
        }
        return best;
}

static void put_passing(struct istio *istio)
{
        struct view *view = istio->view;
        const char *mode = doc_text(istio->sidecar, "spec.outboundTrafficPolicy.mode"), *whole = doc_text(view->config, "outboundTrafficPolicy.mode");
        bool blocked = text_equal(mode ? mode : whole, "REGISTRY_ONLY");

        istio->client = ISTIO_SIDE_BARE;
        istio->client_reason = "no ServiceEntry names the host: requests pass the proxy without any policy";
        if (blocked)
                put_finding(view, "HostUnknown", "error", NULL, "no ServiceEntry names %.253s at port %d: requests are refused (REGISTRY_ONLY)", view->host,
                            view->port);
}

void istio_external(struct istio *istio)
{
        struct view *view = istio->view;
        const char *reason;
        char word[16] = "";

        if (istio->client == ISTIO_SIDE_PROXY && !istio_was_read(view, KIND, NULL, &reason)) {
                istio->client = ISTIO_SIDE_UNKNOWN;
                istio->client_reason = "ServiceEntries that may name the host were not read";
                return;
        }
        istio->entry = entry_of(istio);
        if (!istio->entry) {
                if (istio->client == ISTIO_SIDE_PROXY)
                        put_passing(istio);
                return;
        }
        const char *protocol = doc_text(port_of(istio->entry, view->port), "protocol");
        for (size_t i = 0; protocol && protocol[i] && i < sizeof word - 1; i++)
                word[i] = (char)tolower((unsigned char)protocol[i]);
        put_inventory(view, KIND, istio->entry, "effective");
        istio_take_protocol(view, word, KIND);
}
