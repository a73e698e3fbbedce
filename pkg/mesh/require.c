/* SPDX-License-Identifier: Apache-2.0 */
#include "mesh/require.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/keys.h"
#include "mesh/mesh.h"

static bool no_mesh(struct json_object *snapshot)
{
        return text_equal(doc_text(snapshot, "type"), "NONE");
}

/* ---- mesh.type ---- */

static char *type_unmet(const char *value, struct json_object *snapshot)
{
        static const struct {
                const char *value, *type;
        } types[] = {
                {"none", "NONE"},     {"istio", "ISTIO"}, {"linkerd", "LINKERD"},
                {"consul", "CONSUL"}, {"kuma", "KUMA"},   {"cilium", "CILIUM_SERVICE_MESH"},
        };
        const char *type = doc_text(snapshot, "type");

        for (size_t i = 0; i < ARRAY_LEN(types); i++)
                if (text_equal(value, types[i].value) && text_equal(type, types[i].type))
                        return NULL;
        for (size_t i = 0; i < ARRAY_LEN(types); i++)
                if (text_equal(type, types[i].type))
                        return xasprintf("the mesh is %s", types[i].value);
        return xasprintf("the mesh is %s", type ? type : MESH_UNKNOWN);
}

/* ---- mesh.mtls ---- */

static bool policy_is(struct json_object *snapshot, const char *key, const char *value)
{
        return text_equal(doc_text(mesh_policy(snapshot, key), "value"), value);
}

/* "mTLS of the server is PERMISSIVE (PeerAuthentication shop/default)" */
static char *tell_policy(struct json_object *snapshot, const char *name)
{
        struct json_object *policy = mesh_policy(snapshot, name);
        const struct mesh_key *key = mesh_key_find(name);
        char value[MESH_VALUE_TEXT_MAX], origin[MESH_ORIGIN_TEXT_MAX];

        if (!policy)
                return xasprintf("this mesh does not say: %s", key->words);
        mesh_value_format(key, doc_at(policy, "value"), value);
        mesh_origin_format(doc_at(policy, "origin"), origin);
        return xasprintf("%s is %.40s (%.100s)", key->words, value, origin);
}

static char *mtls_unmet(const char *value, struct json_object *snapshot)
{
        bool plaintext = text_equal(value, "plaintext");

        if (no_mesh(snapshot))
                return plaintext ? NULL : xstrdup("there is no mesh");
        if (text_equal(value, "strict") && !policy_is(snapshot, "mtls.server", "STRICT"))
                return tell_policy(snapshot, "mtls.server");
        if (!policy_is(snapshot, "mtls.effective", plaintext ? "plaintext" : "mutual"))
                return tell_policy(snapshot, "mtls.effective");
        return NULL;
}

/* ---- membership ---- */

static char *client_unmet(const char *value, struct json_object *snapshot)
{
        struct json_object *meshed = doc_at(snapshot, "membership.client.meshed");
        bool wanted = text_equal(value, "true");

        if (!json_object_is_type(meshed, json_type_boolean))
                return xstrdup("it is unknown whether the generator is in a mesh");
        if (json_object_get_boolean(meshed) == wanted)
                return NULL;
        return xasprintf("the generator is %s", wanted ? "in no mesh" : "in the mesh");
}

static char *server_unmet(const char *value, struct json_object *snapshot)
{
        int64_t pods = doc_int(snapshot, "membership.server.pods", -1), meshed = doc_int(snapshot, "membership.server.meshedPods", -1);
        bool wanted = text_equal(value, "true");

        if (pods < 0 || meshed < 0)
                return xstrdup("it is unknown which of the target's pods are in a mesh");
        if (wanted ? pods > 0 && meshed == pods : meshed == 0)
                return NULL;
        return xasprintf("%lld of %lld pods of the target are in the mesh", (long long)meshed, (long long)pods);
}

char *mesh_require_unmet(const char *key, const char *value, struct json_object *snapshot)
{
        static const struct {
                const char *key;
                char *(*unmet)(const char *value, struct json_object *snapshot);
        } rows[] = {
                {"mesh.type", type_unmet},
                {"mesh.mtls", mtls_unmet},
                {"clientMeshed", client_unmet},
                {"serverMeshed", server_unmet},
        };

        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
                if (text_equal(key, rows[i].key))
                        return rows[i].unmet(value, snapshot);
        assert(!"a key that pkg/api lets through and nobody knows");
        return NULL;
}
