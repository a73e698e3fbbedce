/* SPDX-License-Identifier: Apache-2.0
 *
 * Probes of nodes: found by their pods, asked for what is new with the token that is made out for them, and missed, with a word,
 * when they are gone or refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "certs.h"
#include "fake_server.h"
#include "operator/probe_pages.h"
#include "stage.h"

#define LIMIT_NS (60 * NS_PER_S)
#define HEAD "loadstone-probe 1 node-1\ncolumns late_ms cpu_us\ngroup 3 kubepods/pod1\n"

/* ---- an API server that knows one pod, and the probe in it ---- */

struct cluster {
        struct stage stage;
        struct authority *authority;
        SSL_CTX *tls;
        struct fake_server *api, *probe;
        struct fake_connection *watch;
        struct probe_pages *pages;
        char token_file[64];
        const char *node;      /* of the pod */
        int status;            /* of the probe's answers; 200 */
        const char *page;      /* what it says; NULL: two seconds more each time */
        int asked, strangers, listed;
        int64_t since_wall_ms; /* of the last request */
};

static char *pod_text(const struct cluster *cluster, const char *phase)
{
        int port = cluster->probe ? (int)strtol(strrchr(fake_server_url(cluster->probe), ':') + 1, NULL, 10) : 1;

        return xasprintf("{\"metadata\":{\"name\":\"probe-1\",\"namespace\":\"probes\",\"uid\":\"u1\",\"resourceVersion\":\"%d\"},\"spec\":{\"nodeName\":\"%s\","
                         "\"containers\":[{\"ports\":[{\"containerPort\":%d}]}]},\"status\":{\"phase\":\"%s\",\"podIP\":\"127.0.0.1\"}}",
                         strcmp(phase, "Running") == 0 ? 7 : 8, cluster->node, port, phase);
}

static void handle_api(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        struct cluster *cluster = owner;

        if (strstr(request->path, "watch=true")) {
                cluster->watch = connection;
                fake_begin(connection, 200);
                return;
        }
        auto_free char *pod = pod_text(cluster, "Running");
        auto_free char *list = xasprintf("{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[%s]}", pod);
        assert_non_null(strstr(request->path, "/namespaces/probes/pods?"));
        assert_non_null(strstr(request->path, "loadstone-probe"));
        cluster->listed++;
        fake_answer(connection, 200, NULL, list);
}

static void handle_probe(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        struct cluster *cluster = owner;

        cluster->asked++;
        cluster->strangers += !strstr(request->head, "\r\nAuthorization: Bearer for-probes\r\n");
        cluster->since_wall_ms = strtoll(strrchr(request->path, '/') + 1, NULL, 10);
        if (cluster->status != 200 || cluster->page) {
                fake_answer(connection, cluster->status, NULL, cluster->page ? cluster->page : "no");
                return;
        }
        int64_t next = cluster->since_wall_ms + 1000;
        auto_free char *page = xasprintf(HEAD "second %" PRId64 "\n3 0 1\nsecond %" PRId64 "\n3 0 2\nend\n", next, next + 1000);
        fake_answer(connection, 200, NULL, page);
}

static void cluster_open(struct cluster *cluster)
{
        *cluster = (struct cluster){.status = 200, .node = "node-1", .token_file = "/tmp/loadstone-token.XXXXXX", .authority = authority_new("nobody's")};
        int fd = mkstemp(cluster->token_file);
        assert_int_equal(write(fd, "for-probes\n", 11), 11);
        close(fd);
        stage_open(&cluster->stage);
        cluster->tls = authority_serve(cluster->authority, &(struct certificate){.names = "DNS:loadstone-probe", .http1_only = true});
        cluster->api = fake_server_new(cluster->stage.loop, handle_api, cluster);
        cluster->probe = fake_server_new_tls(cluster->stage.loop, cluster->tls, handle_probe, cluster);
        cluster->stage.config = (struct kube_config){.server = (char *)fake_server_url(cluster->api), .token = (char *)"operator"};
        stage_client(&cluster->stage);
        cluster->pages = probe_pages_new(cluster->stage.loop, cluster->stage.client, &(struct probe_pages_options){"probes", cluster->token_file, NULL});
}

static void cluster_close(struct cluster *cluster)
{
        probe_pages_free(cluster->pages);
        cluster->stage.client = kube_client_free(cluster->stage.client);
        fake_server_free(cluster->probe);
        fake_server_free(cluster->api);
        stage_close(&cluster->stage);
        SSL_CTX_free(cluster->tls);
        authority_free(cluster->authority);
        unlink(cluster->token_file);
}

/* ---- who reads ---- */

struct reading {
        struct probe_reader *reader;
        int begun, rows, ended, missed;
        int64_t wall_ms;
        char problem[200];
};

static void second_begun(void *owner, int64_t wall_ms)
{
        struct reading *reading = owner;

        reading->begun++;
        reading->wall_ms = wall_ms;
}

static void row_read(void *owner, int64_t wall_ms, const char *path, const struct node_row *row)
{
        struct reading *reading = owner;

        assert_int_equal(wall_ms, reading->wall_ms);
        assert_string_equal(path, "kubepods/pod1");
        assert_int_equal(row->known, 1u << NODE_CPU_US);
        reading->rows++;
}

static void second_ended(void *owner, int64_t wall_ms)
{
        struct reading *reading = owner;

        assert_int_equal(wall_ms, reading->wall_ms);
        reading->ended++;
}

static void second_missed(void *owner, const char *problem)
{
        struct reading *reading = owner;

        reading->missed++;
        snprintf(reading->problem, sizeof reading->problem, "%s", problem);
}

static void join(struct reading *reading, struct cluster *cluster, const char *node)
{
        *reading = (struct reading){0};
        reading->reader = probe_pages_join(cluster->pages, &(struct probe_reader_options){node, second_begun, row_read, second_ended, second_missed, reading});
}

static void two_that_read_a_node_share_its_seconds_and_each_comes_once(void **state)
{
        struct cluster cluster;
        struct reading first, second, elsewhere;
        (void)state;

        cluster_open(&cluster);
        join(&first, &cluster, "node-1");
        join(&second, &cluster, "node-1");
        join(&elsewhere, &cluster, "node-2");
        assert_true(stage_until(&cluster.stage, &second.ended, 6, LIMIT_NS));
        assert_int_equal(cluster.asked, 3);
        assert_int_equal(cluster.strangers, 0);
        assert_int_equal(first.begun, 6);
        assert_int_equal(first.rows, 6);
        assert_int_equal(first.wall_ms, cluster.since_wall_ms + 2000);
        assert_int_equal(first.missed + second.missed + elsewhere.missed + elsewhere.begun, 0);
        probe_pages_leave(first.reader);
        probe_pages_leave(second.reader);
        int before = cluster.asked;
        stage_pass(&cluster.stage, LIMIT_NS);
        assert_int_equal(cluster.asked, before);
        probe_pages_leave(elsewhere.reader);
        cluster_close(&cluster);
}

static void a_probe_that_goes_is_missed_once_and_one_that_comes_is_read(void **state)
{
        struct cluster cluster;
        struct reading reading;
        (void)state;

        cluster_open(&cluster);
        join(&reading, &cluster, "node-1");
        assert_true(stage_until(&cluster.stage, &reading.ended, 2, LIMIT_NS));
        auto_free char *failed = pod_text(&cluster, "Failed");
        auto_free char *gone = xasprintf("{\"type\":\"MODIFIED\",\"object\":%s}\n", failed);
        fake_piece(cluster.watch, gone, strlen(gone));
        assert_true(stage_until(&cluster.stage, &reading.missed, 1, LIMIT_NS));
        assert_string_equal(reading.problem, "the node's probe has gone");
        int before = cluster.asked;
        stage_pass(&cluster.stage, 20 * NS_PER_S);
        assert_int_equal(cluster.asked, before);
        assert_int_equal(reading.missed, 1);
        auto_free char *running = pod_text(&cluster, "Running");
        auto_free char *back = xasprintf("{\"type\":\"MODIFIED\",\"object\":%s}\n", running);
        memcpy(strstr(back, "\"7\""), "\"9\"", 3);
        int ended = reading.ended;
        fake_piece(cluster.watch, back, strlen(back));
        assert_true(stage_until(&cluster.stage, &reading.ended, ended + 1, LIMIT_NS));
        probe_pages_leave(reading.reader);
        cluster_close(&cluster);
}

static void what_a_probe_refuses_or_says_wrong_is_said(void **state)
{
        static const struct { int status; const char *page, *told; int rows; } cases[] = {
                {403, NULL, "403", 0},
                {503, NULL, "503", 0},
                {200, "loadstone-probe 1 node-9\nend\n", "of node node-9", 0},
                {200, HEAD "second 5\n3 0 1\n", "cut off", 1},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                struct cluster cluster;
                struct reading reading;
                cluster_open(&cluster);
                cluster.status = cases[i].status;
                cluster.page = cases[i].page;
                join(&reading, &cluster, "node-1");
                assert_true(stage_until(&cluster.stage, &reading.missed, 2, LIMIT_NS)); /* and is asked again */
                if (!strstr(reading.problem, cases[i].told))
                        fail_msg("%s", reading.problem);
                assert_int_equal(reading.rows, cases[i].rows * 2);
                assert_int_equal(reading.ended, 0);
                probe_pages_leave(reading.reader);
                cluster_close(&cluster);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(two_that_read_a_node_share_its_seconds_and_each_comes_once),
                cmocka_unit_test(a_probe_that_goes_is_missed_once_and_one_that_comes_is_read),
                cmocka_unit_test(what_a_probe_refuses_or_says_wrong_is_said),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
