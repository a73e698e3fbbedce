/* SPDX-License-Identifier: Apache-2.0
 *
 * Events become series, are counted now and then, come back when the server has forgotten them, and never pile up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "fake_server.h"
#include "kube/event.h"

static struct loop *loop;
static struct fake_server *server;
static struct kube_config config;
static struct kube_client *client;
static struct event_sink *sink;
static struct json_object *run;
static int64_t skipped_ns;
static int created, patched, under_way, most_under_way;
static bool forgets, silent;
static struct fake_connection *asked[8];
static char last_body[8192], last_path[512];

static int64_t skipping_now_ns(const struct clock *clock)
{
        (void)clock;
        return clock_now_ns(clock_system()) + skipped_ns;
}

static struct clock skipping;

static void handle(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        (void)owner;
        snprintf(last_body, sizeof last_body, "%s", request->body);
        snprintf(last_path, sizeof last_path, "%s", request->path);
        created += text_equal(request->method, "POST");
        patched += text_equal(request->method, "PATCH");
        if (silent) {
                asked[under_way++] = connection;
                most_under_way = under_way > most_under_way ? under_way : most_under_way;
                return;
        }
        if (forgets && text_equal(request->method, "PATCH"))
                fake_answer(connection, 404, NULL, "{\"kind\":\"Status\",\"reason\":\"NotFound\",\"code\":404}");
        else
                fake_answer(connection, 200, NULL, "{}");
}

static int set_up(void **state)
{
        (void)state;
        skipping = *clock_system();
        skipping.now_ns = skipping_now_ns;
        loop = loop_new(&skipping);
        server = fake_server_new(loop, handle, NULL);
        config = (struct kube_config){.server = (char *)fake_server_url(server)};
        created = patched = under_way = most_under_way = 0;
        forgets = silent = false;
        assert_int_equal(kube_client_new(loop, &config, &client, NULL), FAIL_NONE);
        sink = event_sink_new(client, "loadstone.dev/test", "pod-1");
        run = doc_set_text(doc_set_text(doc_object(), "apiVersion", "loadstone.dev/v1alpha1"), "kind", "BenchmarkRun");
        doc_set(run, "metadata", doc_set_text(doc_set_text(doc_set_text(doc_object(), "name", "r"), "namespace", "n"), "uid", "u"));
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        sink = event_sink_free(sink);
        client = kube_client_free(client);
        server = fake_server_free(server);
        loop = loop_free(loop);
        json_object_put(take(run));
        return 0;
}

static void settle(void)
{
        for (int i = 0; i < 30; i++)
                loop_step(loop, NS_PER_MS);
}

static void an_event_says_who_what_and_why(void **state)
{
        (void)state;
        event_emit(sink, run, true, "TooSlow", "Measure", "it took its time");
        settle();
        auto_json struct json_object *event = NULL;
        assert_int_equal(doc_parse(last_body, strlen(last_body), &event, NULL), FAIL_NONE);
        assert_true(text_starts(last_path, "/apis/events.k8s.io/v1/namespaces/n/events"));
        assert_string_equal(doc_text(event, "type"), "Warning");
        assert_string_equal(doc_text(event, "reason"), "TooSlow");
        assert_string_equal(doc_text(event, "action"), "Measure");
        assert_string_equal(doc_text(event, "note"), "it took its time");
        assert_string_equal(doc_text(event, "regarding.kind"), "BenchmarkRun");
        assert_string_equal(doc_text(event, "regarding.uid"), "u");
        assert_string_equal(doc_text(event, "reportingController"), "loadstone.dev/test");
        assert_null(doc_at(event, "series"));
        assert_true(event_sink_idle(sink));
}

static void repetitions_are_counted_once_a_minute(void **state)
{
        (void)state;
        for (int i = 0; i < 10; i++) {
                event_emit(sink, run, false, "Again", "Try", "x");
                settle();
        }
        assert_int_equal(created, 1);
        assert_int_equal(patched, 0);
        skipped_ns += 61 * NS_PER_S;
        settle();
        assert_int_equal(patched, 1);
        assert_non_null(strstr(last_body, "\"series\":{\"count\":10,\"lastObservedTime\":\""));
        skipped_ns += 61 * NS_PER_S;
        settle();
        assert_int_equal(patched, 1);
        /* After six minutes of silence the next one is an event of its own. */
        skipped_ns += 360 * NS_PER_S;
        settle();
        event_emit(sink, run, false, "Again", "Try", "x");
        settle();
        assert_int_equal(created, 2);
}

static void what_differs_is_another_event(void **state)
{
        (void)state;
        event_emit(sink, run, false, "A", "Try", "x");
        event_emit(sink, run, true, "A", "Try", "x");
        event_emit(sink, run, false, "B", "Try", "x");
        event_emit(sink, run, false, "A", "Do", "x");
        doc_set_text(doc_at(run, "metadata"), "uid", "other");
        event_emit(sink, run, false, "A", "Do", "x");
        settle();
        assert_int_equal(created, 5);
}

static void an_event_the_server_forgot_is_written_anew(void **state)
{
        (void)state;
        event_emit(sink, run, false, "A", "Try", "x");
        settle();
        forgets = true;
        event_emit(sink, run, false, "A", "Try", "x");
        skipped_ns += 61 * NS_PER_S;
        settle();
        assert_int_equal(created, 2);
        assert_non_null(strstr(last_body, "\"count\":2"));
}

static void notes_are_cut_between_characters(void **state)
{
        char note[1200];
        (void)state;

        memset(note, 'a', 999);
        strcpy(note + 999, "\xc3\xa9 and more");
        event_emit(sink, run, false, "Long", "Say", note);
        settle();
        auto_json struct json_object *event = NULL;
        assert_int_equal(doc_parse(last_body, strlen(last_body), &event, NULL), FAIL_NONE);
        assert_int_equal(strlen(doc_text(event, "note")), 999);
}

static void two_at_once_and_the_overflow_is_counted(void **state)
{
        char reason[16];
        (void)state;

        silent = true;
        for (int i = 0; i < 300; i++) {
                snprintf(reason, sizeof reason, "R%d", i);
                event_emit(sink, run, false, reason, "Try", "x");
        }
        settle();
        assert_int_equal(most_under_way, 2);
        assert_int_equal(event_sink_dropped(sink), 300 - EVENT_WAITING_MAX);
        silent = false;
        fake_answer(asked[0], 201, NULL, "{}");
        fake_answer(asked[1], 403, NULL, "{}");
        for (int i = 0; i < 40 && !event_sink_idle(sink); i++)
                settle();
        assert_true(event_sink_idle(sink));
        assert_int_equal(created, EVENT_WAITING_MAX);
        assert_int_equal(event_sink_dropped(sink), 300 - EVENT_WAITING_MAX + 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(an_event_says_who_what_and_why, set_up, tear_down),
                cmocka_unit_test_setup_teardown(repetitions_are_counted_once_a_minute, set_up, tear_down),
                cmocka_unit_test_setup_teardown(what_differs_is_another_event, set_up, tear_down),
                cmocka_unit_test_setup_teardown(an_event_the_server_forgot_is_written_anew, set_up, tear_down),
                cmocka_unit_test_setup_teardown(notes_are_cut_between_characters, set_up, tear_down),
                cmocka_unit_test_setup_teardown(two_at_once_and_the_overflow_is_counted, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
