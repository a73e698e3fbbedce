/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "mesh/diff.h"
#include "mesh_fixture.h"

/* The snapshot of Istio's world with what the YAML adds. */
static struct json_object *snapshot_with(const char *yaml)
{
        auto_json struct json_object *worlds = fixture_load(SOURCE_DIR "/test/mesh/world-istio.yaml"), *one = NULL;
        struct fail fail = {0};

        if (yaml_parse(yaml, strlen(yaml), &one, &fail))
                fail_msg("%s", fail.text);
        return fixture_resolve(doc_item(worlds, 0), one);
}

static struct json_object *diff_of(const char *before, const char *after)
{
        auto_json struct json_object *from = snapshot_with(before), *to = snapshot_with(after);

        return mesh_diff(from, to);
}

static void says(struct json_object *diff, const char *sentence)
{
        for (size_t i = 0; i < doc_len(diff, "changes"); i++)
                if (text_equal(doc_text(doc_item(doc_at(diff, "changes"), i), "sentence"), sentence))
                        return;
        fail_msg("nothing says '%s': %s", sentence, doc_print(diff));
}

#define VIRTUAL(http) \
        "objects:\n- {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: cart, namespace: shop}, spec: {hosts: [cart], http: " http "}}\n"

static void the_same_snapshot_is_the_same(void **state)
{
        auto_json struct json_object *diff = diff_of("{}", "{}");
        (void)state;

        assert_string_equal(doc_text(diff, "verdict"), "same");
        assert_int_equal(doc_len(diff, "changes"), 0);
}

static void a_changed_value_names_both_origins(void **state)
{
        auto_json struct json_object *diff = diff_of("{}", VIRTUAL("[{route: [{destination: {host: cart}}], retries: {attempts: 5}}]"));
        (void)state;

        assert_string_equal(doc_text(diff, "verdict"), "one");
        says(diff, "retries 2 (default) -> 5 (VirtualService shop/cart http[0])");
        assert_string_equal(doc_text(diff, "changes[0].change"), "changed");
        assert_string_equal(doc_text(diff, "changes[0].class"), "effective");
}

static void units_are_those_of_people(void **state)
{
        auto_json struct json_object *diff = diff_of(
                "{}", "objects:\n- {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: cart, namespace: shop}, spec: {host: cart, trafficPolicy: "
                      "{connectionPool: {tcp: {maxConnections: 1, connectTimeout: 30ms}}}}}\n");
        (void)state;

        says(diff, "connection limit no limit (default) -> 1 (DestinationRule shop/cart trafficPolicy.connectionPool.tcp.maxConnections)");
        says(diff, "connect timeout 10s (default) -> 30ms (DestinationRule shop/cart trafficPolicy.connectionPool.tcp.connectTimeout)");
        assert_string_equal(doc_text(diff, "verdict"), "several");
}

static void what_one_side_does_not_know_cannot_be_compared(void **state)
{
        auto_json struct json_object *diff = diff_of("{}", "unreadable: [{kind: DestinationRule, why: Forbidden}]");
        (void)state;

        assert_string_equal(doc_text(diff, "verdict"), "cannot-compare");
        assert_int_equal(doc_len(diff, "changes"), 0);
        assert_true(doc_len(diff, "cannotCompare") > 5);
        assert_string_equal(doc_text(diff, "cannotCompare[0].reason"), "Forbidden");
}

static void an_object_that_changes_nothing_is_told_and_not_blamed(void **state)
{
        auto_json struct json_object *diff = diff_of("{}", VIRTUAL("[{name: x, route: [{destination: {host: cart}}]}]"));
        (void)state;

        assert_string_equal(doc_text(diff, "verdict"), "same");
        says(diff, "VirtualService shop/cart added, and what is in effect here is the same");
        assert_string_equal(doc_text(diff, "changes[0].class"), "inventory");
}

static void extensions_are_compared_one_by_one(void **state)
{
#define FILTER(word) \
        "objects:\n- {apiVersion: networking.istio.io/v1alpha3, kind: EnvoyFilter, metadata: {name: burn, namespace: shop}, spec: {configPatches: " \
        "[{applyTo: HTTP_FILTER, match: {context: SIDECAR_INBOUND}, patch: {operation: INSERT_BEFORE, value: {name: envoy.lua, x: " word "}}}]}}\n"
        auto_json struct json_object *added = diff_of("{}", FILTER("a")), *changed = diff_of(FILTER("a"), FILTER("b")), *gone = diff_of(FILTER("a"), "{}");
        (void)state;

        says(added, "extension of the server's proxy: EnvoyFilter shop/burn added (HTTP_FILTER INSERT_BEFORE, lua)");
        says(changed, "extension of the server's proxy: EnvoyFilter shop/burn changed (HTTP_FILTER INSERT_BEFORE, lua)");
        says(gone, "extension of the server's proxy: EnvoyFilter shop/burn removed (HTTP_FILTER INSERT_BEFORE, lua)");
        assert_string_equal(doc_text(gone, "changes[0].change"), "removed");
}

static void a_default_that_moved_with_the_version_is_said_so(void **state)
{
#define ISTIOD(version) \
        "objects:\n- {apiVersion: apps/v1, kind: Deployment, metadata: {name: istiod, namespace: istio-system, labels: {app: istiod, istio.io/rev: default}}, " \
        "spec: {template: {spec: {containers: [{name: discovery, image: 'pilot:" version "'}]}}}, status: {readyReplicas: 1}}\n"
        auto_json struct json_object *diff = diff_of(ISTIOD("1.23.0"), ISTIOD("1.24.0"));
        (void)state;

        says(diff, "control plane 1.23.0 -> 1.24.0");
        says(diff, "retry conditions 503, cancelled, connect-failure, refused-stream, retriable-status-codes, unavailable (default) -> cancelled, "
                   "connect-failure, refused-stream, retriable-status-codes, unavailable (default), default changed by the version 1.23.0 -> 1.24.0");
}

#define POD(name, meshed) "  - {metadata: {name: " name ", namespace: shop, uid: " name meshed ", spec: {containers: [{name: istio-proxy, image: 'p:1.30.3', resources: {limits: {cpu: '1'}}}]}}\n"
#define IN ", annotations: {sidecar.istio.io/status: x}}"
#define OUT "}"

static void scaling_the_target_is_no_change_of_the_mesh(void **state)
{
        auto_json struct json_object *one = snapshot_with("question:\n  server_pods:\n" POD("a", IN));
        auto_json struct json_object *two = snapshot_with("question:\n  server_pods:\n" POD("a", IN) POD("b", IN));
        auto_json struct json_object *mixed = snapshot_with("question:\n  server_pods:\n" POD("a", IN) POD("b", OUT));
        auto_json struct json_object *same = mesh_diff(one, two), *differs = mesh_diff(one, mixed);
        (void)state;

        assert_string_equal(doc_text(same, "verdict"), "same");
        assert_string_equal(doc_text(one, "hashes.effective"), doc_text(two, "hashes.effective"));
        says(differs, "target pods in the mesh 1/1 -> 1/2");
        assert_string_not_equal(doc_text(one, "hashes.effective"), doc_text(mixed, "hashes.effective"));
}

static void the_effective_hash_goes_by_values_and_the_inventory_by_objects(void **state)
{
        auto_json struct json_object *plain = snapshot_with("{}"), *added = snapshot_with(VIRTUAL("[{name: x, route: [{destination: {host: cart}}]}]"));
        (void)state;

        assert_string_equal(doc_text(plain, "hashes.effective"), doc_text(added, "hashes.effective"));
        assert_string_not_equal(doc_text(plain, "hashes.inventory"), doc_text(added, "hashes.inventory"));
}

static void a_diff_is_bounded(void **state)
{
        auto_buf struct buf yaml = {0};
        (void)state;

        buf_text(&yaml, "objects:\n");
        for (int i = 0; i < 90; i++)
                buf_format(&yaml, "- {apiVersion: networking.istio.io/v1alpha3, kind: EnvoyFilter, metadata: {name: f%d, namespace: shop}, spec: {configPatches: []}}\n", i);
        auto_json struct json_object *diff = diff_of("{}", yaml.data);
        assert_int_equal(doc_len(diff, "changes"), MESH_CHANGES_MAX);
        assert_int_equal(doc_int(diff, "dropped", 0), 90 - MESH_CHANGES_MAX);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_same_snapshot_is_the_same),
                cmocka_unit_test(a_changed_value_names_both_origins),
                cmocka_unit_test(units_are_those_of_people),
                cmocka_unit_test(what_one_side_does_not_know_cannot_be_compared),
                cmocka_unit_test(an_object_that_changes_nothing_is_told_and_not_blamed),
                cmocka_unit_test(extensions_are_compared_one_by_one),
                cmocka_unit_test(a_default_that_moved_with_the_version_is_said_so),
                cmocka_unit_test(scaling_the_target_is_no_change_of_the_mesh),
                cmocka_unit_test(the_effective_hash_goes_by_values_and_the_inventory_by_objects),
                cmocka_unit_test(a_diff_is_bounded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
