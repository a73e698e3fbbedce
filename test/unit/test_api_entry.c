/* SPDX-License-Identifier: Apache-2.0
 *
 * What a variant applies: which entries are refused, what goes into the plan for "loadstone apply", and how it is seen later that an
 * object is no longer as it was applied. */
#include "api/entry.h"
#include "api/names.h"
#include "api/plan.h"
#include "api/step_job.h"
#include "api/steps.h"
#include "api_fixture.h"

#define PATCH "{'patch':{'target':{'apiVersion':'apps/v1','kind':'Deployment','name':'web'},'type':'merge','value':{'metadata':{'labels':{'a':null}},'spec':{'replicas':1}}}}"
#define MANIFEST "{'manifest':{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'limits'},'data':{'a':'b'}}}"
#define VARIANTS "{'serviceAccountName':'deployer','trials':{'repeats':{'min':2}},'variants':[{'name':'plain'},{'name':'quarter','allowManaged':true,'apply':[" PATCH "," MANIFEST "]}]}"

static const struct run web_run = {.namespace = "default", .name = "web-1", .uid = "3b5e0001-aaaa-4bbb-8ccc-ddddeeeeffff", .profile = "web"};

static void what_is_wrong_is_refused_by_its_name(void **state)
{
        static const struct { const char *apply, *says; } rows[] = {
                {"7", "must be a list of at least one manifest or patch"},
                {"[]", "must be a list of at least one manifest or patch"},
                {"[{}]", "[0]: must be either a manifest or a patch"},
                {"[{'manifest':7}]", "[0]: must be either a manifest or a patch"},
                {"[" MANIFEST ",{'manifest':{},'patch':{}}]", "[1]: must be either a manifest or a patch"},
                {"[{'manifest':{'apiVersion':'v1','kind':'ConfigMap'}}]", "[0]: must have metadata.name"},
                {"[{'manifest':{'apiVersion':'a/b/v1','kind':'X','metadata':{'name':'a'}}}]", "[0]: apiVersion a/b/v1 is none"},
                {"[{'manifest':{'apiVersion':'../v1','kind':'X','metadata':{'name':'a'}}}]", "[0]: apiVersion ../v1 is none"},
                {"[{'patch':{'value':{'a':1}}}]", "[0]: patch: target must have apiVersion"},
                {"[{'patch':{'target':{'apiVersion':'v1','kind':'Pod'},'value':{'a':1}}}]", "[0]: patch: target must have name"},
                {"[{'patch':{'target':{'apiVersion':'v1','kind':'Pod','name':'a'},'type':'json','value':{'a':1}}}]", "[0]: patch: type must be merge"},
                {"[{'patch':{'target':{'apiVersion':'v1','kind':'Pod','name':'a'},'value':{}}}]", "[0]: patch: value must be an object with what it changes"},
                {"[{'patch':{'target':{'apiVersion':'v1','kind':'Pod','name':'a'},'value':{'status':{}}}}]", "[0]: patch: value.status cannot be patched"},
                {"[{'patch':{'target':{'apiVersion':'v1','kind':'Pod','name':'a'},'value':{'metadata':null}}}]", "[0]: patch: value.metadata must be an object"},
                {"[{'patch':{'target':{'apiVersion':'v1','kind':'Pod','name':'a'},'value':{'metadata':{'name':'b'}}}}]", "[0]: patch: value.metadata.name cannot be patched"},
                {"[" PATCH ",{'manifest':{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'web'}}}]", "[1]: is there already, as [0]"},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_free char *change = xasprintf("{'variants':[{'name':'a'},{'name':'b','apply':%s}]}", rows[i].apply);
                auto_free char *says = xasprintf("spec.variants[1]: apply: %s", rows[i].says);
                auto_json struct json_object *spec = spec_with(change);
                struct profile *profile = NULL;
                struct fail fail = {0};
                assert_int_equal(profile_decode(spec, &profile, &fail), FAIL_INVALID);
                if (strncmp(fail.text, says, strlen(says)) != 0)
                        fail_msg("%s\n says: %s\n want: %s", rows[i].apply, fail.text, says);
        }
}

static void the_account_of_variants_is_one_of_the_profile(void **state)
{
        auto_profile struct profile *named = profile_with(VARIANTS), *quiet = profile_with("{'variants':[{'name':'a'},{'name':'b','apply':[" MANIFEST "]}]}");
        auto_profile struct profile *plain = profile_with("{'variants':[{'name':'a'},{'name':'b'}]}");
        auto_json struct json_object *useless = spec_with("{'serviceAccountName':'a','variants':[{'name':'a'},{'name':'b'}]}"),
                                     *managed = spec_with("{'variants':[{'name':'a'},{'name':'b','allowManaged':true}]}");
        struct profile *none = NULL;
        struct fail fail = {0};
        (void)state;

        assert_true(named->applies && !named->has_workload && quiet->applies && !plain->applies);
        assert_string_equal(named->account, "deployer");
        assert_string_equal(quiet->account, "default");
        assert_null(plain->account);
        assert_int_equal(profile_decode(useless, &none, &fail), FAIL_INVALID);
        assert_non_null(strstr(fail.text, "only applies spec.workload and variants[].apply"));
        assert_int_equal(profile_decode(managed, &none, &fail), FAIL_INVALID);
        assert_non_null(strstr(fail.text, "allowManaged goes with apply"));
}

/* A B B A B A A B B A A B: B comes four times, and each time it and what was there before are waited for. */
static void coming_and_going_is_time_that_a_series_needs(void **state)
{
        auto_profile struct profile *applies = profile_with("{'variants':[{'name':'a'},{'name':'b','apply':[" MANIFEST "]}]}"),
                                    *plain = profile_with("{'variants':[{'name':'a'},{'name':'b'}]}");
        (void)state;

        assert_int_equal(profile_deadline_ms(applies), profile_deadline_ms(plain) + 4 * 2 * 300000);
}

static void the_plan_has_what_each_variant_applies(void **state)
{
        auto_profile struct profile *profile = profile_with(VARIANTS);
        struct target target = {.key = (char *)"default/web:http", .authority = (char *)"web", .sni = (char *)""};
        const struct plan_parts parts = {.run = &web_run, .profile = profile, .target = &target, .image = "i"};
        auto_json struct json_object *configmap = plan_encode(&parts);
        const char *text = doc_text(configmap, "data[\"steps-1.json\"]");
        struct fail fail = {0};
        char digest[SHA_HEX_MAX];
        struct plan plan;
        (void)state;

        assert_null(doc_text(configmap, "data[\"steps.json\"]"));
        assert_int_equal(plan_decode(configmap, &plan, &fail), FAIL_NONE);
        assert_null(plan.steps[0]);
        steps_digest_doc(plan.steps[1], digest);
        auto_steps struct steps steps = {0};
        if (steps_decode(text, strlen(text), digest, &steps, &fail))
                fail_msg("%s", fail.text);
        assert_true(steps.allow_managed && steps_patch(&steps, 0) && !steps_patch(&steps, 1));
        assert_int_equal(steps.ready_timeout_ms, 300000);
        assert_string_equal(doc_text(steps.manifests, "[0].metadata.name"), "web");
        assert_int_equal(doc_int(steps.manifests, "[0].spec.replicas", 0), 1);
        plan_done(&plan);
}

static void its_jobs_have_names_of_their_own(void **state)
{
        const struct step_job wanted = {.role = STEP_APPLY, .set = 2, .run = &web_run, .variant = "quarter", .configmap = "web-1-3b5e0001-plan",
                                        .key = "steps-1.json", .account = "deployer", .image = "i", .digest = "0", .target = "t"};
        auto_json struct json_object *job = step_job_encode(&wanted);
        (void)state;

        assert_string_equal(doc_text(job, "metadata.name"), "web-1-3b5e0001-apply-2");
        assert_string_equal(doc_text(job, "metadata.labels[\"loadstone.dev/variant\"]"), "quarter");
        assert_string_equal(doc_text(job, "spec.template.spec.volumes[0].configMap.items[0].key"), "steps-1.json");
        assert_non_null(strstr(doc_print(job), "\"web-1-3b5e0001-undo-2\""));
}

static void people_read_what_is_changed(void **state)
{
        auto_json struct json_object *list = json("[" PATCH "," MANIFEST "]"), *many = doc_array();
        char text[ENTRY_LIST_TEXT_MAX];
        (void)state;

        entry_list_text(list, text);
        assert_string_equal(text, "Deployment web (patched), ConfigMap limits");
        for (int i = 0; i < 16; i++)
                doc_push(many, json(MANIFEST));
        entry_list_text(many, text);
        assert_true(strlen(text) < ENTRY_LIST_TEXT_MAX && strcmp(text + strlen(text) - strlen(", …"), ", …") == 0);
}

/* Only what was named, and in the words of the API server: other fields may move. */
static void a_change_of_what_was_applied_is_seen_by_its_field(void **state)
{
        static const struct { const char *there, *field; } rows[] = {
                {"{'metadata':{'name':'web','annotations':{'loadstone.dev/applied-by':'u','x':'y'}},'spec':{'cpu':'250m','replicas':3,'list':[1]}}", NULL},
                {"{'metadata':{'name':'web','annotations':{'loadstone.dev/applied-by':'u'}},'spec':{'cpu':'1','replicas':3,'list':[1]}}", "spec.cpu"},
                {"{'metadata':{'name':'web','annotations':{'loadstone.dev/applied-by':'u'}},'spec':{'cpu':'250m','replicas':3,'list':[1,2]}}", "spec.list"},
                {"{'metadata':{'name':'web','annotations':{'loadstone.dev/applied-by':'u'}},'spec':{'cpu':'250m','gone':1,'list':[1]}}", "spec.gone"},
                {"{'metadata':{'name':'web','annotations':{}},'spec':{'cpu':'250m','list':[1]}}", "metadata.annotations.loadstone.dev/applied-by"},
                {"{'metadata':{'name':'web'},'spec':7}", "metadata.annotations"},
        };
        auto_json struct json_object *manifest = json("{'metadata':{'name':'web'},'spec':{'cpu':0.25,'gone':null,'list':[1]}}"), *after = json(rows[0].there);
        auto_json struct json_object *part = manifest_part(manifest, after);
        (void)state;

        assert_null(doc_at(part, "spec.replicas"));
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_json struct json_object *there = json(rows[i].there);
                char field[MANIFEST_FIELD_MAX];
                assert_int_equal(manifest_drifted(part, there, field), rows[i].field != NULL);
                assert_string_equal(field, rows[i].field ? rows[i].field : "");
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_wrong_is_refused_by_its_name),
                cmocka_unit_test(the_account_of_variants_is_one_of_the_profile),
                cmocka_unit_test(coming_and_going_is_time_that_a_series_needs),
                cmocka_unit_test(the_plan_has_what_each_variant_applies),
                cmocka_unit_test(its_jobs_have_names_of_their_own),
                cmocka_unit_test(people_read_what_is_changed),
                cmocka_unit_test(a_change_of_what_was_applied_is_seen_by_its_field),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
