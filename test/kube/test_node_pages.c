/* SPDX-License-Identifier: Apache-2.0
 *
 * Pages of a node's kubelet: asked for once however many read them, seldom where they are refused, not at all when nobody reads any
 * more, and never of somebody whom the cluster's CA does not know. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "certs.h"
#include "fake_server.h"
#include "operator/node_pages.h"
#include "stage.h"

#define LIMIT_NS (60 * NS_PER_S)
#define PAGE "# TYPE up gauge\nup{a=\"1\"} 1\nup{a=\"2\"} 1\n"
#define PAGE_LINES 2
#define KUBELET_PAGES 2 /* cAdvisor's and its own */

/* ---- a kubelet ---- */

struct kubelet {
        struct stage stage;
        struct authority *cluster, *another;
        SSL_CTX *tls;
        struct fake_server *server, *elsewhere; /* the other address has the same certificate */
        struct node_pages *pages;
        int status;               /* of its answers; 200 */
        bool silent;              /* begins a page and says nothing more */
        int asked, asked_elsewhere, without_token;
        int of[SAMPLES_SOURCES];
};

static void handle(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        struct kubelet *kubelet = owner;

        kubelet->asked++;
        kubelet->without_token += !strstr(request->head, "\r\nAuthorization: Bearer operator\r\n");
        kubelet->of[strcmp(request->path, "/metrics/cadvisor") == 0 ? SAMPLES_CADVISOR : SAMPLES_RESOURCE]++;
        if (kubelet->silent)
                fake_begin(connection, 200);
        else
                fake_answer(connection, kubelet->status, NULL, kubelet->status == 200 ? PAGE : "no");
}

static void handle_elsewhere(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        struct kubelet *kubelet = owner;

        (void)request;
        kubelet->asked_elsewhere++;
        fake_answer(connection, 200, NULL, PAGE);
}

static void kubelet_open(struct kubelet *kubelet, bool from_another)
{
        *kubelet = (struct kubelet){.status = 200, .cluster = authority_new("cluster"), .another = authority_new("another")};
        stage_open(&kubelet->stage);
        kubelet->tls = authority_serve(from_another ? kubelet->another : kubelet->cluster,
                                       &(struct certificate){.names = "IP:127.0.0.1", .http1_only = true});
        kubelet->server = fake_server_new_tls(kubelet->stage.loop, kubelet->tls, handle, kubelet);
        kubelet->elsewhere = fake_server_new_tls(kubelet->stage.loop, kubelet->tls, handle_elsewhere, kubelet);
        kubelet->stage.config = (struct kube_config){.server = (char *)"https://127.0.0.1:1", .ca_pem = authority_pem(kubelet->cluster),
                                                     .token = (char *)"operator"};
        stage_client(&kubelet->stage);
        kubelet->pages = node_pages_new(kubelet->stage.loop, kubelet->stage.client);
}

static void kubelet_close(struct kubelet *kubelet)
{
        node_pages_free(kubelet->pages);
        kubelet->stage.client = kube_client_free(kubelet->stage.client);
        fake_server_free(kubelet->server);
        fake_server_free(kubelet->elsewhere);
        stage_close(&kubelet->stage);
        free(kubelet->stage.config.ca_pem);
        SSL_CTX_free(kubelet->tls);
        authority_free(kubelet->cluster);
        authority_free(kubelet->another);
}

/* ---- who reads ---- */

struct reading {
        struct node_reader *reader;
        int begun, lines, ended, failed;
        struct fail fail; /* of the last page that failed */
};

static void page_begun(void *owner, enum samples_source source)
{
        struct reading *reading = owner;

        (void)source;
        reading->begun++;
}

static void line_read(void *owner, const struct prometheus_line *line)
{
        struct reading *reading = owner;

        (void)line;
        reading->lines++;
}

static void page_ended(void *owner, const struct fail *fail)
{
        struct reading *reading = owner;

        reading->ended++;
        if (!fail->kind)
                return;
        reading->failed++;
        reading->fail = *fail;
}

static void join_at(struct reading *reading, struct kubelet *kubelet, const char *address, const char *url)
{
        *reading = (struct reading){0};
        reading->reader = node_pages_join(kubelet->pages, &(struct node_reader_options){
                .node = "node-1",
                .address = address,
                .port = (int)strtol(strrchr(url, ':') + 1, NULL, 10),
                .begun = page_begun,
                .line = line_read,
                .ended = page_ended,
                .owner = reading,
        }, &reading->fail);
}

static void join(struct reading *reading, struct kubelet *kubelet)
{
        join_at(reading, kubelet, "127.0.0.1", fake_server_url(kubelet->server));
        assert_non_null(reading->reader);
}

static void two_that_read_a_node_share_its_pages(void **state)
{
        struct kubelet kubelet;
        struct reading first, second;
        (void)state;

        kubelet_open(&kubelet, false);
        join(&first, &kubelet);
        join(&second, &kubelet);
        assert_int_equal(kubelet.asked, 0);
        assert_true(stage_until(&kubelet.stage, &second.ended, 4, LIMIT_NS));
        assert_int_equal(kubelet.asked, 4);
        assert_int_equal(kubelet.without_token, 0);
        assert_int_equal(first.begun, 4);
        assert_int_equal(first.failed + second.failed, 0);
        assert_int_equal(first.lines, 4 * PAGE_LINES);
        assert_int_equal(second.lines, 4 * PAGE_LINES);
        assert_int_equal(kubelet.of[SAMPLES_CADVISOR], 1); /* every 5 s; the other every 2 s */
        node_pages_leave(first.reader);
        node_pages_leave(second.reader);
        kubelet_close(&kubelet);
}

static void what_is_refused_is_asked_for_once_a_minute(void **state)
{
        static const struct { int status; enum fail_kind kind; bool seldom; } cases[] = {
                {401, FAIL_DENIED, true}, {403, FAIL_DENIED, true}, {404, FAIL_MISSING, true}, {500, FAIL_NONE, false}};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                struct kubelet kubelet;
                struct reading reading;
                kubelet_open(&kubelet, false);
                kubelet.status = cases[i].status;
                join(&reading, &kubelet);
                assert_true(stage_until(&kubelet.stage, &reading.failed, KUBELET_PAGES, LIMIT_NS));
                if (cases[i].seldom)
                        assert_int_equal(reading.fail.kind, cases[i].kind);
                assert_int_equal(strstr(reading.fail.text, "nodes/metrics") != NULL, cases[i].status == 403);
                stage_pass(&kubelet.stage, 55 * NS_PER_S);
                assert_int_equal(kubelet.asked == KUBELET_PAGES, cases[i].seldom);
                int before = kubelet.asked;
                stage_pass(&kubelet.stage, 10 * NS_PER_S);
                assert_true(kubelet.asked > before);
                node_pages_leave(reading.reader);
                kubelet_close(&kubelet);
        }
}

/* What is in the middle of a page is none of the newcomer's; the last who leaves ends it. */
static void who_comes_late_has_the_next_page_and_the_last_ends_it(void **state)
{
        struct kubelet kubelet;
        struct reading first, second;
        (void)state;

        kubelet_open(&kubelet, false);
        kubelet.silent = true;
        join(&first, &kubelet);
        assert_true(stage_until(&kubelet.stage, &kubelet.asked, 1, LIMIT_NS));
        join(&second, &kubelet);
        assert_true(stage_until(&kubelet.stage, &first.failed, 1, LIMIT_NS));
        assert_int_equal(second.ended, 0);
        assert_true(stage_until(&kubelet.stage, &second.begun, 1, LIMIT_NS));
        node_pages_leave(first.reader);
        assert_true(stage_until(&kubelet.stage, &second.failed, 1, LIMIT_NS));
        assert_true(stage_until(&kubelet.stage, &second.begun, 2, LIMIT_NS));
        node_pages_leave(second.reader);
        int before = kubelet.asked;
        stage_pass(&kubelet.stage, LIMIT_NS);
        assert_int_equal(kubelet.asked, before);
        assert_int_equal(fake_server_open(kubelet.server), 0);
        kubelet_close(&kubelet);
}

static void a_stranger_sees_no_request(void **state)
{
        struct kubelet kubelet;
        struct reading reading;
        (void)state;

        kubelet_open(&kubelet, true);
        join(&reading, &kubelet);
        assert_true(stage_until(&kubelet.stage, &reading.failed, 2, LIMIT_NS));
        assert_int_equal(reading.lines, 0);
        assert_int_equal(kubelet.asked, 0);
        node_pages_leave(reading.reader);
        kubelet_close(&kubelet);
}

/* Made again under its name, a node is where the last who joined says. */
static void a_node_at_another_address_is_read_there_by_all(void **state)
{
        struct kubelet kubelet;
        struct reading first, second;
        (void)state;

        kubelet_open(&kubelet, false);
        kubelet.silent = true;
        join(&first, &kubelet);
        assert_true(stage_until(&kubelet.stage, &kubelet.asked, 1, LIMIT_NS));
        join_at(&second, &kubelet, "127.0.0.1", fake_server_url(kubelet.elsewhere));
        assert_int_equal(first.ended, 0); /* never from a call */
        assert_true(stage_until(&kubelet.stage, &second.ended, 2, LIMIT_NS));
        assert_int_equal(first.failed, 1);
        assert_string_equal(first.fail.text, "the node has another address");
        assert_int_equal(first.ended, 3);
        assert_int_equal(second.failed, 0);
        assert_int_equal(kubelet.asked, 1);
        assert_int_equal(kubelet.asked_elsewhere, 2);
        node_pages_leave(first.reader);
        node_pages_leave(second.reader);
        kubelet_close(&kubelet);
}

static void an_address_that_is_none_is_refused_and_moves_nobody(void **state)
{
        struct kubelet kubelet;
        struct reading first, second;
        (void)state;

        kubelet_open(&kubelet, false);
        join_at(&second, &kubelet, "not an address", fake_server_url(kubelet.server));
        assert_null(second.reader);
        assert_non_null(strstr(second.fail.text, "the node's kubelet: "));
        join(&first, &kubelet);
        join_at(&second, &kubelet, "not an address", fake_server_url(kubelet.server));
        assert_null(second.reader);
        assert_true(stage_until(&kubelet.stage, &first.ended, 3, LIMIT_NS));
        assert_int_equal(first.failed, 0);
        node_pages_leave(first.reader);
        kubelet_close(&kubelet);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(two_that_read_a_node_share_its_pages),
                cmocka_unit_test(what_is_refused_is_asked_for_once_a_minute),
                cmocka_unit_test(who_comes_late_has_the_next_page_and_the_last_ends_it),
                cmocka_unit_test(a_stranger_sees_no_request),
                cmocka_unit_test(a_node_at_another_address_is_read_there_by_all),
                cmocka_unit_test(an_address_that_is_none_is_refused_and_moves_nobody),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
