/* SPDX-License-Identifier: Apache-2.0
 *
 * A query at a source of the administrator's: asked where the configuration says and nowhere else, with its token, within its time and size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "certs.h"
#include "fake_server.h"
#include "operator/metric_query.h"
#include "stage.h"

#define T0 INT64_C(1700000000250)
#define PATIENCE_NS (5 * NS_PER_S)
#define ANSWER "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[]}}"

enum manner { ANSWERS, SILENT, TRICKLES, FLOODS, REDIRECTS, REFUSES, RESETS };

struct scene {
        struct stage stage;
        struct authority *known, *unknown;
        SSL_CTX *tls;
        struct fake_server *server, *elsewhere;
        enum manner manner;
        int asked, asked_elsewhere, told;
        char path[512], head[2048];
        struct fake_connection *connection;
        struct fail fail;
        size_t size;
        struct metric_query *query;
};

static void handle(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        struct scene *scene = owner;
        auto_free char *location = xasprintf("Location: %s/api/v1/query_range\r\n", fake_server_url(scene->elsewhere));
        static char flood[65536];

        scene->asked++;
        scene->connection = connection;
        snprintf(scene->path, sizeof scene->path, "%s", request->path);
        snprintf(scene->head, sizeof scene->head, "%s", request->head);
        memset(flood, ' ', sizeof flood);
        switch (scene->manner) {
        case ANSWERS:
                fake_answer(connection, 200, NULL, ANSWER);
                break;
        case SILENT:
                break;
        case TRICKLES:
                fake_begin(connection, 200);
                break;
        case FLOODS:
                fake_begin(connection, 200);
                for (int i = 0; i < 8; i++)
                        fake_piece(connection, flood, sizeof flood);
                break;
        case REDIRECTS:
                fake_answer(connection, 307, location, "");
                break;
        case REFUSES:
                fake_answer(connection, 400, NULL, "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"parse error at char 4\"}");
                break;
        case RESETS:
                fake_reset(connection);
                break;
        }
}

static void handle_elsewhere(void *owner, struct fake_connection *connection, const struct fake_request *request)
{
        struct scene *scene = owner;

        (void)request;
        scene->asked_elsewhere++;
        fake_answer(connection, 200, NULL, ANSWER);
}

static void done(void *owner, const char *text, size_t size, const struct fail *fail)
{
        struct scene *scene = owner;

        assert_true((text == NULL) == (fail->kind != FAIL_NONE));
        scene->told++;
        scene->size = size;
        scene->fail = *fail;
        scene->query = metric_query_end(scene->query); /* as its owner does */
}

static void scene_open(struct scene *scene, enum manner manner)
{
        *scene = (struct scene){.manner = manner, .known = authority_new("known"), .unknown = authority_new("unknown")};
        stage_open(&scene->stage);
        scene->tls = authority_serve(scene->known, &(struct certificate){.names = "IP:127.0.0.1", .http1_only = true});
        scene->server = fake_server_new_tls(scene->stage.loop, scene->tls, handle, scene);
        scene->elsewhere = fake_server_new_tls(scene->stage.loop, scene->tls, handle_elsewhere, scene);
}

static void scene_close(struct scene *scene)
{
        metric_query_end(scene->query);
        fake_server_free(scene->server);
        fake_server_free(scene->elsewhere);
        stage_close(&scene->stage);
        SSL_CTX_free(scene->tls);
        authority_free(scene->known);
        authority_free(scene->unknown);
}

static void ask(struct scene *scene, const char *text, const struct authority *trusted, const char *token_file)
{
        struct promql_grid grid = promql_grid_of(T0, T0 + 60000);
        auto_free char *url = xasprintf("%s/prom", fake_server_url(scene->server)), *ca = authority_pem(trusted);
        const struct admin_source source = {.name = "main", .url = url, .ca = ca, .token_file = token_file};

        scene->query = metric_query_begin(scene->stage.loop, &source, text, &grid, PATIENCE_NS, done, scene);
        assert_non_null(scene->query);
        assert_int_equal(scene->told, 0);
}

static void the_query_stands_encoded_below_the_administrators_path(void **state)
{
        struct scene scene;
        char token_file[] = "/tmp/loadstone-token-XXXXXX";
        int fd = mkstemp(token_file);
        (void)state;

        assert_int_equal(write(fd, "canary\n", 7), 7);
        close(fd);
        scene_open(&scene, ANSWERS);
        ask(&scene, "max(up{a=\"b\"})&step=0 /../../x#y", scene.known, token_file);
        assert_true(stage_until(&scene.stage, &scene.told, 1, PATIENCE_NS));
        assert_int_equal(scene.fail.kind, FAIL_NONE);
        assert_int_equal(scene.size, strlen(ANSWER));
        assert_string_equal(scene.path, "/prom/api/v1/query_range?query=max%28up%7Ba%3D%22b%22%7D%29%26step%3D0%20%2F..%2F..%2Fx%23y"
                                        "&start=1700000000.250&end=1700000060.250&step=1");
        assert_non_null(strstr(scene.head, "\r\nAuthorization: Bearer canary\r\n"));
        scene_close(&scene);
        unlink(token_file);
}

static void whoever_does_not_answer_is_waited_for_no_longer_than_said(void **state)
{
        static const enum manner manners[] = {SILENT, TRICKLES};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(manners); i++) {
                struct scene scene;
                scene_open(&scene, manners[i]);
                int64_t before_ns = stage_now_ns(&scene.stage);
                ask(&scene, "up", scene.known, NULL);
                for (int s = 0; s < 8 && !scene.told; s++) { /* a byte a second is no answer either */
                        stage_pass(&scene.stage, NS_PER_S);
                        if (scene.manner == TRICKLES && scene.connection && !scene.told)
                                fake_piece(scene.connection, " ", 1);
                }
                assert_int_equal(scene.told, 1);
                assert_int_equal(scene.fail.kind, FAIL_TIMEOUT);
                assert_string_equal(scene.fail.text, "no whole answer within 5 s");
                assert_true(stage_now_ns(&scene.stage) - before_ns < PATIENCE_NS + 2 * NS_PER_S);
                scene_close(&scene);
        }
}

static void an_answer_without_end_is_cut_off(void **state)
{
        struct scene scene;
        (void)state;

        scene_open(&scene, FLOODS);
        ask(&scene, "up", scene.known, NULL);
        assert_true(stage_until(&scene.stage, &scene.told, 1, PATIENCE_NS));
        assert_int_equal(scene.fail.kind, FAIL_TOO_LARGE);
        assert_string_equal(scene.fail.text, "the answer is longer than 256 KiB: aggregate in the query");
        scene_close(&scene);
}

/* The token would go to whoever the source names. */
static void nobody_is_followed_elsewhere(void **state)
{
        struct scene scene;
        (void)state;

        scene_open(&scene, REDIRECTS);
        ask(&scene, "up", scene.known, NULL);
        assert_true(stage_until(&scene.stage, &scene.told, 1, PATIENCE_NS));
        assert_true(scene.fail.kind != FAIL_NONE);
        stage_pass(&scene.stage, PATIENCE_NS);
        assert_int_equal(scene.asked_elsewhere, 0);
        scene_close(&scene);
}

static void what_the_source_says_against_a_query_is_told(void **state)
{
        struct scene scene;
        (void)state;

        scene_open(&scene, REFUSES);
        ask(&scene, "max(", scene.known, NULL);
        assert_true(stage_until(&scene.stage, &scene.told, 1, PATIENCE_NS));
        assert_int_equal(scene.fail.kind, FAIL_INVALID);
        assert_non_null(strstr(scene.fail.text, "parse error at char 4"));
        scene_close(&scene);
}

static void failures_are_told_once_and_nothing_is_asked_again(void **state)
{
        struct scene scene;
        (void)state;

        scene_open(&scene, RESETS);
        ask(&scene, "up", scene.known, NULL);
        assert_true(stage_until(&scene.stage, &scene.told, 1, PATIENCE_NS));
        assert_true(scene.fail.kind != FAIL_NONE);
        stage_pass(&scene.stage, 60 * NS_PER_S);
        assert_int_equal(scene.told, 1);
        assert_true(scene.asked <= 2); /* libcurl tries a connection that was closed at once more */
        scene_close(&scene);
}

static void a_source_that_the_ca_does_not_know_is_not_asked(void **state)
{
        struct scene scene;
        (void)state;

        scene_open(&scene, ANSWERS);
        ask(&scene, "up", scene.unknown, NULL);
        assert_true(stage_until(&scene.stage, &scene.told, 1, PATIENCE_NS));
        assert_int_equal(scene.fail.kind, FAIL_DENIED);
        assert_int_equal(scene.asked, 0);
        scene_close(&scene);
}

static void a_token_that_is_not_there_is_said(void **state)
{
        struct scene scene;
        (void)state;

        scene_open(&scene, ANSWERS);
        ask(&scene, "up", scene.known, "/nonexistent/token");
        assert_true(stage_until(&scene.stage, &scene.told, 1, PATIENCE_NS));
        assert_true(scene.fail.kind != FAIL_NONE && strstr(scene.fail.text, "the token for it"));
        assert_int_equal(scene.asked, 0);
        scene_close(&scene);
}

static void one_that_is_ended_tells_nothing(void **state)
{
        struct scene scene;
        (void)state;

        scene_open(&scene, ANSWERS);
        ask(&scene, "up", scene.known, NULL);
        scene.query = metric_query_end(scene.query);
        stage_pass(&scene.stage, 10 * NS_PER_S);
        assert_int_equal(scene.told, 0);
        scene_close(&scene);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_query_stands_encoded_below_the_administrators_path),
                cmocka_unit_test(whoever_does_not_answer_is_waited_for_no_longer_than_said),
                cmocka_unit_test(an_answer_without_end_is_cut_off),
                cmocka_unit_test(nobody_is_followed_elsewhere),
                cmocka_unit_test(what_the_source_says_against_a_query_is_told),
                cmocka_unit_test(failures_are_told_once_and_nothing_is_asked_again),
                cmocka_unit_test(a_source_that_the_ca_does_not_know_is_not_asked),
                cmocka_unit_test(a_token_that_is_not_there_is_said),
                cmocka_unit_test(one_that_is_ended_tells_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
