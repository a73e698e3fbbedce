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
#include "mesh/counters.h"
#include "mesh/window.h"

static const struct mesh_scope client = {.host = "cart.shop.svc.cluster.local", .service = "cart", .namespace = "shop", .port = 80};
static const struct mesh_scope server = {.host = "cart.shop.svc.cluster.local", .service = "cart", .namespace = "shop", .port = 8080, .server = true};

static struct mesh_counters page(const char *text, const struct mesh_scope *scope)
{
        struct mesh_counters counters = {0};
        struct fail fail = {0};

        if (mesh_counters_parse(text, strlen(text), scope, &counters, &fail))
                fail_msg("%s", fail.text);
        return counters;
}

static void counts(const struct mesh_counters *counters, enum mesh_counter counter, double value)
{
        if (!counters->seen[counter] || counters->value[counter] != value)
                fail_msg("%s is %s %f, not %f", mesh_counter_name(counter), counters->seen[counter] ? "seen" : "not seen", counters->value[counter], value);
}

#define CLUSTER(stat, name, value) "envoy_cluster_" stat "{cluster_name=\"" name "\"} " value "\n"

static void subsets_of_the_target_are_summed_and_other_clusters_left_out(void **state)
{
        struct mesh_counters found = page("# TYPE envoy_cluster_upstream_rq_retry counter\n"
                CLUSTER("upstream_rq_retry", "outbound|80||cart.shop.svc.cluster.local", "3")
                CLUSTER("upstream_rq_retry", "outbound|80|v1|cart.shop.svc.cluster.local;", "4")
                CLUSTER("upstream_rq_retry", "outbound|81||cart.shop.svc.cluster.local", "50")
                CLUSTER("upstream_rq_retry", "outbound|80||other-cart.shop.svc.cluster.local", "600")
                CLUSTER("upstream_rq_retry", "xds-grpc", "7000")
                CLUSTER("upstream_cx_overflow", "outbound|80||cart.shop.svc.cluster.local", "2"), &client);
        (void)state;

        counts(&found, MESH_RETRY, 7);
        counts(&found, MESH_CX_OVERFLOW, 2);
        assert_false(found.seen[MESH_TIMEOUT]);
        assert_int_equal(found.malformed, 0);
}

static void the_server_counts_what_comes_in(void **state)
{
        struct mesh_counters found = page(CLUSTER("upstream_cx_total", "inbound|8080||", "9") CLUSTER("upstream_cx_total", "inbound|9000||", "90")
                "istio_requests_total{reporter=\"destination\",destination_service=\"cart.shop.svc.cluster.local\",connection_security_policy=\"mutual_tls\",response_code=\"200\",response_flags=\"-\"} 5\n"
                "istio_requests_total{reporter=\"source\",destination_service=\"cart.shop.svc.cluster.local\",response_code=\"200\",response_flags=\"-\"} 70\n"
                "envoy_my_http_local_rate_limit_rate_limited 3\n", &server);
        (void)state;

        counts(&found, MESH_CX, 9);
        counts(&found, MESH_REQUESTS, 5);
        counts(&found, MESH_MUTUAL, 5);
        counts(&found, MESH_RATE_LIMITED, 3);
        counts(&found, MESH_ERRORS, 0);
}

static void times_are_read_as_sum_and_count_and_not_by_their_buckets(void **state)
{
        static const char own[] = CLUSTER("upstream_rq_time_sum", "outbound|80||cart.shop.svc.cluster.local", "1234.5")
                CLUSTER("upstream_rq_time_count", "outbound|80||cart.shop.svc.cluster.local", "200")
                CLUSTER("upstream_rq_time_sum", "outbound|80||other.shop.svc.cluster.local", "9000")
                "envoy_cluster_upstream_rq_time_bucket{cluster_name=\"outbound|80||cart.shop.svc.cluster.local\",le=\"0.5\"} 77\n";
        static const char istio[] =
                "istio_request_duration_milliseconds_sum{reporter=\"destination\",destination_service=\"cart.shop.svc.cluster.local\"} 70\n"
                "istio_request_duration_milliseconds_count{reporter=\"destination\",destination_service=\"cart.shop.svc.cluster.local\"} 10\n"
                "istio_request_duration_milliseconds_count{reporter=\"source\",destination_service=\"cart.shop.svc.cluster.local\"} 500\n";
        struct mesh_counters found = page(own, &client), at_server = page(istio, &server);
        (void)state;

        counts(&found, MESH_UPSTREAM_MS, 1234.5);
        counts(&found, MESH_UPSTREAM_TIMED, 200);
        counts(&at_server, MESH_REQUEST_MS, 70);
        counts(&at_server, MESH_REQUEST_TIMED, 10);
}

#define REQUEST(code, flags, value) \
        "istio_requests_total{a=\"x}\\\"{\",reporter=\"source\",destination_service=\"cart.shop.svc.cluster.local\",response_code=\"" code "\",response_flags=\"" flags "\"} " value "\n"

static void flags_that_stand_together_both_happened(void **state)
{
        struct mesh_counters found = page(REQUEST("200", "-", "10") REQUEST("503", "UF,URX", "2") REQUEST("503", "UO", "1") REQUEST("429", "RL", "4"), &client);
        (void)state;

        counts(&found, MESH_REQUESTS, 17);
        counts(&found, MESH_ERRORS, 3);
        counts(&found, MESH_FLAG_UF, 2);
        counts(&found, MESH_FLAG_URX, 2);
        counts(&found, MESH_FLAG_UO, 1);
        counts(&found, MESH_FLAG_RL, 4);
        counts(&found, MESH_FLAG_UT, 0);
}

static void numbers_that_are_none_are_left_out(void **state)
{
        struct mesh_counters found = page(CLUSTER("upstream_rq_retry", "outbound|80||cart.shop.svc.cluster.local", "NaN")
                CLUSTER("upstream_rq_timeout", "outbound|80||cart.shop.svc.cluster.local", "+Inf")
                CLUSTER("upstream_cx_total", "outbound|80||cart.shop.svc.cluster.local", "-1")
                CLUSTER("upstream_rq_total", "outbound|80||cart.shop.svc.cluster.local", "1.5e3 1700000000000"), &client);
        (void)state;

        assert_false(found.seen[MESH_RETRY] || found.seen[MESH_TIMEOUT] || found.seen[MESH_CX]);
        assert_int_equal(found.odd, 3);
        counts(&found, MESH_RQ, 1500);
}

static void refuses(const char *text, size_t size, enum fail_kind kind)
{
        struct mesh_counters counters = {.lines = 77};

        assert_int_equal(mesh_counters_parse(text, size, &client, &counters, NULL), kind);
        assert_int_equal(counters.lines, 77);
}

static void a_page_that_was_cut_off_is_refused(void **state)
{
        const char *cut = CLUSTER("upstream_rq_retry", "outbound|80||cart.shop.svc.cluster.local", "12");
        (void)state;

        refuses(cut, strlen(cut) - 2, FAIL_INVALID);
        refuses("<html>\n", 7, FAIL_INVALID);
}

static void a_page_is_bounded(void **state)
{
        auto_buf struct buf text = {0};
        struct mesh_counters counters;
        (void)state;

        for (int i = 0; i < MESH_PAGE_LINES_MAX - 1; i++)
                buf_format(&text, "x{i=\"%d\"} 1\n", i);
        buf_text(&text, CLUSTER("upstream_rq_retry", "outbound|80||cart.shop.svc.cluster.local", "12"));
        assert_int_equal(mesh_counters_parse(text.data, text.size, &client, &counters, NULL), FAIL_NONE);
        counts(&counters, MESH_RETRY, 12);
        buf_text(&text, "one_more 1\n");
        refuses(text.data, text.size, FAIL_TOO_LARGE);
}

static void envoys_own_names_are_read_from_json(void **state)
{
        const char *text = "{\"stats\":[{\"name\":\"cluster.outbound|80|v1|cart.shop.svc.cluster.local;.upstream_rq_retry\",\"value\":3},"
                           "{\"name\":\"cluster.outbound|80||cart.shop.svc.cluster.local.circuit_breakers.default.cx_open\",\"value\":1},"
                           "{\"name\":\"cluster.outbound|80||cart.shop.svc.cluster.local.upstream_rq_retry_success\",\"value\":2},"
                           "{\"name\":\"cluster.other.upstream_rq_retry\",\"value\":9},{\"histograms\":{}},"
                           "{\"name\":\"cluster.outbound|80||cart.shop.svc.cluster.local.ssl.handshake\",\"value\":-4}]}";
        struct mesh_counters counters = {0};
        (void)state;

        assert_int_equal(mesh_counters_parse_json(text, strlen(text), &client, &counters, NULL), FAIL_NONE);
        counts(&counters, MESH_RETRY, 3);
        counts(&counters, MESH_RETRY_SUCCESS, 2);
        counts(&counters, MESH_CX_LIMIT_OPEN, 1);
        assert_int_equal(counters.odd, 1);
        assert_int_equal(mesh_counters_parse_json("{}", 2, &client, &counters, NULL), FAIL_INVALID);
}

static void linkerd_counts_by_service_and_parent(void **state)
{
        struct mesh_counters found = page(
                "request_total{direction=\"outbound\",dst_service=\"cart\",dst_namespace=\"shop\",tls=\"true\"} 8\n"
                "request_total{direction=\"outbound\",dst_service=\"cart\",dst_namespace=\"other\",tls=\"true\"} 80\n"
                "outbound_http_route_retry_requests_total{parent_name=\"cart\",parent_namespace=\"shop\"} 2\n"
                "outbound_http_balancer_endpoints{parent_name=\"cart\",parent_namespace=\"shop\",endpoint_state=\"pending\"} 1\n", &client);
        (void)state;

        counts(&found, MESH_REQUESTS, 8);
        counts(&found, MESH_MUTUAL, 8);
        counts(&found, MESH_RETRY, 2);
        counts(&found, MESH_EJECTED, 1);
}

/* A node's ztunnel: each connection once as its source's and once as its destination's, of everybody on the node. */
static void ztunnel_counts_connections(void **state)
{
#define TCP(name, reporter, service, flags, value)                                                                                       \
        "istio_tcp_connections_" name "_total{reporter=\"" reporter "\",source_workload=\"load\",source_principal=\"spiffe://cluster.local/ns/bench/sa/default\"," \
        "destination_service=\"" service ".shop.svc.cluster.local\",request_protocol=\"tcp\",response_flags=\"" flags "\",connection_security_policy=\"mutual_tls\"} " value "\n"
        static const char text[] =
                "# HELP istio_tcp_connections_opened The total number of TCP connections opened.\n"
                "# TYPE istio_tcp_connections_opened counter\n"
                TCP("opened", "source", "cart", "-", "12") TCP("opened", "destination", "cart", "-", "20") TCP("opened", "source", "other", "-", "300")
                TCP("failed", "source", "cart", "CONNECT", "2") TCP("failed", "source", "cart", "TLS_FAILURE", "3")
                TCP("failed", "destination", "cart", "DENY", "5")
                "istio_dns_requests_total{} 9\n";
#undef TCP
        struct mesh_counters source = page(text, &client), destination = page(text, &server);
        (void)state;

        counts(&source, MESH_L4_CX, 12);
        counts(&source, MESH_L4_CX_FAIL, 5);
        counts(&source, MESH_L4_TLS_FAIL, 3);
        assert_false(source.seen[MESH_L4_DENIED]);
        counts(&destination, MESH_L4_CX, 20);
        counts(&destination, MESH_L4_DENIED, 5);
        assert_false(source.seen[MESH_REQUESTS]);
}

static void a_waypoint_counts_requests_between_the_two(void **state)
{
        const struct mesh_scope waypoint = {.host = "cart.shop.svc.cluster.local", .service = "cart", .namespace = "shop", .port = 80, .waypoint = true};
        struct mesh_counters found = page(
                CLUSTER("upstream_rq_retry", "inbound-vip|80|http|cart.shop.svc.cluster.local;", "4")
                CLUSTER("upstream_rq_retry", "inbound-vip|80|http|other.shop.svc.cluster.local;", "40")
                CLUSTER("upstream_rq_retry", "outbound|80||cart.shop.svc.cluster.local", "400")
                "istio_requests_total{reporter=\"waypoint\",destination_service=\"cart.shop.svc.cluster.local\",response_code=\"503\",response_flags=\"UO\"} 6\n"
                "istio_requests_total{reporter=\"source\",destination_service=\"cart.shop.svc.cluster.local\",response_code=\"503\",response_flags=\"UO\"} 60\n",
                &waypoint);
        (void)state;

        counts(&found, MESH_RETRY, 4);
        counts(&found, MESH_REQUESTS, 6);
        counts(&found, MESH_FLAG_UO, 6);
}

static struct mesh_counters with(enum mesh_counter counter, double value, double uptime)
{
        struct mesh_counters counters = {0};

        counters.value[counter] = value;
        counters.seen[counter] = value >= 0;
        counters.value[MESH_UPTIME] = uptime;
        counters.seen[MESH_UPTIME] = uptime >= 0;
        return counters;
}

static double rise(enum mesh_counter counter, const double *values, const double *uptimes, size_t len, struct mesh_window *window)
{
        *window = (struct mesh_window){0};
        for (size_t i = 0; i < len; i++) {
                struct mesh_counters counters = with(counter, values[i], uptimes ? uptimes[i] : -1);
                mesh_window_add(window, &counters, (int64_t)(1000 + i * 1000));
        }
        return window->increase[counter];
}

static void what_was_counted_before_the_window_is_not_in_it(void **state)
{
        struct mesh_window window;
        (void)state;

        assert_true(rise(MESH_RETRY, (double[]){100, 103, 110}, NULL, 3, &window) == 10);
        assert_int_equal(window.last_wall_ms - window.first_wall_ms, 2000);
}

static void a_series_that_appears_later_was_zero_before(void **state)
{
        struct mesh_window window;
        (void)state;

        assert_true(rise(MESH_RETRY, (double[]){-1, 4, 6}, NULL, 3, &window) == 6);
        assert_true(window.known[MESH_RETRY]);
        assert_true(rise(MESH_RETRY, (double[]){-1, -1}, NULL, 2, &window) == 0);
        assert_false(window.known[MESH_RETRY]);
}

static void a_counter_that_falls_was_reset_with_its_proxy(void **state)
{
        struct mesh_window window;
        (void)state;

        assert_true(rise(MESH_RETRY, (double[]){100, 110, 5}, (double[]){60, 61, 1}, 3, &window) == 15);
        assert_int_equal(window.resets, 1);
}

static void a_sum_that_falls_in_the_same_process_lost_a_series(void **state)
{
        struct mesh_window window;
        (void)state;

        assert_true(rise(MESH_REQUESTS, (double[]){100, 110, 60, 65}, (double[]){60, 61, 62, 63}, 4, &window) == 15);
        assert_int_equal(window.resets, 0);
}

static void gauges_keep_the_most(void **state)
{
        struct mesh_window window, other;
        (void)state;

        assert_true(rise(MESH_EJECTED, (double[]){0, 2, 1}, NULL, 3, &window) == 2);
        rise(MESH_EJECTED, (double[]){0, 1}, NULL, 2, &other);
        mesh_window_merge(&window, &other);
        assert_true(window.increase[MESH_EJECTED] == 2);
        rise(MESH_RETRY, (double[]){0, 3}, NULL, 2, &window);
        rise(MESH_RETRY, (double[]){5, 9}, NULL, 2, &other);
        mesh_window_merge(&window, &other);
        assert_true(window.increase[MESH_RETRY] == 7);
        assert_int_equal(window.samples, 4);
}

static void every_counter_has_a_name_to_be_told_by(void **state)
{
        (void)state;
        for (enum mesh_counter i = 0; i < MESH_COUNTERS; i++)
                assert_true(strlen(mesh_counter_name(i)) > 3);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(subsets_of_the_target_are_summed_and_other_clusters_left_out),
                cmocka_unit_test(the_server_counts_what_comes_in),
                cmocka_unit_test(times_are_read_as_sum_and_count_and_not_by_their_buckets),
                cmocka_unit_test(flags_that_stand_together_both_happened),
                cmocka_unit_test(numbers_that_are_none_are_left_out),
                cmocka_unit_test(a_page_that_was_cut_off_is_refused),
                cmocka_unit_test(a_page_is_bounded),
                cmocka_unit_test(envoys_own_names_are_read_from_json),
                cmocka_unit_test(linkerd_counts_by_service_and_parent),
                cmocka_unit_test(ztunnel_counts_connections),
                cmocka_unit_test(a_waypoint_counts_requests_between_the_two),
                cmocka_unit_test(what_was_counted_before_the_window_is_not_in_it),
                cmocka_unit_test(a_series_that_appears_later_was_zero_before),
                cmocka_unit_test(a_counter_that_falls_was_reset_with_its_proxy),
                cmocka_unit_test(a_sum_that_falls_in_the_same_process_lost_a_series),
                cmocka_unit_test(gauges_keep_the_most),
                cmocka_unit_test(every_counter_has_a_name_to_be_told_by),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
