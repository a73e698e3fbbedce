/* SPDX-License-Identifier: Apache-2.0
 *
 * kubeconfigs, good and bad, as files in a folder of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "kube/config.h"

static char folder[64];
static struct kube_config *config;
static struct fail fail;

static int set_up(void **state)
{
        (void)state;
        snprintf(folder, sizeof folder, "/tmp/kube-config-XXXXXX");
        assert_non_null(mkdtemp(folder));
        unsetenv("KUBECONFIG");
        setenv("HOME", folder, 1);
        config = NULL;
        fail = (struct fail){0};
        return 0;
}

static int tear_down(void **state)
{
        auto_free char *command = xasprintf("rm -rf '%s'", folder);
        (void)state;

        config = kube_config_free(config);
        return system(command);
}

/* The path of a file in the folder with this text, for the test's life. */
static const char *file(const char *name, const char *text)
{
        static char path[128];

        snprintf(path, sizeof path, "%s/%s", folder, name);
        auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);
        assert_true(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
        return path;
}

static enum fail_kind load(const char *text)
{
        config = kube_config_free(config);
        return kube_config_load(file("config", text), NULL, &config, &fail);
}

static void refuses(const char *text, const char *part)
{
        assert_int_equal(load(text), FAIL_INVALID);
        if (!strstr(fail.text, part))
                fail_msg("'%s' does not say '%s'", fail.text, part);
}

static const char *token_now(bool refused)
{
        bool changed = false;

        return kube_config_token(config, clock_now_ns(clock_system()), refused, &changed);
}

#define HEAD "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u, namespace: team}}]\n"
#define CLUSTER "clusters: [{name: k, cluster: {server: 'https://1.2.3.4:6443'}}]\n"
#define USER "users: [{name: u, user: {token: abc}}]\n"

static void a_plain_one_is_read(void **state)
{
        (void)state;
        assert_int_equal(load(HEAD CLUSTER USER), FAIL_NONE);
        assert_string_equal(config->server, "https://1.2.3.4:6443");
        assert_string_equal(config->token, "abc");
        assert_string_equal(config->namespace, "team");
        assert_null(config->ca_pem);
        assert_false(config->insecure_skip_verify);
        assert_string_equal(token_now(false), "abc");
}

static void every_field_is_understood(void **state)
{
        (void)state;
        assert_int_equal(load(HEAD "clusters:\n- name: k\n  cluster:\n    server: https://h/prefix\n    tls-server-name: name\n"
                                   "    proxy-url: socks5://p:1\n    certificate-authority-data: Q0E=\n"
                                   "users:\n- name: u\n  user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ, "
                                   "username: me, password: \"12\"}\n"),
                         FAIL_NONE);
        assert_string_equal(config->tls_server_name, "name");
        assert_string_equal(config->proxy_url, "socks5://p:1");
        assert_string_equal(config->ca_pem, "CA");
        assert_string_equal(config->cert_pem, "CERT");
        assert_string_equal(config->key_pem, "KEY");
        assert_string_equal(config->username, "me");
        assert_string_equal(config->password, "12");
        assert_null(config->ca_file);
}

static void files_are_relative_to_the_kubeconfig_and_data_wins(void **state)
{
        (void)state;
        file("ca.pem", "CAFILE");
        file("t", "from-file\n");
        assert_int_equal(load(HEAD "clusters: [{name: k, cluster: {server: 'https://h', certificate-authority: ca.pem}}]\n"
                                   "users: [{name: u, user: {tokenFile: t, token: loses}}]\n"),
                         FAIL_NONE);
        assert_string_equal(config->ca_pem, "CAFILE");
        assert_string_equal(config->token, "from-file");
        assert_int_equal(load(HEAD "clusters: [{name: k, cluster: {server: 'https://h', certificate-authority: nowhere, "
                                   "certificate-authority-data: Q0E=}}]\n" USER),
                         FAIL_NONE);
        assert_string_equal(config->ca_pem, "CA");
}

static void the_first_file_of_a_list_to_set_a_name_wins(void **state)
{
        char list[512];
        (void)state;

        snprintf(list, sizeof list, "%s", file("one", "current-context: c\n" CLUSTER));
        snprintf(list + strlen(list), sizeof list - strlen(list), ":%s/absent:", folder);
        snprintf(list + strlen(list), sizeof list - strlen(list), ":%s",
                 file("two", "current-context: other\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                             "clusters: [{name: k, cluster: {server: 'https://loses'}}]\n" USER));
        setenv("KUBECONFIG", list, 1);
        assert_int_equal(kube_config_load(NULL, NULL, &config, &fail), FAIL_NONE);
        assert_string_equal(config->server, "https://1.2.3.4:6443");
        assert_string_equal(config->token, "abc");
        assert_string_equal(config->namespace, "default");
        setenv("KUBECONFIG", "/nowhere/a:/nowhere/b", 1);
        config = kube_config_free(config);
        assert_int_equal(kube_config_load(NULL, NULL, &config, &fail), FAIL_MISSING);
}

static void without_a_list_the_usual_file_is_read(void **state)
{
        char path[128];
        (void)state;

        assert_int_equal(kube_config_load(NULL, NULL, &config, &fail), FAIL_MISSING);
        snprintf(path, sizeof path, "%s/.kube", folder);
        mkdir(path, 0700);
        file(".kube/config", HEAD CLUSTER USER);
        assert_int_equal(kube_config_load(NULL, NULL, &config, &fail), FAIL_NONE);
        assert_int_equal(kube_config_load(NULL, "nobody", &config, &fail), FAIL_INVALID);
        assert_non_null(strstr(fail.text, "there is no context 'nobody'"));
}

static void bad_ones_are_refused_with_their_place(void **state)
{
        (void)state;
        refuses("{", "line");
        refuses("[]", "is no kubeconfig");
        refuses("", "current-context is not set");
        refuses("clusters: 5", "clusters is no list");
        refuses("clusters: [{cluster: {}}]", "clusters[0].name is missing");
        refuses("current-context: x", "there is no context 'x'");
        refuses(HEAD USER, "there is no cluster 'k'");
        refuses(HEAD CLUSTER, "there is no user 'u'");
        refuses(HEAD "clusters: [{name: k, cluster: {}}]\n" USER, "cluster 'k': server is missing");
        refuses(HEAD "clusters: [{name: k, cluster: {server: s, certificate-authority-data: '!'}}]\n" USER,
                "certificate-authority-data");
        refuses(HEAD CLUSTER "users: [{name: u, user: {client-certificate-data: Q0VSVA==}}]", "need each other");
        refuses(HEAD CLUSTER "users: [{name: u, user: {auth-provider: {name: gcp}}}]", "auth-provider");
        refuses(HEAD CLUSTER "users: [{name: u, user: {as: root}}]", "impersonation");
        refuses(HEAD CLUSTER "users: [{name: u, user: {token: \"a\\nX-Evil: 1\"}}]", "line break");
        refuses(HEAD CLUSTER "users: [{name: u, user: {exec: {apiVersion: v9, command: x}}}]", "exec.apiVersion");
        refuses(HEAD "clusters: [{name: k, cluster: {server: s, insecure-skip-tls-verify: true, "
                     "certificate-authority-data: Q0E=}}]\n" USER,
                "exclude each other");
        assert_int_equal(load(HEAD CLUSTER "users: [{name: u, user: {tokenFile: nowhere}}]"), FAIL_MISSING);
}

/* ---- Plugins ---- */

#define EXEC_USER \
        "users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin, args: [one], " \
        "env: [{name: GREETING, value: hi}], interactiveMode: Never, provideClusterInfo: true}}}]\n"
#define CREDENTIAL "{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{"

static void a_plugin_is_asked_once_and_again_when_refused(void **state)
{
        (void)state;
        file("plugin", "#!/bin/sh\ncd \"$(dirname \"$0\")\"\necho x >> runs\n[ -t 0 ] && exit 9\n"
                       "printf '%s' '" CREDENTIAL "\"token\":\"'\"$GREETING-$1-$(wc -l < runs)\"'\"}}'\n"
                       "printf '%s' \"$KUBERNETES_EXEC_INFO\" > info\n");
        assert_int_equal(load(HEAD CLUSTER EXEC_USER), FAIL_NONE);
        assert_string_equal(token_now(false), "hi-one-1");
        assert_string_equal(token_now(false), "hi-one-1");
        assert_string_equal(token_now(true), "hi-one-1"); /* not twice within a second */
        bool changed = false;
        int64_t later_ns = clock_now_ns(clock_system()) + 2 * NS_PER_S;
        assert_string_equal(kube_config_token(config, later_ns, true, &changed), "hi-one-2");
        assert_false(changed);
        char path[128];
        auto_free char *info = NULL;
        snprintf(path, sizeof path, "%s/info", folder);
        assert_int_equal(text_file_read(path, 10000, &info, NULL, NULL), FAIL_NONE);
        assert_string_equal(info, "{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"spec\":"
                                  "{\"interactive\":false,\"cluster\":{\"server\":\"https://1.2.3.4:6443\"}}}");
}

static void what_a_plugin_gives_expires(void **state)
{
        bool changed = false;
        int64_t now_ns = clock_now_ns(clock_system());
        (void)state;

        file("plugin", "#!/bin/sh\necho x >> $0.runs\n"
                       "printf '%s' '" CREDENTIAL "\"token\":\"'$(wc -l < $0.runs)'\",\"clientCertificateData\":\"C\","
                       "\"clientKeyData\":\"K\",\"expirationTimestamp\":\"'$(date -u -d '+60 seconds' +%Y-%m-%dT%H:%M:%SZ)'\"}}'\n");
        assert_int_equal(load(HEAD CLUSTER EXEC_USER), FAIL_NONE);
        assert_string_equal(kube_config_token(config, now_ns, false, &changed), "1");
        assert_true(changed);
        assert_string_equal(config->cert_pem, "C");
        changed = false;
        assert_string_equal(kube_config_token(config, now_ns + 30 * NS_PER_S, false, &changed), "1");
        assert_string_equal(kube_config_token(config, now_ns + 61 * NS_PER_S, false, &changed), "2");
        assert_false(changed);
}

static void a_plugin_that_fails_leaves_nothing(void **state)
{
        static const char *const scripts[] = {
                "#!/bin/sh\nexit 3\n",
                "#!/bin/sh\necho nonsense\n",
                "#!/bin/sh\necho '{\"apiVersion\":\"client.authentication.k8s.io/v1beta1\",\"status\":{\"token\":\"x\"}}'\n",
                "#!/bin/sh\necho '" CREDENTIAL "}}'\n",
                "#!/bin/sh\necho '" CREDENTIAL "\"clientCertificateData\":\"C\"}}'\n",
                "#!/bin/sh\necho '" CREDENTIAL "\"token\":\"a\\r\\nb\"}}'\n",
                "#!/bin/sh\nhead -c 100000 /dev/zero\n",
                "#!/nowhere/sh\n",
        };
        (void)state;

        for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
                file("plugin", scripts[i]);
                assert_int_equal(load(HEAD CLUSTER EXEC_USER), FAIL_NONE);
                assert_null(token_now(false));
                assert_null(config->cert_pem);
        }
}

static void a_token_file_is_read_again_each_minute(void **state)
{
        bool changed = false;
        int64_t now_ns = clock_now_ns(clock_system());
        (void)state;

        file("t", "one");
        assert_int_equal(load(HEAD CLUSTER "users: [{name: u, user: {tokenFile: t}}]\n"), FAIL_NONE);
        assert_string_equal(kube_config_token(config, now_ns, false, &changed), "one");
        file("t", "two");
        assert_string_equal(kube_config_token(config, now_ns + 59 * NS_PER_S, false, &changed), "one");
        assert_string_equal(kube_config_token(config, now_ns + 60 * NS_PER_S, false, &changed), "two");
        file("t", "");
        assert_string_equal(kube_config_token(config, now_ns + 200 * NS_PER_S, true, &changed), "two");
}

static void a_changed_certificate_says_so(void **state)
{
        bool changed = false;
        int64_t now_ns = clock_now_ns(clock_system());
        (void)state;

        file("c", "C1");
        file("k", "K1");
        assert_int_equal(load(HEAD CLUSTER "users: [{name: u, user: {client-certificate: c, client-key: k}}]\n"), FAIL_NONE);
        kube_config_token(config, now_ns, false, &changed);
        assert_false(changed);
        file("c", "C2");
        file("k", "K2");
        kube_config_token(config, now_ns + 301 * NS_PER_S, false, &changed);
        assert_true(changed);
        assert_string_equal(config->cert_pem, "C2");
        assert_string_equal(config->key_pem, "K2");
}

static void outside_a_cluster_there_is_no_service_account(void **state)
{
        (void)state;
        unsetenv("KUBERNETES_SERVICE_HOST");
        assert_int_equal(kube_config_in_cluster(&config, &fail), FAIL_MISSING);
        setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
        setenv("KUBERNETES_SERVICE_PORT", "443", 1);
        assert_int_equal(kube_config_in_cluster(&config, &fail), FAIL_MISSING);
        assert_non_null(strstr(fail.text, "service account: token"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_plain_one_is_read, set_up, tear_down),
                cmocka_unit_test_setup_teardown(every_field_is_understood, set_up, tear_down),
                cmocka_unit_test_setup_teardown(files_are_relative_to_the_kubeconfig_and_data_wins, set_up, tear_down),
                cmocka_unit_test_setup_teardown(the_first_file_of_a_list_to_set_a_name_wins, set_up, tear_down),
                cmocka_unit_test_setup_teardown(without_a_list_the_usual_file_is_read, set_up, tear_down),
                cmocka_unit_test_setup_teardown(bad_ones_are_refused_with_their_place, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_plugin_is_asked_once_and_again_when_refused, set_up, tear_down),
                cmocka_unit_test_setup_teardown(what_a_plugin_gives_expires, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_plugin_that_fails_leaves_nothing, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_token_file_is_read_again_each_minute, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_changed_certificate_says_so, set_up, tear_down),
                cmocka_unit_test_setup_teardown(outside_a_cluster_there_is_no_service_account, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
