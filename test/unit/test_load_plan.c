/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "data/doc.h"
#include "load/plan.h"

#define MINIMAL "\"version\":1,\"addresses\":[\"10.0.0.1:80\"],\"requests\":[{\"path\":\"/\"}]," \
                "\"shape\":[{\"kind\":\"hold\",\"rate\":10,\"forMs\":1000}]"

static struct json_object *parsed(const char *text)
{
        struct json_object *doc = NULL;

        assert_int_equal(doc_parse(text, strlen(text), &doc, NULL), FAIL_NONE);
        return doc;
}

/* Decodes the minimal plan changed by 'patch' (RFC 7386). */
static enum fail_kind decode(const char *patch, struct load_plan **ret_plan, struct fail *fail)
{
        auto_json struct json_object *minimal = parsed("{" MINIMAL "}");
        auto_json struct json_object *change = parsed(patch);
        auto_json struct json_object *doc = doc_merge(minimal, change);

        return load_plan_decode(doc, ret_plan, fail);
}

static void expect_refused(const char *patch, const char *field)
{
        struct load_plan *plan = NULL;
        struct fail fail = {0};

        enum fail_kind kind = decode(patch, &plan, &fail);
        if (kind != FAIL_INVALID || !strstr(fail.text, field))
                print_error("%s -> %s\n", patch, fail.text);
        assert_int_equal(kind, FAIL_INVALID);
        assert_non_null(strstr(fail.text, field));
        assert_null(plan);
}

static void a_minimal_plan_has_the_stated_defaults(void **state)
{
        (void)state;
        struct load_plan *plan = NULL;

        assert_int_equal(decode("{}", &plan, NULL), FAIL_NONE);
        assert_int_equal(plan->workers, 1);
        assert_int_equal(plan->connections, 64);
        assert_int_equal(plan->timeout_ms, 5000);
        assert_int_equal(plan->interval_ms, 1000);
        assert_int_equal(plan->ready_timeout_ms, 60000);
        assert_int_equal(plan->when_busy, LOAD_QUEUE);
        assert_true(plan->precise && plan->tls_verify && !plan->tls && !plan->index_header && !plan->closed);
        assert_string_equal(plan->authority, "10.0.0.1:80");
        assert_string_equal(plan->sni, "10.0.0.1");
        assert_string_equal(plan->requests[0].method, "GET");
        assert_int_equal(plan->requests[0].weight, 1);
        assert_int_equal(plan->requests[0].statuses[0].low, 200);
        assert_int_equal(plan->requests[0].statuses[0].high, 399);
        assert_int_equal(plan->shape_ms, 1000);
        load_plan_free(plan);
}

static void the_documented_plan_is_read_as_it_stands(void **state)
{
        (void)state;
        static const char text[] =
                "{\"version\":1, \"run\":{\"uid\":\"u\",\"namespace\":\"shop\",\"name\":\"a\",\"trial\":2},"
                "\"workers\":2, \"seed\":1, \"scheme\":\"https\", \"addresses\":[\"10.96.3.4:8080\",\"[::1]:9\"],"
                "\"authority\":\"checkout.shop:8080\",\"tls\":{\"caFile\":\"/ca.crt\",\"verify\":false,"
                "\"certificateFile\":\"/tls.crt\",\"keyFile\":\"/tls.key\"},\"headersFrom\":[[\"authorization\",\"/value\"]],"
                "\"requests\":[{\"name\":\"get-cart\",\"weight\":3,\"method\":\"POST\",\"path\":\"/cart\","
                "\"headers\":[[\"accept\",\"application/json\"]],\"body\":\"text\", \"statuses\":[[200,204],[404,404]],\"contains\":\"\\\"ok\\\"\"}],"
                "\"timeoutMs\":100, \"connections\":3, \"whenBusy\":\"shed\", \"reconnectAfterRequests\":9,\"reconnectAfterMs\":8, \"arrival\":\"constant\",\"pacing\":\"coarse\","
                "\"warmupMs\":5000, \"cooldownMs\":7, \"readyTimeoutMs\":1000, \"intervalMs\":500, \"indexHeader\":true,"
                "\"guard\":{\"allow\":[\"10.0.0.0/8\"],\"deny\":[\"10.96.0.1\",\"fd00::/64\"]},\"brake\":{\"errorRatio\":0.25,\"forMs\":7000},"
                "\"shape\":[{\"kind\":\"hold\",\"rate\":500.5,\"forMs\":60000},"
                "{\"kind\":\"ramp\",\"from\":500,\"to\":2000.0,\"forMs\":1},"
                "{\"kind\":\"step\",\"from\":500,\"to\":2000,\"steps\":4,\"forMs\":10},"
                "{\"kind\":\"spike\",\"base\":500,\"peak\":5000,\"atMs\":20,\"widthMs\":5,\"forMs\":60},"
                "{\"kind\":\"sine\",\"mean\":800,\"amplitude\":300,\"periodMs\":30,\"forMs\":120}]}";
        auto_json struct json_object *doc = parsed(text);
        struct load_plan *plan = NULL;

        assert_int_equal(load_plan_decode(doc, &plan, NULL), FAIL_NONE);
        assert_int_equal(plan->addresses_len, 2);
        assert_string_equal(plan->sni, "checkout.shop");
        assert_true(plan->tls && !plan->tls_verify && plan->index_header && !plan->precise);
        assert_int_equal(plan->when_busy, LOAD_SHED);
        assert_true(plan->reconnect_requests == 9 && plan->reconnect_ms == 8);
        assert_string_equal(plan->requests[0].headers[0][1], "application/json");
        assert_int_equal(plan->requests[0].statuses[1].low, 404);
        assert_string_equal(plan->requests[0].contains, "\"ok\"");
        assert_true(plan->shape[0].from_rps == 500.5 && plan->shape[0].to_rps == 500.5);
        assert_int_equal(plan->shape[1].kind, LOAD_RAMP);
        assert_string_equal(plan->certificate_file, "/tls.crt");
        assert_string_equal(plan->key_file, "/tls.key");
        assert_int_equal(plan->secret_headers_len, 1);
        assert_string_equal(plan->secret_headers[0].name, "authorization");
        assert_string_equal(plan->secret_headers[0].file, "/value");
        assert_true(plan->shape[2].kind == LOAD_STEP && plan->shape[2].steps == 4);
        assert_true(plan->shape[3].from_rps == 500 && plan->shape[3].peak_rps == 5000);
        assert_true(plan->shape[3].at_ms == 20 && plan->shape[3].width_ms == 5);
        assert_true(plan->shape[4].from_rps == 800 && plan->shape[4].peak_rps == 1100 && plan->shape[4].period_ms == 30);
        assert_int_equal(plan->shape_ms, 60191);
        assert_true(plan->guard.given && plan->guard.allow_len == 1 && plan->guard.deny_len == 2);
        assert_true(plan->brake.ratio == 0.25 && plan->brake.for_ms == 7000);
        load_plan_free(plan);
}

static void a_scheme_says_what_is_spoken(void **state)
{
        (void)state;
        static const struct { const char *scheme; enum load_protocol protocol; bool tls; } rows[] = {
                {"http", LOAD_HTTP1, false}, {"https", LOAD_HTTP1, true}, {"h2c", LOAD_HTTP2, false}, {"h2", LOAD_HTTP2, true},
                {"grpc", LOAD_GRPC, false}, {"grpcs", LOAD_GRPC, true},
        };

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_free char *patch = xasprintf("{\"scheme\":\"%s\",\"requests\":[{\"path\":\"/S/M\"}],\"streamsPerConnection\":%d}", rows[i].scheme, rows[i].protocol ? 32 : 1);
                struct load_plan *plan = NULL;
                assert_int_equal(decode(patch, &plan, NULL), FAIL_NONE);
                assert_int_equal(plan->protocol, rows[i].protocol);
                assert_int_equal(plan->tls, rows[i].tls);
                assert_string_equal(plan->requests[0].method, rows[i].protocol == LOAD_GRPC ? "POST" : "GET");
                assert_int_equal(plan->streams, rows[i].protocol ? 32 : 1);
                load_plan_free(plan);
        }
}

static void what_is_out_of_bounds_is_named(void **state)
{
        (void)state;
        static const struct { const char *patch, *field; } cases[] = {
                {"{\"version\":2}", "version"},
                {"{\"version\":null}", "version"},
                {"{\"workers\":0}", "workers"},
                {"{\"workers\":257}", "workers"},
                {"{\"workers\":8,\"connections\":7}", "connections"},
                {"{\"connections\":\"8\"}", "connections"},
                {"{\"connections\":65537}", "connections"},
                {"{\"timeoutMs\":0}", "timeoutMs"},
                {"{\"timeoutMs\":1.5}", "timeoutMs"},
                {"{\"scheme\":\"ftp\"}", "scheme"},
                {"{\"scheme\":1}", "scheme"},
                {"{\"streamsPerConnection\":2}", "streamsPerConnection: HTTP/1.1 has one"},
                {"{\"scheme\":\"grpc\",\"requests\":[{\"path\":\"/S/M\",\"method\":\"GET\"}]}", "requests[0]: method: a gRPC call is a POST"},
                {"{\"scheme\":\"grpc\",\"requests\":[{\"path\":\"/S\"}]}", "requests[0]: path: /package.Service/Method"},
                {"{\"scheme\":\"grpc\",\"requests\":[{\"path\":\"//M\"}]}", "requests[0]: path: /package.Service/Method"},
                {"{\"scheme\":\"grpcs\",\"requests\":[{\"path\":\"/S/M?\"}]}", "requests[0]: path: /package.Service/Method"},
                {"{\"scheme\":\"grpc\",\"requests\":[{\"path\":\"/S/M\",\"statuses\":[[200,200]]}]}", "statuses: a gRPC call is judged by grpcStatuses"},
                {"{\"scheme\":\"grpc\",\"requests\":[{\"path\":\"/S/M\",\"grpcStatuses\":[\"OK\",5]}]}", "grpcStatuses[1]: a name"},
                {"{\"scheme\":\"grpc\",\"requests\":[{\"path\":\"/S/M\",\"headers\":[[\"Grpc-Timeout\",\"1\"]]}]}", "the worker sets Grpc-Timeout of gRPC calls"},
                {"{\"requests\":[{\"path\":\"/\",\"bodyBase64\":\"A\"}]}", "requests[0]: bodyBase64"},
                {"{\"requests\":[{\"path\":\"/\",\"bodyBase64\":\"AAE=\",\"body\":\"\"}]}", "requests[0]: body: only one"},
                {"{\"scheme\":\"h2\",\"streamsPerConnection\":1025}", "streamsPerConnection"},
                {"{\"scheme\":\"h2c\",\"connections\":65536,\"streamsPerConnection\":17}", "streamsPerConnection: 65536 connections of 17"},
                {"{\"scheme\":\"h2\",\"requests\":[{\"path\":\"/\",\"headers\":[[\"Keep-Alive\",\"1\"]]}]}", "Keep-Alive has no meaning in HTTP/2"},
                {"{\"scheme\":\"h2c\",\"headersFrom\":[[\"te\",\"/f\"]]}", "te has no meaning in HTTP/2"},
                {"{\"arrival\":\"bursty\"}", "arrival"},
                {"{\"whenBusy\":\"drop\"}", "whenBusy"},
                {"{\"whenBusy\":1}", "whenBusy"},
                {"{\"whenBusy\":\"grow\"}", "connectionsMax"},
                {"{\"reconnectAfterRequests\":-1}", "reconnectAfterRequests"},
                {"{\"reconnectAfterMs\":90000000}", "reconnectAfterMs"},
                {"{\"connectionsMax\":100}", "connectionsMax"},
                {"{\"whenBusy\":\"grow\",\"connectionsMax\":63}", "connectionsMax"},
                {"{\"indexHeader\":1}", "indexHeader"},
                {"{\"tls\":{\"verify\":\"no\"}}", "tls.verify"},
                {"{\"tls\":{\"certificateFile\":\"/a\"}}", "tls.certificateFile and tls.keyFile"},
                {"{\"tls\":{\"keyFile\":\"/a\"}}", "tls.certificateFile and tls.keyFile"},
                {"{\"tls\":{\"certificateFile\":\"/a b\",\"keyFile\":\"/a\"}}", "tls.certificateFile"},
                {"{\"headersFrom\":[[\"a b\",\"/f\"]]}", "headersFrom[0][0]: not a header name"},
                {"{\"headersFrom\":[[\"a\",\"/f\"],[\"Host\",\"/f\"]]}", "headersFrom[1][0]: the worker sets Host itself"},
                {"{\"headersFrom\":[[\"a\"]]}", "headersFrom[0][1]: the path of a file"},
                {"{\"headersFrom\":[[\"a\",\"\"]]}", "headersFrom[0][1]: the path of a file"},
                {"{\"headersFrom\":[[\"a\",7]]}", "headersFrom[0][1]: a string"},
                {"{\"headersFrom\":[[\"a\",\"/f\"],[\"A\",\"/f\"]]}", "headersFrom[1][0]: A stands in headersFrom[0] too"},
                {"{\"headersFrom\":[[\"a\",\"/f\"]],\"requests\":[{\"path\":\"/\"},{\"path\":\"/\",\"headers\":[[\"A\",\"1\"]]}]}",
                 "headersFrom[0][0]: a stands in requests[1] too"},
                {"{\"headersFrom\":[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]}", "headersFrom: at most 16"},
                {"{\"guard\":[]}", "guard: an object"},
                {"{\"guard\":{\"denied\":[]}}", "guard.denied"},
                {"{\"guard\":{\"allow\":\"10.0.0.0/8\"}}", "guard.allow: a list"},
                {"{\"guard\":{\"allow\":[7]}}", "guard.allow[0]"},
                {"{\"guard\":{\"deny\":[\"10.0.0.1\",\"10.0.0.1/8\"]}}", "guard.deny[1]"},
                {"{\"brake\":{}}", "brake.errorRatio"},
                {"{\"brake\":{\"errorRatio\":1.1,\"forMs\":1}}", "brake.errorRatio"},
                {"{\"brake\":{\"errorRatio\":0.5}}", "brake.forMs"},
                {"{\"brake\":{\"errorRatio\":0.5,\"forMs\":0}}", "brake.forMs"},
                {"{\"addresses\":[]}", "addresses"},
                {"{\"addresses\":[\"a\"]}", "addresses[0]"},
                {"{\"addresses\":[\"a:0\"]}", "addresses[0]"},
                {"{\"addresses\":[\"a:65536\"]}", "addresses[0]"},
                {"{\"addresses\":[\"::1:80\"]}", "addresses[0]"},
                {"{\"addresses\":[1]}", "addresses[0]"},
                {"{\"addresses\":[\"[:\\r\\nX: y\\r\\n:1]:80\"]}", "addresses[0]"},
                {"{\"authority\":\"a\\r\\nX: y\"}", "authority"},
                {"{\"run\":{\"name\":\"a b\"}}", "run.name"},
                {"{\"requests\":[]}", "requests"},
                {"{\"requests\":[{\"path\":\"x\"}]}", "requests[0]: path"},
                {"{\"requests\":[{\"path\":\"/a b\"}]}", "requests[0]: path"},
                {"{\"requests\":[{\"path\":\"/\\r\\n\"}]}", "requests[0]: path"},
                {"{\"requests\":[{\"path\":\"/\"},{\"path\":\"/\",\"weight\":0}]}", "requests[1]: weight"},
                {"{\"requests\":[{\"path\":\"/\",\"method\":\"G T\"}]}", "requests[0]: method"},
                {"{\"requests\":[{\"path\":\"/\",\"body\":\"a\",\"bodyFile\":\"b\"}]}", "requests[0]: body"},
                {"{\"requests\":[{\"path\":\"/\",\"headers\":[[\"a\",\"b\\nc\"]]}]}", "headers[0][1]"},
                {"{\"requests\":[{\"path\":\"/\",\"headers\":[[\"a:\",\"b\"]]}]}", "headers[0][0]"},
                {"{\"requests\":[{\"path\":\"/\",\"headers\":[[\"Host\",\"b\"]]}]}", "headers[0][0]"},
                {"{\"requests\":[{\"path\":\"/\",\"headers\":[[\"Transfer-Encoding\",\"b\"]]}]}", "headers[0][0]"},
                {"{\"requests\":[{\"path\":\"/\",\"statuses\":[[300,200]]}]}", "statuses[0]"},
                {"{\"requests\":[{\"path\":\"/\",\"statuses\":[[200]]}]}", "statuses[0]"},
                {"{\"requests\":[{\"path\":\"/\",\"statuses\":[[99,200]]}]}", "statuses[0]"},
                {"{\"requests\":[{\"path\":\"/\",\"contains\":\"\"}]}", "contains"},
                {"{\"requests\":[{\"path\":\"/\",\"contains\":[\"a\"]}]}", "contains"},
                {"{\"requests\":[{\"path\":\"/\",\"method\":\"HEAD\",\"contains\":\"a\"}]}", "contains"},
                {"{\"shape\":[]}", "shape"},
                {"{\"shape\":[{\"kind\":\"hold\",\"rate\":1}]}", "shape[0]: forMs"},
                {"{\"shape\":[{\"kind\":\"hold\",\"forMs\":1}]}", "shape[0]: rate"},
                {"{\"shape\":[{\"kind\":\"hold\",\"rate\":-1,\"forMs\":1}]}", "shape[0]: rate"},
                {"{\"shape\":[{\"kind\":\"hold\",\"rate\":1e8,\"forMs\":1}]}", "shape[0]: rate"},
                {"{\"shape\":[{\"kind\":\"ramp\",\"from\":1,\"forMs\":1}]}", "shape[0]: to"},
                {"{\"shape\":[{\"kind\":\"wave\",\"forMs\":1}]}", "shape[0]: kind"},
                {"{\"shape\":[{\"kind\":\"step\",\"from\":1,\"to\":2,\"forMs\":9}]}", "shape[0]: steps"},
                {"{\"shape\":[{\"kind\":\"step\",\"from\":1,\"to\":2,\"steps\":1,\"forMs\":9}]}", "shape[0]: steps"},
                {"{\"shape\":[{\"kind\":\"spike\",\"base\":1,\"atMs\":2,\"widthMs\":3,\"forMs\":9}]}", "shape[0]: peak"},
                {"{\"shape\":[{\"kind\":\"spike\",\"base\":1,\"peak\":2,\"widthMs\":3,\"forMs\":9}]}", "shape[0]: atMs"},
                {"{\"shape\":[{\"kind\":\"spike\",\"base\":1,\"peak\":2,\"atMs\":7,\"widthMs\":3,\"forMs\":9}]}", "shape[0]: atMs"},
                {"{\"shape\":[{\"kind\":\"sine\",\"mean\":1,\"amplitude\":2,\"periodMs\":3,\"forMs\":9}]}", "shape[0]: amplitude"},
                {"{\"shape\":[{\"kind\":\"sine\",\"mean\":2,\"amplitude\":1,\"periodMs\":0,\"forMs\":9}]}", "shape[0]: periodMs"},
                {"{\"shape\":[{\"kind\":\"closed\",\"forMs\":1},{\"kind\":\"closed\",\"forMs\":1}]}", "shape[0]"},
                {"{\"shape\":[{\"kind\":\"hold\",\"rate\":1,\"forMs\":604800000},{\"kind\":\"hold\",\"rate\":1,\"forMs\":1}]}",
                 "shape[1]"},
        };

        for (size_t i = 0; i < ARRAY_LEN(cases); i++)
                expect_refused(cases[i].patch, cases[i].field);
}

static void only_an_object_is_a_plan(void **state)
{
        (void)state;
        struct load_plan *plan = NULL;
        auto_json struct json_object *doc = parsed("[1]");

        assert_int_equal(load_plan_decode(NULL, &plan, NULL), FAIL_INVALID);
        assert_int_equal(load_plan_decode(doc, &plan, NULL), FAIL_INVALID);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_minimal_plan_has_the_stated_defaults),
                cmocka_unit_test(the_documented_plan_is_read_as_it_stands),
                cmocka_unit_test(a_scheme_says_what_is_spoken),
                cmocka_unit_test(what_is_out_of_bounds_is_named),
                cmocka_unit_test(only_an_object_is_a_plan),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
