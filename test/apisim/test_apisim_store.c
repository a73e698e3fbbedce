/* SPDX-License-Identifier: Apache-2.0
 *
 * What the contract cannot ask of a real server: compaction at will, other seeds, the counter of what is not modelled. */
#include "fixture.h"

#define MAPS "/api/v1/namespaces/default/configmaps"
#define MAP(name) "{\"metadata\":{\"name\":\"" name "\",\"labels\":{\"l\":\"1\"}},\"data\":{\"a\":\"1\"}}"

static void versions_come_from_one_counter(void **state)
{
        struct world *world = *state;
        uint64_t before = apisim_version(world->sim);

        assert_int_equal(tell(world, "POST", MAPS, MAP("a")), 201);
        assert_int_equal(tell(world, "POST", "/apis/coordination.k8s.io/v1/namespaces/default/leases", "{\"metadata\":{\"name\":\"l\"}}"), 201);
        assert_int_equal(apisim_version(world->sim), before + 2);
        assert_int_equal(tell(world, "PATCH", MAPS "/a", "{\"data\":{\"a\":\"1\"}}"), 200);
        assert_int_equal(apisim_version(world->sim), before + 2);
}

static void the_same_seed_is_the_same_world(void **state)
{
        struct world *world = *state, *other;
        void *second = NULL;

        assert_int_equal(world_begin(&second), 0);
        other = second;
        auto_json struct json_object *one = ask(world, "POST", MAPS, MAP("a")), *two = ask(other, "POST", MAPS, MAP("a"));
        assert_true(doc_equal(one, two));
        world_end(&second);
}

static void what_is_not_modelled_is_counted(void **state)
{
        static const struct {
                const char *method, *target, *type, *body;
                int status;
        } rows[] = {
                {"GET", "/apis/networking.k8s.io/v1/ingresses", NULL, NULL, 404},
                {"GET", "/api/v1/namespaces/default/pods/p/exec", NULL, NULL, 501},
                {"GET", MAPS "?labelselector=a", NULL, NULL, 501},
                {"DELETE", MAPS, NULL, NULL, 501},
                {"PATCH", MAPS "/a?force=true", "application/apply-patch+yaml", "{}", 501},
                {"POST", MAPS, "application/vnd.kubernetes.protobuf", "k8s", 415},
                {"POST", "/apis/batch/v1/namespaces/default/jobs", "application/json",
                 "{\"metadata\":{\"name\":\"j\"},\"spec\":{\"ttlSecondsAfterFinished\":1,\"template\":{\"spec\":{\"restartPolicy\":\"Never\","
                 "\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}}}",
                 501},
        };
        struct world *world = *state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                struct apisim_answer answer = ask_raw(world, rows[i].method, rows[i].target, rows[i].type, rows[i].body);
                assert_int_equal(answer.status, rows[i].status);
                assert_non_null(strstr(answer.body, "apisim does not model"));
                assert_int_equal(apisim_unmodelled(world->sim), i + 1);
                assert_non_null(strstr(apisim_unmodelled_text(world->sim), rows[i].target));
                apisim_answer_done(&answer);
        }
        assert_int_equal(tell(world, "GET", MAPS "/none", NULL), 404);
        assert_int_equal(apisim_unmodelled(world->sim), ARRAY_LEN(rows));
}

static void a_token_expires_with_compaction(void **state)
{
        struct world *world = *state;

        tell(world, "POST", MAPS, MAP("a"));
        tell(world, "POST", MAPS, MAP("b"));
        tell(world, "POST", MAPS, MAP("c"));
        auto_free char *token = text_at(world, MAPS "?limit=1", "metadata.continue");
        auto_free char *target = xasprintf(MAPS "?limit=1&continue=%s", token);
        tell(world, "DELETE", MAPS "/b", NULL);
        assert_text_at(world, target, "items[0].metadata.name", "b");
        apisim_compact(world->sim);
        auto_free char *rest = text_at(world, target, "metadata.continue");
        assert_int_equal(world->status, 410);
        auto_free char *inconsistent = xasprintf(MAPS "?limit=1&continue=%s", rest);
        assert_text_at(world, inconsistent, "items[0].metadata.name", "c");
}

static void a_watch_falls_behind_a_compaction(void **state)
{
        struct world *world = *state;
        bool more;

        auto_free char *target = xasprintf(MAPS "?watch=1&resourceVersion=%d", (int)apisim_version(world->sim));
        struct apisim_stream *stream = open_stream(world, target);
        tell(world, "POST", MAPS, MAP("a"));
        apisim_compact(world->sim);
        auto_free char *text = read_stream(stream, &more);
        assert_false(more);
        assert_non_null(strstr(text, "{\"type\":\"ERROR\",\"object\":{"));
        assert_non_null(strstr(text, "\"code\":410"));
        apisim_stream_free(stream);
}

static void a_watch_that_keeps_up_survives_a_compaction(void **state)
{
        struct world *world = *state;
        bool more;

        struct apisim_stream *stream = open_stream(world, MAPS "?watch=1&resourceVersion=0&timeoutSeconds=100");
        tell(world, "POST", MAPS, MAP("a"));
        free(read_stream(stream, &more));
        apisim_compact(world->sim);
        tell(world, "DELETE", MAPS "/a", NULL);
        auto_free char *text = read_stream(stream, &more);
        assert_true(more && text_starts(text, "{\"type\":\"DELETED\""));
        apisim_stream_free(stream);
}

static void time_brings_bookmarks_and_the_end(void **state)
{
        struct world *world = *state;
        bool more;
        auto_free char *target =
                xasprintf(MAPS "?watch=1&allowWatchBookmarks=true&timeoutSeconds=100&resourceVersion=%d", (int)apisim_version(world->sim));
        struct apisim_stream *stream = open_stream(world, target);

        assert_int_equal(apisim_stream_wake_ns(stream), 60 * NS_PER_S);
        world->now_ns = 60 * NS_PER_S;
        auto_free char *minute = read_stream(stream, &more);
        assert_true(more && text_starts(minute, "{\"type\":\"BOOKMARK\""));
        assert_int_equal(apisim_stream_wake_ns(stream), 98 * NS_PER_S);
        world->now_ns = 100 * NS_PER_S;
        auto_free char *last = read_stream(stream, &more);
        assert_false(more);
        apisim_stream_free(stream);
}

static void owners_are_collected_step_by_step(void **state)
{
        struct world *world = *state;

        auto_json struct json_object *owner = ask(world, "POST", MAPS, MAP("owner"));
        auto_free char *body = xasprintf("{\"metadata\":{\"name\":\"owned\",\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\","
                                         "\"name\":\"owner\",\"uid\":\"%s\"}]}}",
                                         doc_text(owner, "metadata.uid"));
        tell(world, "POST", MAPS, body);
        settle(world);
        assert_int_equal(tell(world, "GET", MAPS "/owned", NULL), 200);
        tell(world, "DELETE", MAPS "/owner", NULL);
        assert_int_equal(tell(world, "GET", MAPS "/owned", NULL), 200);
        settle(world);
        assert_int_equal(tell(world, "GET", MAPS "/owned", NULL), 404);
}

static void the_future_is_to_be_asked_for_later(void **state)
{
        struct world *world = *state;

        assert_int_equal(tell(world, "GET", MAPS "?resourceVersion=99999", NULL), 504);
        assert_int_equal(world->retry_after_s, 1);
}

static void odd_bodies_are_refused(void **state)
{
        static const char *const bodies[] = {"", "null", "[]", "1", "\"a\"", "{", "{\"metadata\":null}", "{\"metadata\":[]}", "{\"metadata\":{\"name\":1}}",
                                             "{\"metadata\":{\"name\":null,\"labels\":[]}}", "{\"kind\":1}", "{\"metadata\":{\"name\":\"\"}}"};
        struct world *world = *state;

        for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
                int status = tell(world, "POST", MAPS, bodies[i]);
                if (status != 400 && status != 422)
                        fail_msg("%s was answered with %d", bodies[i], status);
        }
        assert_int_equal(tell(world, "GET", MAPS, NULL), 200);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, world_begin, world_end)
                TEST(versions_come_from_one_counter),
                TEST(the_same_seed_is_the_same_world),
                TEST(what_is_not_modelled_is_counted),
                TEST(a_token_expires_with_compaction),
                TEST(a_watch_falls_behind_a_compaction),
                TEST(a_watch_that_keeps_up_survives_a_compaction),
                TEST(time_brings_bookmarks_and_the_end),
                TEST(owners_are_collected_step_by_step),
                TEST(the_future_is_to_be_asked_for_later),
                TEST(odd_bodies_are_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
