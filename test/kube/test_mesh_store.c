/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists for meshes: read once however many want them, again when their bell rings, and not at all when nobody does any more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/doc.h"
#include "fake_server.h"
#include "operator/mesh_store.h"
#include "stage.h"

#define LIMIT_NS (60 * NS_PER_S)

/* ---- an API server with one kind ---- */

struct cluster {
        struct stage stage;
        struct fake_server *server;
        int groups, lists, streams; /* asked for */
        int status;                 /* of lists; 200 */
        const char *groups_text;    /* the answer about them */
        struct fake_connection *bell;
        char path[512];             /* of the last list */
};

static void handle(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        struct cluster *cluster = owner;

        if (strcmp(request->path, "/apis") == 0) {
                cluster->groups++;
                fake_answer(connection, 200, NULL, cluster->groups_text);
        } else if (strstr(request->path, "watch=true")) {
                cluster->streams++;
                cluster->bell = connection;
                fake_begin(connection, 200);
        } else {
                cluster->lists++;
                snprintf(cluster->path, sizeof cluster->path, "%s", request->path);
                fake_answer(connection, cluster->status, NULL, cluster->status == 200 ? "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[{}]}"
                                                                                      : "{\"kind\":\"Status\",\"message\":\"no\"}");
        }
}

static void cluster_open(struct cluster *cluster)
{
        *cluster = (struct cluster){.status = 200, .groups_text = "{\"kind\":\"APIGroupList\",\"groups\":[]}"};
        stage_open(&cluster->stage);
        cluster->server = fake_server_new(cluster->stage.loop, handle, cluster);
        cluster->stage.config.server = (char *)fake_server_url(cluster->server);
        stage_client(&cluster->stage);
}

static void cluster_close(struct cluster *cluster)
{
        cluster->stage.client = kube_client_free(cluster->stage.client);
        fake_server_free(cluster->server);
        stage_close(&cluster->stage);
}

/* ---- who reads ---- */

static const struct mesh_resource sidecars = {.group = "networking.istio.io", .versions = {"v1"}, .plural = "sidecars", .kind = "Sidecar"};
static const struct mesh_resource injectors = {.group = "apps", .versions = {"v1"}, .plural = "deployments", .kind = "Deployment",
                                               .selector = "app=istiod,istio.io/rev in (a,b)"};

struct reading {
        struct mesh_reader *reader;
        int calls, again; /* again: because a bell had rung */
};

static void arrived(void *owner, int64_t rang_wall_ms)
{
        struct reading *reading = owner;

        reading->calls++;
        reading->again += rang_wall_ms > 0;
}

static struct mesh_list list_of(const struct mesh_resource *resource, const char *namespace)
{
        struct mesh_list list = {.resource = resource, .version = "v1"};

        snprintf(list.namespace, sizeof list.namespace, "%s", namespace);
        return list;
}

static void begin(struct reading *reading, struct mesh_store *store)
{
        *reading = (struct reading){0};
        reading->reader = mesh_reader_new(store, arrived, reading);
}

static void two_that_want_the_same_are_one_list_and_one_bell(void **state)
{
        const struct mesh_list list = list_of(&sidecars, "shop");
        struct cluster cluster;
        struct reading first, second;
        (void)state;

        cluster_open(&cluster);
        struct mesh_store *store = mesh_store_new(cluster.stage.client, cluster.stage.loop);
        begin(&first, store);
        begin(&second, store);
        assert_false(mesh_reader_complete(first.reader));
        assert_true(mesh_reader_want(first.reader, &list));
        assert_true(mesh_reader_want(first.reader, &list));
        assert_true(mesh_reader_want(second.reader, &list));
        assert_int_equal(mesh_reader_len(first.reader), 1);
        assert_true(stage_until(&cluster.stage, &cluster.streams, 1, LIMIT_NS));
        assert_true(mesh_reader_complete(first.reader) && mesh_reader_complete(second.reader));
        assert_int_equal(cluster.groups, 1);
        assert_int_equal(cluster.lists, 1);
        assert_int_equal(first.calls, 2); /* the groups and the list */
        assert_string_equal(cluster.path, "/apis/networking.istio.io/v1/namespaces/shop/sidecars?");
        mesh_reader_free(first.reader);
        mesh_reader_free(second.reader);
        mesh_store_free(store);
        cluster_close(&cluster);
}

static void groups_that_did_not_change_are_no_news_to_who_knows_them(void **state)
{
        struct cluster cluster;
        struct reading first, second;
        (void)state;

        cluster_open(&cluster);
        struct mesh_store *store = mesh_store_new(cluster.stage.client, cluster.stage.loop);
        begin(&first, store);
        assert_true(stage_until(&cluster.stage, &first.calls, 1, LIMIT_NS));
        begin(&second, store);
        assert_true(stage_until(&cluster.stage, &second.calls, 1, LIMIT_NS));
        assert_int_equal(cluster.groups, 2);
        assert_int_equal(first.calls, 1);
        cluster.groups_text = "{\"kind\":\"APIGroupList\",\"groups\":[{\"name\":\"linkerd.io\"}]}";
        mesh_reader_free(second.reader);
        begin(&second, store);
        assert_true(stage_until(&cluster.stage, &second.calls, 1, LIMIT_NS));
        assert_int_equal(first.calls, 2);
        mesh_reader_free(first.reader);
        mesh_reader_free(second.reader);
        mesh_store_free(store);
        cluster_close(&cluster);
}

static void a_bell_has_the_list_read_again_but_not_all_the_time(void **state)
{
        const struct mesh_list list = list_of(&sidecars, "");
        struct cluster cluster;
        struct reading reading;
        (void)state;

        cluster_open(&cluster);
        struct mesh_store *store = mesh_store_new(cluster.stage.client, cluster.stage.loop);
        begin(&reading, store);
        mesh_reader_want(reading.reader, &list);
        assert_true(stage_until(&cluster.stage, &cluster.streams, 1, LIMIT_NS));
        stage_pass(&cluster.stage, 2 * NS_PER_S);
        assert_int_equal(cluster.lists, 1);
        for (int i = 0; i < 5; i++)
                fake_piece(cluster.bell, "{\"type\":\"ADDED\"}\n", 17);
        assert_true(stage_until(&cluster.stage, &cluster.streams, 2, LIMIT_NS));
        assert_int_equal(cluster.lists, 2);
        assert_int_equal(reading.again, 1);
        /* What rings at once again waits until a second after the last reading. */
        fake_piece(cluster.bell, "{\"type\":\"ADDED\"}\n", 17);
        stage_pass(&cluster.stage, NS_PER_S / 2);
        assert_int_equal(cluster.lists, 2);
        assert_true(stage_until(&cluster.stage, &cluster.lists, 3, LIMIT_NS));
        mesh_reader_free(reading.reader);
        mesh_store_free(store);
        cluster_close(&cluster);
}

static void what_may_not_be_read_is_missed_for_good(void **state)
{
        static const struct { int status; bool again; } cases[] = {{403, false}, {404, false}, {500, true}};
        const struct mesh_list list = list_of(&injectors, "");
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                struct cluster cluster;
                struct reading reading;
                cluster_open(&cluster);
                struct mesh_store *store = mesh_store_new(cluster.stage.client, cluster.stage.loop);
                cluster.status = cases[i].status;
                begin(&reading, store);
                mesh_reader_want(reading.reader, &list);
                assert_true(stage_until(&cluster.stage, &reading.calls, 2, LIMIT_NS));
                assert_true(mesh_reader_complete(reading.reader));
                assert_string_equal(cluster.path, "/apis/apps/v1/deployments?labelSelector=app%3Distiod%2Cistio.io%2Frev%20in%20%28a%2Cb%29");
                int before = cluster.lists;
                stage_pass(&cluster.stage, 30 * NS_PER_S);
                assert_int_equal(cluster.lists > before, cases[i].again);
                assert_int_equal(cluster.streams, 0);
                mesh_reader_free(reading.reader);
                /* The next one asks again: rights may have been given. */
                cluster.status = 200;
                begin(&reading, store);
                mesh_reader_want(reading.reader, &list);
                assert_true(stage_until(&cluster.stage, &cluster.streams, 1, LIMIT_NS));
                mesh_reader_free(reading.reader);
                mesh_store_free(store);
                cluster_close(&cluster);
        }
}

static void what_nobody_wants_any_more_is_forgotten(void **state)
{
        const struct mesh_list list = list_of(&sidecars, "shop");
        struct cluster cluster;
        struct reading first, second;
        (void)state;

        cluster_open(&cluster);
        struct mesh_store *store = mesh_store_new(cluster.stage.client, cluster.stage.loop);
        begin(&first, store);
        mesh_reader_want(first.reader, &list);
        assert_true(stage_until(&cluster.stage, &cluster.streams, 1, LIMIT_NS));
        mesh_reader_free(first.reader);
        /* Who comes soon has it at once, and asks which kinds there are now. */
        begin(&second, store);
        mesh_reader_want(second.reader, &list);
        assert_true(mesh_reader_complete(second.reader));
        assert_true(stage_until(&cluster.stage, &cluster.groups, 2, LIMIT_NS));
        assert_int_equal(cluster.lists, 1);
        mesh_reader_free(second.reader);
        stage_pass(&cluster.stage, 61 * NS_PER_S);
        begin(&second, store);
        mesh_reader_want(second.reader, &list);
        assert_false(mesh_reader_complete(second.reader));
        assert_true(stage_until(&cluster.stage, &cluster.streams, 2, LIMIT_NS));
        assert_int_equal(cluster.lists, 2);
        mesh_reader_free(second.reader);
        mesh_store_free(store);
        cluster_close(&cluster);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(two_that_want_the_same_are_one_list_and_one_bell),
                cmocka_unit_test(groups_that_did_not_change_are_no_news_to_who_knows_them),
                cmocka_unit_test(a_bell_has_the_list_read_again_but_not_all_the_time),
                cmocka_unit_test(what_may_not_be_read_is_missed_for_good),
                cmocka_unit_test(what_nobody_wants_any_more_is_forgotten),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
