/* SPDX-License-Identifier: Apache-2.0
 *
 * The order in which Istio's policies are looked at for the pair. */
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

bool istio_config_bool(const struct view *view, const char *path, bool otherwise)
{
        return doc_bool(view->config, path, otherwise);
}

/* appProtocol wins over the port's name, whose prefix counts up to the first "-"; with neither, the proxies look at the bytes.
 * Source: istio.io, Protocol Selection. */
static void set_protocol(struct view *view)
{
        static const char *const known[] = {"http", "http2", "grpc", "grpc-web", "https", "tls", "tcp", "mongo", "mysql", "redis", "udp"};
        struct json_object *port = view_service_port(view);
        const char *application = doc_text(port, "appProtocol"), *name = doc_text(port, "name");
        const char *sources[] = {application, name};

        for (size_t s = 0; s < ARRAY_LEN(sources); s++) {
                const char *best = NULL;
                for (size_t i = 0; sources[s] && i < ARRAY_LEN(known); i++) {
                        size_t len = strlen(known[i]);
                        bool ends = !sources[s][len] || (s == 1 && sources[s][len] == '-');
                        if (text_starts(sources[s], known[i]) && strlen(sources[s]) >= len && ends && (!best || len > strlen(best)))
                                best = known[i];
                }
                if (text_equal(application, "kubernetes.io/h2c") && s == 0)
                        best = "http2";
                if (best) {
                        view_set_protocol(view, best, s == 0 ? "appProtocol" : "portName");
                        return;
                }
        }
        if (port)
                view_set_protocol(view, "sniffed", "sniffing");
        else
                view_set_protocol(view, MESH_UNKNOWN, view->question->service ? "no such port" : "no Service");
}

void istio_resolve(struct view *view)
{
        set_protocol(view);
        if (!view->config)
                put_missed(view, "meshConfig", *view->control_namespace ? "NotRead" : "NoControlPlane");
        istio_mtls(view);
}
