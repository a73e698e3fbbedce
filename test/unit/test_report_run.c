/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports. With an argument, writes runs as "loadstone report --as raw" would to that folder instead, for the tests and the
 * benchmark of the page: cluster.json with changes around the target and texts that attack, hour.json of one hour. */
#include "result_fixture.h"

#include "base/text.h"
#include "report/page.h"
#include "report/parts.h"
#include "report/run_report.h"
#include "result/gates.h"
#include "result/pack.h"
#include "result/verdict.h"

#define HOSTILE "</script><script>document.title='stolen'</script><!--<script><img src=x onerror=alert(1)>\xe2\x80\xa8\xe2\x80\xa9&\"'\\"
#define SECRET "Bearer-3f9c"

struct made {
        struct json_object *run, *maps; /* owned */
};

static struct json_object *parse(const char *text)
{
        struct json_object *doc = NULL;

        assert_int_equal(doc_parse(text, strlen(text), &doc, NULL), FAIL_NONE);
        return doc;
}

static struct json_object *profile_spec(void)
{
        return parse("{\"target\":{\"service\":{\"name\":\"cart\",\"namespace\":\"shop\",\"port\":\"http\"},\"scheme\":\"http\"},"
                     "\"load\":{\"requests\":[{\"name\":\"get-cart\",\"weight\":3,\"method\":\"GET\",\"path\":\"/cart?token=" SECRET "\","
                     "\"headers\":{\"x-key\":\"" SECRET "\"}},{\"name\":\"list\",\"method\":\"POST\",\"path\":\"/list\",\"body\":{\"inline\":\"" SECRET "\"}}],"
                     "\"shape\":[{\"hold\":{\"rate\":\"100/s\",\"for\":\"3s\"}},{\"ramp\":{\"from\":\"100/s\",\"to\":\"100/s\",\"for\":\"2s\"}}],"
                     "\"headersFrom\":[{\"name\":\"authorization\",\"secretKeyRef\":{\"name\":\"t\",\"key\":\"v\"}}],"
                     "\"warmup\":\"1s\",\"timeout\":\"1s\",\"workers\":2,\"arrival\":\"constant\",\"concurrency\":{\"connections\":64,\"whenBusy\":\"queue\"}}}");
}

static struct json_object *context(void)
{
        struct json_object *doc = parse(
                "{\"target\":{\"pods\":{\"min\":2,\"max\":3},\"images\":[\"registry.example/cart@sha256:0011\"],\"restarts\":1},"
                "\"nodes\":[{\"name\":\"node-a\",\"role\":\"both\",\"kernel\":\"6.1.0\",\"kubelet\":\"v1.34.0\",\"instanceType\":\"unknown\"}],"
                "\"changes\":[{\"at\":\"2023-11-14T22:13:24Z\",\"kind\":\"scale\",\"object\":\"Deployment/cart\",\"text\":\"wanted replicas 2 -> 3\"},"
                "{\"at\":\"2023-11-14T22:13:26Z\",\"kind\":\"restart\",\"object\":\"Pod/cart-1\"}],"
                "\"gaps\":[{\"from\":\"2023-11-14T22:13:24Z\",\"to\":\"2023-11-14T22:13:25Z\"}],"
                "\"metrics\":[{\"name\":\"queue\",\"source\":\"main\",\"unit\":\"requests\",\"query\":\"queue_depth\",\"series\":2,\"min\":\"-1\",\"mean\":\"4\",\"max\":\"8\"},"
                "{\"name\":\"gc\",\"source\":\"jvm\",\"query\":\"gc\",\"problem\":\"no whole answer within 5 s\"}]}");

        doc_set_text(doc_item(doc_at(doc, "changes"), 1), "text", HOSTILE);
        return doc;
}

/* Two pods; the first known by two sources, the finer of which says nothing of the last two seconds. */
static struct json_object *used_by_pods(void)
{
        return parse("[{\"kind\":\"pod\",\"role\":\"target\",\"name\":\"cart-1\",\"namespace\":\"shop\",\"source\":\"kubelet cadvisor\",\"from\":[-2000,0],\"to\":[0,2500],"
                     "\"cpuMilli\":[10,900],\"throttledPermille\":[null,400],\"cpuLimitMilli\":[500,500]},"
                     "{\"kind\":\"pod\",\"role\":\"target\",\"name\":\"cart-1\",\"namespace\":\"shop\",\"source\":\"kubelet resource\",\"from\":[-1000,0,1000,2000],\"to\":[0,1000,2000,3000],"
                     "\"cpuMilli\":[0,100,200,300],\"memoryKiB\":[1024,1024,2048,2048]},"
                     "{\"kind\":\"pod\",\"role\":\"target\",\"name\":\"cart-2\",\"namespace\":\"shop\",\"source\":\"kubelet cadvisor\",\"from\":[0],\"to\":[5000],"
                     "\"cpuMilli\":[50],\"throttledPermille\":[100],\"cpuLimitMilli\":[500]},"
                     "{\"kind\":\"pod\",\"role\":\"generator\",\"name\":\"load\",\"namespace\":\"shop\",\"source\":\"kubelet cadvisor\",\"from\":[0],\"to\":[5000],\"cpuMilli\":[9999]},"
                     "{\"kind\":\"metric\",\"name\":\"queue\",\"source\":\"main\",\"unit\":\"requests\",\"labels\":\"{pod=\\\"cart-1\\\"}\",\"from\":0,\"step\":1000,"
                     "\"values\":[3,4.5,null,7,8]},"
                     "{\"kind\":\"metric\",\"name\":\"queue\",\"source\":\"main\",\"unit\":\"requests\",\"labels\":\"</script><img src=x>\",\"from\":500,\"step\":2000,"
                     "\"values\":[-1,2]},"
                     "{\"kind\":\"metric\",\"name\":\"wrong\",\"source\":\"main\",\"from\":0,\"step\":0,\"values\":[1]},"
                     "{\"kind\":\"metric\",\"name\":\"text\",\"source\":\"main\",\"from\":0,\"step\":1000,\"values\":[\"=1+1\"]}]");
}

static struct json_object *comparison(void)
{
        return parse("{\"baseline\":{\"run\":\"cart-6\"},\"verdict\":\"worse\",\"message\":\"latency.p99 12 % slower than cart-6 (8 % to 16 %)\","
                     "\"confirmation\":\"replicated\",\"looks\":1,\"method\":\"welch\",\"arms\":[{\"a\":\"cart-6\",\"b\":\"cart-7\",\"aTrials\":3,\"bTrials\":3,\"metrics\":["
                     "{\"metric\":\"latency.p99\",\"role\":\"primary\",\"a\":\"8.750ms\",\"b\":\"9.800ms\",\"ratio\":\"1.1200\",\"low\":\"1.0800\",\"high\":\"1.1600\",\"verdict\":\"worse\",\"reason\":\"BeyondTolerance\"},"
                     "{\"metric\":\"latency.p50\",\"role\":\"gate\",\"a\":\"5.900ms\",\"b\":\"5.880ms\",\"ratio\":\"0.9966\",\"low\":\"0.9800\",\"high\":\"1.0100\",\"verdict\":\"equivalent\",\"reason\":\"WithinTolerance\"},"
                     "{\"metric\":\"errors.ratio\",\"role\":\"exploratory\",\"a\":\"2.1%\",\"b\":\"2.33%\",\"difference\":\"+0.230pp\",\"low\":\"-0.400pp\",\"high\":\"+0.900pp\",\"verdict\":\"inconclusive\",\"reason\":\"WithinNoise\"}]}]}");
}

static struct json_object *run_of(struct json_object *status)
{
        struct json_object *run = parse("{\"kind\":\"BenchmarkRun\",\"apiVersion\":\"loadstone.dev/v1alpha1\",\"metadata\":{\"name\":\"cart-7\","
                                        "\"namespace\":\"shop\",\"uid\":\"" FIXTURE_UID "\"},\"spec\":{\"profile\":\"cart\",\"labels\":{}}}");

        doc_set_text(doc_at(run, "spec.labels"), "commit", HOSTILE);
        return doc_set(run, "status", status);
}

static struct json_object *plan_map(void)
{
        struct json_object *map = doc_object(), *data = doc_object();
        auto_json struct json_object *spec = profile_spec();

        doc_set_text(data, "profile.json", doc_print(spec));
        return doc_set(doc_set(map, "metadata", doc_set_text(doc_object(), "name", "cart-7-0f8fad5b-plan")), "data", data);
}

/* Errors of the short run are over a limit, those of the long one are not. */
static void judge(struct json_object *status)
{
        bool failed = !text_starts(doc_text(status, "results.errorRatio"), "<");
        auto_free char *objectives = xasprintf(
                "[{\"metric\":\"latency.p99\",\"limit\":\"<= 250ms\",\"value\":\"9.800ms\",\"met\":\"True\",\"reason\":\"PointEstimate\"},"
                "{\"metric\":\"errors.ratio\",\"limit\":\"<= 1%%\",\"value\":\"%s\",\"met\":\"%s\",\"reason\":\"PointEstimate\"}]",
                doc_text(status, "results.errorRatio"), failed ? "False" : "True");
        auto_free char *reasons = xasprintf(
                "[{\"about\":\"validity\",\"reason\":\"TargetRestarted\",\"message\":\"the target restarted once while it was measured\"},"
                "{\"about\":\"verdict\",\"reason\":\"%s\",\"message\":\"%s\"}]",
                failed ? "ObjectiveMissed" : "ObjectivesMet", failed ? "errors.ratio is over its limit" : "all objectives are met");

        doc_set(status, "objectives", parse(objectives));
        doc_set(doc_set(status, "reasons", parse(reasons)), "comparison", comparison());
        doc_set(status, "trials", parse("[{\"index\":0,\"validity\":\"Valid\",\"rate\":\"99.3/s\",\"p50\":\"5.870ms\",\"p99\":\"-\",\"errorRatio\":\"2.3%\"},"
                                        "{\"index\":1,\"validity\":\"Limited\",\"rate\":\"99.4/s\",\"p50\":\"5.910ms\",\"p99\":\"> 1s\",\"errorRatio\":\"2.4%\"}]"));
        doc_set(status, "explanations", parse("[{\"code\":\"Retries\",\"confidence\":\"high\",\"text\":\"452 retries were made by the client's proxy\","
                                              "\"evidence\":\"envoy_cluster_upstream_rq_retry 452 (client)\",\"object\":\"VirtualService shop/cart\"}]"));
        doc_set(status, "context", parse("{\"mesh\":{\"type\":\"istio\",\"mode\":\"sidecar\",\"version\":\"1.27.0\",\"clientMeshed\":\"true\",\"serverMeshed\":\"2/3\","
                                         "\"proxyCpu\":{\"client\":\"12m\",\"server\":\"34m\"},\"proxyMemory\":{\"server\":\"31.5Mi\"},"
                                         "\"findings\":[],\"unknown\":[\"the proxies' counters: pods/exec is not allowed\"],\"policies\":["
                                         "{\"key\":\"retries.attempts\",\"value\":\"3\",\"origin\":\"VirtualService shop/cart http[0]\"},"
                                         "{\"key\":\"faults\",\"value\":\"none\",\"origin\":\"default\"}]}}"));
        doc_set_text(doc_set_text(status, "validity", "Limited"), "verdict", failed ? "Fail" : "Pass");
}

/* What the operator leaves of this harvest. */
static struct made make(const struct harvest *harvest, const struct load_plan *plan)
{
        struct fold *fold = fold_new(harvest, plan);
        struct gates gates = gates_judge(fold, &GATES_LIMITS_DEFAULT, &(struct gates_facts){0});
        auto_free struct verdict_judged *judged = xnew(struct verdict_judged);
        struct made made = {.maps = doc_array()};
        struct pack pack;

        auto_free struct estimates *estimates = xnew(struct estimates);
        estimates_of(fold, estimates);
        verdict_judge(&(struct verdict_case){.fold = fold, .gates = &gates, .estimates = estimates}, judged);
        auto_json struct json_object *truncated = doc_array();
        const struct status_end end = {.fold = fold, .gates = &gates, .judged = judged, .estimates = estimates};
        struct json_object *status = status_encode_end(&end, truncated);
        doc_set_text(doc_set_text(status, "phase", "Succeeded"), "finishTime", "2023-11-14T22:13:28Z");
        doc_set(status, "workers", parse("{\"wanted\":2,\"ready\":2,\"finished\":2,\"startAt\":\"2023-11-14T22:13:22Z\"}"));
        judge(status);
        auto_json struct json_object *summary = doc_set(doc_object(), "full", status_encode_full(fold));
        auto_json struct json_object *provenance = parse("{\"operator\":\"0.1.0\",\"worker\":{\"warmupMs\":1000},\"profile\":{\"digest\":\"v1:sha256:00\"}}");
        auto_json struct json_object *full = context(), *used = used_by_pods();
        const struct pack_input input = {
                .namespace = "shop", .run_name = "cart-7", .run_uid = FIXTURE_UID, .profile = "cart", .fold = fold,
                .interval_ms = plan->interval_ms, .summary = summary, .provenance = provenance, .context = full, .samples = used,
        };
        assert_int_equal(pack_write(&input, &pack, NULL), FAIL_NONE);
        doc_set(status, "resultRef", pack_encode_ref(&pack));
        for (size_t i = 0; i < pack.len; i++)
                doc_push(made.maps, json_object_get(pack.maps[i]));
        doc_push(made.maps, plan_map());
        made.run = run_of(status);
        pack_done(&pack);
        fold_free(fold);
        return made;
}

static struct made make_short(void)
{
        struct harvest *harvest = fixture_harvest(1);
        struct load_plan *plan = fixture_plan(1);
        size_t len;
        auto_free struct sample *samples = fixture_samples(&len);
        struct fixture_log log = fixture_log(samples, len, 0, 1);

        harvest_feed(harvest, 0, log.log.data, log.log.size);
        struct made made = make(harvest, plan);
        fixture_log_done(&log);
        harvest_free(harvest);
        load_plan_free(plan);
        return made;
}

/* An hour at 1000/s, with a busy tail and some that time out. */
static struct made make_hour(void)
{
        enum { SECONDS = 3600, PER_S = 1000 };
        const struct harvest_spec spec = {.run_uid = FIXTURE_UID, .workers = 1, .shape_ms = SECONDS * 1000, .interval_ms = 1000, .timeout_ms = 1000};
        struct harvest *harvest = harvest_new(&spec);
        struct load_plan *plan = fixture_plan(1);
        size_t len = (size_t)SECONDS * PER_S;
        auto_free struct sample *samples = xcalloc(len, sizeof *samples);
        auto_buf struct buf log = {0};
        struct fixture_report report = {.log = &log};
        struct fixture_log out = {0};
        uint64_t seed = 11;

        for (size_t i = 0; i < len; i++) {
                int64_t base_ns = 2000000 + (int64_t)(i / PER_S % 600) * 4000;
                samples[i] = (struct sample){.due_ms = (int64_t)i * 1000 / PER_S, .request = (int)(i % 2),
                                             .latency_ns = base_ns + (int64_t)(fixture_next(&seed) % (UINT64_C(1) << (16 + fixture_next(&seed) % 11)))};
                if (i % 90000 == 89999)
                        samples[i].outcome = TIMED_OUT, samples[i].latency_ns = INT64_C(1000000000);
        }
        plan->shape[0] = (struct load_piece){LOAD_HOLD, PER_S, PER_S, SECONDS * 1000};
        plan->shape_len = 1;
        plan->shape_ms = SECONDS * 1000;
        fixture_opening(&report, 0, 1);
        for (int64_t i = 0; i < SECONDS; i++)
                fixture_interval(&report, i, i * 1000, (i + 1) * 1000, samples + i * PER_S, PER_S);
        fixture_piece(&report, 0, 0, SECONDS * 1000, samples, len);
        fixture_closing(&report, &out, 0, 1, samples, len);
        harvest_feed(harvest, 0, log.data, log.size);
        struct made made = make(harvest, plan);
        free(out.message);
        harvest_free(harvest);
        load_plan_free(plan);
        return made;
}

/* ---- what is in it ---- */

static char *export(const struct run_report *report, const char *name)
{
        char *text = NULL;
        size_t size;

        assert_int_equal(run_report_write(report, report_exporter_named(name), &text, &size, NULL), FAIL_NONE);
        assert_int_equal(strlen(text), size);
        return text;
}

static void report_of_short(struct run_report *report)
{
        struct made made = make_short();
        struct fail fail = {0};

        if (run_report_init(report, made.run, made.maps, &fail))
                fail_msg("%s", fail.text);
}

static void the_page_has_the_figures_of_the_run(void **state)
{
        auto_run_report struct run_report report = {0};
        struct json_object *page;

        (void)state;
        report_of_short(&report);
        page = report.page;
        assert_int_equal(doc_int(page, "version", 0), 1);
        assert_string_equal(doc_text(page, "run.name"), "cart-7");
        assert_true(doc_equal(doc_at(page, "results"), doc_at(report.run, "status.results")));
        assert_true(doc_equal(doc_at(page, "comparison"), doc_at(report.run, "status.comparison")));
        assert_true(doc_equal(doc_at(page, "context.mesh"), doc_at(report.run, "status.context.mesh")));
        assert_int_equal(doc_len(page, "explanations"), 1);
        assert_int_equal(doc_len(page, "trials"), 2);
        assert_int_equal(doc_len(page, "series.from"), 5);
        assert_int_equal(doc_len(page, "series.p50"), 5);
        assert_true(doc_len(page, "curve.latency") > 10);
        int64_t sum = 0;
        for (size_t i = 0; i < doc_len(page, "histogram.ok"); i++)
                sum += doc_int(doc_item(doc_at(page, "histogram.ok"), i), "", 0);
        assert_int_equal(sum, doc_int(page, "results.succeeded", 0));
        assert_int_equal(doc_int(page, "histogram.censored", -1), doc_int(page, "results.censored", -2));
}

static void what_the_target_used_stands_beside_its_latency(void **state)
{
        static const struct { const char *column; double values[5]; /* below 0: not known */ } wanted[] = {
                {"targetCores", {0.15, 0.25, 0.35, -1, -1}},
                {"targetCoresLimit", {1, 1, 1, -1, -1}},
                {"targetMemoryMiB", {1, 2, 2, -1, -1}},
                {"targetThrottled", {40, 40, 40, 10, 10}},
        };
        auto_run_report struct run_report report = {0};

        (void)state;
        report_of_short(&report);
        for (size_t k = 0; k < ARRAY_LEN(wanted); k++) {
                auto_free char *path = xasprintf("series.%s", wanted[k].column);
                struct json_object *column = doc_at(report.page, path);
                assert_int_equal(doc_len(column, ""), 5);
                for (size_t i = 0; i < 5; i++) {
                        double value = doc_item(column, i) ? json_object_get_double(doc_item(column, i)) : -1;
                        if (!(value > wanted[k].values[i] - 0.001 && value < wanted[k].values[i] + 0.001))
                                fail_msg("%s %zu: %f", wanted[k].column, i, value);
                }
        }
        assert_null(doc_at(report.page, "series.targetMemoryLimitMiB"));
        assert_int_equal(doc_len(report.page, "samples"), 4);
        auto_free char *csv = export(&report, "csv");
        assert_non_null(strstr(csv, ",target_throttled_percent,"));
        assert_non_null(strstr(csv, ",0.150,1.000,1.000,,40.000,"));
}

static void series_of_a_source_stand_on_the_same_axis(void **state)
{
        auto_run_report struct run_report report = {0};

        (void)state;
        report_of_short(&report);
        assert_int_equal(doc_len(report.page, "metrics"), 2); /* what is no series is left out */
        assert_string_equal(doc_text(report.page, "metrics[0].labels"), "{pod=\"cart-1\"}");
        assert_string_equal(doc_text(report.page, "metrics[0].unit"), "requests");
        assert_null(doc_item(doc_at(report.page, "metrics[0].values"), 2));
        auto_free char *csv = export(&report, "csv");
        assert_non_null(strstr(csv, ",metric_queue,metric_queue_2\r\n"));
        assert_non_null(strstr(csv, ",3,-1\r\n1000,2000,"));
        assert_non_null(strstr(csv, ",4.5,\r\n2000,3000,")); /* a step that lies in no point, and one without a value */
        assert_non_null(strstr(csv, ",,2\r\n3000,4000,"));
}

static void changes_stand_on_the_axis_of_the_shape(void **state)
{
        auto_run_report struct run_report report = {0};

        (void)state;
        report_of_short(&report);
        /* The start at :22, a second of warm-up. */
        assert_int_equal(doc_int(report.page, "changes[0].atMs", -1), 1000);
        assert_int_equal(doc_int(report.page, "gaps[0].toMs", -1), 2000);
}

static void points_among_requests_without_an_answer_say_so(void **state)
{
        auto_run_report struct run_report report = {0};
        bool found = false;

        (void)state;
        report_of_short(&report);
        for (size_t i = 0; i < 5; i++)
                found = found || text_equal(doc_text(doc_item(doc_at(report.page, "series.max"), i), ""), "> 1s");
        assert_true(found);
        assert_null(doc_at(report.page, "tail")); /* a hundred requests a second for five seconds have no 99th percentile in five points */
}

static void the_last_moments_have_no_rate(void **state)
{
        auto_free struct unpack *unpack = xnew(struct unpack);

        (void)state;
        unpack->point_ms = 1000;
        unpack->points_len = 2;
        unpack->points[0] = (struct harvest_point){.to_ms = 1000, .counters = {.offered = 200, .ok = 199}};
        unpack->points[1] = (struct harvest_point){.from_ms = 1000, .to_ms = 1003, .counters = {.ok = 1}};
        auto_json struct json_object *series = parts_series(unpack);
        assert_int_equal(doc_double(doc_item(doc_at(series, "achieved"), 0), "", 0), 199);
        assert_null(doc_item(doc_at(series, "achieved"), 1));
        assert_null(doc_item(doc_at(series, "offered"), 1));
}

/* ---- what must not be in it ---- */

static void nothing_in_a_run_becomes_script(void **state)
{
        auto_run_report struct run_report report = {0};
        struct json_object *data = NULL;

        (void)state;
        report_of_short(&report);
        auto_free char *html = export(&report, "html");
        const char *mark = strstr(page_html, PAGE_MARK);
        assert_null(strstr(mark + 1, PAGE_MARK));
        size_t before = (size_t)(mark - page_html), after = strlen(mark + strlen(PAGE_MARK));
        assert_memory_equal(html, page_html, before);
        assert_string_equal(html + strlen(html) - after, mark + strlen(PAGE_MARK));
        auto_free char *inside = xstrndup(html + before, strlen(html) - before - after);
        assert_null(strpbrk(inside, "<>&"));
        assert_null(strstr(inside, "\xe2\x80\xa8"));
        assert_null(strstr(inside, "\xe2\x80\xa9"));
        /* And it is still what it was. */
        assert_int_equal(doc_parse(inside, strlen(inside), &data, NULL), FAIL_NONE);
        assert_string_equal(doc_text(data, "provenance.labels.commit"), HOSTILE);
        assert_string_equal(doc_text(data, "changes[1].text"), HOSTILE);
        json_object_put(data);
}

static void header_values_bodies_and_queries_stay_at_home(void **state)
{
        static const char *const shared[] = {"html", "json", "csv"};
        auto_run_report struct run_report report = {0};

        (void)state;
        report_of_short(&report);
        for (size_t i = 0; i < ARRAY_LEN(shared); i++) {
                auto_free char *text = export(&report, shared[i]);
                assert_null(strstr(text, SECRET));
        }
        assert_string_equal(doc_text(report.page, "load.requests[0].path"), "/cart?…");
        assert_string_equal(doc_text(report.page, "load.requests[0].headers[0]"), "x-key");
        assert_string_equal(doc_text(report.page, "load.requests[1].body"), "11 bytes");
}

/* ---- files ---- */

static void a_table_has_a_row_per_point(void **state)
{
        auto_run_report struct run_report report = {0};
        size_t lines = 0;

        (void)state;
        report_of_short(&report);
        auto_free char *csv = export(&report, "csv");
        for (const char *at = csv; (at = strstr(at, "\r\n")); at += 2)
                lines++;
        assert_int_equal(lines, 6);
        assert_true(text_starts(csv, "from_ms,to_ms,offered_per_s,"));
        assert_non_null(strstr(csv, "\r\n0,1000,100.000,"));
}

static void a_raw_file_makes_the_same_report(void **state)
{
        auto_run_report struct run_report report = {0}, again = {0};

        (void)state;
        report_of_short(&report);
        auto_free char *raw = export(&report, "raw");
        struct json_object *run = parse(raw), *maps = json_object_get(doc_at(run, "configMaps"));
        assert_int_equal(run_report_init(&again, run, maps, NULL), FAIL_NONE);
        assert_true(doc_equal(report.page, again.page));
}

static void files_are_known_by_their_end(void **state)
{
        (void)state;
        assert_string_equal(report_exporter_for("a/b.html")->name, "html");
        assert_string_equal(report_exporter_for("b.raw.json")->name, "raw");
        assert_string_equal(report_exporter_for("b.json")->name, "json");
        assert_null(report_exporter_for("b.pdf"));
        assert_null(report_exporter_for(".html"));
        assert_null(report_exporter_named("pdf"));
}

/* ---- what is refused ---- */

static void what_the_run_did_not_write_is_refused(void **state)
{
        auto_run_report struct run_report report = {0};
        struct made made = make_short();
        struct fail fail = {0};

        (void)state;
        doc_set_text(doc_at(doc_item(made.maps, 0), "data"), "chunk.json", "{}");
        assert_int_equal(run_report_init(&report, made.run, made.maps, &fail), FAIL_INVALID);
        assert_non_null(strstr(fail.text, "differs from its digest"));
}

static void a_run_that_goes_on_has_no_report(void **state)
{
        auto_run_report struct run_report report = {0};
        struct fail fail = {0};

        (void)state;
        assert_int_equal(run_report_init(&report, run_of(parse("{\"phase\":\"Running\"}")), doc_array(), &fail), FAIL_INVALID);
        assert_string_equal(fail.text, "the run is not at its end: its phase is Running");
}

static void a_status_alone_makes_a_smaller_report(void **state)
{
        auto_run_report struct run_report report = {0};
        struct made made = make_short();

        (void)state;
        json_object_put(made.maps);
        json_object_object_del(doc_at(made.run, "status"), "resultRef");
        assert_int_equal(run_report_init(&report, made.run, doc_array(), NULL), FAIL_NONE);
        assert_null(doc_at(report.page, "series"));
        assert_non_null(doc_at(report.page, "results"));
}

/* ---- for others ---- */

static int write_run(const char *folder, const char *name, struct made made)
{
        auto_run_report struct run_report report = {0};
        auto_free char *path = xasprintf("%s/%s.json", folder, name), *text = NULL;
        size_t size;
        struct fail fail = {0};

        if (run_report_init(&report, made.run, made.maps, &fail) || run_report_write(&report, report_exporter_named("raw"), &text, &size, &fail)) {
                fprintf(stderr, "%s: %s\n", name, fail.text);
                return 1;
        }
        FILE *file = fopen(path, "w");
        return !file || fwrite(text, 1, size, file) != size || fclose(file) != 0;
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_page_has_the_figures_of_the_run),
                cmocka_unit_test(what_the_target_used_stands_beside_its_latency),
                cmocka_unit_test(series_of_a_source_stand_on_the_same_axis),
                cmocka_unit_test(changes_stand_on_the_axis_of_the_shape),
                cmocka_unit_test(points_among_requests_without_an_answer_say_so),
                cmocka_unit_test(the_last_moments_have_no_rate),
                cmocka_unit_test(nothing_in_a_run_becomes_script),
                cmocka_unit_test(header_values_bodies_and_queries_stay_at_home),
                cmocka_unit_test(a_table_has_a_row_per_point),
                cmocka_unit_test(a_raw_file_makes_the_same_report),
                cmocka_unit_test(files_are_known_by_their_end),
                cmocka_unit_test(what_the_run_did_not_write_is_refused),
                cmocka_unit_test(a_run_that_goes_on_has_no_report),
                cmocka_unit_test(a_status_alone_makes_a_smaller_report),
        };
        if (argc > 1)
                return write_run(argv[1], "cluster", make_short()) || (argc > 2 && write_run(argv[1], "hour", make_hour()));
        return cmocka_run_group_tests(tests, NULL, NULL);
}
