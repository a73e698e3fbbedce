/* SPDX-License-Identifier: Apache-2.0
 *
 * Traefik Mesh (maintenance only): recognised by what a Service asks of it, not resolved. Its labels follow the name of its release, and it has
 * no kinds of its own. Source: doc.traefik.io/traefik-mesh, Dynamic Configuration. */
#include <string.h>

#include "base/text.h"
#include "data/doc.h"
#include "mesh/parts.h"

static bool traefik_claims(struct json_object *service)
{
        static const char *const prefixes[] = {"mesh.traefik.io/", "maesh.containo.us/"};
        struct json_object *annotations = doc_at(service, "metadata.annotations");

        if (select_count(annotations) == 0)
                return false;
        json_object_object_foreach(annotations, key, value) {
                (void)value;
                if (text_starts(key, prefixes[0]) || text_starts(key, prefixes[1]))
                        return true;
        }
        return false;
}

const struct mesh_table mesh_traefik = {
        .type = MESH_TRAEFIK,
        .name = "TRAEFIK_MESH",
        .mode = "node-proxy",
        .node_proxy = true,
        .claims = traefik_claims,
};
