/* SPDX-License-Identifier: Apache-2.0
 *
 * The administrator's configuration: read strictly, and what it refuses it says. */
#include "api/admin.h"
#include "api_fixture.h"

/* config.yaml as a ConfigMap holds it. */
static struct json_object *configmap(const char *yaml)
{
        struct json_object *data = doc_set_text(doc_object(), ADMIN_KEY, yaml);

        return doc_set(doc_object(), "data", data);
}

static struct admin *admin_of(const char *yaml)
{
        auto_json struct json_object *object = configmap(yaml);
        struct admin *admin = NULL;
        struct fail fail = {0};

        if (admin_decode(object, &admin, &fail))
                fail_msg("%s", fail.text);
        return admin;
}

static void without_a_configuration_nothing_outside_is_allowed(void **state)
{
        struct admin *admin = NULL;
        (void)state;

        assert_int_equal(admin_decode(NULL, &admin, NULL), FAIL_NONE);
        assert_true(!admin->stop_all && !admin->allow_secrets_without_policy && admin->allow_len == 0 && admin->run.rate_rps > 0 && admin->run.duration_ms > 0);
        assert_false(admin_caps_sums(&admin->namespace) || admin_caps_sums(&admin->cluster));
        admin_free(admin);
}

static void the_documented_configuration_is_read(void **state)
{
        struct admin *admin = admin_of("stopAll: true\n"
                                       "allowSecretsWithoutPolicy: true\n"
                                       "targets:\n"
                                       "  allow:\n"
                                       "  - {host: checkout.example.com, ports: [443], maxRate: 500/s}\n"
                                       "  - {host: '*.stage.example.com', cidr: 10.20.0.0/16, ports: [80, 443]}\n"
                                       "  - {cidr: 10.30.0.7, ports: [8080]}\n"
                                       "  deny: [10.20.7.0/24, 'fd00::1']\n"
                                       "caps:\n"
                                       "  run: {rate: 1000/s, connections: 100, workers: 4, duration: 1h}\n"
                                       "  namespace: {rate: 2000/s, runs: 3}\n"
                                       "  cluster: {workers: 20}\n");
        (void)state;

        assert_true(admin->stop_all && admin->allow_secrets_without_policy && admin->allow_len == 3 && admin->deny_len == 2);
        assert_string_equal(admin->allow[0].host, "checkout.example.com");
        assert_true(admin->allow[0].rate_rps == 500 && !admin->allow[0].by_range && admin->allow[1].by_range && !admin->allow[2].host);
        assert_int_equal(admin->allow[1].ports[1], 443);
        assert_true(admin->run.rate_rps == 1000 && admin->run.duration_ms == 3600000 && admin->namespace.runs == 3 && admin->cluster.workers == 20);
        assert_true(admin_caps_sums(&admin->namespace) && admin_caps_sums(&admin->cluster));
        admin_free(admin);
}

static void a_source_serves_the_namespaces_that_it_names(void **state)
{
        struct admin *admin = admin_of("prometheus:\n"
                                       "- {name: main, url: 'https://prometheus.monitoring:9090/prom', tokenFile: /var/run/token, namespaces: [shop, pay],\n"
                                       "   ca: \"-----BEGIN CERTIFICATE-----\\nAA==\\n-----END CERTIFICATE-----\\n\"}\n"
                                       "- {name: open, url: 'http://[fd00::9]:9090', namespaces: ['*']}\n");
        const struct admin_source *main_one = admin_find_source(admin, "main"), *open = admin_find_source(admin, "open");
        (void)state;

        assert_string_equal(main_one->url, "https://prometheus.monitoring:9090/prom");
        assert_string_equal(main_one->token_file, "/var/run/token");
        assert_true(admin_source_serves(main_one, "shop") && admin_source_serves(main_one, "pay") && !admin_source_serves(main_one, "sho"));
        assert_true(admin_source_serves(open, "anything") && !open->ca && !open->token_file);
        assert_null(admin_find_source(admin, "http://p:9090"));
        admin_free(admin);
}

/* A cap that is not written keeps its default: writing one must not lift the others. */
static void a_cap_that_is_not_written_keeps_its_default(void **state)
{
        struct admin *admin = admin_of("caps: {run: {rate: 10/s}}"), *bare = NULL;
        (void)state;

        assert_int_equal(admin_decode(NULL, &bare, NULL), FAIL_NONE);
        assert_true(admin->run.rate_rps == 10 && admin->run.connections == bare->run.connections && admin->run.duration_ms == bare->run.duration_ms);
        admin_free(admin);
        admin_free(bare);
}

static void what_is_not_understood_is_refused_by_its_name(void **state)
{
        static const struct { const char *yaml, *text; } rows[] = {
                {"stopall: true", "config.yaml.stopall is not known"},
                {"stopAll: 'yes'", "stopAll: must be true or false"},
                {"- a", "config.yaml must be a map"},
                {"{", "config.yaml"},
                {"stopAll: true\nstopAll: false", "config.yaml"},
                {"caps: {run: {rate: 500}}", "caps.run.rate"},
                {"caps: {run: {rate: 0/s}}", "caps.run.rate"},
                {"caps: {run: {runs: 3}}", "caps.run.runs is not known"},
                {"caps: {namespace: {duration: 1h}}", "caps.namespace.duration is not known"},
                {"caps: {node: {}}", "caps.node is not known"},
                {"caps: [1]", "caps must be a map"},
                {"caps: {run: {workers: 1.5}}", "caps.run.workers"},
                {"targets: {alow: []}", "targets.alow is not known"},
                {"targets: {allow: {}}", "targets.allow must be a list"},
                {"targets: {allow: [{ports: [80]}]}", "targets.allow[0] must have host, cidr or both"},
                {"targets: {allow: [{host: a.example.com}]}", "targets.allow[0].ports is missing"},
                {"targets: {allow: [{host: a.example.com, ports: [0]}]}", "targets.allow[0].ports[0]"},
                {"targets: {allow: [{host: a.example.com, ports: ['80']}]}", "targets.allow[0].ports[0]"},
                {"targets: {allow: [{host: '*', ports: [80]}]}", "targets.allow[0].host"},
                {"targets: {allow: [{host: 'a.*.com', ports: [80]}]}", "targets.allow[0].host"},
                {"targets: {allow: [{host: 'https://a', ports: [80]}]}", "targets.allow[0].host"},
                {"targets: {allow: [{host: Shop.example.com, ports: [80]}]}", "targets.allow[0].host"},
                {"targets: {allow: [{host: a, ports: [80], maxrate: 5/s}]}", "targets.allow[0].maxrate is not known"},
                {"targets: {allow: [null]}", "targets.allow[0] must be a map"},
                {"targets: {allow: [{cidr: 10.0.0.1/8, ports: [80]}]}", "targets.allow[0].cidr"},
                {"targets: {deny: [shop]}", "targets.deny[0]"},
                {"targets: {deny: [7]}", "targets.deny[0]"},
                {"prometheus: {}", "prometheus must be a list"},
                {"prometheus: [null]", "prometheus[0] must be a map"},
                {"prometheus: [{name: main}]", "prometheus[0].url is missing"},
                {"prometheus: [{name: main, url: 'http://p:9090'}]", "prometheus[0].namespaces is missing"},
                {"prometheus: [{name: Main, url: 'http://p:9090', namespaces: ['*']}]", "prometheus[0].name must be a name"},
                {"prometheus: [{name: main, url: 'ftp://p:9090', namespaces: ['*']}]", "prometheus[0].url must be http or https"},
                {"prometheus: [{name: main, url: 'http://user:secret@p:9090', namespaces: ['*']}]", "prometheus[0].url must be http or https"},
                {"prometheus: [{name: main, url: 'http://p:9090/?a=b', namespaces: ['*']}]", "prometheus[0].url must be http or https"},
                {"prometheus: [{name: main, url: 'http://p:9090/a/../b', namespaces: ['*']}]", "prometheus[0].url must be http or https"},
                {"prometheus: [{name: main, url: 'http://p:99999', namespaces: ['*']}]", "prometheus[0].url must be http or https"},
                {"prometheus: [{name: main, url: 'http:///', namespaces: ['*']}]", "prometheus[0].url must be http or https"},
                {"prometheus: [{name: main, url: 'http://p', tokenFile: /t, namespaces: ['*']}]", "prometheus[0]: ca and tokenFile go with https"},
                {"prometheus: [{name: main, url: 'https://p', tokenFile: t, namespaces: ['*']}]", "prometheus[0].tokenFile must be the whole path"},
                {"prometheus: [{name: main, url: 'https://p', ca: /ca.crt, namespaces: ['*']}]", "prometheus[0].ca must be certificates in PEM"},
                {"prometheus: [{name: main, url: 'http://p', token: secret, namespaces: ['*']}]", "prometheus[0].token is not known"},
                {"prometheus: [{name: main, url: 'http://p', namespaces: shop}]", "prometheus[0].namespaces must be a list"},
                {"prometheus: [{name: main, url: 'http://p', namespaces: [shop, 'a b']}]", "prometheus[0].namespaces[1] must be the name"},
                {"prometheus: [{name: a, url: 'http://p', namespaces: ['*']}, {name: a, url: 'http://q', namespaces: ['*']}]", "prometheus[1].name: there is a a already"},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_json struct json_object *object = configmap(rows[i].yaml);
                struct admin *admin = NULL;
                struct fail fail = {0};
                if (admin_decode(object, &admin, &fail) != FAIL_INVALID || !strstr(fail.text, rows[i].text))
                        fail_msg("%s -> %s", rows[i].yaml, fail.text);
                assert_null(admin);
        }
}

static void a_configmap_without_the_key_is_a_mistake(void **state)
{
        auto_json struct json_object *object = json("{'data':{'config.yml':'stopAll: true'}}");
        struct admin *admin = NULL;
        struct fail fail;
        (void)state;

        assert_int_equal(admin_decode(object, &admin, &fail), FAIL_INVALID);
        assert_string_equal(fail.text, "the ConfigMap has no key config.yaml");
}

static void a_run_beyond_a_cap_hears_which(void **state)
{
        static const struct { const char *yaml, *text; } rows[] = {
                {"caps: {run: {rate: 400/s}}", "spec.load.shape: asks for 500/s, the administrator's caps.run.rate is 400/s: ask for less"},
                {"caps: {run: {connections: 63}}", "spec.load.concurrency.connections: asks for 64, the administrator's caps.run.connections is 63: ask for less"},
                {"caps: {run: {duration: 1m}}", "spec.load.warmup and load.shape: asks for 1m5s, the administrator's caps.run.duration is 1m: ask for less"},
                {"caps: {namespace: {rate: 499.5/s}}", "spec.load.shape: asks for 500/s, the administrator's caps.namespace.rate is 499.5/s: ask for less"},
                {"caps: {cluster: {rate: 1/s}}", "spec.load.shape: asks for 500/s, the administrator's caps.cluster.rate is 1/s: ask for less"},
        };
        auto_profile struct profile *profile = profile_with("{}");
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                struct admin *admin = admin_of(rows[i].yaml);
                struct fail fail = {0};
                assert_int_equal(admin_check_run(admin, profile, &fail), FAIL_DENIED);
                assert_string_equal(fail.text, rows[i].text);
                admin_free(admin);
        }
        auto_profile struct profile *growing = profile_with("{'load':{'concurrency':{'whenBusy':'grow','maxConnections':70}}}");
        struct admin *few = admin_of("caps: {run: {connections: 69}}");
        struct fail fail = {0};
        assert_int_equal(admin_check_run(few, growing, &fail), FAIL_DENIED);
        assert_non_null(strstr(fail.text, "spec.load.concurrency.maxConnections: asks for 70"));
        admin_free(few);
        auto_profile struct profile *streaming = profile_with("{'target':{'scheme':'h2c'},'load':{'concurrency':{'connections':10,'streamsPerConnection':10}}}");
        struct admin *fewer = admin_of("caps: {run: {connections: 99}}");
        assert_int_equal(admin_check_run(fewer, streaming, &fail), FAIL_DENIED);
        assert_non_null(strstr(fail.text, "spec.load.concurrency: connections times streamsPerConnection: asks for 100"));
        admin_free(fewer);
        struct admin *enough = admin_of("caps: {run: {rate: 500/s, connections: 64, workers: 1, duration: 1m5s}}");
        assert_int_equal(admin_check_run(enough, profile, NULL), FAIL_NONE);
        admin_free(enough);
}

static void runs_together_stay_below_the_sums(void **state)
{
        struct admin *admin = admin_of("caps: {namespace: {rate: 1200/s, runs: 3}}");
        auto_profile struct profile *profile = profile_with("{}");
        struct admin_load one = admin_load_of(profile), sum = {0};
        struct fail fail = {0};
        (void)state;

        assert_int_equal(admin_check_sum(&admin->namespace, "namespace", &sum, &one, NULL), FAIL_NONE);
        admin_load_add(&sum, &one);
        assert_int_equal(admin_check_sum(&admin->namespace, "namespace", &sum, &one, NULL), FAIL_NONE);
        admin_load_add(&sum, &one);
        assert_int_equal(admin_check_sum(&admin->namespace, "namespace", &sum, &one, &fail), FAIL_BUSY);
        assert_string_equal(fail.text, "with the runs under way in the namespace it would be 1500/s, the administrator's caps.namespace.rate is 1200/s");
        assert_int_equal(admin_check_sum(&admin->cluster, "cluster", &sum, &one, NULL), FAIL_NONE);
        sum = (struct admin_load){.runs = 3};
        one.rate_rps = 0;
        assert_int_equal(admin_check_sum(&admin->namespace, "namespace", &sum, &one, &fail), FAIL_BUSY);
        assert_non_null(strstr(fail.text, "4 runs, the administrator's caps.namespace.runs is 3"));
        admin_free(admin);
}

#define ALLOW "targets: {allow: [{host: a.example.com, ports: [443], maxRate: 600/s}, {host: '*.stage.example.com', cidr: 10.20.0.0/16, ports: [80]}, " \
              "{cidr: 10.30.0.0/16, ports: [8080]}, {cidr: 'fd00:30::/32', ports: [8080]}, {host: slow.example.com, ports: [80], maxRate: 5/s}]}"

static void a_url_needs_an_entry_that_fits_whole(void **state)
{
        static const struct { const char *url, *ranges, *text; } rows[] = { /* ranges: what the worker is told; NULL: denied */
                {"https://a.example.com/", "[]", NULL},
                {"http://a.example.com/", NULL, "a.example.com port 80 is not in the administrator's targets.allow"},
                {"https://b.a.example.com/", NULL, "is not in"},
                {"https://xa.example.com/", NULL, "is not in"},
                {"http://web.stage.example.com/", "[\"10.20.0.0/16\"]", NULL},
                {"http://a.b.stage.example.com/", "[\"10.20.0.0/16\"]", NULL},
                {"http://stage.example.com/", NULL, "is not in"},
                {"http://xstage.example.com/", NULL, "is not in"},
                {"http://10.30.7.7:8080/", "[\"10.30.0.0/16\"]", NULL},
                {"http://10.31.7.7:8080/", NULL, "is not in"},
                {"http://[::ffff:10.30.7.7]:8080/", "[\"10.30.0.0/16\"]", NULL},
                {"http://any.name:8080/", "[\"10.30.0.0/16\",\"fd00:30::/32\"]", NULL},
                {"http://slow.example.com/", NULL, "lets at most 5/s go to slow.example.com"},
        };
        struct admin *admin = admin_of(ALLOW);
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_free char *change = xasprintf("{'target':{'service':null,'url':'%s'}}", rows[i].url);
                auto_profile struct profile *profile = profile_with(change);
                auto_json struct json_object *ranges = NULL;
                struct fail fail = {0};
                enum fail_kind kind = admin_check_url(admin, profile, &ranges, &fail);
                if (kind != (rows[i].ranges ? FAIL_NONE : FAIL_DENIED) || (rows[i].ranges && strcmp(doc_print(ranges), rows[i].ranges) != 0) ||
                    (rows[i].text && !strstr(fail.text, rows[i].text)))
                        fail_msg("%s: %s %s", rows[i].url, fail.text, ranges ? doc_print(ranges) : "");
        }
        admin_free(admin);
}

/* It has no rate that could be held against the most that may go there. */
static void a_closed_loop_goes_nowhere_with_a_most(void **state)
{
        struct admin *admin = admin_of(ALLOW);
        auto_profile struct profile *profile =
                profile_with("{'target':{'service':null,'url':'https://a.example.com/'},'load':{'shape':[{'closed':{'for':'5s'}}]}}");
        (void)state;

        assert_int_equal(admin_check_url(admin, profile, NULL, NULL), FAIL_DENIED);
        admin_free(admin);
}

static void what_is_denied_is_denied_in_every_spelling(void **state)
{
        struct admin *admin = admin_of("targets: {deny: [10.20.7.0/24]}");
        struct address in, out;
        (void)state;

        assert_true(address_parse("::ffff:10.20.7.9", &in) && address_parse("10.20.8.9", &out));
        assert_true(admin_denies(admin, &in) && !admin_denies(admin, &out));
        admin_free(admin);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(without_a_configuration_nothing_outside_is_allowed),
                cmocka_unit_test(the_documented_configuration_is_read),
                cmocka_unit_test(a_source_serves_the_namespaces_that_it_names),
                cmocka_unit_test(a_cap_that_is_not_written_keeps_its_default),
                cmocka_unit_test(what_is_not_understood_is_refused_by_its_name),
                cmocka_unit_test(a_configmap_without_the_key_is_a_mistake),
                cmocka_unit_test(a_run_beyond_a_cap_hears_which),
                cmocka_unit_test(a_url_needs_an_entry_that_fits_whole),
                cmocka_unit_test(a_closed_loop_goes_nowhere_with_a_most),
                cmocka_unit_test(what_is_denied_is_denied_in_every_spelling),
                cmocka_unit_test(runs_together_stay_below_the_sums),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
