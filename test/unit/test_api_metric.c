/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of what is judged, and the units their limits are written in. */
#include "api/metric.h"
#include "api_fixture.h"

static void every_known_name_is_understood(void **state)
{
        static const struct { const char *text; enum metric_family family; enum metric_stat stat; double quantile; } rows[] = {
                {"latency.p99", METRIC_LATENCY, METRIC_QUANTILE, 0.99},
                {"latency.mean", METRIC_LATENCY, METRIC_MEAN, 0},
                {"service.p9999", METRIC_SERVICE, METRIC_QUANTILE, 0.9999},
                {"ttfb.max", METRIC_TTFB, METRIC_MAX, 0},
                {"connect.min", METRIC_CONNECT, METRIC_MIN, 0},
                {"handshake.p50", METRIC_HANDSHAKE, METRIC_QUANTILE, 0.5},
                {"errors.ratio", METRIC_ERRORS_RATIO, METRIC_NO_STAT, 0},
                {"rate.offered", METRIC_RATE_OFFERED, METRIC_NO_STAT, 0},
                {"rate.achieved", METRIC_RATE_ACHIEVED, METRIC_NO_STAT, 0},
                {"target.cpu", METRIC_TARGET_CPU, METRIC_NO_STAT, 0},
                {"target.memory", METRIC_TARGET_MEMORY, METRIC_NO_STAT, 0},
                {"target.throttled", METRIC_TARGET_THROTTLED, METRIC_NO_STAT, 0},
                {"target.restarts", METRIC_TARGET_RESTARTS, METRIC_NO_STAT, 0},
                {"proxy.cpu", METRIC_PROXY_CPU, METRIC_NO_STAT, 0},
                {"proxy.memory", METRIC_PROXY_MEMORY, METRIC_NO_STAT, 0},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                struct metric metric;
                assert_int_equal(metric_parse(rows[i].text, &metric, NULL), FAIL_NONE);
                assert_int_equal(metric.family, rows[i].family);
                assert_int_equal(metric.stat, rows[i].stat);
                assert_int_equal(metric_is_observed(&metric), rows[i].text[0] == 't' ? rows[i].text[1] == 'a' : rows[i].text[0] == 'p');
                assert_true(metric.quantile == rows[i].quantile);
        }
}

static void labels_narrow_a_metric(void **state)
{
        struct metric metric;
        (void)state;

        assert_int_equal(metric_parse("latency.p95{piece=\"2\"}", &metric, NULL), FAIL_NONE);
        assert_string_equal(metric.piece, "2");
        assert_string_equal(metric.request, "");
        assert_int_equal(metric_parse("errors.ratio{class=\"timeout\",request=\"get-cart\"}", &metric, NULL), FAIL_NONE);
        assert_string_equal(metric.class, "timeout");
        assert_string_equal(metric.request, "get-cart");
        assert_int_equal(metric_parse("status.ratio{code=\"429\"}", &metric, NULL), FAIL_NONE);
        assert_string_equal(metric.code, "429");
}

static void what_has_no_meaning_is_refused(void **state)
{
        static const struct { const char *text, *says; } rows[] = {
                {"", "metric '' is not known"},
                {"latency", "metric 'latency' is not known"},
                {"latency.p98", "metric 'latency.p98' is not known"},
                {"errors.ratio.p99", "metric 'errors.ratio.p99' is not known"},
                {"latency.p99{piece=\"0\"", "metric 'latency.p99{piece=\"0\"' has no closing }"},
                {"latency.p99{piece=\"0\"}x", "has no closing }"},
                {"latency.p99{piece=0}", "label 'piece=0' is not name=\"value\""},
                {"latency.p99{variant=\"a\"}", "label 'variant' is not known"},
                {"status.ratio", "status.ratio needs a code"},
                {"status.ratio{code=\"4xx\"}", "status.ratio needs a code"},
                {"errors.ratio{code=\"429\"}", "errors.ratio has no label code"},
                {"errors.ratio{class=\"slow\"}", "label class \"slow\" must be connect"},
                {"ttfb.p99{request=\"a\"}", "ttfb has no label request"},
                {"connect.p99{piece=\"0\"}", "connect has no label piece"},
                {"target.disk", "metric 'target.disk' is not known"},
                {"proxy.throttled", "metric 'proxy.throttled' is not known"},
                {"target.cpu.mean", "metric 'target.cpu.mean' is not known"},
                {"target.cpu{piece=\"0\"}", "target.cpu has no label piece"},
                {"proxy.memory{request=\"a\"}", "proxy.memory has no label request"},
                {"latency.p99{piece=\"0\",request=\"a\"}", "labels piece and request exclude each other"},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                struct metric metric;
                struct fail fail;
                assert_int_equal(metric_parse(rows[i].text, &metric, &fail), FAIL_INVALID);
                if (!strstr(fail.text, rows[i].says))
                        fail_msg("%s says: %s", rows[i].text, fail.text);
        }
        assert_int_equal(metric_parse(NULL, &(struct metric){0}, NULL), FAIL_INVALID);
}

static double limit_of(const char *name, const char *text, bool *of_offered)
{
        struct metric metric;
        double limit = -1;

        assert_int_equal(metric_parse(name, &metric, NULL), FAIL_NONE);
        if (metric_parse_limit(&metric, text, &limit, of_offered, NULL))
                return -1;
        return limit;
}

static void limits_are_in_the_metrics_own_unit(void **state)
{
        bool of_offered;
        (void)state;

        assert_true(limit_of("latency.p99", "250ms", &of_offered) == 250e6);
        assert_true(limit_of("errors.ratio", "1%", &of_offered) == 0.01);
        assert_true(limit_of("rate.achieved", "990/s", &of_offered) == 990);
        assert_false(of_offered);
        assert_true(limit_of("rate.achieved", "99%", &of_offered) == 0.99);
        assert_true(of_offered);
        assert_true(limit_of("latency.p99", "1%", &of_offered) == -1);
        assert_true(limit_of("errors.ratio", "250ms", &of_offered) == -1);
        assert_true(limit_of("errors.ratio", "0.1", &of_offered) == -1);
        assert_true(limit_of("rate.achieved", "990", &of_offered) == -1);
        assert_true(limit_of("target.cpu", "500m", &of_offered) == 0.5);
        assert_true(limit_of("proxy.cpu", "1.5", &of_offered) == 1.5);
        assert_true(limit_of("target.cpu", "80%", &of_offered) == -1);
        assert_true(limit_of("target.memory", "200Mi", &of_offered) == 200.0 * 1024 * 1024);
        assert_true(limit_of("proxy.memory", "0.5G", &of_offered) == 5e8);
        assert_true(limit_of("target.memory", "200", &of_offered) == -1);
        assert_true(limit_of("target.memory", "200m", &of_offered) == -1);
        assert_true(limit_of("target.memory", "Mi", &of_offered) == -1);
        assert_true(limit_of("target.throttled", "1%", &of_offered) == 0.01);
        assert_true(limit_of("target.restarts", "0", &of_offered) == 0);
        assert_true(limit_of("target.restarts", "12", &of_offered) == 12);
        assert_true(limit_of("target.restarts", "0.5", &of_offered) == -1);
        assert_true(limit_of("target.restarts", "1k", &of_offered) == -1);
        assert_true(limit_of("target.restarts", "", &of_offered) == -1);
        assert_false(of_offered);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_known_name_is_understood),
                cmocka_unit_test(labels_narrow_a_metric),
                cmocka_unit_test(what_has_no_meaning_is_refused),
                cmocka_unit_test(limits_are_in_the_metrics_own_unit),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
