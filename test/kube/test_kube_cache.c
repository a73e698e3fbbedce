/* SPDX-License-Identifier: Apache-2.0
 *
 * The cache against a server that keeps objects as the test says, forgets its past, and goes silent. */
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
#include "fake_server.h"
#include "kube/cache.h"
#include "stage.h"

static struct stage stage;
static struct fake_server *server;
static struct kube_cache *cache;

static char items[4096];      /* what a list answers with */
static int list_version, lists, streams, probes;
static bool refuse_probes;
static struct fake_connection *watching;
static char watched_path[512];
static char seen[8192];       /* "+a@1 a@2 -a " */

static void handle(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        (void)owner;
        if (strstr(request->path, "?limit=1&")) {
                probes++;
                if (!refuse_probes)
                        fake_answer(connection, 403, NULL, "no");
                return;
        }
        if (strstr(request->path, "watch=true")) {
                streams++;
                snprintf(watched_path, sizeof watched_path, "%s", request->path);
                watching = connection;
                fake_begin(connection, 200);
                return;
        }
        lists++;
        auto_free char *body = xasprintf("{\"metadata\":{\"resourceVersion\":\"%d\"},\"items\":[%s]}", list_version, items);
        fake_answer(connection, 200, NULL, body);
}

static void note(void *owner, struct json_object *before, struct json_object *after)
{
        size_t used = strlen(seen);
        struct json_object *object = after ? after : before;

        (void)owner;
        assert_string_equal(doc_text(object, "kind"), "ConfigMap");
        assert_string_equal(doc_text(object, "apiVersion"), "v1");
        assert_null(doc_at(object, "metadata.managedFields"));
        snprintf(seen + used, sizeof seen - used, "%s%s@%s ", before ? after ? "" : "-" : "+",
                 doc_text(object, "metadata.name"), doc_text(object, "metadata.resourceVersion"));
}

static int set_up(void **state)
{
        (void)state;
        stage_open(&stage);
        server = fake_server_new(stage.loop, handle, NULL);
        stage.config = (struct kube_config){.server = (char *)fake_server_url(server)};
        lists = streams = probes = 0;
        refuse_probes = false;
        watching = NULL;
        seen[0] = items[0] = '\0';
        list_version = 10;
        stage_client(&stage);
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        cache = kube_cache_free(cache);
        stage.client = kube_client_free(stage.client);
        server = fake_server_free(server);
        stage_close(&stage);
        return 0;
}

static void until(const int *count, int wanted)
{
        stage_until(&stage, count, wanted, 600 * NS_PER_S);
        assert_int_equal(*count, wanted);
}

static void start(void)
{
        static const char *const keep[] = {"metadata.labels", NULL}; /* no data */

        cache = kube_cache_new(stage.client, &(struct kube_cache_options){.kind = &kube_configmaps,
                                                                    .namespace = "n",
                                                                    .label_selector = "app=x",
                                                                    .keep = keep,
                                                                    .changed = note});
        until(&streams, 1);
        stage_pass(&stage, NS_PER_S);
}

#define OBJECT(name, uid, version) \
        "{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"n\",\"uid\":\"" uid "\",\"resourceVersion\":\"" version \
        "\",\"managedFields\":[{\"manager\":\"m\"}]},\"data\":{\"big\":\"xxxxxxxxxxxxxxxx\"}}"

static void send_event(const char *type, const char *object)
{
        auto_free char *line = xasprintf("{\"type\":\"%s\",\"object\":%s}\n", type, object);

        fake_piece(watching, line, strlen(line));
        stage_pass(&stage, NS_PER_S / 2);
}

static struct json_object *parsed(const char *text)
{
        struct json_object *object = NULL;

        assert_int_equal(doc_parse(text, strlen(text), &object, NULL), FAIL_NONE);
        return object;
}

static const char *version_held(const char *name)
{
        const char *version = doc_text(kube_cache_find(cache, "n", name), "metadata.resourceVersion");

        return version ? version : "";
}

static void it_lists_consistently_and_watches_from_there(void **state)
{
        (void)state;
        snprintf(items, sizeof items, OBJECT("a", "ua", "3") "," OBJECT("b", "ub", "4"));
        start();
        assert_true(kube_cache_synced(cache));
        assert_int_equal(kube_cache_len(cache), 2);
        assert_int_equal(strlen(seen), strlen("+a@3 +b@4 "));
        assert_non_null(strstr(watched_path, "/api/v1/namespaces/n/configmaps?watch=true&allowWatchBookmarks=true&timeoutSeconds="));
        assert_non_null(strstr(watched_path, "&resourceVersion=10&labelSelector=app%3Dx"));
        struct json_object *found = kube_cache_find(cache, "n", "a");
        assert_null(doc_at(found, "data"));
        assert_string_equal(doc_text(found, "metadata.uid"), "ua");
        assert_null(kube_cache_find(cache, "n", "c"));
        assert_null(kube_cache_find(cache, "m", "a"));
        size_t at = 0, walked = 0;
        while (kube_cache_next(cache, &at))
                walked++;
        assert_int_equal(walked, 2);
}

static void old_events_never_replace_newer_objects(void **state)
{
        (void)state;
        snprintf(items, sizeof items, OBJECT("a", "ua", "9"));
        start();
        seen[0] = '\0';
        send_event("MODIFIED", OBJECT("a", "ua", "8"));
        send_event("ADDED", OBJECT("a", "ua", "9"));
        send_event("ADDED", OBJECT("a", "uold", "5"));
        send_event("DELETED", OBJECT("a", "uold", "6"));
        assert_string_equal(seen, "");
        send_event("MODIFIED", OBJECT("a", "ua", "10"));
        assert_string_equal(seen, "a@10 ");
}

static void another_uid_under_the_name_is_delete_plus_create(void **state)
{
        (void)state;
        snprintf(items, sizeof items, OBJECT("a", "u1", "9"));
        start();
        seen[0] = '\0';
        send_event("ADDED", OBJECT("a", "u2", "11"));
        assert_string_equal(seen, "-a@9 +a@11 ");
        send_event("DELETED", OBJECT("a", "u1", "12"));
        assert_string_equal(version_held("a"), "11");
        send_event("DELETED", OBJECT("a", "u2", "13"));
        assert_string_equal(version_held("a"), "");
}

static void own_writes_are_believed_and_not_overtaken(void **state)
{
        (void)state;
        start();
        auto_json struct json_object *written = parsed(OBJECT("a", "ua", "20"));
        kube_cache_wrote(cache, written);
        assert_non_null(doc_at(written, "data")); /* borrowed, so not cut down */
        assert_string_equal(version_held("a"), "20");
        send_event("ADDED", OBJECT("a", "ua", "19"));
        send_event("MODIFIED", OBJECT("a", "ua", "20"));
        assert_string_equal(seen, "+a@20 ");
        kube_cache_gone(cache, "n", "a", "another");
        assert_string_equal(version_held("a"), "20");
        kube_cache_gone(cache, "n", "a", "ua");
        assert_string_equal(version_held("a"), "");
        send_event("MODIFIED", OBJECT("a", "ua", "20"));
        assert_string_equal(version_held("a"), "");
        send_event("DELETED", OBJECT("a", "ua", "21"));
        assert_string_equal(seen, "+a@20 -a@20 ");
}

static void an_answer_that_a_delete_has_overtaken_brings_nothing_back(void **state)
{
        (void)state;
        snprintf(items, sizeof items, OBJECT("a", "ua", "9"));
        start();
        send_event("MODIFIED", OBJECT("a", "ua", "20"));
        send_event("DELETED", OBJECT("a", "ua", "21"));
        auto_json struct json_object *late = parsed(OBJECT("a", "ua", "20")), *next = parsed(OBJECT("a", "ua3", "22"));
        kube_cache_wrote(cache, late);
        assert_string_equal(version_held("a"), "");
        kube_cache_wrote(cache, next);
        assert_string_equal(version_held("a"), "22");
}

static void an_expired_watch_lists_again_and_deletes_what_vanished(void **state)
{
        (void)state;
        snprintf(items, sizeof items, OBJECT("a", "ua", "3") "," OBJECT("b", "ub", "4") "," OBJECT("c", "uc", "5"));
        start();
        send_event("MODIFIED", OBJECT("a", "ua", "11"));
        seen[0] = '\0';
        snprintf(items, sizeof items, OBJECT("a", "ua", "11") "," OBJECT("c", "uc2", "15") "," OBJECT("d", "ud", "16"));
        list_version = 20;
        /* Written while the list was on its way: newer than the list, so it has not vanished. */
        auto_json struct json_object *own = parsed(OBJECT("own", "uo", "25"));
        kube_cache_wrote(cache, own);
        seen[0] = '\0';
        send_event("ERROR", "{\"kind\":\"Status\",\"code\":410,\"message\":\"too old\"}");
        until(&streams, 2);
        stage_pass(&stage, NS_PER_S);
        assert_int_equal(lists, 2);
        assert_non_null(strstr(seen, "-b@4 "));
        assert_non_null(strstr(seen, "-c@5 +c@15 "));
        assert_non_null(strstr(seen, "+d@16 "));
        assert_int_equal(strlen(seen), strlen("-b@4 -c@5 +c@15 +d@16 "));
        assert_string_equal(version_held("own"), "25");
        assert_int_equal(kube_cache_len(cache), 4);
        assert_non_null(strstr(watched_path, "resourceVersion=20&"));
}

static void what_was_found_stays_until_the_caller_returns_to_the_loop(void **state)
{
        (void)state;
        snprintf(items, sizeof items, OBJECT("a", "ua", "3"));
        start();
        struct json_object *found = kube_cache_find(cache, "n", "a");
        auto_json struct json_object *newer = parsed(OBJECT("a", "ua", "30"));
        kube_cache_wrote(cache, newer);
        assert_string_equal(doc_text(found, "metadata.resourceVersion"), "3");
        assert_string_equal(version_held("a"), "30");
        loop_step(stage.loop, 0);
        assert_string_equal(version_held("a"), "30");
}

static void nonsense_drops_the_stream_and_it_comes_back(void **state)
{
        (void)state;
        start();
        fake_piece(watching, "{oops\n", 6);
        until(&streams, 2);
        assert_int_equal(lists, 1);
        stage_pass(&stage, NS_PER_S);
        send_event("ADDED", OBJECT("a", "ua", "12"));
        assert_string_equal(seen, "+a@12 ");
}

static void a_server_that_vanishes_is_waited_for(void **state)
{
        (void)state;
        start();
        send_event("ADDED", OBJECT("a", "ua", "12"));
        fake_reset(watching);
        until(&streams, 2);
        assert_int_equal(lists, 1);
        assert_non_null(strstr(watched_path, "resourceVersion=12&"));
        assert_true(kube_cache_synced(cache));
        stage_pass(&stage, NS_PER_S);
        assert_string_equal(kube_cache_problem(cache), "");
}

/* On a new connection, which over HTTP/1.1 it is in any case: test_wire_h2 looks at that. */
static void a_silent_watch_is_begun_again(void **state)
{
        (void)state;
        start();
        stage_pass(&stage, 100 * NS_PER_S);
        assert_int_equal(probes, 0);
        until(&streams, 2);
        assert_int_equal(probes, 1);
        assert_int_equal(lists, 1);
}

static void a_cache_may_go_at_any_time(void **state)
{
        (void)state;
        for (int steps = 0; steps < 12; steps++) {
                snprintf(items, sizeof items, OBJECT("a", "ua", "3"));
                cache = kube_cache_new(stage.client, &(struct kube_cache_options){.kind = &kube_configmaps});
                for (int i = 0; i < steps; i++)
                        loop_step(stage.loop, NS_PER_MS);
                kube_cache_find(cache, "n", "a");
                cache = kube_cache_free(cache);
        }
        stage_pass(&stage, NS_PER_S);
        assert_int_equal(kube_client_stats(stage.client).in_flight, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(it_lists_consistently_and_watches_from_there, set_up, tear_down),
                cmocka_unit_test_setup_teardown(old_events_never_replace_newer_objects, set_up, tear_down),
                cmocka_unit_test_setup_teardown(another_uid_under_the_name_is_delete_plus_create, set_up, tear_down),
                cmocka_unit_test_setup_teardown(own_writes_are_believed_and_not_overtaken, set_up, tear_down),
                cmocka_unit_test_setup_teardown(an_answer_that_a_delete_has_overtaken_brings_nothing_back, set_up, tear_down),
                cmocka_unit_test_setup_teardown(an_expired_watch_lists_again_and_deletes_what_vanished, set_up, tear_down),
                cmocka_unit_test_setup_teardown(what_was_found_stays_until_the_caller_returns_to_the_loop, set_up, tear_down),
                cmocka_unit_test_setup_teardown(nonsense_drops_the_stream_and_it_comes_back, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_server_that_vanishes_is_waited_for, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_silent_watch_is_begun_again, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_cache_may_go_at_any_time, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
