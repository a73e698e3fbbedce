/* SPDX-License-Identifier: Apache-2.0
 *
 * Jobs and pods by script, on the test's clock; and the scripted load worker heard by the operator's own harvest. */
#include "fixture.h"

#include "load/plan.h"
#include "result/harvest.h"

#define SPACE "/api/v1/namespaces/default"
#define JOBS "/apis/batch/v1/namespaces/default/jobs"
#define PODS SPACE "/pods"

static const struct pod_script quick = {.node = "n", .schedule_ms = 100, .pull_ms = 1000, .start_ms = 200, .run_ms = 5000, .stop_ms = 300};

static void all_scripts(struct world *world, const struct pod_script *script)
{
        for (size_t i = 0; i < ARRAY_LEN(world->scripts); i++)
                world->scripts[i] = *script;
}

/* The Job that the operator makes (test/golden/job), without its owner, with 'workers' pods. */
static void make_job(struct world *world, int workers)
{
        auto_free char *text = NULL;
        auto_json struct json_object *job = NULL;
        size_t size;
        struct fail fail;

        if (text_file_read(SOURCE_DIR "/test/golden/job/plain.json", 1 << 20, &text, &size, &fail) || doc_parse(text, size, &job, &fail))
                fail_msg("%s", fail.text);
        struct json_object *metadata = doc_at(job, "metadata"), *spec = doc_at(job, "spec");
        json_object_object_del(metadata, "ownerReferences");
        doc_set_text(doc_set_text(metadata, "name", "j"), "namespace", "default");
        doc_set_int(doc_set_int(spec, "completions", workers), "parallelism", workers);
        doc_set_text(doc_at(doc_at(spec, "template.spec.volumes[0]"), "configMap"), "name", "p");
        assert_int_equal(tell(world, "POST", JOBS, doc_print(job)), 201);
        settle(world);
        assert_text_at(world, JOBS "/j", "status.conditions[0].reason", "JobSuspended");
        assert_int_equal(tell(world, "PATCH", JOBS "/j", "{\"spec\":{\"suspend\":false}}"), 200);
        settle(world);
}

static char *pod_path(struct world *world, int index, const char *more)
{
        auto_free char *name = NULL, *path = xasprintf("items[%d].metadata.name", index);

        name = text_at(world, PODS, path);
        assert_non_null(name);
        return xasprintf(PODS "/%s%s", name, more);
}

static void assert_pod(struct world *world, int index, const char *path, const char *expected)
{
        auto_free char *target = pod_path(world, index, "");

        assert_text_at(world, target, path, expected);
}

static void assert_failed(struct world *world, const char *reason)
{
        assert_text_at(world, JOBS "/j", "status.conditions[1].type", "FailureTarget");
        assert_text_at(world, JOBS "/j", "status.conditions[2].type", "Failed");
        assert_text_at(world, JOBS "/j", "status.conditions[2].reason", reason);
}

static void pods_go_through_their_stages(void **state)
{
        struct world *world = *state;

        all_scripts(world, &quick);
        make_job(world, 1);
        assert_pod(world, 0, "status.phase", "Pending");
        assert_pod(world, 0, "spec.nodeName", NULL);
        pass(world, 150);
        assert_pod(world, 0, "spec.nodeName", "n");
        assert_pod(world, 0, "status.containerStatuses[0].state.waiting.reason", "ContainerCreating");
        pass(world, 1200);
        assert_pod(world, 0, "status.phase", "Running");
        assert_text_at(world, JOBS "/j", "status.ready", "1");
        pass(world, 5000);
        assert_pod(world, 0, "status.phase", "Succeeded");
        assert_pod(world, 0, "metadata.finalizers", NULL);
        assert_text_at(world, JOBS "/j", "status.succeeded", "1");
        assert_text_at(world, JOBS "/j", "status.completedIndexes", "0");
        assert_text_at(world, JOBS "/j", "status.conditions[1].type", "SuccessCriteriaMet");
        assert_text_at(world, JOBS "/j", "status.conditions[2].type", "Complete");
        assert_int_equal(apisim_unmodelled(world->sim), 0);
}

static void what_goes_wrong_is_shown(void **state)
{
        static const struct {
                struct pod_script script;
                int64_t after_ms;
                const char *path, *text, *reason; /* of the Job; NULL: it goes on waiting */
        } rows[] = {
                {{.schedule_ms = 10}, 100, "status.conditions[0].reason", "Unschedulable", NULL},
                {{.node = "n", .pull_ms = 10, .pull_error = "no"}, 100, "status.containerStatuses[0].state.waiting.reason", "ErrImagePull", NULL},
                {{.node = "n", .pull_ms = 10, .pull_error = "no"}, 11000, "status.containerStatuses[0].state.waiting.reason", "ImagePullBackOff", NULL},
                {{.node = "n", .run_ms = 10, .exit_code = 3, .message = "m"}, 100, "status.containerStatuses[0].state.terminated.message", "m",
                 "BackoffLimitExceeded"},
                {{.node = "n", .run_ms = -1, .kill_ms = 10, .kill_reason = "OOMKilled"}, 100,
                 "status.containerStatuses[0].state.terminated.reason", "OOMKilled", "BackoffLimitExceeded"},
                {{.node = "n", .run_ms = -1, .kill_ms = 10, .kill_reason = "TerminationByKubelet"}, 100, "status.reason", "Evicted", "PodFailurePolicy"},
        };
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                struct world *world;
                void *fresh = NULL;
                (void)state;
                assert_int_equal(world_begin(&fresh), 0);
                world = fresh;
                all_scripts(world, &rows[i].script);
                make_job(world, 1);
                pass(world, rows[i].after_ms);
                assert_pod(world, 0, rows[i].path, rows[i].text);
                if (rows[i].reason)
                        assert_failed(world, rows[i].reason);
                else
                        assert_text_at(world, JOBS "/j", "status.active", "1");
                world_end(&fresh);
        }
}

static void a_drained_pod_ends_the_job_and_goes(void **state)
{
        struct world *world = *state;

        all_scripts(world, &quick);
        world->scripts[1].kill_ms = 1000;
        world->scripts[1].kill_reason = "EvictionByEvictionAPI";
        make_job(world, 2);
        pass(world, 10000);
        assert_failed(world, "PodFailurePolicy");
        assert_text_at(world, PODS, "items[0]", NULL);
}

static void suspending_stops_the_pods_within_their_grace(void **state)
{
        struct world *world = *state;

        all_scripts(world, &quick);
        world->scripts[1].ignores_stop = true;
        make_job(world, 2);
        pass(world, 2000);
        tell(world, "PATCH", JOBS "/j", "{\"spec\":{\"suspend\":true}}");
        pass(world, 1000);
        assert_pod(world, 0, "metadata.labels[\"batch.kubernetes.io/job-completion-index\"]", "1");
        assert_text_at(world, JOBS "/j", "status.terminating", "1");
        pass(world, 5000);
        assert_text_at(world, PODS, "items[0]", NULL);
        assert_text_at(world, JOBS "/j", "status.failed", NULL);
}

static void the_deadline_of_a_job_comes_by_time_alone(void **state)
{
        struct world *world = *state;
        struct pod_script never = quick;

        never.run_ms = -1;
        all_scripts(world, &never);
        make_job(world, 1);
        auto_free char *limit = text_at(world, JOBS "/j", "spec.activeDeadlineSeconds");
        pass(world, strtoll(limit, NULL, 10) * 1000 + 10000);
        assert_failed(world, "DeadlineExceeded");
}

static void a_log_is_followed_to_its_end(void **state)
{
        static const struct pod_line lines[] = {{0, "one"}, {1000, "two"}, {2000, "three"}};
        struct world *world = *state;
        struct pod_script talks = quick;
        bool more;

        talks.lines = lines;
        talks.lines_len = ARRAY_LEN(lines);
        all_scripts(world, &talks);
        make_job(world, 1);
        auto_free char *plain = pod_path(world, 0, "/log?container=load"), *follow = pod_path(world, 0, "/log?container=load&follow=true");
        assert_int_equal(tell(world, "GET", plain, NULL), 400);
        pass(world, 1400);
        struct apisim_stream *stream = open_stream(world, follow);
        auto_free char *first = read_stream(stream, &more);
        assert_string_equal(first, "one\n");
        pass(world, 10000);
        auto_free char *rest = read_stream(stream, &more);
        assert_string_equal(rest, "two\nthree\n");
        assert_false(more);
        apisim_stream_free(stream);
}

/* ---- The scripted load worker ---- */

static const struct worker_script answers = {.ready_ms = 50, .notice_ms = 200, .latency_ns = 1000000, .spread_ns = 5000000, .miss_every = 50, .lose_every = 125};

static void make_plan(struct world *world, int workers)
{
        auto_json struct json_object *map = doc_object(), *worker = NULL;
        static const char plan[] = "{\"version\":1,\"run\":{\"uid\":\"u\",\"namespace\":\"default\",\"name\":\"r\"},\"addresses\":[\"10.0.0.1:80\"],"
                                   "\"requests\":[{\"name\":\"a\",\"path\":\"/a\"},{\"name\":\"b\",\"path\":\"/b\"}],\"connections\":8,\"timeoutMs\":1000,"
                                   "\"warmupMs\":1000,\"shape\":[{\"kind\":\"hold\",\"rate\":100.0,\"forMs\":3000},"
                                   "{\"kind\":\"ramp\",\"from\":100.0,\"to\":200.0,\"forMs\":2000}]}";

        assert_int_equal(doc_parse(plan, strlen(plan), &worker, NULL), FAIL_NONE);
        doc_set_int(worker, "workers", workers);
        doc_set(map, "metadata", doc_set_text(doc_object(), "name", "p"));
        doc_set(map, "data", doc_set_text(doc_object(), "worker.json", doc_print(worker)));
        assert_int_equal(tell(world, "POST", SPACE "/configmaps", doc_print(map)), 201);
}

static void announce(struct world *world, int workers, int64_t in_ms)
{
        auto_free char *body = xasprintf("{\"metadata\":{\"annotations\":{\"loadstone.dev/start-at\":\"%lld\"}}}",
                                         (long long)(world_wall_ms(&world->clock) + in_ms));

        for (int i = 0; i < workers; i++) {
                auto_free char *target = pod_path(world, i, "");
                assert_int_equal(tell(world, "PATCH", target, body), 200);
        }
        settle(world);
}

/* Everything that the pods have said by now. */
static void hear(struct world *world, struct harvest *harvest, int workers)
{
        for (int i = 0; i < workers; i++) {
                auto_free char *target = pod_path(world, i, "/log"), *pod = pod_path(world, i, "");
                auto_free char *message = text_at(world, pod, "status.containerStatuses[0].state.terminated.message");
                struct apisim_answer answer = ask_raw(world, "GET", target, NULL, NULL);
                harvest_cut(harvest, (uint32_t)i);
                harvest_feed(harvest, (uint32_t)i, answer.body, answer.size);
                if (message)
                        harvest_message(harvest, (uint32_t)i, message, strlen(message));
                apisim_answer_done(&answer);
        }
}

static struct harvest *harvest_of(uint32_t workers)
{
        return harvest_new(&(struct harvest_spec){.run_uid = "u", .workers = workers, .shape_ms = 5000, .interval_ms = 1000, .timeout_ms = 1000});
}

static void a_worker_waits_and_tells_its_load(void **state)
{
        struct world *world = *state;
        struct pod_script loads = quick;
        struct harvest *harvest = harvest_of(2);

        loads.worker = &answers;
        all_scripts(world, &loads);
        make_plan(world, 2);
        make_job(world, 2);
        pass(world, 5000);
        hear(world, harvest, 2);
        assert_int_equal(harvest_count(harvest, HARVEST_READY), 2);
        assert_int_equal(harvest_count(harvest, HARVEST_STARTED), 0);
        announce(world, 2, 2000);
        pass(world, 2000 + 1000 + 2500);
        hear(world, harvest, 2);
        assert_int_equal(harvest_count(harvest, HARVEST_STARTED), 2);
        assert_int_equal(harvest_worker(harvest, 0)->seen_ms, 2000);
        pass(world, 4000);
        hear(world, harvest, 2);
        assert_true(harvest_done(harvest));
        for (uint32_t i = 0; i < 2; i++) {
                const struct harvest_worker *worker = harvest_worker(harvest, i);
                assert_true(worker->log_complete && worker->message && !worker->mismatch && !worker->broken && !worker->tainted);
                assert_int_equal(worker->foreign, 0);
                assert_string_equal(worker->reason, "finished");
        }
        assert_text_at(world, JOBS "/j", "status.conditions[2].type", "Complete");
        assert_int_equal(apisim_unmodelled(world->sim), 0);
        harvest_free(harvest);
}

static void a_lost_lane_is_lost(void **state)
{
        static const struct worker_script silent = {.ready_ms = 50, .latency_ns = 1000000, .no_message = true, .break_line = "panic: somebody else"};
        struct world *world = *state;
        struct pod_script loads = quick;
        struct harvest *harvest = harvest_of(1);

        loads.worker = &silent;
        all_scripts(world, &loads);
        make_plan(world, 1);
        make_job(world, 1);
        pass(world, 2000);
        announce(world, 1, 1000);
        pass(world, 10000);
        hear(world, harvest, 1);
        assert_true(harvest_worker(harvest, 0)->log_complete && !harvest_worker(harvest, 0)->message);
        assert_int_equal(harvest_worker(harvest, 0)->foreign, 1);
        harvest_free(harvest);
}

static void a_stopped_worker_says_what_it_has(void **state)
{
        struct world *world = *state;
        struct pod_script loads = quick;
        struct harvest *harvest = harvest_of(1);

        loads.worker = &answers;
        all_scripts(world, &loads);
        make_plan(world, 1);
        make_job(world, 1);
        pass(world, 2000);
        announce(world, 1, 1000);
        pass(world, 4500);
        auto_free char *follow = pod_path(world, 0, "/log?follow=true"), *watch = xasprintf(PODS "?watch=1&resourceVersion=%d", (int)apisim_version(world->sim));
        struct apisim_stream *stream = open_stream(world, follow), *events = open_stream(world, watch);
        auto_buf struct buf log = {0}, seen = {0};
        assert_true(apisim_stream_read(stream, &log));
        tell(world, "PATCH", JOBS "/j", "{\"spec\":{\"suspend\":true}}");
        pass(world, 5000);
        assert_text_at(world, PODS, "items[0]", NULL);
        /* Both lanes outlive the pod: the log that was being followed, and the message in its last event. */
        assert_false(apisim_stream_read(stream, &log));
        assert_true(apisim_stream_read(events, &seen));
        harvest_feed(harvest, 0, log.data, log.size);
        assert_true(harvest_worker(harvest, 0)->log_complete);
        assert_string_equal(harvest_worker(harvest, 0)->reason, "terminated");
        const char *last = strstr(seen.data, "{\"type\":\"DELETED\"");
        assert_true(last && strstr(last, "\"exitCode\":143") && strstr(last, "startWallMs"));
        apisim_stream_free(stream);
        apisim_stream_free(events);
        harvest_free(harvest);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, world_begin, world_end)
                TEST(pods_go_through_their_stages),
                TEST(what_goes_wrong_is_shown),
                TEST(a_drained_pod_ends_the_job_and_goes),
                TEST(suspending_stops_the_pods_within_their_grace),
                TEST(the_deadline_of_a_job_comes_by_time_alone),
                TEST(a_log_is_followed_to_its_end),
                TEST(a_worker_waits_and_tells_its_load),
                TEST(a_lost_lane_is_lost),
                TEST(a_stopped_worker_says_what_it_has),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
