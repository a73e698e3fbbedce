/* SPDX-License-Identifier: Apache-2.0
 *
 * The order in which Istio's policies are looked at for the pair. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/istio.h"

static const char *const protocols[] = {"http", "http2", "grpc", "grpc-web", "https", "tls", "tcp", "mongo", "mysql", "redis", "udp"};

/* The longest known name that the text is, or that it begins with before a "-". */
static const char *protocol_named(const char *text, bool prefix)
{
        const char *best = NULL;

        for (size_t i = 0; text && i < ARRAY_LEN(protocols); i++) {
                size_t len = strlen(protocols[i]);
                if (text_starts(text, protocols[i]) && (!text[len] || (prefix && text[len] == '-')) && (!best || len > strlen(best)))
                        best = protocols[i];
        }
        return best;
}

/* appProtocol wins over the port's name; with neither, the proxies look at the bytes. Source: istio.io, Protocol Selection. */
static void set_protocol(struct view *view)
{
        struct json_object *port = view_service_port(view);
        const char *application = doc_text(port, "appProtocol");
        const char *by_application = text_equal(application, "kubernetes.io/h2c") ? "http2" : protocol_named(application, false);
        const char *by_name = protocol_named(doc_text(port, "name"), true);

        if (by_application)
                view_set_protocol(view, by_application, "appProtocol");
        else if (by_name)
                view_set_protocol(view, by_name, "portName");
        else if (port)
                view_set_protocol(view, "sniffed", "sniffing");
        else
                view_set_protocol(view, MESH_UNKNOWN, view->question->service ? "no such port" : "no Service");
}

void istio_take_protocol(struct view *view, const char *word, const char *source)
{
        const char *named = protocol_named(word, false);

        view_set_protocol(view, named ? named : MESH_UNKNOWN, source);
}

static bool is_http(const char *protocol)
{
        static const char *const http[] = {"http", "http2", "grpc", "grpc-web", "sniffed"};

        for (size_t i = 0; i < ARRAY_LEN(http); i++)
                if (text_equal(protocol, http[i]))
                        return true;
        return false;
}

/* By what the pod is; of a template, by what it asks for. */
static bool is_ambient(const struct view *view)
{
        struct json_object *namespace = bag_object(view->bag, "", "Namespace", NULL, view->client_namespace);

        if (view->client_known)
                return text_equal(doc_text(view->snapshot, "membership.client.mode"), "ambient");
        return istio_sidecar_intent(view, view->question->client, namespace) != INTENT_YES;
}

/* Whether a proxy of the client's decides, or one that its node's ztunnel sends everything to. */
static void decide_client(struct istio *istio)
{
        struct view *view = istio->view;
        const char *bare, *unknown;

        view_client_side(view, &bare, &unknown);
        istio->ambient = !bare && !unknown && is_ambient(view);
        if (istio->ambient) {
                istio_waypoint(istio, &bare, &unknown);
        } else if (!bare && !unknown && istio_outbound_is_excluded(view)) {
                bare = "the client keeps the port from its proxy (excludeOutboundPorts)";
        }
        istio->client = bare ? ISTIO_SIDE_BARE : unknown ? ISTIO_SIDE_UNKNOWN : ISTIO_SIDE_PROXY;
        istio->client_reason = bare ? bare : unknown;
}

/* The 30 of "1.30.3"; 0 for what is no release. */
static int minor_of(const char *version)
{
        int major = 0, minor = 0;

        return version && sscanf(version, "%d.%d", &major, &minor) == 2 && major == 1 && minor > 0 && minor < 1000 ? minor : 0;
}

void istio_resolve(struct view *view)
{
        struct istio istio = {.view = view, .seat = view->client_namespace, .minor = minor_of(doc_text(view->snapshot, "version"))};

        bool external = !view->question->service && *view->host;

        set_protocol(view);
        if (!view->config)
                put_missed(view, "meshConfig", *view->control_namespace ? "NotRead" : "NoControlPlane");
        decide_client(&istio);
        if (external)
                istio_external(&istio);
        else
                istio_sidecar(&istio);
        istio.imported = true;
        istio.http = is_http(view->protocol);
        istio_route(&istio);
        istio_destination(&istio);
        istio_mtls(&istio);
        istio_authz(&istio);
        istio_telemetry(&istio);
        istio_extensions(&istio);
        json_object_put(istio.sidecar);
        json_object_put(istio.backends);
}
