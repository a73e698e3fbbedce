/* SPDX-License-Identifier: Apache-2.0
 *
 * What a profile requires is in effect, or the sentence says what is instead. What nobody can tell is not in effect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mesh/require.h"
#include "mesh_fixture.h"

struct row {
        const char *key, *value, *snapshot;
        const char *instead; /* NULL: it is in effect */
};

#define MTLS(server, effective) \
        "{'type':'ISTIO','policies':[{'key':'mtls.effective','value':'" effective "','origin':{'kind':'default','reason':'both'}}," \
        "{'key':'mtls.server','value':'" server "','origin':{'kind':'object','ref':'PeerAuthentication shop/default','field':'spec.mtls.mode'}}]}"
#define MEMBERS(client, meshed) "{'type':'ISTIO','membership':{'client':{'meshed':" client "},'server':{'pods':3,'meshedPods':" meshed "}}}"

static const struct row rows[] = {
        {"mesh.mtls", "strict", MTLS("STRICT", "mutual"), NULL},
        {"mesh.mtls", "strict", MTLS("PERMISSIVE", "mutual"), "mTLS of the server is PERMISSIVE (PeerAuthentication shop/default mtls.mode)"},
        {"mesh.mtls", "strict", MTLS("STRICT", "refused"), "mTLS is refused (default: both)"},
        {"mesh.mtls", "strict", MTLS("unknown", "mutual"), "mTLS of the server is unknown (PeerAuthentication shop/default mtls.mode)"},
        {"mesh.mtls", "strict", "{'type':'LINKERD','policies':[]}", "this mesh does not say: mTLS of the server"},
        {"mesh.mtls", "mutual", MTLS("PERMISSIVE", "mutual"), NULL},
        {"mesh.mtls", "mutual", MTLS("PERMISSIVE", "mixed"), "mTLS is mixed (default: both)"},
        {"mesh.mtls", "mutual", MTLS("STRICT", "unknown"), "mTLS is unknown (default: both)"},
        {"mesh.mtls", "plaintext", MTLS("DISABLE", "plaintext"), NULL},
        {"mesh.mtls", "plaintext", MTLS("PERMISSIVE", "mutual"), "mTLS is mutual (default: both)"},
        {"mesh.mtls", "plaintext", "{'type':'NONE'}", NULL},
        {"mesh.mtls", "mutual", "{'type':'NONE'}", "there is no mesh"},
        {"mesh.type", "istio", "{'type':'ISTIO'}", NULL},
        {"mesh.type", "none", "{'type':'NONE'}", NULL},
        {"mesh.type", "cilium", "{'type':'CILIUM_SERVICE_MESH'}", NULL},
        {"mesh.type", "istio", "{'type':'LINKERD'}", "the mesh is linkerd"},
        {"mesh.type", "none", "{'type':'unknown'}", "the mesh is unknown"},
        {"clientMeshed", "true", MEMBERS("true", "3"), NULL},
        {"clientMeshed", "false", MEMBERS("false", "3"), NULL},
        {"clientMeshed", "true", MEMBERS("false", "3"), "the generator is in no mesh"},
        {"clientMeshed", "false", MEMBERS("true", "3"), "the generator is in the mesh"},
        {"clientMeshed", "false", MEMBERS("'unknown'", "3"), "it is unknown whether the generator is in a mesh"},
        {"serverMeshed", "true", MEMBERS("true", "3"), NULL},
        {"serverMeshed", "true", MEMBERS("true", "2"), "2 of 3 pods of the target are in the mesh"},
        {"serverMeshed", "false", MEMBERS("true", "0"), NULL},
        {"serverMeshed", "false", MEMBERS("true", "1"), "1 of 3 pods of the target are in the mesh"},
        {"serverMeshed", "true", "{'membership':{'server':{'pods':0,'meshedPods':0}}}", "0 of 0 pods of the target are in the mesh"},
        {"serverMeshed", "false", "{}", "it is unknown which of the target's pods are in a mesh"},
};

static void what_is_required_is_in_effect_or_named(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_free char *text = xstrdup(rows[i].snapshot);
                auto_json struct json_object *snapshot = NULL;
                for (char *at = text; *at; at++)
                        *at = *at == '\'' ? '"' : *at;
                assert_int_equal(doc_parse(text, strlen(text), &snapshot, NULL), FAIL_NONE);
                auto_free char *instead = mesh_require_unmet(rows[i].key, rows[i].value, snapshot);
                if (!text_equal(instead, rows[i].instead) && (instead || rows[i].instead))
                        fail_msg("%s %s in %s: %s, not %s", rows[i].key, rows[i].value, text, instead ? instead : "in effect",
                                 rows[i].instead ? rows[i].instead : "in effect");
        }
}

static void without_a_snapshot_nothing_is_in_effect(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_free char *instead = mesh_require_unmet(rows[i].key, rows[i].value, NULL);
                assert_non_null(instead);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_required_is_in_effect_or_named),
                cmocka_unit_test(without_a_snapshot_nothing_is_in_effect),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
