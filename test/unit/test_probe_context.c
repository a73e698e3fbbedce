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
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "probe/context.h"

#define T0 INT64_C(1769853600000) /* 2026-01-31T10:00:00Z */

static struct json_object *parse(const char *text)
{
        struct json_object *doc = NULL;

        assert_int_equal(doc_parse(text, strlen(text), &doc, NULL), FAIL_NONE);
        return doc;
}

/* A pod on node n1 with one container. */
struct pod {
        const char *name, *image;
        bool ready, leaving;
        int restarts;
        const char *cause, *evicted, *cpu_limit;
};

static struct json_object *pod_object(struct pod pod)
{
        char text[2048];

        snprintf(text, sizeof text,
                 "{\"metadata\":{\"name\":\"%s\",\"uid\":\"uid-%s\"%s},\"spec\":{\"nodeName\":\"n1\"},\"status\":{"
                 "\"conditions\":[{\"type\":\"Ready\",\"status\":\"%s\"}%s%s%s],"
                 "\"containerStatuses\":[{\"name\":\"app\",\"image\":\"shop:1\",\"imageID\":\"%s\",\"restartCount\":%d%s%s%s%s%s%s}]}}",
                 pod.name, pod.name, pod.leaving ? ",\"deletionTimestamp\":\"2026-01-31T10:00:00Z\"" : "",
                 pod.ready ? "True" : "False", pod.evicted ? ",{\"type\":\"DisruptionTarget\",\"status\":\"True\",\"reason\":\"" : "",
                 pod.evicted ? pod.evicted : "", pod.evicted ? "\"}" : "", pod.image ? pod.image : "shop@sha256:aaa", pod.restarts,
                 pod.cause ? ",\"lastState\":{\"terminated\":{\"exitCode\":137,\"reason\":\"" : "", pod.cause ? pod.cause : "",
                 pod.cause ? "\"}}" : "", pod.cpu_limit ? ",\"resources\":{\"limits\":{\"cpu\":\"" : "", pod.cpu_limit ? pod.cpu_limit : "",
                 pod.cpu_limit ? "\"}}" : "");
        return parse(text);
}

static void add_pod(struct context *context, struct pod pod)
{
        auto_json struct json_object *object = pod_object(pod);

        context_add(context, CONTEXT_POD, object);
}

static void see_pod(struct context *context, struct pod pod, int64_t wall_ms)
{
        auto_json struct json_object *object = pod_object(pod);

        context_observe(context, CONTEXT_POD, NULL, object, wall_ms);
}

static void pod_goes(struct context *context, struct pod pod, int64_t wall_ms)
{
        auto_json struct json_object *object = pod_object(pod);

        context_observe(context, CONTEXT_POD, object, NULL, wall_ms);
}

static void see(struct context *context, enum context_kind kind, const char *text, int64_t wall_ms)
{
        auto_json struct json_object *object = parse(text);

        context_observe(context, kind, NULL, object, wall_ms);
}

static void add(struct context *context, enum context_kind kind, const char *text)
{
        auto_json struct json_object *object = parse(text);

        context_add(context, kind, object);
}

/* Every change as "kind object: text", one a line. */
static void check_changes(const struct context *context, const char *expected)
{
        auto_json struct json_object *full = context_encode_full(context, NULL);
        struct json_object *changes = doc_at(full, "changes");
        auto_buf struct buf text = {0};

        for (size_t i = 0; i < doc_len(changes, ""); i++)
                buf_format(&text, "%s %s: %s\n", doc_text(doc_item(changes, i), "kind"), doc_text(doc_item(changes, i), "object"),
                           doc_text(doc_item(changes, i), "text"));
        assert_string_equal(text.data ? text.data : "", expected);
}

static struct context *two_ready_pods(void)
{
        struct context *context = context_new();

        add_pod(context, (struct pod){.name = "a", .ready = true});
        add_pod(context, (struct pod){.name = "b", .ready = true});
        context_mark_before(context, T0);
        return context;
}

static void pods_that_come_and_go_move_the_extremes(void **state)
{
        (void)state;
        struct context *context = two_ready_pods();

        see_pod(context, (struct pod){.name = "c"}, T0 + 1000); /* not ready yet: nothing to say */
        see_pod(context, (struct pod){.name = "c", .ready = true}, T0 + 2000);
        see_pod(context, (struct pod){.name = "a", .ready = true, .leaving = true}, T0 + 3000);
        pod_goes(context, (struct pod){.name = "a", .leaving = true}, T0 + 4000);
        pod_goes(context, (struct pod){.name = "b", .ready = true}, T0 + 5000);
        check_changes(context, "pod-join Pod/c: became ready on node n1\n"
                               "pod-leave Pod/a: is being deleted\n"
                               "pod-leave Pod/b: is gone\n");
        auto_json struct json_object *status = context_encode_status(context, NULL, NULL);
        assert_int_equal(doc_int(status, "target.pods.min", -1), 1);
        assert_int_equal(doc_int(status, "target.pods.max", -1), 3);
        assert_string_equal(doc_text(status, "changes[0].at"), "2026-01-31T10:00:02Z");
        context_free(context);
}

static void a_limit_that_changes_under_way_is_told(void **state)
{
        (void)state;
        struct context *context = two_ready_pods();

        see_pod(context, (struct pod){.name = "a", .ready = true, .cpu_limit = "500m"}, T0 + 1000); /* not known before: nothing changed */
        see_pod(context, (struct pod){.name = "a", .ready = true, .cpu_limit = "50m"}, T0 + 2000);
        check_changes(context, "resize Pod/a: container app: limits cpu=500m memory=none -> cpu=50m memory=none\n");
        context_free(context);
}

static void a_restart_is_told_with_its_cause(void **state)
{
        (void)state;
        struct context *context = two_ready_pods();

        see_pod(context, (struct pod){.name = "a", .ready = true, .restarts = 2, .cause = "OOMKilled"}, T0 + 1000);
        check_changes(context, "restart Pod/a: container app restarted (OOMKilled, exit code 137), 2 in all\n");
        auto_json struct json_object *status = context_encode_status(context, NULL, NULL);
        assert_int_equal(doc_int(status, "target.restarts", -1), 2);
        assert_int_equal(context_count(context, CONTEXT_RESTART, T0, T0 + 1000), 2); /* two at once */
        assert_int_equal(context_count(context, CONTEXT_RESTART, T0 + 1001, T0 + 9000), 0);
        assert_int_equal(context_count(context, CONTEXT_SCALE, T0, T0 + 9000), 0);
        context_free(context);
}

static void restarts_are_known_while_somebody_looks(void **state)
{
        (void)state;
        struct context *blind = context_new(), *context = two_ready_pods();
        bool whole;

        assert_false(context_counts_restarts(blind, T0, T0 + 9000, &whole));
        assert_true(context_counts_restarts(context, T0, T0 + 9000, &whole));
        assert_true(whole);
        context_gap(context, T0 + 3000, T0 + 4000);
        assert_true(context_counts_restarts(context, T0, T0 + 2999, &whole));
        assert_true(whole);
        assert_true(context_counts_restarts(context, T0, T0 + 3000, &whole));
        assert_false(whole);
        assert_true(context_counts_restarts(context, T0 + 4000, T0 + 9000, &whole));
        assert_false(whole);
        context_free(blind);
        context_free(context);
}

static void the_same_change_told_twice_is_recorded_once(void **state)
{
        (void)state;
        struct context *context = two_ready_pods();

        for (int i = 0; i < 3; i++) {
                see_pod(context, (struct pod){.name = "a", .ready = true, .restarts = 1}, T0 + i);
                see_pod(context, (struct pod){.name = "b"}, T0 + i);
                pod_goes(context, (struct pod){.name = "b"}, T0 + i);
                pod_goes(context, (struct pod){.name = "b", .ready = true}, T0 + i);
                if (i == 0)
                        check_changes(context, "restart Pod/a: container app restarted (cause unknown), 1 in all\n"
                                               "pod-leave Pod/b: stopped being ready\n");
        }
        check_changes(context, "restart Pod/a: container app restarted (cause unknown), 1 in all\n"
                               "pod-leave Pod/b: stopped being ready\n");
        context_free(context);
}

static void an_eviction_is_not_an_ordinary_end(void **state)
{
        (void)state;
        struct context *context = two_ready_pods();

        see_pod(context, (struct pod){.name = "a", .ready = true, .evicted = "EvictionByEvictionAPI"}, T0);
        see_pod(context, (struct pod){.name = "a", .leaving = true, .evicted = "EvictionByEvictionAPI"}, T0);
        check_changes(context, "eviction Pod/a: EvictionByEvictionAPI\npod-leave Pod/a: is being deleted\n");
        context_free(context);
}

static void a_changed_image_is_told_and_each_image_seen_is_listed(void **state)
{
        (void)state;
        struct context *context = two_ready_pods();

        see_pod(context, (struct pod){.name = "a", .ready = true, .image = "shop@sha256:bbb"}, T0);
        check_changes(context, "image Pod/a: container app: shop@sha256:aaa -> shop@sha256:bbb\n");
        auto_json struct json_object *status = context_encode_status(context, NULL, NULL);
        assert_string_equal(doc_print(doc_at(status, "target.images")), "[\"shop@sha256:aaa\",\"shop@sha256:bbb\"]");
        context_free(context);
}

#define DEPLOYMENT(replicas, image, updated, generation)                                                                 \
        "{\"metadata\":{\"name\":\"shop\",\"uid\":\"d\",\"generation\":" generation "},\"spec\":{\"replicas\":" replicas \
        ",\"template\":{\"spec\":{\"containers\":[{\"name\":\"app\",\"image\":\"" image "\"}]}}},"                      \
        "\"status\":{\"observedGeneration\":" generation ",\"replicas\":" replicas ",\"updatedReplicas\":" updated "}}"

static void scaling_and_rollouts_are_told_from_the_deployment(void **state)
{
        (void)state;
        struct context *context = context_new();

        add(context, CONTEXT_DEPLOYMENT, DEPLOYMENT("2", "shop:1", "2", "1"));
        context_mark_before(context, T0);
        see(context, CONTEXT_DEPLOYMENT, DEPLOYMENT("3", "shop:1", "3", "2"), T0);
        see(context, CONTEXT_DEPLOYMENT, DEPLOYMENT("3", "shop:2", "0", "3"), T0);
        see(context, CONTEXT_DEPLOYMENT, DEPLOYMENT("3", "shop:2", "2", "3"), T0);
        see(context, CONTEXT_DEPLOYMENT, DEPLOYMENT("3", "shop:2", "3", "3"), T0);
        see(context, CONTEXT_DEPLOYMENT, DEPLOYMENT("3", "shop:2", "3", "3"), T0);
        check_changes(context, "scale Deployment/shop: 2 -> 3 replicas\n"
                               "rollout Deployment/shop: pod template changed; app: shop:1 -> shop:2\n"
                               "rollout Deployment/shop: rollout reached every pod\n");
        context_free(context);
}

static void autoscaler_endpoints_node_and_service_have_their_words(void **state)
{
        (void)state;
        struct context *context = context_new();

        add(context, CONTEXT_AUTOSCALER, "{\"metadata\":{\"name\":\"h\",\"uid\":\"h\"},\"spec\":{\"minReplicas\":2,\"maxReplicas\":5},"
                                         "\"status\":{\"desiredReplicas\":2}}");
        add(context, CONTEXT_ENDPOINT_SLICE, "{\"metadata\":{\"name\":\"s\",\"uid\":\"s\"},\"endpoints\":[{\"addresses\":[\"10.0.0.1\"],"
                                             "\"conditions\":{\"ready\":true},\"targetRef\":{\"name\":\"a\"}}]}");
        add(context, CONTEXT_NODE, "{\"metadata\":{\"name\":\"n1\",\"uid\":\"n\"},\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}");
        add(context, CONTEXT_SERVICE, "{\"metadata\":{\"name\":\"shop\",\"uid\":\"v\"},\"spec\":{\"selector\":{\"app\":\"shop\"}}}");
        context_mark_before(context, T0);
        see(context, CONTEXT_AUTOSCALER, "{\"metadata\":{\"name\":\"h\",\"uid\":\"h\"},\"spec\":{\"minReplicas\":2,\"maxReplicas\":9},"
                                         "\"status\":{\"desiredReplicas\":4}}", T0);
        see(context, CONTEXT_ENDPOINT_SLICE, "{\"metadata\":{\"name\":\"s\",\"uid\":\"s\"},\"endpoints\":[{\"addresses\":[\"10.0.0.2\"]}]}", T0);
        see(context, CONTEXT_NODE, "{\"metadata\":{\"name\":\"n1\",\"uid\":\"n\"},\"spec\":{\"unschedulable\":true,\"taints\":[{\"key\":\"k\","
                                   "\"value\":\"v\",\"effect\":\"NoSchedule\"}]},\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":\"Unknown\"}]}}", T0);
        see(context, CONTEXT_SERVICE, "{\"metadata\":{\"name\":\"shop\",\"uid\":\"v\"},\"spec\":{\"selector\":{\"app\":\"other\"}}}", T0);
        check_changes(context, "autoscale HorizontalPodAutoscaler/h: bounds 2..5 -> 2..9\n"
                               "autoscale HorizontalPodAutoscaler/h: wants 2 -> 4 replicas\n"
                               "endpoint EndpointSlice/s: joined: 10.0.0.2\n"
                               "endpoint EndpointSlice/s: left: 10.0.0.1 (a)\n"
                               "node Node/n1: Ready: True -> Unknown\n"
                               "node Node/n1: cordoned\n"
                               "node Node/n1: taints: [] -> [\"k=v:NoSchedule\"]\n"
                               "service Service/shop: selector: {\"app\":\"shop\"} -> {\"app\":\"other\"}\n");
        context_free(context);
}

static void a_new_uid_under_an_old_name_is_a_new_object(void **state)
{
        (void)state;
        struct context *context = context_new();

        add(context, CONTEXT_DEPLOYMENT, DEPLOYMENT("2", "shop:1", "2", "1"));
        context_mark_before(context, T0);
        see(context, CONTEXT_DEPLOYMENT, "{\"metadata\":{\"name\":\"shop\",\"uid\":\"other\"},\"spec\":{\"replicas\":9}}", T0);
        check_changes(context, "");
        context_free(context);
}

static void gaps_are_joined_and_bounded(void **state)
{
        (void)state;
        struct context *context = context_new();

        context_gap(context, T0 + 10000, T0 + 20000);
        context_gap(context, T0, T0 + 5000);
        context_gap(context, T0 + 5000, T0 + 10000);
        context_gap(context, T0 + 9, T0 + 3);
        auto_json struct json_object *status = context_encode_status(context, NULL, NULL);
        assert_string_equal(doc_print(doc_at(status, "gaps")),
                            "[{\"from\":\"2026-01-31T10:00:00Z\",\"to\":\"2026-01-31T10:00:20Z\"}]");
        for (int i = 0; i < 100; i++)
                context_gap(context, T0 + 100000 + i * 10000, T0 + 101000 + i * 10000);
        auto_json struct json_object *more = context_encode_status(context, NULL, NULL);
        assert_int_equal(doc_len(more, "gaps"), CONTEXT_GAPS_MAX);
        context_free(context);
}

static void what_nobody_can_see_is_unknown(void **state)
{
        (void)state;
        struct context *context = context_new();

        context_nodes_unknown(context);
        context_mark_before(context, T0);
        auto_json struct json_object *none = context_encode_status(context, NULL, NULL);
        assert_string_equal(doc_text(none, "target.pods.min"), "unknown");
        assert_string_equal(doc_text(none, "target.restarts"), "unknown");
        see_pod(context, (struct pod){.name = "a", .ready = true}, T0);
        auto_json struct json_object *generators = parse("[\"n1\",\"n2\"]");
        auto_json struct json_object *status = context_encode_status(context, generators, NULL);
        assert_string_equal(doc_print(doc_at(status, "nodes")),
                            "[{\"name\":\"n1\",\"role\":\"both\",\"kernel\":\"unknown\",\"kubelet\":\"unknown\",\"instanceType\":\"unknown\"},"
                            "{\"name\":\"n2\",\"role\":\"generator\",\"kernel\":\"unknown\",\"kubelet\":\"unknown\",\"instanceType\":\"unknown\"}]");
        context_free(context);
}

static void node_facts_are_shown_when_known(void **state)
{
        (void)state;
        struct context *context = two_ready_pods();

        add(context, CONTEXT_NODE, "{\"metadata\":{\"name\":\"n1\",\"uid\":\"n\",\"labels\":{\"node.kubernetes.io/instance-type\":\"m5.large\"}},"
                                   "\"status\":{\"nodeInfo\":{\"kernelVersion\":\"6.1.0\",\"kubeletVersion\":\"v1.34.0\"}}}");
        auto_json struct json_object *status = context_encode_status(context, NULL, NULL);
        assert_string_equal(doc_print(doc_at(status, "nodes")),
                            "[{\"name\":\"n1\",\"role\":\"target\",\"kernel\":\"6.1.0\",\"kubelet\":\"v1.34.0\",\"instanceType\":\"m5.large\"}]");
        context_free(context);
}

#define NODE(uid, memory, pid)                                                                                      \
        "{\"metadata\":{\"name\":\"n" uid "\",\"uid\":\"" uid "\"},\"status\":{\"conditions\":["                                   \
        "{\"type\":\"MemoryPressure\",\"status\":\"" memory "\"},{\"type\":\"PIDPressure\",\"status\":\"" pid "\"}]}}"

static void see_node(struct context *context, const char *text, int64_t wall_ms)
{
        auto_json struct json_object *node = parse(text);

        context_observe(context, CONTEXT_NODE, NULL, node, wall_ms);
}

static void pressure_counts_while_it_lasts(void **state)
{
        (void)state;
        struct context *context = context_new();
        char text[CONTEXT_PRESSURE_TEXT] = "";

        add(context, CONTEXT_NODE, NODE("1", "False", "False"));
        add(context, CONTEXT_NODE, NODE("2", "False", "False"));
        assert_false(context_pressure(context, T0, T0 + 100000, text));
        see_node(context, NODE("2", "True", "False"), T0 + 50000);
        assert_false(context_pressure(context, T0, T0 + 49000, text)); /* a window that was over */
        assert_true(context_pressure(context, T0, T0 + 50000, text));
        assert_string_equal(text, "n2: MemoryPressure");
        assert_true(context_pressure(context, T0 + 90000, T0 + 100000, text)); /* nobody said that it is over */
        see_node(context, NODE("2", "False", "False"), T0 + 80000);
        assert_true(context_pressure(context, T0 + 60000, T0 + 100000, text));
        assert_false(context_pressure(context, T0 + 81000, T0 + 100000, text));
        see_node(context, NODE("1", "False", "True"), T0 + 200000);
        assert_true(context_pressure(context, T0 + 150000, T0 + 200000, text));
        assert_string_equal(text, "n1: PIDPressure");
        context_free(context);
}

static void pressure_that_comes_again_does_not_hide_the_first(void **state)
{
        (void)state;
        struct context *context = context_new();
        char text[CONTEXT_PRESSURE_TEXT];

        see_node(context, NODE("1", "True", "False"), T0 + 10000);
        see_node(context, NODE("1", "False", "False"), T0 + 20000);
        see_node(context, NODE("1", "False", "True"), T0 + 50000); /* after the window, and before anybody asks */
        assert_true(context_pressure(context, T0, T0 + 40000, text));
        assert_string_equal(text, "n1: MemoryPressure");
        assert_false(context_pressure(context, T0 + 21000, T0 + 49000, text));
        see_node(context, NODE("1", "True", "True"), T0 + 60000); /* what is shown of two is the first kind */
        assert_true(context_pressure(context, T0 + 55000, T0 + 59000, text));
        assert_string_equal(text, "n1: PIDPressure");
        context_free(context);
}

/* Of many only the latest are told apart; before them the node counts as if it had never been well. */
static void no_pressure_is_forgotten(void **state)
{
        (void)state;
        struct context *context = context_new();
        char text[CONTEXT_PRESSURE_TEXT];

        for (int64_t i = 0; i < 20; i++) {
                see_node(context, NODE("1", "True", "False"), T0 + 10000 * i);
                see_node(context, NODE("1", "False", "False"), T0 + 10000 * i + 5000);
        }
        for (int64_t i = 0; i < 20; i++)
                assert_true(context_pressure(context, T0 + 10000 * i, T0 + 10000 * i + 1, text));
        assert_false(context_pressure(context, T0 + 196000, T0 + 197000, text));
        assert_false(context_pressure(context, T0 + 186000, T0 + 187000, text));
        assert_false(context_pressure(context, 0, T0 - 1, text));
        context_free(context);
}

static void pressure_from_the_beginning_counts(void **state)
{
        (void)state;
        struct context *context = context_new();
        char text[CONTEXT_PRESSURE_TEXT];

        add(context, CONTEXT_NODE, NODE("1", "True", "Unknown"));
        assert_true(context_pressure(context, T0, T0 + 1, text));
        context_free(context);
}

static void too_many_changes_are_cut_in_status_and_counted_in_full(void **state)
{
        (void)state;
        struct context *context = two_ready_pods();
        auto_json struct json_object *truncated = doc_array();

        for (int i = 1; i <= CONTEXT_CHANGES_MAX + 7; i++)
                see_pod(context, (struct pod){.name = "a", .ready = true, .restarts = i}, T0);
        auto_json struct json_object *status = context_encode_status(context, NULL, truncated);
        auto_json struct json_object *full = context_encode_full(context, NULL);
        assert_int_equal(doc_len(status, "changes"), CONTEXT_STATUS_CHANGES_MAX);
        assert_string_equal(doc_print(truncated), "[\"context.changes\"]");
        assert_int_equal(doc_len(full, "changes"), CONTEXT_CHANGES_MAX);
        assert_int_equal(doc_int(full, "changesDropped", 0), 7);
        assert_int_equal(doc_int(full, "target.restarts", 0), CONTEXT_CHANGES_MAX + 7);
        context_free(context);
}

static void a_restored_context_finds_what_changed_meanwhile(void **state)
{
        (void)state;
        struct context *first = two_ready_pods();
        auto_json struct json_object *stored = context_encode_state(first);
        auto_free char *text = xstrdup(doc_print(stored));
        auto_json struct json_object *read = parse(text);
        struct context *second = context_new();

        context_restore(second, read, T0 + 60000);
        see_pod(second, (struct pod){.name = "a", .ready = true, .restarts = 1, .cause = "Error"}, T0 + 61000);
        see_pod(second, (struct pod){.name = "c", .ready = true}, T0 + 61000);
        context_settle(second, T0 + 62000);
        context_settle(second, T0 + 63000);
        check_changes(second, "restart Pod/a: container app restarted (Error, exit code 137), 1 in all\n"
                              "pod-join Pod/c: became ready on node n1\n"
                              "pod-leave Pod/b: is gone\n");
        context_free(first);
        context_free(second);
}

static void a_stored_state_restores_to_itself(void **state)
{
        (void)state;
        struct context *first = two_ready_pods(), *second = context_new();
        auto_json struct json_object *stored = context_encode_state(first);

        context_restore(second, stored, T0);
        auto_json struct json_object *again = context_encode_state(second);
        assert_string_equal(doc_print(stored), doc_print(again));
        context_free(first);
        context_free(second);
}

static void malformed_objects_and_states_are_left_out(void **state)
{
        (void)state;
        static const char *const texts[] = {"{}", "{\"metadata\":{\"name\":\"a\"}}", "{\"metadata\":{\"name\":7,\"uid\":\"x\"}}",
                                            "{\"metadata\":{\"name\":\"a\",\"uid\":\"x\"},\"status\":7,\"spec\":[],\"endpoints\":{}}"};
        static const char *const states[] = {"{}", "{\"objects\":7}", "{\"objects\":[7,{},{\"kind\":\"Pod\"},{\"kind\":\"Pod\",\"name\":\"a\",\"uid\":\"b\"}]}"};

        for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
                for (int kind = 0; kind < CONTEXT_KINDS; kind++) {
                        struct context *context = context_new();
                        see(context, (enum context_kind)kind, texts[i], T0);
                        see(context, (enum context_kind)kind, texts[i], T0);
                        auto_json struct json_object *full = context_encode_full(context, NULL);
                        assert_int_equal(doc_len(full, "changes"), 0);
                        context_free(context);
                }
        }
        for (size_t i = 0; i < ARRAY_LEN(states); i++) {
                struct context *context = context_new();
                auto_json struct json_object *stored = parse(states[i]);
                context_restore(context, stored, T0);
                context_settle(context, T0);
                context_free(context);
        }
}

/* A dependency's changes are told under its name, and the target's restarts stay its own. */
static void what_the_target_depends_on_is_told_apart(void **state)
{
        struct context *context = context_new(), *also = context_also(context, "carts");
        (void)state;

        add_pod(context, (struct pod){.name = "a", .ready = true});
        add_pod(also, (struct pod){.name = "c", .ready = true});
        context_mark_before(context, T0);
        see_pod(also, (struct pod){.name = "c", .ready = true, .restarts = 2, .cause = "OOMKilled"}, T0 + 1000);
        see_pod(also, (struct pod){.name = "d", .ready = true}, T0 + 2000);
        auto_json struct json_object *status = context_encode_status(context, NULL, NULL), *target = context_encode_target(also, NULL);

        assert_int_equal(context_count(context, CONTEXT_RESTART, T0, T0 + 5000), 0);
        assert_int_equal(doc_int(status, "target.restarts", -1), 0);
        assert_int_equal(doc_int(status, "target.pods.max", -1), 1);
        assert_int_equal(doc_int(target, "restarts", -1), 2);
        assert_int_equal(doc_int(target, "pods.max", -1), 2);
        assert_string_equal(doc_text(status, "changes[0].object"), "carts: Pod/c");
        assert_string_equal(doc_text(status, "changes[0].kind"), "restart");
        assert_string_equal(doc_text(status, "changes[1].kind"), "pod-join");
        auto_json struct json_object *sentences = context_encode_sentences(context);
        assert_true(text_starts(doc_text(sentences, "[0].sentence"), "carts: Pod/c: container app restarted (OOMKilled"));
        context_free(context);
}

/* After a restart of the operator what is gone meanwhile is told; a dependency that no state knows has nothing new. */
static void a_dependency_is_restored_with_the_target(void **state)
{
        struct context *context = context_new(), *also = context_also(context, "carts");
        (void)state;

        add_pod(also, (struct pod){.name = "c", .ready = true});
        auto_json struct json_object *stored = context_encode_state(context);
        context_free(context);
        context = context_new();
        context_also(context, "carts");
        also = context_also(context, "mails");
        context_restore(context, stored, T0);
        see_pod(also, (struct pod){.name = "m", .ready = true}, T0 + 500);
        context_settle(context, T0 + 1000);
        auto_json struct json_object *status = context_encode_status(context, NULL, NULL);

        assert_int_equal(doc_len(status, "changes"), 1);
        assert_string_equal(doc_text(status, "changes[0].object"), "carts: Pod/c");
        assert_string_equal(doc_text(status, "changes[0].text"), "is gone");
        context_free(context);
}

static void there_are_few_dependencies(void **state)
{
        struct context *context = context_new();
        (void)state;

        for (int i = 0; i < CONTEXT_ALSO_MAX; i++)
                assert_non_null(context_also(context, "x"));
        assert_null(context_also(context, "y"));
        context_free(context);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_the_target_depends_on_is_told_apart),
                cmocka_unit_test(a_dependency_is_restored_with_the_target),
                cmocka_unit_test(there_are_few_dependencies),
                cmocka_unit_test(pods_that_come_and_go_move_the_extremes),
                cmocka_unit_test(a_limit_that_changes_under_way_is_told),
                cmocka_unit_test(a_restart_is_told_with_its_cause),
                cmocka_unit_test(restarts_are_known_while_somebody_looks),
                cmocka_unit_test(the_same_change_told_twice_is_recorded_once),
                cmocka_unit_test(an_eviction_is_not_an_ordinary_end),
                cmocka_unit_test(a_changed_image_is_told_and_each_image_seen_is_listed),
                cmocka_unit_test(scaling_and_rollouts_are_told_from_the_deployment),
                cmocka_unit_test(autoscaler_endpoints_node_and_service_have_their_words),
                cmocka_unit_test(a_new_uid_under_an_old_name_is_a_new_object),
                cmocka_unit_test(gaps_are_joined_and_bounded),
                cmocka_unit_test(what_nobody_can_see_is_unknown),
                cmocka_unit_test(node_facts_are_shown_when_known),
                cmocka_unit_test(pressure_counts_while_it_lasts),
                cmocka_unit_test(pressure_that_comes_again_does_not_hide_the_first),
                cmocka_unit_test(no_pressure_is_forgotten),
                cmocka_unit_test(pressure_from_the_beginning_counts),
                cmocka_unit_test(too_many_changes_are_cut_in_status_and_counted_in_full),
                cmocka_unit_test(a_restored_context_finds_what_changed_meanwhile),
                cmocka_unit_test(a_stored_state_restores_to_itself),
                cmocka_unit_test(malformed_objects_and_states_are_left_out),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
