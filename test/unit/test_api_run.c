/* SPDX-License-Identifier: Apache-2.0
 *
 * A BenchmarkRun as stored, and the names of what it makes. */
#include "api/names.h"
#include "api/run.h"
#include "api_fixture.h"

static void a_new_run_was_never_looked_at(void **state)
{
        struct run run;
        auto_json struct json_object *object = json(
                "{'metadata':{'name':'r','namespace':'shop','uid':'3b5e0001-aaaa','generation':1,'resourceVersion':'7',"
                "'creationTimestamp':'2026-01-01T00:00:00Z'},'spec':{'profile':'web','cancel':false},'status':{'observedGeneration':-1}}");
        (void)state;

        run_decode(object, &run);
        assert_string_equal(run.name, "r");
        assert_string_equal(run.profile, "web");
        assert_string_equal(run.version, "7");
        assert_int_equal(run.observed_generation, -1);
        assert_int_equal(run.start_wall_ms, -1);
        assert_int_equal(run.queue_position, 0);
        assert_false(run.terminal);
        assert_false(run.deleting);
        assert_false(run.cancel);
        assert_null(run.job_uid);
}

static void what_was_recorded_is_read_back(void **state)
{
        struct run run;
        auto_json struct json_object *object = json(
                "{'metadata':{'name':'r','deletionTimestamp':'2026-01-01T00:00:00Z'},'spec':{'template':{},'cancel':true,'labels':{'a':'b'}},"
                "'status':{'observedGeneration':1,'phase':'Cancelled','target':'Service a/b','startTime':'1970-01-01T00:00:01Z',"
                "'deadline':'1970-01-01T00:00:02Z','finishTime':'1970-01-01T00:00:03Z','workers':{'startAt':'1970-01-01T00:00:04Z'},"
                "'stop':{'reason':'Cancelled','message':'m'},'queue':{'position':2},'trials':[{'job':{'name':'j','uid':'ju'}}]}}");
        (void)state;

        run_decode(object, &run);
        assert_true(run.deleting);
        assert_true(run.cancel);
        assert_true(run.terminal);
        assert_null(run.profile);
        assert_non_null(run.template);
        assert_string_equal(run.target, "Service a/b");
        assert_string_equal(run.stop_reason, "Cancelled");
        assert_string_equal(run.job_uid, "ju");
        assert_string_equal(run.job_name, "j");
        assert_int_equal(run.start_wall_ms, 1000);
        assert_int_equal(run.deadline_wall_ms, 2000);
        assert_int_equal(run.finish_wall_ms, 3000);
        assert_int_equal(run.start_at_wall_ms, 4000);
        assert_int_equal(run.queue_position, 2);
}

static void anything_at_all_can_be_read(void **state)
{
        static const char *const rubbish[] = {"{}", "[]", "7", "{'metadata':7,'spec':'x','status':[]}",
                                              "{'status':{'phase':7,'startTime':'yesterday','trials':{}}}"};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rubbish); i++) {
                auto_json struct json_object *object = json(rubbish[i]);
                struct run run;
                run_decode(object, &run);
                assert_null(run.phase);
                assert_int_equal(run.start_wall_ms, -1);
                assert_false(run.terminal);
        }
}

/* ---- names ---- */

#define UID "3b5e0001-aaaa-4bbb-8ccc-ddddeeeeffff"

static void names_come_from_name_and_uid_alone(void **state)
{
        char name[NAME_MAX_LEN];
        (void)state;

        name_plan("checkout", UID, name);
        assert_string_equal(name, "checkout-3b5e0001-plan");
        name_result("checkout", UID, name);
        assert_string_equal(name, "checkout-3b5e0001-result");
        name_series("checkout", UID, 3, name);
        assert_string_equal(name, "checkout-3b5e0001-s3");
        name_job("checkout", UID, 0, name);
        assert_string_equal(name, "checkout-3b5e0001-t0");
        name_base("checkout", UID, name);
        assert_string_equal(name, "checkout-3b5e0001");
}

static void a_long_name_is_cut_so_that_indexed_pods_fit(void **state)
{
        char name[NAME_MAX_LEN], run[53];
        (void)state;

        memset(run, 'a', 52);
        run[52] = '\0';
        name_job(run, UID, 63, name);
        assert_true(strlen(name) <= 61);
        assert_string_equal(name, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-3b5e0001-t63");
}

static void a_cut_never_leaves_two_dashes(void **state)
{
        char name[NAME_MAX_LEN];
        (void)state;

        name_job("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbb", UID, 0, name);
        assert_string_equal(name, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-3b5e0001-t0");
}

static void the_same_name_made_again_has_other_children(void **state)
{
        char first[NAME_MAX_LEN], second[NAME_MAX_LEN];
        (void)state;

        name_plan("r", UID, first);
        name_plan("r", "99990001-aaaa-4bbb-8ccc-ddddeeeeffff", second);
        assert_string_not_equal(first, second);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_new_run_was_never_looked_at),
                cmocka_unit_test(what_was_recorded_is_read_back),
                cmocka_unit_test(anything_at_all_can_be_read),
                cmocka_unit_test(names_come_from_name_and_uid_alone),
                cmocka_unit_test(a_long_name_is_cut_so_that_indexed_pods_fit),
                cmocka_unit_test(a_cut_never_leaves_two_dashes),
                cmocka_unit_test(the_same_name_made_again_has_other_children),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
