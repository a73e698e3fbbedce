/* SPDX-License-Identifier: Apache-2.0
 *
 * What each kind of Service means as a target. */
#include "api/target.h"
#include "api_fixture.h"

#define PORTS "'ports':[{'name':'http','port':80,'targetPort':'web'},{'name':'admin','port':9000},{'name':'dns','port':53,'protocol':'UDP'}]"
#define META "'metadata':{'name':'web','namespace':'shop'}"

static enum fail_kind resolve(const char *change, const char *service_text, const char *slices_text, struct target **target,
                              struct fail *fail)
{
        auto_profile struct profile *profile = profile_with(change);
        auto_json struct json_object *service = json(service_text), *slices = slices_text ? json(slices_text) : NULL;

        return target_resolve(profile, service, slices, target, fail);
}

static void check_addresses(const struct target *target, const char *wanted)
{
        assert_string_equal(doc_print(target->addresses), wanted);
}

static void a_cluster_ip_is_the_address(void **state)
{
        static const char *const kinds[] = {"ClusterIP", "NodePort", "LoadBalancer"};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
                struct target *target = NULL;
                auto_free char *service = xasprintf("{" META ",'spec':{'type':'%s','clusterIP':'10.96.3.4','selector':{'b':'2','a':'1'}," PORTS "}}", kinds[i]);
                assert_int_equal(resolve("{}", service, NULL, &target, NULL), FAIL_NONE);
                check_addresses(target, "[\"10.96.3.4:80\"]");
                assert_string_equal(target->authority, "web.shop.svc");
                assert_string_equal(target->sni, "web.shop.svc");
                assert_string_equal(target->key, "Service shop/web");
                auto_free char *selector = target_selector(target);
                assert_string_equal(selector, "a=1,b=2");
                target_free(target);
        }
}

static void a_service_without_selector_is_loaded_all_the_same(void **state)
{
        struct target *target = NULL;
        (void)state;

        assert_int_equal(resolve("{}", "{" META ",'spec':{'clusterIP':'10.96.3.4'," PORTS "}}", NULL, &target, NULL), FAIL_NONE);
        assert_null(target->selector);
        assert_null(target_selector(target));
        target_free(target);
}

static void the_port_is_found_by_name_or_number(void **state)
{
        struct target *target = NULL;
        (void)state;

        assert_int_equal(resolve("{'target':{'service':{'port':9000}}}", "{" META ",'spec':{'clusterIP':'fd00::1'," PORTS "}}", NULL, &target, NULL), FAIL_NONE);
        check_addresses(target, "[\"[fd00::1]:9000\"]");
        assert_string_equal(target->authority, "web.shop.svc:9000"); /* not the scheme's own port */
        assert_string_equal(target->sni, "web.shop.svc");
        target_free(target);
}

static void a_url_is_host_and_port_and_nothing_else(void **state)
{
        static const struct { const char *url, *address, *authority, *sni, *key; } rows[] = {
                {"https://checkout.example.com/", "checkout.example.com:443", "checkout.example.com", "checkout.example.com", "URL checkout.example.com:443"},
                {"http://a.b:8080", "a.b:8080", "a.b:8080", "a.b", "URL a.b:8080"},
                {"http://10.1.2.3", "10.1.2.3:80", "10.1.2.3", "10.1.2.3", "URL 10.1.2.3:80"},
                {"h2c://a.b/", "a.b:80", "a.b", "a.b", "URL a.b:80"},
                {"h2://a.b:8443", "a.b:8443", "a.b:8443", "a.b", "URL a.b:8443"},
                {"http://[fd00::1]/", "[fd00::1]:80", "[fd00::1]", "fd00::1", "URL [fd00::1]:80"},
                {"https://[fd00::1]:80/", "[fd00::1]:80", "[fd00::1]:80", "fd00::1", "URL [fd00::1]:80"},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_free char *change = xasprintf("{'target':{'service':null,'url':'%s'}}", rows[i].url);
                auto_profile struct profile *profile = profile_with(change);
                struct target *target = target_of_url(profile);
                assert_int_equal(profile->scheme->tls, strncmp(rows[i].url, "https", 5) == 0 || strncmp(rows[i].url, "h2:", 3) == 0);
                assert_string_equal(json_object_get_string(doc_item(target->addresses, 0)), rows[i].address);
                assert_string_equal(target->authority, rows[i].authority);
                assert_string_equal(target->sni, rows[i].sni);
                assert_string_equal(target->key, rows[i].key);
                assert_null(target_selector(target));
                target_free(target);
        }
}

static void a_service_accepts_whom_its_annotation_names(void **state)
{
        static const struct { const char *annotation; bool accepts; } rows[] = {
                {"shop", true}, {"*", true}, {"ops,shop", true}, {" ops , shop ", true}, {"shop,", true}, {"ops,*", true},
                {"", false}, {"ops", false}, {"shopping", false}, {"sho", false}, {"shop*", false}, {"ops shop", false}, {",,", false},
        };
        auto_json struct json_object *bare = json("{'metadata':{'name':'web'}}");
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_free char *text = xasprintf("{'metadata':{'annotations':{'loadstone.dev/accept-load-from':'%s'}}}", rows[i].annotation);
                auto_json struct json_object *service = json(text);
                if (target_accepts(service, "shop") != rows[i].accepts)
                        fail_msg("'%s'", rows[i].annotation);
        }
        assert_false(target_accepts(bare, "shop") || target_accepts(NULL, "shop"));
}

static void a_service_of_another_namespace_keeps_its_own_name(void **state)
{
        struct target *target = NULL;
        auto_profile struct profile *profile = profile_with("{'target':{'service':{'namespace':'ops'}}}");
        auto_json struct json_object *service = json("{'metadata':{'name':'web','namespace':'ops','annotations':{'loadstone.dev/accept-load-from':'shop'}},"
                                                     "'spec':{'clusterIP':'10.0.0.1'," PORTS "}}");
        auto_free char *key = target_key(profile, "shop");
        (void)state;

        assert_int_equal(target_resolve(profile, service, NULL, &target, NULL), FAIL_NONE);
        assert_string_equal(target->authority, "web.ops.svc");
        assert_string_equal(target->key, "Service ops/web");
        assert_string_equal(target->consent, "shop");
        assert_string_equal(key, target->key);
        target_free(target);
}

static void count_endpoint(void *owner, const char *address, const char *pod)
{
        struct json_object *seen = owner;
        auto_free char *text = xasprintf("%s=%s", address, pod ? pod : "");

        doc_push_text(seen, text);
}

static void every_endpoint_is_looked_at(void **state)
{
        auto_json struct json_object *seen = doc_array();
        auto_json struct json_object *slices =
                json("[{'addressType':'IPv4','endpoints':[{'addresses':['10.0.0.1','10.0.0.2'],'targetRef':{'kind':'Pod','name':'web-1'}},"
                     "{'addresses':['10.0.0.3'],'conditions':{'ready':false},'targetRef':{'kind':'Node','name':'a'}}]},"
                     "{'addressType':'FQDN','endpoints':[{'addresses':['example.com']}]},{'addressType':'IPv6','endpoints':[{'addresses':['fd00::1']}]}]");
        (void)state;

        target_each_endpoint(slices, count_endpoint, seen);
        assert_string_equal(doc_print(seen), "[\"10.0.0.1=web-1\",\"10.0.0.2=web-1\",\"10.0.0.3=\",\"fd00::1=\"]");
        target_each_endpoint(NULL, count_endpoint, seen);
        assert_int_equal(doc_len(seen, ""), 4);
}

static void a_missing_port_names_the_ports_there_are(void **state)
{
        struct fail fail;
        struct target *target = NULL;
        (void)state;

        assert_int_equal(resolve("{'target':{'service':{'port':'grpc'}}}", "{" META ",'spec':{'clusterIP':'10.0.0.1'," PORTS "}}", NULL, &target, &fail), FAIL_INVALID);
        assert_string_equal(fail.text, "Service web has no TCP port grpc; it has http=80, admin=9000");
        assert_int_equal(resolve("{'target':{'service':{'port':53}}}", "{" META ",'spec':{'clusterIP':'10.0.0.1'," PORTS "}}", NULL, &target, &fail), FAIL_INVALID);
        assert_null(target);
}

static void a_given_host_is_authority_and_tls_name(void **state)
{
        struct target *target = NULL;
        (void)state;

        assert_int_equal(resolve("{'target':{'scheme':'https','host':'shop.example.com:8443'}}", "{" META ",'spec':{'clusterIP':'10.0.0.1'," PORTS "}}", NULL, &target, NULL), FAIL_NONE);
        assert_string_equal(target->authority, "shop.example.com:8443");
        assert_string_equal(target->sni, "shop.example.com");
        target_free(target);
}

static void an_external_name_and_the_api_server_are_refused(void **state)
{
        struct fail fail;
        struct target *target = NULL;
        (void)state;

        assert_int_equal(resolve("{}", "{" META ",'spec':{'type':'ExternalName','externalName':'example.com'}}", NULL, &target, &fail), FAIL_INVALID);
        assert_non_null(strstr(fail.text, "leaves the namespace"));
        assert_int_equal(resolve("{}", "{'metadata':{'name':'kubernetes','namespace':'default'},'spec':{'clusterIP':'10.96.0.1'," PORTS "}}", NULL, &target, &fail), FAIL_INVALID);
        assert_non_null(strstr(fail.text, "never loaded"));
        assert_null(target);
}

#define HEADLESS "{" META ",'spec':{'clusterIP':'None','ipFamilies':['IPv4','IPv6'],'selector':{'a':'1'}," PORTS "}}"

static void a_headless_service_is_its_ready_endpoints(void **state)
{
        struct target *target = NULL;
        (void)state;

        assert_int_equal(resolve("{}", HEADLESS,
                                 "[{'addressType':'IPv4','ports':[{'name':'admin','port':9},{'name':'http','port':8080}],'endpoints':["
                                 "{'addresses':['10.0.0.9']},{'addresses':['10.0.0.3'],'conditions':{'ready':true}},"
                                 "{'addresses':['10.0.0.4'],'conditions':{'ready':false}}]},"
                                 "{'addressType':'IPv4','ports':[{'name':'http','port':8081}],'endpoints':[{'addresses':['10.0.0.1']}]},"
                                 "{'addressType':'IPv4','ports':[{'name':'http','port':8080}],'endpoints':[{'addresses':['10.0.0.9']}]},"
                                 "{'addressType':'IPv4','ports':[{'name':'admin','port':9}],'endpoints':[{'addresses':['10.0.0.7']}]},"
                                 "{'addressType':'IPv6','ports':[{'name':'http','port':8080}],'endpoints':[{'addresses':['fd00::3']}]}]",
                                 &target, NULL), FAIL_NONE);
        check_addresses(target, "[\"10.0.0.1:8081\",\"10.0.0.3:8080\",\"10.0.0.9:8080\"]");
        target_free(target);
}

static void a_headless_service_without_ready_endpoints_may_get_some(void **state)
{
        struct fail fail;
        struct target *target = NULL;
        (void)state;

        assert_int_equal(resolve("{}", HEADLESS, "[]", &target, &fail), FAIL_MISSING);
        assert_string_equal(fail.text, "headless Service web has no ready address for port http");
        assert_int_equal(resolve("{}", HEADLESS, NULL, &target, &fail), FAIL_MISSING);
        assert_null(target);
}

static void many_endpoints_are_cut_in_order(void **state)
{
        auto_profile struct profile *profile = profile_with("{}");
        auto_json struct json_object *service = json(HEADLESS), *slices = json("[{'addressType':'IPv4','ports':[{'name':'http','port':80}]}]");
        struct json_object *endpoints = doc_array();
        struct target *target = NULL;
        (void)state;

        for (int i = 0; i < 300; i++) {
                auto_free char *address = xasprintf("10.0.%d.%d", i / 250, i % 250);
                doc_push(endpoints, doc_set(doc_object(), "addresses", doc_push_text(doc_array(), address)));
        }
        doc_set(doc_item(slices, 0), "endpoints", endpoints);
        assert_int_equal(target_resolve(profile, service, slices, &target, NULL), FAIL_NONE);
        assert_int_equal(json_object_array_length(target->addresses), TARGET_ADDRESSES_MAX);
        target_free(target);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_cluster_ip_is_the_address),
                cmocka_unit_test(a_service_without_selector_is_loaded_all_the_same),
                cmocka_unit_test(the_port_is_found_by_name_or_number),
                cmocka_unit_test(a_url_is_host_and_port_and_nothing_else),
                cmocka_unit_test(a_service_accepts_whom_its_annotation_names),
                cmocka_unit_test(a_service_of_another_namespace_keeps_its_own_name),
                cmocka_unit_test(every_endpoint_is_looked_at),
                cmocka_unit_test(a_missing_port_names_the_ports_there_are),
                cmocka_unit_test(a_given_host_is_authority_and_tls_name),
                cmocka_unit_test(an_external_name_and_the_api_server_are_refused),
                cmocka_unit_test(a_headless_service_is_its_ready_endpoints),
                cmocka_unit_test(a_headless_service_without_ready_endpoints_may_get_some),
                cmocka_unit_test(many_endpoints_are_cut_in_order),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
