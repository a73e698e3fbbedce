/* SPDX-License-Identifier: Apache-2.0
 *
 * The refusals that nothing else happens to meet: configurations that cannot work, plugins that cannot be run, lists that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "fake_server.h"
#include "kube/exec_plugin.h"
#include "kube/pages.h"
#include "stage.h"

static struct stage stage;
static struct fail fail;

static int set_up(void **state)
{
        (void)state;
        stage_open(&stage);
        fail = (struct fail){0};
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        stage_close(&stage);
        return 0;
}

static void refuses(const struct kube_config *config, enum fail_kind kind, const char *why)
{
        struct kube_config tried = *config;

        fail = (struct fail){0};
        assert_int_equal(kube_client_new(stage.loop, &tried, &stage.client, &fail), kind);
        if (!strstr(fail.text, why))
                fail_msg("'%s' does not say '%s'", fail.text, why);
}

static void a_client_needs_a_server_and_whole_credentials(void **state)
{
        static const char *const urls[] = {NULL, "", "nowhere", "ftp://host", "https://", "https://a b", "https://host:99999", "file:///etc/passwd"};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(urls); i++)
                refuses(&(struct kube_config){.server = (char *)urls[i]}, FAIL_INVALID, "is not the URL of an API server");
        refuses(&(struct kube_config){.server = (char *)"https://host", .cert_pem = (char *)"C"}, FAIL_INVALID, "needs its key");
        refuses(&(struct kube_config){.server = (char *)"https://host", .key_pem = (char *)"K"}, FAIL_INVALID, "needs its key");
}

/* ---- Plugins ---- */

static struct kube_exec *plugin(const char *command, const char *mode, int args, enum fail_kind kind)
{
        auto_json struct json_object *user = doc_object();
        struct json_object *list = doc_array();
        struct kube_exec *exec = NULL;

        doc_set_text(user, "apiVersion", "client.authentication.k8s.io/v1");
        doc_set_text(doc_set_text(user, "command", command), "interactiveMode", mode);
        for (int i = 0; i < args; i++)
                doc_push_text(list, "a");
        doc_set(user, "args", list);
        assert_int_equal(exec_plugin_new(user, NULL, "/", &exec, &fail), kind);
        return exec;
}

static void plugins_that_cannot_work_are_refused(void **state)
{
        (void)state;
        plugin(NULL, NULL, 0, FAIL_INVALID);
        plugin("", NULL, 0, FAIL_INVALID);
        plugin("/bin/true", "Always", 0, FAIL_INVALID);
        plugin("/bin/true", NULL, 257, FAIL_TOO_LARGE);
}

static void a_plugin_that_fails_fails_the_client(void **state)
{
        struct kube_config config = {.server = (char *)"https://host", .exec = plugin("/nonexistent/plugin", NULL, 0, FAIL_NONE)};
        (void)state;

        refuses(&config, FAIL_MISSING, "/nonexistent/plugin");
        exec_plugin_free(config.exec);
}

static void without_descriptors_no_plugin_is_run(void **state)
{
        struct kube_exec *exec = plugin("/bin/true", NULL, 0, FAIL_NONE);
        struct kube_config config = {0};
        struct rlimit before, none;
        bool changed = false;
        (void)state;

        getrlimit(RLIMIT_NOFILE, &before);
        none = before;
        none.rlim_cur = 3;
        setrlimit(RLIMIT_NOFILE, &none);
        enum fail_kind kind = exec_plugin_run(exec, &config, NS_PER_S, &changed, &fail);
        setrlimit(RLIMIT_NOFILE, &before);
        assert_int_equal(kind, FAIL_IO);
        assert_non_null(strstr(fail.text, "pipe"));
        exec_plugin_free(exec);
}

/* ---- Kubeconfigs ---- */

static void kubeconfigs_have_to_be_found(void **state)
{
        auto_buf struct buf many = {0};
        struct kube_config *config = NULL;
        auto_free char *home = xstrdup(getenv("HOME") ? getenv("HOME") : "/");
        (void)state;

        for (int i = 0; i < 200; i++)
                buf_format(&many, "/nonexistent/%d:", i);
        setenv("KUBECONFIG", many.data, 1);
        assert_int_equal(kube_config_load(NULL, NULL, &config, &fail), FAIL_TOO_LARGE);
        unsetenv("KUBECONFIG");
        unsetenv("HOME");
        assert_int_equal(kube_config_load(NULL, NULL, &config, &fail), FAIL_MISSING);
        setenv("HOME", home, 1);
}

static void a_kubeconfig_says_which_field_is_wrong(void **state)
{
        static const struct {
                const char *field, *value;
                enum fail_kind kind;
        } wrong[] = {{"certificate-authority-data", "%%%", FAIL_INVALID}, {"certificate-authority", "/nonexistent/ca.crt", FAIL_MISSING}};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
                char path[] = "/tmp/loadstone-kubeconfig.XXXXXX";
                struct kube_config *config = NULL;
                auto_close int fd = mkstemp(path);
                auto_free char *text = xasprintf("apiVersion: v1\nkind: Config\ncurrent-context: c\n"
                                                 "contexts: [{name: c, context: {cluster: k, user: u}}]\n"
                                                 "clusters: [{name: k, cluster: {server: 'https://h', %s: '%s'}}]\n"
                                                 "users: [{name: u, user: {}}]\n", wrong[i].field, wrong[i].value);
                assert_true(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
                assert_int_equal(kube_config_load(path, NULL, &config, &fail), wrong[i].kind);
                unlink(path);
                assert_non_null(strstr(fail.text, wrong[i].field));
        }
}

/* ---- Lists ---- */

static const char *list_body;

static void answer_list(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        (void)owner;
        (void)request;
        fake_answer(connection, 200, NULL, list_body);
}

static void take_item(void *owner, const struct sifted *item)
{
        (void)owner;
        (void)item;
}

struct ended {
        int calls;
        struct fail fail;
};

static void on_listed(void *owner, struct json_object *object, const struct fail *why)
{
        struct ended *ended = owner;

        (void)object;
        ended->calls++;
        ended->fail = *why;
}

static void lists_that_are_none_are_refused(void **state)
{
        static const char *const bodies[] = {"{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[{\"a\":1}}",
                                             "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[\"wrong\"]}", "[]", "7",
                                             "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[{\"a\":1} {\"b\":2}]}",
                                             "{\"metadata\":{\"resourceVersion\":\"1\",\"remainingItemCount\":1e999},\"items\":[]}"};
        struct fake_server *server = fake_server_new(stage.loop, answer_list, NULL);
        struct sift *sift = sift_new(NULL);
        (void)state;

        stage.config.server = (char *)fake_server_url(server);
        stage_client(&stage);
        for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
                struct ended ended = {0};
                list_body = bodies[i];
                kube_list_each(stage.client, &(struct kube_ref){&kube_pods, "n", NULL}, NULL, sift, take_item, on_listed, &ended);
                assert_true(stage_until(&stage, &ended.calls, 1, 60 * NS_PER_S));
                if (ended.fail.kind != FAIL_INVALID)
                        fail_msg("%s: %s", bodies[i], ended.fail.text);
        }
        stage.client = kube_client_free(stage.client);
        sift_free(sift);
        fake_server_free(server);
}

static void lists_are_gathered_up_to_a_bound(void **state)
{
        struct pages *pages = pages_new("/api/v1/pods", NULL, true);
        auto_json struct json_object *list = doc_object(), *item = doc_object();
        struct json_object *items = doc_array();
        (void)state;

        doc_set(list, "metadata", doc_object());
        for (int i = 0; i <= PAGES_GATHERED_MAX; i++)
                doc_push(items, json_object_get(item));
        doc_set(list, "items", items);
        assert_int_equal(pages_listed(pages, list, PAGES_GATHERED_MAX + 1, &fail), PAGES_FAILED);
        assert_int_equal(fail.kind, FAIL_TOO_LARGE);
        pages_free(pages);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_client_needs_a_server_and_whole_credentials, set_up, tear_down),
                cmocka_unit_test_setup_teardown(plugins_that_cannot_work_are_refused, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_plugin_that_fails_fails_the_client, set_up, tear_down),
                cmocka_unit_test_setup_teardown(without_descriptors_no_plugin_is_run, set_up, tear_down),
                cmocka_unit_test_setup_teardown(kubeconfigs_have_to_be_found, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_kubeconfig_says_which_field_is_wrong, set_up, tear_down),
                cmocka_unit_test_setup_teardown(lists_that_are_none_are_refused, set_up, tear_down),
                cmocka_unit_test_setup_teardown(lists_are_gathered_up_to_a_bound, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
