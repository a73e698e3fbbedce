/* SPDX-License-Identifier: Apache-2.0
 *
 * Variants of a profile: what each of them changes, what is refused, whose trial comes when, and the Job and the plan that each gets. */
#include "api_fixture.h"

#include "api/admin.h"
#include "api/job.h"
#include "api/names.h"
#include "api/plan.h"

#define TWO                                                                                                                    \
        "'trials':{'repeats':{'min':4}},'variants':[{'name':'plain'},{'name':'mtls','overrides':{'context':{'mesh':{"           \
        "'client':'enrolled'}},'load':{'warmup':'9s','workers':2,'concurrency':{'connections':128},'shape':[{'hold':{'rate':'900/s','for':'30s'}}]}}}]"
static const struct run web_run = {.namespace = "shop", .name = "web-1", .uid = "3b5e0001-aaaa-4bbb-8ccc-ddddeeeeffff", .profile = "web"};

static void a_variant_is_the_profile_with_its_overrides_over_it(void **state)
{
        auto_profile struct profile *profile = profile_with("{" TWO "}");
        const struct profile *plain = profile_arm(profile, 0), *mtls = profile_arm(profile, 1);
        (void)state;

        assert_int_equal(profile_arms(profile), 2);
        assert_int_equal(profile_trials_planned(profile), 8);
        assert_string_equal(profile_arm_name(profile, 0), "plain");
        assert_string_equal(profile_arm_name(profile, 1), "mtls");
        assert_int_equal(plain->warmup_ms, 5000);
        assert_int_equal(mtls->warmup_ms, 9000);
        assert_int_equal(mtls->workers, 2);
        assert_int_equal(mtls->connections, 128);
        assert_true(mtls->peak_rps == 900 && plain->peak_rps == 500);
        assert_int_equal(mtls->timeout_ms, 5000);
        assert_string_equal(doc_text(mtls->spec, "context.mesh.client"), "enrolled");
        assert_string_equal(doc_text(plain->spec, "context.mesh.client"), "inherit");
        assert_int_equal(mtls->variants_len, 0);
        /* Until they are ready, warm-up, shape, the last answers, and what is to be collected: for each of them, in every round. */
        assert_int_equal(profile_deadline_ms(profile), 4 * (300000 + 5000 + 60000 + 5000 + 30000 + 300000 + 9000 + 30000 + 5000 + 30000) + 7 * 60000);
        auto_profile struct profile *capped = profile_with("{'limits':{'deadline':'2m'}," TWO "}");
        assert_int_equal(profile_deadline_ms(capped), 8 * 120000 + 7 * 60000);
        assert_int_equal(profile_given_ms(capped), 2 * profile_deadline_ms(capped));
}

static void without_variants_there_is_one_arm(void **state)
{
        auto_profile struct profile *profile = profile_with("{'trials':{'repeats':{'min':3}}}");
        (void)state;

        assert_int_equal(profile_arms(profile), 1);
        assert_int_equal(profile_trials_planned(profile), 3);
        assert_ptr_equal(profile_arm(profile, 0), profile);
        assert_null(profile_arm_name(profile, 0));
        for (uint32_t i = 0; i < 3; i++)
                assert_int_equal(profile_arm_of(profile, i), 0);
}

static void pairs_are_six_where_nothing_is_said(void **state)
{
        auto_profile struct profile *profile = profile_with("{'variants':[{'name':'a'},{'name':'b'},{'name':'c'}]}");
        (void)state;

        assert_int_equal(profile->trials.min, 6);
        assert_int_equal(profile_trials_planned(profile), 18);
}

static void the_order_is_the_one_that_is_asked_for(void **state)
{
        static const struct { const char *order, *first; } rows[] = {
                {"'repeats':{'min':4}", "01101001"},
                {"'repeats':{'min':4},'order':'abba'", "01101001"},
                {"'repeats':{'min':4},'order':'sequence'", "01010101"},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_free char *change = xasprintf("{'trials':{%s},'variants':[{'name':'a'},{'name':'b'}]}", rows[i].order);
                auto_profile struct profile *profile = profile_with(change);
                for (uint32_t trial = 0; trial < 8; trial++)
                        assert_int_equal(profile_arm_of(profile, trial), rows[i].first[trial] - '0');
        }
        auto_profile struct profile *one = profile_with("{'load':{'seed':1},'trials':{'repeats':{'min':4},'order':'random'},'variants':[{'name':'a'},{'name':'b'}]}");
        auto_profile struct profile *two = profile_with("{'load':{'seed':2},'trials':{'repeats':{'min':4},'order':'random'},'variants':[{'name':'a'},{'name':'b'}]}");
        bool differs = false;
        for (uint32_t trial = 0; trial < 64; trial += 2) {
                assert_int_equal(profile_arm_of(one, trial) + profile_arm_of(one, trial + 1), 1);
                differs = differs || profile_arm_of(one, trial) != profile_arm_of(two, trial);
        }
        assert_true(differs);
}

static void what_is_wrong_is_refused_by_its_name(void **state)
{
        static const struct { const char *change, *says; } rows[] = {
                {"{'variants':{}}", "spec.variants must be 2 to 8"},
                {"{'variants':[]}", "spec.variants must be 2 to 8"},
                {"{'variants':[{'name':'a'}]}", "spec.variants must be 2 to 8: the first is the reference"},
                {"{'variants':[{'name':'a'},{'name':'a'}]}", "spec.variants[1]: name: there is another variant of the name a"},
                {"{'variants':[{'name':'a'},{}]}", "spec.variants[1]: name must be 1 to 32 lower-case letters"},
                {"{'variants':[{'name':'A'},{'name':'b'}]}", "spec.variants[0]: name must be 1 to 32"},
                {"{'variants':[{'name':'a'},{'name':'b','overrides':7}]}", "spec.variants[1]: overrides must be an object"},
                {"{'variants':[{'name':'a'},{'name':'b','overrides':{'target':{}}}]}", "spec.variants[1]: overrides.target cannot be overridden by a variant; load and context can"},
                {"{'variants':[{'name':'a'},{'name':'b','overrides':{'load':{'headersFrom':[]}}}]}", "spec.variants[1]: overrides.load.headersFrom cannot be overridden by a variant; shape, workers"},
                {"{'variants':[{'name':'a'},{'name':'b','overrides':{'context':{'mesh':{'detect':false}}}}]}", "spec.variants[1]: overrides.context.mesh.detect cannot be overridden"},
                {"{'variants':[{'name':'a'},{'name':'b','overrides':{'load':{'workers':65}}}]}", "spec.variants[1]: spec.load.workers: must be 1 to 64"},
                {"{'variants':[{'name':'a'},{'name':'b','overrides':{'load':{'shape':[{'closed':{'for':'5s'}}]}}}]}", "spec.variants[1]: overrides.load.shape: a closed loop and a rate are not compared"},
                {"{'variants':[{'name':'a'},{'name':'b','overrides':{'load':{'shape':[{'hold':{'rate':'5/s','for':'1h'}}]}}}]}", "spec.variants[1]: spec.limits.deadline must be longer"},
                {"{'variants':[{'name':'a'},{'name':'b'}],'baseline':{'from':'previous'}}", "spec.baseline.from must be none with variants"},
                {"{'variants':[{'name':'a'},{'name':'b'}],'trials':{'repeats':{'min':1}}}", "spec.trials.repeats.min must be at least 2 with variants"},
                {"{'variants':[{'name':'a'},{'name':'b'}],'trials':{'repeats':{'min':3,'max':4}}}", "spec.trials.repeats.min must be at least 4 where max is more and there are variants"},
                {"{'variants':[{'name':'a'},{'name':'b'}],'trials':{'repeats':{'min':33}}}", "spec.trials.repeats must be at most 64 trials in all"},
                {"{'variants':[{'name':'a'},{'name':'b'}],'limits':{'total':'1h'}}",
                 "spec.limits.total must leave room for every trial: 12 times limits.readyTimeout and the load, with the pauses, are 1h31m, not 1h"},
                {"{'variants':[{'name':'a'},{'name':'b'}],'trials':{'repeats':{'min':2},'order':'up'}}", "spec.trials.order: must be one of abba, sequence, random"},
                {"{'trials':{'repeats':{'min':2},'order':'abba'}}", "spec.trials.order goes with variants"},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_json struct json_object *spec = spec_with(rows[i].change);
                struct profile *profile = NULL;
                struct fail fail = {0};
                assert_int_equal(profile_decode(spec, &profile, &fail), FAIL_INVALID);
                if (strncmp(fail.text, rows[i].says, strlen(rows[i].says)) != 0)
                        fail_msg("%s\n says: %s\n want: %s", rows[i].change, fail.text, rows[i].says);
        }
}

static void a_run_with_variants_measures_something_of_its_own(void **state)
{
        char plain[PROFILE_DIGEST_MAX], two[PROFILE_DIGEST_MAX];
        auto_profile struct profile *without = profile_with("{}"), *with = profile_with("{" TWO "}");
        (void)state;

        profile_digest(without, plain);
        profile_digest(with, two);
        assert_string_not_equal(plain, two);
}

static void the_administrator_is_asked_for_the_most_that_any_variant_wants(void **state)
{
        auto_profile struct profile *profile = profile_with("{" TWO "}");
        auto_json struct json_object *config = json("{'data':{'config.yaml':'caps: {run: {rate: 600/s}}'}}");
        struct admin *admin = NULL;
        struct fail fail = {0};
        (void)state;

        struct admin_load load = admin_load_of(profile);
        assert_true(load.rate_rps == 900);
        assert_int_equal(load.workers, 2);
        assert_int_equal(load.connections, 128);
        assert_int_equal(load.duration_ms, 65000);
        assert_int_equal(load.runs, 1);
        assert_int_equal(admin_decode(config, &admin, &fail), FAIL_NONE);
        assert_int_equal(admin_check_run(admin, profile, &fail), FAIL_DENIED);
        assert_string_equal(fail.text, "variant mtls: spec.load.shape: asks for 900/s, the administrator's caps.run.rate is 600/s: ask for less");
        admin_free(admin);
}

static void each_trial_has_the_job_and_the_plan_of_its_variant(void **state)
{
        static const char *const keys[] = {"worker.json", "worker-1.json", "worker-1.json", "worker.json"}, *const names[] = {"plain", "mtls", "mtls", "plain"};
        auto_profile struct profile *profile = profile_with("{" TWO "}");
        (void)state;

        for (int trial = 0; trial < 4; trial++) {
                auto_json struct json_object *job = job_encode(&web_run, profile, "image", trial, profile_arm_of(profile, (uint32_t)trial));
                struct json_object *plan = doc_at(job, "spec.template.spec.volumes[0].configMap");
                assert_string_equal(doc_text(plan, "items[0].key"), keys[trial]);
                assert_string_equal(doc_text(plan, "items[0].path"), "worker.json");
                assert_string_equal(doc_text(job, "metadata.labels[\"" LABEL_VARIANT "\"]"), names[trial]);
                assert_string_equal(doc_text(job, "spec.template.metadata.labels[\"" LABEL_VARIANT "\"]"), names[trial]);
                assert_int_equal(doc_int(job, "spec.completions", 0), trial == 1 || trial == 2 ? 2 : 1);
        }
}

static void a_plan_keeps_what_each_variant_does(void **state)
{
        auto_profile struct profile *profile = profile_with("{" TWO "}");
        auto_json struct json_object *pod = json("{'labels':{'in':'mesh'},'proxies':[{'file':'proxy-0','native':'x'}]}");
        char word[] = "web";
        struct target target = {.key = word, .authority = word, .sni = word};
        struct plan plan;
        struct fail fail = {0};
        (void)state;

        auto_json struct json_object *map = plan_encode(&(struct plan_parts){.run = &web_run, .profile = profile, .target = &target, .image = "image", .pods = {NULL, pod}});
        assert_int_equal(plan_decode(map, &plan, &fail), FAIL_NONE);
        assert_int_equal(doc_int(plan_worker(&plan, 0), "warmupMs", 0), 5000);
        assert_int_equal(doc_int(plan_worker(&plan, 1), "warmupMs", 0), 9000);
        assert_int_equal(doc_int(plan_worker(&plan, 1), "workers", 0), 2);
        assert_int_equal(doc_len(plan_worker(&plan, 1), "proxies"), 1);
        assert_null(doc_at(plan_worker(&plan, 0), "proxies"));
        assert_null(plan_worker(&plan, 2));
        assert_null(plan_pod(&plan, 0));
        assert_string_equal(doc_text(plan_pod(&plan, 1), "labels.in"), "mesh");
        /* Frozen: another spec than the profile may have by now. */
        assert_int_equal(doc_len(plan.spec, "variants"), 2);
        plan_done(&plan);

        json_object_object_del(doc_at(map, "data"), "worker-1.json");
        assert_int_equal(plan_decode(map, &plan, &fail), FAIL_INVALID);
        assert_string_equal(fail.text, "plan ConfigMap has no usable worker-1.json");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_variant_is_the_profile_with_its_overrides_over_it),
                cmocka_unit_test(without_variants_there_is_one_arm),
                cmocka_unit_test(pairs_are_six_where_nothing_is_said),
                cmocka_unit_test(the_order_is_the_one_that_is_asked_for),
                cmocka_unit_test(what_is_wrong_is_refused_by_its_name),
                cmocka_unit_test(a_run_with_variants_measures_something_of_its_own),
                cmocka_unit_test(the_administrator_is_asked_for_the_most_that_any_variant_wants),
                cmocka_unit_test(each_trial_has_the_job_and_the_plan_of_its_variant),
                cmocka_unit_test(a_plan_keeps_what_each_variant_does),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
