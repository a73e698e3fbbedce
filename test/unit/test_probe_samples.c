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
#include "data/doc.h"
#include "probe/samples.h"

#define T0 INT64_C(1700000000000)

struct scene {
        struct samples *samples;
        struct samples_node *node;
};

static void add_pod(struct samples *samples, const char *name, const char *uid, const char *container_id)
{
        auto_free char *text = xasprintf("{\"metadata\":{\"namespace\":\"shop\",\"name\":\"%s\",\"uid\":\"%s\"},\"spec\":{\"nodeName\":\"n1\"},"
                                         "\"status\":{\"containerStatuses\":[{\"name\":\"web\",\"containerID\":\"containerd://%s\"}]}}", name, uid, container_id);
        auto_json struct json_object *pod = NULL;

        assert_int_equal(doc_parse(text, strlen(text), &pod, NULL), FAIL_NONE);
        samples_add_pod(samples, SAMPLES_TARGET, pod);
}

static struct scene scene(void)
{
        struct scene scene = {.samples = samples_new()};

        scene.node = samples_add_node(scene.samples, SAMPLES_TARGET, "n1");
        add_pod(scene.samples, "web-1", "uid-1", "c1");
        return scene;
}

static void line_read(void *owner, const struct prometheus_line *line)
{
        samples_take(owner, line);
}

static void page_of(struct samples_node *node, enum samples_source source, const char *text)
{
        struct prometheus_page page = {.lines_max = 20000, .bytes_max = 8 << 20};
        struct fail fail = {0};

        struct samples_page *open = samples_open(node, source);
        if (prometheus_feed(&page, text, strlen(text), line_read, open, &fail) || prometheus_end(&page, &fail))
                fail_msg("%s", fail.text);
        prometheus_done(&page);
        samples_close(open, T0);
}

static void page(struct samples_node *node, const char *text)
{
        page_of(node, SAMPLES_CADVISOR, text);
}

/* What one container of shop/web-1 has used until 'at_ms', as cAdvisor tells it: of itself and of its pod. */
static void one_more(struct scene *scene, int64_t at_ms, double cpu_s, double periods, double stopped, const char *id)
{
        auto_buf struct buf text = {0};

        for (size_t i = 0; i < 2; i++) {
                auto_free char *labels = xasprintf("container=\"%s\",id=\"/kubepods/pod1%s%s\",name=\"%s\",namespace=\"shop\",pod=\"web-1\"",
                                                   i ? "" : "web", i ? "" : "/", i ? "" : id, i ? "" : "x");
                buf_format(&text, "container_cpu_usage_seconds_total{%s,cpu=\"total\"} %f %lld\n", labels, cpu_s, (long long)(T0 + at_ms));
                buf_format(&text, "container_memory_working_set_bytes{%s} %d %lld\n", labels, 64 << 20, (long long)(T0 + at_ms));
                buf_format(&text, "container_spec_cpu_quota{%s} 50000\ncontainer_spec_cpu_period{%s} 100000\n", labels, labels);
                if (i == 0)
                        buf_format(&text, "container_cpu_cfs_periods_total{%s} %f %lld\ncontainer_cpu_cfs_throttled_periods_total{%s} %f %lld\n",
                                   labels, periods, (long long)(T0 + at_ms), labels, stopped, (long long)(T0 + at_ms));
        }
        page(scene->node, text.data);
}

static struct samples_summary summary(const struct scene *scene, int64_t from_ms, int64_t to_ms)
{
        struct samples_summary found;

        samples_summary(scene->samples, SAMPLES_TARGET, NULL, T0 + from_ms, T0 + to_ms, &found);
        return found;
}

static void near(double value, double wanted)
{
        if (!(value > wanted - 0.001 && value < wanted + 0.001))
                fail_msg("%f, not %f", value, wanted);
}

static void counters_become_rates_over_the_span_between_their_own_times(void **state)
{
        struct scene scene_ = scene();
        (void)state;

        one_more(&scene_, 0, 10, 100, 0, "a");
        one_more(&scene_, 10000, 12, 200, 0, "a");
        one_more(&scene_, 20000, 17, 300, 40, "a");
        struct samples_summary found = summary(&scene_, 0, 20000);
        assert_true(found.cpu_known && found.throttled_known && found.memory_known);
        near(found.cpu_mean, 0.35);
        near(found.cpu_max, 0.5);
        near(found.cpu_limit, 0.5);
        near(found.throttled, 0.2);
        near(found.worst_throttled, 0.2);
        assert_string_equal(found.worst_pod, "web-1");
        near(found.at_limit, 0.5);
        near(found.covered, 1);
        near(found.memory_mean, 64 << 20);
        /* Only half of the second row lies in this window. */
        found = summary(&scene_, 5000, 10000);
        near(found.cpu_mean, 0.2);
        near(found.throttled, 0);
        samples_free(scene_.samples);
}

static void a_container_is_summed_up_by_its_name(void **state)
{
        struct scene scene_ = scene();
        struct samples_summary found;
        (void)state;

        page(scene_.node, "container_cpu_usage_seconds_total{container=\"web\",id=\"/p/w\",name=\"w\",namespace=\"shop\",pod=\"web-1\"} 1 1700000000000\n"
                          "container_cpu_usage_seconds_total{container=\"proxy\",id=\"/p/p\",name=\"p\",namespace=\"shop\",pod=\"web-1\"} 1 1700000000000\n");
        page(scene_.node, "container_cpu_usage_seconds_total{container=\"web\",id=\"/p/w\",name=\"w\",namespace=\"shop\",pod=\"web-1\"} 9 1700000010000\n"
                          "container_cpu_usage_seconds_total{container=\"proxy\",id=\"/p/p\",name=\"p\",namespace=\"shop\",pod=\"web-1\"} 2 1700000010000\n");
        samples_summary(scene_.samples, SAMPLES_TARGET, "proxy", T0, T0 + 10000, &found);
        assert_true(found.cpu_known && !found.throttled_known && found.pods == 1);
        near(found.cpu_mean, 0.1);
        samples_summary(scene_.samples, SAMPLES_TARGET, "envoy", T0, T0 + 10000, &found);
        assert_true(!found.cpu_known && found.pods == 0);
        samples_summary(scene_.samples, SAMPLES_GENERATOR, "proxy", T0, T0 + 10000, &found);
        assert_false(found.cpu_known);
        samples_free(scene_.samples);
}

/* The load before was stopped all the time, this one never: the row that has both tells of neither. */
static void what_stopped_the_load_before_stops_this_one_no_more(void **state)
{
        struct scene scene_ = scene();
        (void)state;

        one_more(&scene_, 0, 10, 100, 0, "a");
        one_more(&scene_, 10000, 15, 200, 100, "a");
        one_more(&scene_, 20000, 15.1, 300, 100, "a");
        struct samples_summary found = summary(&scene_, 8000, 20000);
        assert_true(found.throttled_known);
        near(found.throttled, 0);
        near(found.worst_throttled, 0);
        near(found.at_limit, 0);
        near(found.cpu_mean, (0.5 * 2 + 0.01 * 10) / 12);
        near(found.covered, 1);
        found = summary(&scene_, 8000, 10000);
        assert_true(found.cpu_known && !found.throttled_known);
        near(found.at_limit, 0);
        samples_free(scene_.samples);
}

static void what_the_target_uses_at_rest_is_of_whole_rows_alone(void **state)
{
        struct scene scene_ = scene();
        double cores;
        (void)state;

        one_more(&scene_, 0, 10, 0, 0, "a");
        one_more(&scene_, 10000, 11, 0, 0, "a");
        one_more(&scene_, 20000, 14, 0, 0, "a");
        one_more(&scene_, 30000, 24, 0, 0, "a"); /* the load began in it */
        assert_true(samples_target_cpu(scene_.samples, 0, T0 + 25000, false, &cores));
        near(cores, 0.2);
        assert_true(samples_target_cpu(scene_.samples, 0, T0 + 25000, true, &cores));
        near(cores, 0.3);
        assert_true(samples_target_cpu(scene_.samples, T0 + 20000, T0 + 30000, true, &cores));
        near(cores, 1);
        assert_false(samples_target_cpu(scene_.samples, T0 + 20001, T0 + 60000, true, &cores));
        assert_false(samples_target_cpu(scene_.samples, 0, T0 + 9999, false, &cores));
        samples_free(scene_.samples);
}

static void a_page_with_nothing_newer_adds_nothing(void **state)
{
        struct scene scene_ = scene();
        (void)state;

        one_more(&scene_, 0, 10, 0, 0, "a");
        one_more(&scene_, 10000, 12, 0, 0, "a");
        one_more(&scene_, 10000, 12, 0, 0, "a");
        one_more(&scene_, 4000, 11, 0, 0, "a");
        auto_json struct json_object *rows = samples_encode(scene_.samples, T0, T0, 1 << 20);
        assert_int_equal(doc_len(rows, ""), 1); /* the pod: its only container is not told twice */
        assert_string_equal(doc_text(doc_item(rows, 0), "kind"), "pod");
        assert_int_equal(doc_len(doc_item(rows, 0), "cpuMilli"), 1);
        samples_free(scene_.samples);
}

static void a_counter_that_fell_or_another_cgroup_says_nothing_of_that_span(void **state)
{
        struct scene scene_ = scene();
        (void)state;

        add_pod(scene_.samples, "web-1", "uid-1", "c1"); /* told again: nothing */
        one_more(&scene_, 0, 10, 100, 50, "a");
        one_more(&scene_, 10000, 2, 10, 0, "a");    /* fell */
        one_more(&scene_, 20000, 30, 500, 400, "b"); /* another container, higher already */
        one_more(&scene_, 30000, 31, 600, 400, "b");
        struct samples_summary found = summary(&scene_, 0, 30000);
        near(found.throttled, 0);
        auto_json struct json_object *rows = samples_encode(scene_.samples, T0, T0, 1 << 20);
        struct json_object *throttled = doc_at(doc_item(rows, 0), "throttledPermille"), *cpu = doc_at(doc_item(rows, 0), "cpuMilli");
        assert_int_equal(doc_len(throttled, ""), 3);
        assert_null(doc_item(cpu, 0));       /* fell */
        assert_null(doc_item(throttled, 1)); /* of another container */
        assert_int_equal(json_object_get_int(doc_item(throttled, 2)), 0);
        samples_free(scene_.samples);
}

static void of_a_restarted_container_the_younger_one_counts(void **state)
{
        static const char both[] =
                "container_cpu_usage_seconds_total{container=\"web\",id=\"/p/new\",name=\"n\",namespace=\"shop\",pod=\"web-1\"} 1 1700000010000\n"
                "container_cpu_usage_seconds_total{container=\"web\",id=\"/p/old\",name=\"o\",namespace=\"shop\",pod=\"web-1\"} 90 1700000003000\n"
                "container_memory_working_set_bytes{container=\"web\",id=\"/p/old\",name=\"o\",namespace=\"shop\",pod=\"web-1\"} 7 1700000003000\n"
                "container_memory_working_set_bytes{container=\"web\",id=\"/p/new\",name=\"n\",namespace=\"shop\",pod=\"web-1\"} 1048576 1700000010000\n";
        struct scene scene_ = scene();
        (void)state;

        page(scene_.node, both);
        auto_json struct json_object *rows = samples_encode(scene_.samples, T0, T0, 1 << 20);
        struct json_object *web = doc_item(rows, 0);
        assert_string_equal(doc_text(web, "kind"), "container");
        assert_int_equal(json_object_get_int(doc_item(doc_at(web, "memoryKiB"), 0)), 1024);
        assert_int_equal(json_object_get_int(doc_item(doc_at(web, "to"), 0)), 10000);
        samples_free(scene_.samples);
}

static void other_pods_and_values_that_are_none_are_left_out(void **state)
{
        struct scene scene_ = scene();
        struct samples_summary found;
        (void)state;

        page(scene_.node, "container_cpu_usage_seconds_total{container=\"web\",namespace=\"shop\",pod=\"other\"} 1 1700000000000\n"
                          "container_cpu_usage_seconds_total{container=\"web\",namespace=\"other\",pod=\"web-1\"} 1 1700000000000\n"
                          "pod_cpu_usage_seconds_total{namespace=\"shop\",pod=\"web-1\"} NaN 1700000000000\n"
                          "container_start_time_seconds{container=\"web\",namespace=\"shop\",pod=\"web-1\"} 5 1700000000000\n");
        found = summary(&scene_, 0, 10000);
        assert_false(found.cpu_known || found.memory_known);
        samples_free(scene_.samples);
}

static void a_page_that_broke_off_is_forgotten_and_said(void **state)
{
        struct scene scene_ = scene();
        struct samples_strain strains[SAMPLES_NODES_MAX];
        struct prometheus_page half = {.lines_max = 10, .bytes_max = 1000};
        static const char text[] = "pod_cpu_usage_seconds_total{namespace=\"shop\",pod=\"web-1\"} 1 1700000000000\n";
        (void)state;

        samples_open(scene_.node, SAMPLES_CADVISOR);
        prometheus_feed(&half, text, strlen(text), line_read, scene_.node, NULL);
        prometheus_done(&half);
        samples_miss(scene_.node, SAMPLES_CADVISOR, "no whole answer");
        one_more(&scene_, 0, 1, 0, 0, "a");
        samples_miss(scene_.node, SAMPLES_CADVISOR, "403");
        assert_int_equal(samples_strains(scene_.samples, T0, T0 + 1000, strains), 1);
        assert_string_equal(strains[0].problem, "403");
        assert_true(strains[0].cpu_mean < 0 && strains[0].cpu_pressure < 0);
        auto_json struct json_object *sources = samples_encode_sources(scene_.samples);
        assert_int_equal(doc_int(doc_item(doc_at(sources, "nodes"), 0), "missed", 0), 2);
        assert_int_equal(doc_int(doc_item(doc_at(sources, "nodes"), 0), "pages[\"kubelet cadvisor\"]", 0), 1);
        samples_free(scene_.samples);
}

static void a_node_is_told_as_shares_of_what_it_has(void **state)
{
        struct scene scene_ = scene();
        struct samples_strain strain[SAMPLES_NODES_MAX];
        (void)state;

        samples_add_node(scene_.samples, SAMPLES_GENERATOR, "n1");
        for (int i = 0; i < 2; i++) {
                auto_buf struct buf text = {0};
                long long at = T0 + i * 10000;
                buf_format(&text, "container_cpu_usage_seconds_total{container=\"\",id=\"/\",cpu=\"total\"} %d %lld\n", i * 30, at);
                buf_format(&text, "container_pressure_cpu_waiting_seconds_total{container=\"\",id=\"/\"} %d %lld\n", i * 2, at);
                buf_format(&text, "container_network_receive_packets_dropped_total{id=\"/\",interface=\"eth0\"} %d %lld\n", i * 4, at);
                buf_format(&text, "container_network_receive_packets_dropped_total{id=\"/\",interface=\"eth1\"} %d %lld\n", i * 3, at);
                buf_format(&text, "machine_cpu_cores 4\nmachine_memory_bytes 1048576\n");
                page(scene_.node, text.data);
        }
        assert_int_equal(samples_strains(scene_.samples, T0, T0 + 10000, strain), 1);
        assert_int_equal(strain[0].roles, SAMPLES_TARGET | SAMPLES_GENERATOR);
        near(strain[0].cpu_max, 0.75);
        near(strain[0].cpu_pressure, 0.2);
        near(strain[0].covered, 1);
        assert_true(strain[0].memory_max < 0 && strain[0].io_pressure < 0);
        auto_json struct json_object *rows = samples_encode(scene_.samples, T0, T0, 1 << 20);
        assert_int_equal(json_object_get_int(doc_item(doc_at(doc_item(rows, 0), "drops"), 0)), 7);
        samples_free(scene_.samples);
}

static void an_hour_by_the_second_keeps_its_mean_in_few_rows(void **state)
{
        struct scene scene_ = scene();
        (void)state;

        for (int i = 0; i <= 3600; i++)
                one_more(&scene_, i * 1000, i * 0.25, i * 10, i, "a");
        struct samples_summary found = summary(&scene_, 0, 3600000);
        near(found.cpu_mean, 0.25);
        near(found.throttled, 0.1);
        near(found.covered, 1);
        auto_json struct json_object *rows = samples_encode(scene_.samples, T0, T0, 1 << 20);
        size_t len = doc_len(doc_item(rows, 0), "to");
        assert_true(len > 100 && len <= SAMPLES_ROWS_MAX);
        assert_int_equal(json_object_get_int(doc_item(doc_at(doc_item(rows, 0), "to"), len - 1)), 3600000);
        /* Less room: fewer rows, the same mean. */
        auto_json struct json_object *few = samples_encode(scene_.samples, T0, T0, 2000);
        assert_int_equal(doc_len(few, ""), 1);
        assert_true(doc_len(doc_item(few, 0), "to") <= 30);
        assert_true(strlen(doc_print(few)) <= 2000);
        auto_json struct json_object *none = samples_encode(scene_.samples, T0, T0, 100);
        assert_int_equal(doc_len(none, ""), 0);
        samples_free(scene_.samples);
}

/* A cgroup without labels: of which it is stands in its name, whichever driver made it. */
static void cgroups_are_known_by_their_names(void **state)
{
        static const struct { const char *id; bool container; } of[] = {
                {"/kubepods/burstable/poduid-1/c1", true},
                {"/own/kubepods/poduid-1", false},
                {"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-poduid_1.slice/cri-containerd-c1.scope", true},
                {"/kubepods.slice/kubepods-poduid_1.slice", false},
        };
        (void)state;

        for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
                struct scene scene_ = scene();
                auto_free char *text = xasprintf("container_cpu_usage_seconds_total{container=\"\",id=\"%s\",name=\"\",namespace=\"\",pod=\"\"} 1 %lld\n"
                                                 "container_cpu_usage_seconds_total{container=\"\",id=\"/kubepods/poduid-2/c2\"} 1 %lld\n", of[i].id,
                                                 (long long)T0 + 1, (long long)T0 + 1);
                page(scene_.node, text);
                auto_json struct json_object *rows = samples_encode(scene_.samples, T0, T0, 1 << 20);
                assert_int_equal(doc_len(rows, ""), 1);
                assert_string_equal(doc_text(doc_item(rows, 0), "kind"), of[i].container ? "container" : "pod");
                assert_string_equal(doc_text(doc_item(rows, 0), "name"), of[i].container ? "web" : "web-1");
                samples_free(scene_.samples);
        }
}

/* The kubelet's own page: containers as of now, pods as of a while ago. */
static void the_sum_of_containers_is_newer_than_their_pod(void **state)
{
        struct scene scene_ = scene();
        (void)state;

        for (int i = 0; i < 3; i++) {
                auto_free char *text = xasprintf("container_cpu_usage_seconds_total{container=\"web\",namespace=\"shop\",pod=\"web-1\"} %d %lld\n"
                                                 "container_cpu_usage_seconds_total{container=\"side\",namespace=\"shop\",pod=\"web-1\"} %d %lld\n"
                                                 "pod_cpu_usage_seconds_total{namespace=\"shop\",pod=\"web-1\"} 1 %lld\n",
                                                 i, (long long)T0 + i * 2000, 2 * i, (long long)T0 + i * 2000 + 5, (long long)T0 - 9000);
                page_of(scene_.node, SAMPLES_RESOURCE, text);
        }
        struct samples_summary found = summary(&scene_, 0, 4000);
        near(found.cpu_mean, 1.5);
        auto_json struct json_object *rows = samples_encode(scene_.samples, T0, T0 + 5, 1 << 20);
        assert_int_equal(doc_len(rows, ""), 3);
        assert_string_equal(doc_text(doc_item(rows, 0), "source"), "kubelet resource");
        assert_int_equal(doc_len(doc_item(rows, 0), "to"), 2);
        samples_free(scene_.samples);
}

/* Two sources of one pod stay two; what each says best counts. */
static void the_source_that_says_most_counts(void **state)
{
        struct scene scene_ = scene();
        (void)state;

        one_more(&scene_, 0, 0, 0, 0, "a");
        one_more(&scene_, 10000, 2, 100, 30, "a");
        for (int i = 0; i <= 5; i++) {
                auto_free char *text = xasprintf("container_cpu_usage_seconds_total{container=\"web\",namespace=\"shop\",pod=\"web-1\"} %f %lld\n",
                                                 i == 5 ? 2.0 : 0.0, (long long)T0 + i * 2000);
                page_of(scene_.node, SAMPLES_RESOURCE, text);
        }
        struct samples_summary found = summary(&scene_, 0, 10000);
        near(found.cpu_max, 1); /* not 0.2 */
        near(found.cpu_mean, 0.2);
        near(found.throttled, 0.3);
        assert_int_equal(found.row_ms, 2000);
        samples_free(scene_.samples);
}

static void pressure_that_was_never_counted_is_not_known(void **state)
{
        struct scene scene_ = scene();
        struct samples_strain strain[SAMPLES_NODES_MAX];
        (void)state;

        for (int i = 0; i < 2; i++) {
                auto_free char *text = xasprintf("container_cpu_usage_seconds_total{id=\"/\"} %d %lld\ncontainer_pressure_cpu_waiting_seconds_total{id=\"/\"} 0 %lld\n",
                                                 i, (long long)T0 + i * 1000, (long long)T0 + i * 1000);
                page(scene_.node, text);
        }
        samples_strains(scene_.samples, T0, T0 + 1000, strain);
        assert_true(strain[0].cpu_pressure < 0);
        samples_free(scene_.samples);
}

static void each_pod_is_held_against_its_own_memory_limit(void **state)
{
        static const struct { const char *name; int used, limit; } pods[] = {{"web-1", 10, 100}, {"web-2", 500, 1000}};
        struct scene scene_ = scene();
        struct samples_summary found, both = {0};
        auto_buf struct buf text = {0};
        (void)state;

        add_pod(scene_.samples, "web-2", "uid-2", "c2");
        for (int k = 0; k < 3; k++) {
                long long at = (long long)(T0 + k * 10000);
                buf_clear(&text);
                for (size_t i = 0; i < ARRAY_LEN(pods); i++) {
                        const char *name = pods[i].name;
                        buf_format(&text, "container_memory_working_set_bytes{id=\"/%s\",namespace=\"shop\",pod=\"%s\"} %d %lld\n", name, name, pods[i].used << 20, at);
                        buf_format(&text, "container_spec_memory_limit_bytes{id=\"/%s\",namespace=\"shop\",pod=\"%s\"} %d %lld\n", name, name, pods[i].limit << 20, at);
                }
                page(scene_.node, text.data);
        }
        samples_summary(scene_.samples, SAMPLES_TARGET, NULL, T0, T0 + 20000, &found);
        near(found.memory_limit, 100 << 20);
        near(found.memory_fullest, 0.5);
        near(found.fullest_limit, 1000 << 20);
        samples_summary_add(&both, &found);
        near(both.memory_fullest, 0.5);
        near(both.fullest_limit, 1000 << 20);
        samples_free(scene_.samples);
}

static void what_is_beyond_the_bounds_is_counted_once(void **state)
{
        struct scene scene_ = scene();
        (void)state;

        for (int i = 0; i < 2 * (SAMPLES_PODS_MAX + 10); i++) {
                char name[32];
                snprintf(name, sizeof name, "more-%d", i % (SAMPLES_PODS_MAX + 10));
                add_pod(scene_.samples, name, name, name);
                samples_add_node(scene_.samples, SAMPLES_TARGET, name);
        }
        auto_json struct json_object *sources = samples_encode_sources(scene_.samples);
        assert_int_equal(doc_int(sources, "podsCut", 0), 11);
        assert_int_equal(doc_int(sources, "nodesCut", 0), SAMPLES_PODS_MAX + 11 - SAMPLES_NODES_MAX);
        samples_free(scene_.samples);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(counters_become_rates_over_the_span_between_their_own_times),
                cmocka_unit_test(a_container_is_summed_up_by_its_name),
                cmocka_unit_test(what_stopped_the_load_before_stops_this_one_no_more),
                cmocka_unit_test(what_the_target_uses_at_rest_is_of_whole_rows_alone),
                cmocka_unit_test(a_page_with_nothing_newer_adds_nothing),
                cmocka_unit_test(a_counter_that_fell_or_another_cgroup_says_nothing_of_that_span),
                cmocka_unit_test(of_a_restarted_container_the_younger_one_counts),
                cmocka_unit_test(other_pods_and_values_that_are_none_are_left_out),
                cmocka_unit_test(a_page_that_broke_off_is_forgotten_and_said),
                cmocka_unit_test(a_node_is_told_as_shares_of_what_it_has),
                cmocka_unit_test(an_hour_by_the_second_keeps_its_mean_in_few_rows),
                cmocka_unit_test(cgroups_are_known_by_their_names),
                cmocka_unit_test(the_sum_of_containers_is_newer_than_their_pod),
                cmocka_unit_test(the_source_that_says_most_counts),
                cmocka_unit_test(pressure_that_was_never_counted_is_not_known),
                cmocka_unit_test(each_pod_is_held_against_its_own_memory_limit),
                cmocka_unit_test(what_is_beyond_the_bounds_is_counted_once),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
