/* SPDX-License-Identifier: Apache-2.0
 *
 * What is handed to the Jobs that apply a workload and take it back, the Jobs themselves (test/golden/job), and the journal between them.
 * UPDATE_GOLDEN=1 writes the files anew. */
#include "api/journal.h"
#include "api/names.h"
#include "api/steps.h"
#include "api/step_job.h"
#include "api_fixture.h"

#define UID "3b5e0001-aaaa-4bbb-8ccc-ddddeeeeffff"
#define WORKLOAD "{'serviceAccountName':'deployer','workload':{'readyTimeout':'90s','manifests':[{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a'}}]}}"

static const struct run web_run = {.namespace = "default", .name = "web-1", .uid = UID, .profile = "web"};

static struct steps steps_of(struct json_object *configmap)
{
        const char *text = doc_text(configmap, "data[\"" STEPS_KEY "\"]");
        char digest[SHA_HEX_MAX];
        struct steps steps;
        struct fail fail = {0};

        steps_digest(configmap, digest);
        if (steps_decode(text, strlen(text), digest, &steps, &fail))
                fail_msg("%s", fail.text);
        steps.journal = "web-1-3b5e0001-undo";
        return steps;
}

static void a_profile_that_brings_something_names_who_applies_it(void **state)
{
        auto_profile struct profile *brings = profile_with(WORKLOAD), *plain = profile_with("{}"),
                                    *quiet = profile_with("{'workload':{'manifests':[{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a'}}]}}");
        auto_json struct json_object *useless = spec_with("{'serviceAccountName':'deployer'}"), *empty = spec_with("{'workload':{'manifests':[]}}");
        struct profile *none = NULL;
        struct fail fail = {0};
        char with[PROFILE_DIGEST_MAX], without[PROFILE_DIGEST_MAX];
        (void)state;

        assert_true(brings->has_workload && !plain->has_workload && brings->workload_ready_ms == 90000 && quiet->workload_ready_ms == 120000);
        assert_string_equal(brings->account, "deployer");
        assert_string_equal(quiet->account, "default");
        assert_int_equal(profile_given_ms(brings), profile_given_ms(plain) + 90000);
        profile_digest(brings, with);
        profile_digest(plain, without);
        assert_string_not_equal(with, without);
        assert_int_equal(profile_decode(useless, &none, &fail), FAIL_INVALID);
        assert_non_null(strstr(fail.text, "only applies spec.workload"));
        assert_int_equal(profile_decode(empty, &none, &fail), FAIL_INVALID);
        assert_non_null(strstr(fail.text, "at least one object"));
}

static void what_is_brought_along_has_its_shape(void **state)
{
        static const struct { const char *spec, *why; } rows[] = {
                {"{'workload':[]}", "spec.workload must be an object"},
                {"{'serviceAccountName':'','workload':{'manifests':[{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a'}}]}}", "must be the name of a service account"},
                {"{'serviceAccountName':7,'workload':{'manifests':[{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a'}}]}}", "must be the name of a service account"},
                {"{'workload':{'readyTimeout':'0s','manifests':[{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a'}}]}}", "spec.workload.readyTimeout"},
                {"{'workload':{'manifests':[{'apiVersion':'v1','kind':'ConfigMap'}]}}", "spec.workload.manifests"},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_json struct json_object *spec = spec_with(rows[i].spec);
                struct profile *none = NULL;
                struct fail fail = {0};
                assert_int_equal(profile_decode(spec, &none, &fail), FAIL_INVALID);
                if (!strstr(fail.text, rows[i].why))
                        fail_msg("%s: %s", rows[i].spec, fail.text);
        }
}

static void steps_are_read_as_they_were_written(void **state)
{
        auto_profile struct profile *profile = profile_with(WORKLOAD), *again = NULL;
        auto_json struct json_object *configmap = steps_encode(&web_run, profile), *spec = NULL;
        auto_steps struct steps steps = steps_of(configmap);
        (void)state;

        assert_string_equal(doc_text(configmap, "metadata.name"), "web-1-3b5e0001-workload");
        assert_true(doc_bool(configmap, "immutable", false));
        assert_string_equal(steps.run_uid, UID);
        assert_int_equal(steps.ready_timeout_ms, 90000);
        assert_int_equal(doc_len(steps.manifests, ""), 1);
        assert_int_equal(steps_decode_profile(configmap, &spec, NULL), FAIL_NONE);
        assert_int_equal(profile_decode(spec, &again, NULL), FAIL_NONE);
        assert_string_equal(again->account, "deployer");
}

static void steps_that_somebody_changed_are_refused(void **state)
{
        auto_profile struct profile *profile = profile_with(WORKLOAD);
        auto_json struct json_object *configmap = steps_encode(&web_run, profile);
        auto_free char *text = xstrdup(doc_text(configmap, "data[\"" STEPS_KEY "\"]"));
        struct fail fail = {0};
        struct steps steps;
        char digest[SHA_HEX_MAX];
        (void)state;

        steps_digest(configmap, digest);
        text[strlen(text) / 2] ^= 1;
        assert_int_equal(steps_decode(text, strlen(text), digest, &steps, &fail), FAIL_INVALID);
        assert_non_null(strstr(fail.text, "the steps were changed"));
        steps_done(&steps);
        sha256_hex("{}", 2, digest);
        assert_int_equal(steps_decode("{}", 2, digest, &steps, &fail), FAIL_INVALID);
        steps_done(&steps);
}

static void the_jobs_are_those_of_the_golden_files(void **state)
{
        struct step_job wanted = {.role = STEP_APPLY, .run = &web_run, .profile = "web", .account = "deployer", .image = "localhost/loadstone:dev",
                                  .digest = "0123", .target = "default/web:http", .configmap = "web-1-3b5e0001-workload", .key = STEPS_KEY,
                                  .ready_timeout_ms = 90000};
        auto_json struct json_object *apply = step_job_encode(&wanted);
        (void)state;

        wanted.role = STEP_UNDO;
        auto_json struct json_object *undo = step_job_encode(&wanted);
        check_golden("job/apply", apply);
        check_golden("job/undo", undo);
}

/* Whoever deletes the run, also with everything that it owns, must not take the way back along. */
static void the_way_back_belongs_to_nobody(void **state)
{
        struct step_job wanted = {.role = STEP_UNDO, .run = &web_run, .profile = "web", .account = "deployer", .image = "i", .digest = "0", .target = "t"};
        auto_json struct json_object *undo = step_job_encode(&wanted);
        (void)state;

        assert_null(doc_at(undo, "metadata.ownerReferences"));
        assert_null(doc_at(undo, "spec.activeDeadlineSeconds"));
        assert_true(doc_bool(undo, "spec.suspend", false));
        assert_string_equal(doc_text(undo, "spec.template.spec.restartPolicy"), "OnFailure");
        assert_string_equal(doc_text(undo, "metadata.annotations[\"loadstone.dev/target\"]"), "t");
}

static void the_journal_keeps_what_was_there_and_moves_on(void **state)
{
        auto_profile struct profile *profile = profile_with(WORKLOAD);
        auto_json struct json_object *map = steps_encode(&web_run, profile), *configmap = NULL, *previous = json("[{'kind':'ConfigMap','data':{'a':'b'}}]");
        auto_steps struct steps steps = steps_of(map);
        struct journal journal;
        (void)state;

        assert_int_equal(journal_encode(&steps, JOURNAL_APPLYING, previous, &configmap, NULL), FAIL_NONE);
        assert_string_equal(doc_text(configmap, "metadata.name"), "web-1-3b5e0001-undo");
        assert_null(doc_at(configmap, "immutable"));
        assert_int_equal(journal_decode(configmap, &steps, &journal, NULL), FAIL_NONE);
        assert_int_equal(journal.state, JOURNAL_APPLYING);
        assert_true(doc_equal(journal.previous, previous));
        journal_done(&journal);

        auto_json struct json_object *patch = journal_move(configmap, JOURNAL_UNDOING, NULL), *moved = doc_merge(configmap, patch);
        assert_int_equal(journal_decode(moved, &steps, &journal, NULL), FAIL_NONE);
        assert_int_equal(journal.state, JOURNAL_UNDOING);
        journal_done(&journal);
}

static void a_journal_of_somebody_else_is_not_believed(void **state)
{
        static const char *const wrong[] = {"{}", "{'data':{'state':'applied'}}", "{'data':{'state':'done','previous.json':'[null]'}}",
                                            "{'data':{'state':'applied','previous.json':'[]'}}", "{'data':{'state':'applied','previous.json':'['}}"};
        auto_profile struct profile *profile = profile_with(WORKLOAD);
        auto_json struct json_object *map = steps_encode(&web_run, profile);
        auto_steps struct steps steps = steps_of(map);
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
                auto_json struct json_object *configmap = json(wrong[i]);
                auto_journal struct journal journal = {0};
                assert_int_equal(journal_decode(configmap, &steps, &journal, NULL), FAIL_INVALID);
        }
}

static void more_than_can_be_kept_is_not_applied(void **state)
{
        auto_profile struct profile *profile = profile_with(WORKLOAD);
        auto_json struct json_object *map = steps_encode(&web_run, profile), *previous = json("[{'data':{}}]"), *configmap = NULL;
        auto_steps struct steps steps = steps_of(map);
        auto_free char *text = xcalloc(1, JOURNAL_BYTES_MAX + 1);
        struct fail fail = {0};
        (void)state;

        memset(text, 'x', JOURNAL_BYTES_MAX);
        doc_set_text(doc_at(previous, "[0].data"), "a", text);
        assert_int_equal(journal_encode(&steps, JOURNAL_APPLYING, previous, &configmap, &fail), FAIL_TOO_LARGE);
        assert_non_null(strstr(fail.text, "nothing was applied"));
}

static void the_last_words_of_a_pod_are_read(void **state)
{
        auto_free char *failed = step_job_failure("{\"did\":1,\"failed\":\"Deployment web: no right to get deployments.apps in namespace shop\"}");
        (void)state;

        assert_string_equal(failed, "Deployment web: no right to get deployments.apps in namespace shop");
        assert_null(step_job_failure("{\"did\":1}"));
        assert_null(step_job_failure("panic"));
        assert_null(step_job_failure(NULL));
        assert_true(step_job_untouched("{\"did\":0,\"touched\":false,\"failed\":\"no right\"}"));
        assert_false(step_job_untouched("{\"did\":0,\"touched\":true}") || step_job_untouched("{\"did\":0}") || step_job_untouched("panic") ||
                     step_job_untouched(NULL));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_profile_that_brings_something_names_who_applies_it),
                cmocka_unit_test(what_is_brought_along_has_its_shape),
                cmocka_unit_test(steps_are_read_as_they_were_written),
                cmocka_unit_test(steps_that_somebody_changed_are_refused),
                cmocka_unit_test(the_jobs_are_those_of_the_golden_files),
                cmocka_unit_test(the_way_back_belongs_to_nobody),
                cmocka_unit_test(the_journal_keeps_what_was_there_and_moves_on),
                cmocka_unit_test(a_journal_of_somebody_else_is_not_believed),
                cmocka_unit_test(more_than_can_be_kept_is_not_applied),
                cmocka_unit_test(the_last_words_of_a_pod_are_read),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
