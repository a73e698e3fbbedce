/* SPDX-License-Identifier: Apache-2.0
 *
 * What the generator's pod asks of each mesh: in, out, or as the namespace has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "data/doc.h"
#include "mesh/client.h"

static struct json_object *encode(enum mesh_client wish, const char *snapshot)
{
        auto_json struct json_object *doc = NULL;

        if (snapshot)
                assert_int_equal(doc_parse(snapshot, strlen(snapshot), &doc, NULL), 0);
        return mesh_client_encode(wish, doc);
}

/* Exactly these keys with these values: pairs that end with NULL. */
static void assert_holds(struct json_object *object, const char *const *pairs)
{
        int len = 0;

        for (; pairs[2 * len]; len++) {
                struct json_object *value = NULL;
                assert_true(json_object_object_get_ex(object, pairs[2 * len], &value));
                assert_string_equal(json_object_get_string(value), pairs[2 * len + 1]);
        }
        assert_int_equal(json_object_object_length(object), len);
}

static void who_inherits_asks_for_nothing_but_to_be_shown_what_is_counted(void **state)
{
        auto_json struct json_object *pod = encode(MESH_CLIENT_INHERIT, "{\"type\":\"ISTIO\",\"mode\":\"sidecar\"}");
        (void)state;

        assert_holds(doc_at(pod, "labels"), (const char *[]){NULL});
        assert_int_equal(json_object_object_length(doc_at(pod, "annotations")), 1);
        assert_non_null(strstr(doc_text(pod, "annotations[\"proxy.istio.io/config\"]"), "proxyStatsMatcher"));
}

static void who_is_excluded_opts_out_of_every_mesh(void **state)
{
        static const char *const labels[] = {"istio.io/dataplane-mode", "none", "sidecar.istio.io/inject", "false",
                                             "kuma.io/sidecar-injection", "disabled", NULL};
        static const char *const annotations[] = {
                "linkerd.io/inject", "disabled", "consul.hashicorp.com/connect-inject", "false",
                "openservicemesh.io/sidecar-injection", "disabled", "injector.nsm.nginx.com/auto-inject", "false",
                "appmesh.k8s.aws/sidecarInjectorWebhook", "disabled", NULL};
        auto_json struct json_object *pod = encode(MESH_CLIENT_EXCLUDED, "{\"type\":\"ISTIO\",\"mode\":\"sidecar\"}");
        (void)state;

        assert_holds(doc_at(pod, "labels"), labels);
        assert_holds(doc_at(pod, "annotations"), annotations);
        assert_int_equal(doc_len(pod, "proxies"), 0);
}

static void who_is_enrolled_joins_the_mesh_of_the_target_alone(void **state)
{
        static const struct { const char *snapshot, *labels[5]; int annotations; } cases[] = {
                {"{\"type\":\"ISTIO\",\"mode\":\"sidecar\",\"revision\":\"default\"}", {"sidecar.istio.io/inject", "true", NULL}, 1},
                {"{\"type\":\"ISTIO\",\"mode\":\"sidecar\",\"revision\":\"canary\"}",
                 {"sidecar.istio.io/inject", "true", "istio.io/rev", "canary", NULL}, 1},
                {"{\"type\":\"ISTIO\",\"mode\":\"ambient\"}", {"istio.io/dataplane-mode", "ambient", NULL}, 1},
                {"{\"type\":\"LINKERD\",\"mode\":\"sidecar\"}", {NULL}, 4},
                {"{\"type\":\"CONSUL\",\"mode\":\"sidecar\"}", {NULL}, 3},
                {"{\"type\":\"KUMA\",\"mode\":\"sidecar\"}", {"kuma.io/sidecar-injection", "enabled", NULL}, 2},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                auto_json struct json_object *pod = encode(MESH_CLIENT_ENROLLED, cases[i].snapshot);
                assert_holds(doc_at(pod, "labels"), cases[i].labels);
                assert_int_equal(json_object_object_length(doc_at(pod, "annotations")), cases[i].annotations);
        }
}

static void without_a_known_mesh_every_sidecar_mesh_is_asked(void **state)
{
        static const char *const snapshots[] = {NULL, "{\"type\":\"NONE\"}", "{\"type\":\"unknown\"}"};
        static const char *const labels[] = {"sidecar.istio.io/inject", "true", "kuma.io/sidecar-injection", "enabled", NULL};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(snapshots); i++) {
                auto_json struct json_object *pod = encode(MESH_CLIENT_ENROLLED, snapshots[i]);
                assert_holds(doc_at(pod, "labels"), labels);
                assert_string_equal(doc_text(pod, "annotations[\"linkerd.io/inject\"]"), "enabled");
        }
}

/* Whatever the wish, the namespace may inject: only a pod that opts out needs no watch over proxies. */
static void a_worker_knows_how_to_end_each_proxy_it_may_have(void **state)
{
        auto_json struct json_object *pod = encode(MESH_CLIENT_INHERIT, NULL);
        (void)state;

        assert_int_equal(doc_len(pod, "proxies"), 3);
        assert_string_equal(doc_text(pod, "files.proxy-0"), "sidecar.istio.io/status");
        assert_string_equal(doc_text(pod, "proxies[0].file"), "proxy-0");
        assert_int_equal(doc_int(pod, "proxies[0].ready.port", 0), 15021);
        assert_string_equal(doc_text(pod, "proxies[0].quit.path"), "/quitquitquit");
        assert_null(doc_at(pod, "proxies[2].ready"));
}

static void words_are_those_of_the_schema(void **state)
{
        (void)state;
        assert_int_equal(mesh_client_of("inherit"), MESH_CLIENT_INHERIT);
        assert_int_equal(mesh_client_of("enrolled"), MESH_CLIENT_ENROLLED);
        assert_int_equal(mesh_client_of("excluded"), MESH_CLIENT_EXCLUDED);
        assert_int_equal(mesh_client_of(NULL), MESH_CLIENT_INHERIT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(who_inherits_asks_for_nothing_but_to_be_shown_what_is_counted),
                cmocka_unit_test(who_is_excluded_opts_out_of_every_mesh),
                cmocka_unit_test(who_is_enrolled_joins_the_mesh_of_the_target_alone),
                cmocka_unit_test(without_a_known_mesh_every_sidecar_mesh_is_asked),
                cmocka_unit_test(a_worker_knows_how_to_end_each_proxy_it_may_have),
                cmocka_unit_test(words_are_those_of_the_schema),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
