/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mesh/explain.h"
#include "mesh_fixture.h"

static struct json_object *snapshot_with(const char *yaml)
{
        auto_json struct json_object *worlds = fixture_load(SOURCE_DIR "/test/mesh/world-istio.yaml"), *one = NULL;
        struct fail fail = {0};

        if (yaml_parse(yaml, strlen(yaml), &one, &fail))
                fail_msg("%s", fail.text);
        return fixture_resolve(doc_item(worlds, 0), one);
}

static struct mesh_window rose(enum mesh_counter counter, double value)
{
        struct mesh_window window = {.samples = 2, .first_wall_ms = 1000, .last_wall_ms = 31000};

        window.known[counter] = true;
        window.increase[counter] = value;
        return window;
}

static const struct mesh_load load = {.requests = 1000};

static struct json_object *told(struct json_object *snapshot, const struct mesh_window *client, const struct mesh_window *server,
                                const struct mesh_load *of, struct json_object *changes)
{
        return mesh_explain(&(struct mesh_case){.snapshot = snapshot, .client = client, .server = server, .load = of, .changes = changes});
}

static struct json_object *entry_of(struct json_object *list, const char *code)
{
        for (size_t i = 0; i < doc_len(list, ""); i++)
                if (text_equal(doc_text(doc_item(list, i), "code"), code))
                        return doc_item(list, i);
        fail_msg("nothing is said of %s: %s", code, doc_print(list));
        return NULL;
}

#define VIRTUAL(http) \
        "objects:\n- {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: cart, namespace: shop}, spec: {hosts: [cart], http: " http "}}\n"

static void a_counter_that_rose_names_the_object_that_says_so(void **state)
{
        auto_json struct json_object *snapshot = snapshot_with(VIRTUAL("[{route: [{destination: {host: cart}}], retries: {attempts: 5}}]"));
        struct mesh_window window = rose(MESH_RETRY, 480);
        auto_json struct json_object *list = told(snapshot, &window, NULL, &load, NULL);
        struct json_object *entry = entry_of(list, "Retries");
        (void)state;

        assert_string_equal(doc_text(entry, "confidence"), "high");
        assert_string_equal(doc_text(entry, "sentence"),
                            "480 retries were made by the client's proxy, of 1000 requests of the load: retries 5 (VirtualService shop/cart http[0])");
        assert_string_equal(doc_text(entry, "object"), "VirtualService shop/cart");
        assert_string_equal(doc_text(entry, "field"), "spec.http[0].retries.attempts");
        assert_string_equal(doc_text(entry, "evidence.counter"), "envoy_cluster_upstream_rq_retry");
        assert_int_equal(doc_int(entry, "evidence.value", 0), 480);
        assert_int_equal(doc_int(entry, "evidence.windowMs", 0), 30000);
        assert_int_equal(doc_len(list, ""), 1);
}

static void what_was_counted_in_one_trial_is_not_told_of_all(void **state)
{
        auto_json struct json_object *snapshot = snapshot_with("{}");
        struct mesh_window window = rose(MESH_RESET_RX, 12);
        struct mesh_load several = load;
        several.trials = 3;
        auto_json struct json_object *list = told(snapshot, &window, NULL, &several, NULL);
        (void)state;

        assert_string_equal(doc_text(entry_of(list, "UpstreamReset"), "sentence"), "12 requests were reset by the target's side, in one of 3 trials");
}

static void what_was_set_under_way_is_cited_too(void **state)
{
        auto_json struct json_object *before = snapshot_with("{}"), *after = snapshot_with(
                VIRTUAL("[{route: [{destination: {host: cart}}], fault: {delay: {fixedDelay: 50ms, percentage: {value: 100}}}}]"));
        struct mesh_window window = rose(MESH_DELAYED, 12);
        auto_json struct json_object *list = mesh_explain(&(struct mesh_case){.snapshot = before, .after = after, .client = &window, .load = &load});
        (void)state;

        assert_string_equal(doc_text(entry_of(list, "FaultDelay"), "object"), "VirtualService shop/cart");
}

static void a_setting_alone_is_only_possible(void **state)
{
        auto_json struct json_object *snapshot = snapshot_with(
                VIRTUAL("[{route: [{destination: {host: cart}}], fault: {delay: {fixedDelay: 50ms, percentage: {value: 100}}}}]"));
        auto_json struct json_object *list = told(snapshot, NULL, NULL, &load, NULL);
        struct mesh_window window = rose(MESH_FLAG_DI, 12);
        auto_json struct json_object *counted = told(snapshot, &window, NULL, &load, NULL);
        (void)state;

        assert_string_equal(doc_text(entry_of(list, "FaultConfigured"), "confidence"), "possible");
        assert_int_equal(doc_len(list, ""), 1);
        /* With the counter the setting is not told a second time. */
        assert_string_equal(doc_text(entry_of(counted, "FaultDelay"), "confidence"), "high");
        assert_int_equal(doc_len(counted, ""), 1);
}

static void without_counters_and_settings_nothing_is_said(void **state)
{
        auto_json struct json_object *snapshot = snapshot_with("{}");
        struct mesh_window window = {.samples = 2};
        auto_json struct json_object *list = told(snapshot, &window, &window, &load, NULL);
        (void)state;

        assert_int_equal(doc_len(list, ""), 0);
}

static void an_origin_that_nobody_knows_is_said_to_be_unknown(void **state)
{
        auto_json struct json_object *snapshot = snapshot_with("unreadable: [{kind: DestinationRule, why: Forbidden}]");
        struct mesh_window window = rose(MESH_CX_OVERFLOW, 9);
        auto_json struct json_object *list = told(snapshot, &window, NULL, &load, NULL);
        struct json_object *entry = entry_of(list, "ConnectionLimit");
        (void)state;

        assert_non_null(strstr(doc_text(entry, "sentence"), "connection limit unknown (unknown: Forbidden)"));
        assert_null(doc_text(entry, "object"));
}

static void refused_plaintext_is_sure_when_nothing_got_through(void **state)
{
        auto_json struct json_object *snapshot = snapshot_with(
                "question: {client: {metadata: {annotations: null, labels: {sidecar.istio.io/inject: 'false'}}, spec: {initContainers: null}}}\n"
                "objects:\n- {apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: default, namespace: shop}, spec: {mtls: {mode: STRICT}}}\n");
        struct mesh_load failing = load, some = load, none = {0};
        failing.failed = 1000;
        some.failed = 300;
        auto_json struct json_object *list = told(snapshot, NULL, NULL, &failing, NULL), *partly = told(snapshot, NULL, NULL, &some, NULL),
                                     *untried = told(snapshot, NULL, NULL, &none, NULL);
        struct json_object *entry = entry_of(list, "PlaintextRefused");
        (void)state;

        assert_string_equal(doc_text(entry, "confidence"), "high");
        assert_string_equal(doc_text(entry, "object"), "PeerAuthentication shop/default");
        assert_string_equal(doc_text(entry_of(partly, "PlaintextRefused"), "confidence"), "possible");
        assert_string_equal(doc_text(entry_of(untried, "PlaintextRefused"), "confidence"), "possible");
        assert_non_null(strstr(doc_text(entry_of(untried, "PlaintextRefused"), "sentence"), "; no request was completed"));
}

static struct json_object *change_at(int64_t at_ms, const char *sentence)
{
        return doc_set_int(doc_set_text(doc_object(), "sentence", sentence), "atMs", at_ms);
}

static struct mesh_load onset_at(int64_t wall_ms)
{
        struct mesh_load with = load;

        with.onset = "latency rose by 35 %";
        with.onset_wall_ms = wall_ms;
        with.onset_width_ms = 1000;
        return with;
}

static void a_change_just_before_the_onset_is_medium(void **state)
{
        auto_json struct json_object *snapshot = snapshot_with("{}"), *changes = doc_array();
        struct mesh_load slower = onset_at(100000);
        doc_push(changes, change_at(98500, "retries 2 -> 5"));
        auto_json struct json_object *list = told(snapshot, NULL, NULL, &slower, changes), *steady = told(snapshot, NULL, NULL, &load, changes);
        (void)state;

        assert_int_equal(doc_len(list, ""), 1);
        assert_string_equal(doc_text(doc_item(list, 0), "confidence"), "medium");
        assert_string_equal(doc_text(doc_item(list, 0), "sentence"), "latency rose by 35 % 1.5 s after this: retries 2 -> 5");
        assert_int_equal(doc_len(steady, ""), 0); /* without an onset nothing coincides */
}

static void what_is_too_early_or_too_late_does_not_coincide(void **state)
{
        auto_json struct json_object *changes = doc_array();
        struct mesh_load slower = onset_at(100000);
        static const struct {
                int64_t at_ms;
                bool coincides;
        } rows[] = {{94999, false}, {95000, true}, {100000, true}, {101000, true}, {101001, false}};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_json struct json_object *one = doc_push(doc_array(), change_at(rows[i].at_ms, "it"));
                auto_json struct json_object *list = told(NULL, NULL, NULL, &slower, one);
                assert_int_equal(doc_len(list, ""), rows[i].coincides);
        }
        for (int i = 0; i < 10; i++)
                doc_push(changes, change_at(96000 + i * 100, "one of many"));
        auto_json struct json_object *list = told(NULL, NULL, NULL, &slower, changes);
        assert_int_equal(doc_len(list, ""), MESH_COINCIDENCES_MAX);
        assert_int_equal(doc_int(doc_item(list, 0), "evidence.value", 0), 3100); /* the nearest */
}

static void the_only_change_between_two_runs_is_medium_when_they_differ(void **state)
{
        auto_json struct json_object *before = snapshot_with("{}"),
                *after = snapshot_with(VIRTUAL("[{route: [{destination: {host: cart}}], retries: {attempts: 5}}]")),
                *both = snapshot_with(VIRTUAL("[{route: [{destination: {host: cart}}], timeout: 1s, retries: {attempts: 5}}]"));
        struct mesh_case differ = {.snapshot = after, .load = &load, .baseline = before, .baseline_run = "cart-1", .shift = "12 % slower than cart-1"};
        struct mesh_case equal = differ, several = differ, same = differ, weak = differ;
        equal.shift = NULL;
        weak.shift_is_weak = true;
        several.snapshot = both;
        same.snapshot = before;
        auto_json struct json_object *list = mesh_explain(&differ), *of_equal = mesh_explain(&equal), *of_several = mesh_explain(&several),
                                     *of_same = mesh_explain(&same), *of_weak = mesh_explain(&weak);
        struct json_object *entry = entry_of(list, "ChangedSince");
        (void)state;

        assert_string_equal(doc_text(entry, "confidence"), "medium");
        assert_string_equal(doc_text(entry, "sentence"), "12 % slower than cart-1, and this is the only change of the mesh that was seen since: "
                                                         "retries 2 (default) -> 5 (VirtualService shop/cart http[0])");
        assert_string_equal(doc_text(entry, "object"), "VirtualService shop/cart");
        entry = entry_of(of_equal, "ChangedSince");
        assert_string_equal(doc_text(entry, "confidence"), "possible");
        assert_string_equal(doc_text(entry, "sentence"), "changed since cart-1: retries 2 (default) -> 5 (VirtualService shop/cart http[0])");
        assert_int_equal(doc_len(of_several, ""), 2);
        assert_string_equal(doc_text(doc_item(of_several, 0), "confidence"), "possible");
        assert_string_equal(doc_text(doc_item(of_several, 1), "confidence"), "possible");
        assert_int_equal(doc_len(of_same, ""), 0);
        assert_string_equal(doc_text(entry_of(of_weak, "ChangedSince"), "confidence"), "possible");
        assert_string_equal(doc_text(entry_of(of_weak, "ChangedSince"), "sentence"), doc_text(entry_of(list, "ChangedSince"), "sentence"));
}

#define BURNING \
        "objects:\n- {apiVersion: networking.istio.io/v1alpha3, kind: EnvoyFilter, metadata: {name: burn, namespace: shop}, spec: {configPatches: " \
        "[{applyTo: HTTP_FILTER, match: {context: SIDECAR_INBOUND}, patch: {operation: INSERT_BEFORE, value: {name: envoy.lua}}}]}}\n"

static void a_filter_that_was_added_since_is_named(void **state)
{
        auto_json struct json_object *before = snapshot_with("{}"), *after = snapshot_with(BURNING);
        auto_json struct json_object *list = mesh_explain(&(struct mesh_case){
                .snapshot = after, .load = &load, .baseline = before, .baseline_run = "cart-1", .shift = "30 % slower than cart-1"});
        struct json_object *entry = entry_of(list, "ChangedSince");
        (void)state;

        assert_string_equal(doc_text(entry, "object"), "EnvoyFilter shop/burn");
        assert_string_equal(doc_text(entry, "confidence"), "medium");
        assert_non_null(strstr(doc_text(entry, "sentence"), "EnvoyFilter shop/burn added"));
}

/* The rise is told of the side whose proxies the change is about, and of no other. */
static void the_cpu_of_the_changed_proxy_is_the_symptom(void **state)
{
        auto_json struct json_object *before = snapshot_with("{}"), *after = snapshot_with(BURNING);
        const struct mesh_use quiet[] = {{15, -1}, {20, -1}}, burns[] = {{16, -1}, {400, -1}}, warm[] = {{400, -1}, {39, -1}}, unknown[] = {{-1, -1}, {-1, -1}};
        struct mesh_case shifted = {.snapshot = after, .load = &load, .baseline = before, .baseline_run = "cart-1", .shift = "30 % slower than cart-1",
                                    .use = burns, .baseline_use = quiet};
        struct mesh_case unshifted = shifted, elsewhere = shifted, untold = shifted;
        unshifted.shift = NULL;
        elsewhere.use = warm;
        untold.baseline_use = unknown;
        auto_json struct json_object *list = mesh_explain(&shifted), *alone = mesh_explain(&unshifted), *other = mesh_explain(&elsewhere),
                                     *without = mesh_explain(&untold);
        struct json_object *entry = entry_of(list, "ChangedSince");
        (void)state;

        assert_non_null(strstr(doc_text(entry, "sentence"), "; CPU of the server's proxy 20m -> 400m"));
        assert_string_equal(doc_text(entry, "evidence.side"), "server");
        assert_int_equal(doc_int(entry, "evidence.value", 0), 400);
        entry = entry_of(alone, "ChangedSince");
        assert_string_equal(doc_text(entry, "confidence"), "medium"); /* no slower, but it burns */
        assert_true(text_starts(doc_text(entry, "sentence"), "changed since cart-1: extension of the server's proxy: EnvoyFilter shop/burn added"));
        assert_null(strstr(doc_text(entry_of(other, "ChangedSince"), "sentence"), "CPU of"));
        assert_null(strstr(doc_text(entry_of(without, "ChangedSince"), "sentence"), "CPU of"));
}

static void a_connection_for_every_request_is_no_reuse(void **state)
{
        auto_json struct json_object *snapshot = snapshot_with(
                "objects:\n- {apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: cart, namespace: shop}, spec: {host: cart, trafficPolicy: "
                "{connectionPool: {http: {maxRequestsPerConnection: 1}}}}}\n");
        struct mesh_window window = rose(MESH_CX, 900), few = rose(MESH_CX, 20);
        window.known[MESH_RQ] = few.known[MESH_RQ] = true;
        window.increase[MESH_RQ] = few.increase[MESH_RQ] = 1000;
        auto_json struct json_object *list = told(snapshot, &window, NULL, &load, NULL), *reused = told(snapshot, &few, NULL, &load, NULL);
        (void)state;

        assert_string_equal(doc_text(entry_of(list, "NoReuse"), "object"), "DestinationRule shop/cart");
        assert_int_equal(doc_len(reused, ""), 0);
}

static void a_throttled_proxy_is_named_with_what_was_put_into_it(void **state)
{
        auto_json struct json_object *snapshot = snapshot_with(BURNING);
        const struct mesh_use busy[] = {{-1, -1}, {400, 0.4}}, unknown[] = {{-1, -1}, {-1, -1}};
        auto_json struct json_object *list = mesh_explain(&(struct mesh_case){.snapshot = snapshot, .load = &load, .use = busy});
        auto_json struct json_object *untold = mesh_explain(&(struct mesh_case){.snapshot = snapshot, .load = &load, .use = unknown});
        struct json_object *entry = entry_of(list, "ExtensionConfigured");
        (void)state;

        assert_string_equal(doc_text(doc_item(list, 0), "code"), "ServerProxyThrottled");
        assert_string_equal(doc_text(entry, "object"), "EnvoyFilter shop/burn");
        assert_true(text_starts(doc_text(entry, "sentence"), "the server's proxy was extended and used 400m of CPU: "));
        assert_int_equal(doc_len(untold, ""), 1);
        assert_true(text_starts(doc_text(doc_item(untold, 0), "sentence"), "the server's proxy was extended: "));
}

static void a_setting_that_is_not_set_is_not_cited(void **state)
{
        auto_json struct json_object *snapshot = snapshot_with("{}");
        struct mesh_window failing = rose(MESH_CX_FAIL, 7), none = rose(MESH_FLAG_UH, 3);
        auto_json struct json_object *list = told(snapshot, &failing, NULL, &load, NULL), *other = told(snapshot, &none, NULL, &load, NULL);
        (void)state;

        assert_string_equal(doc_text(entry_of(list, "ConnectFailure"), "sentence"),
                            "7 connections of the client's proxy to the target failed, of 1000 requests of the load");
        assert_string_equal(doc_text(entry_of(other, "NoEndpoint"), "sentence"), "3 requests found no healthy endpoint, of 1000 requests of the load");
        assert_null(doc_text(entry_of(other, "NoEndpoint"), "field"));
}

/* What a waypoint did is told of it, and what ztunnel refused is told of connections. */
static void a_waypoint_is_told_from_the_clients_proxy(void **state)
{
        auto_json struct json_object *snapshot = snapshot_with("{}");
        struct mesh_window retried = rose(MESH_RETRY, 9), refused = rose(MESH_L4_DENIED, 4);
        auto_json struct json_object *list = mesh_explain(&(struct mesh_case){.snapshot = snapshot, .waypoint = &retried, .server = &refused, .load = &load});
        (void)state;

        assert_true(text_starts(doc_text(entry_of(list, "Retries"), "sentence"), "9 retries were made by the waypoint, of 1000 requests of the load"));
        assert_string_equal(doc_text(entry_of(list, "Retries"), "evidence.side"), "waypoint");
        assert_true(text_starts(doc_text(entry_of(list, "ConnectionDenied"), "sentence"),
                                "4 connections were refused by authorization policies at the node's ztunnel"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_counter_that_rose_names_the_object_that_says_so),
                cmocka_unit_test(a_waypoint_is_told_from_the_clients_proxy),
                cmocka_unit_test(what_was_counted_in_one_trial_is_not_told_of_all),
                cmocka_unit_test(what_was_set_under_way_is_cited_too),
                cmocka_unit_test(a_setting_alone_is_only_possible),
                cmocka_unit_test(without_counters_and_settings_nothing_is_said),
                cmocka_unit_test(an_origin_that_nobody_knows_is_said_to_be_unknown),
                cmocka_unit_test(refused_plaintext_is_sure_when_nothing_got_through),
                cmocka_unit_test(a_change_just_before_the_onset_is_medium),
                cmocka_unit_test(what_is_too_early_or_too_late_does_not_coincide),
                cmocka_unit_test(the_only_change_between_two_runs_is_medium_when_they_differ),
                cmocka_unit_test(a_filter_that_was_added_since_is_named),
                cmocka_unit_test(the_cpu_of_the_changed_proxy_is_the_symptom),
                cmocka_unit_test(a_connection_for_every_request_is_no_reuse),
                cmocka_unit_test(a_setting_that_is_not_set_is_not_cited),
                cmocka_unit_test(a_throttled_proxy_is_named_with_what_was_put_into_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
