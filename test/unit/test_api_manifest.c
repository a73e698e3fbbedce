/* SPDX-License-Identifier: Apache-2.0
 *
 * What a profile brings along: what may be applied, what takes it back, and when it is ready. */
#include "api/manifest.h"
#include "api/ready.h"
#include "api_fixture.h"
#include "base/text.h"

#define WEB "'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'web'"
#define MINE "1111-mine"

static void check_refused(const char *list, const char *namespace, const char *text)
{
        auto_json struct json_object *manifests = json(list);
        struct fail fail = {0};

        assert_int_equal(manifest_check_list(manifests, namespace, &fail), FAIL_INVALID);
        assert_non_null(strstr(fail.text, text));
}

static void an_object_names_itself_once_and_stays_in_the_namespace(void **state)
{
        auto_json struct json_object *good = json("[{" WEB ",'namespace':'shop'}},{'apiVersion':'v1','kind':'Service','metadata':{'name':'web'}}]");
        (void)state;

        assert_int_equal(manifest_check_list(good, "shop", NULL), FAIL_NONE);
        assert_int_equal(manifest_check_list(NULL, "shop", NULL), FAIL_NONE);
        check_refused("[{" WEB ",'namespace':'shop'}}]", "other", "[0]: metadata.namespace shop is not the run's");
        check_refused("[{'apiVersion':'v1','metadata':{'name':'web'}}]", NULL, "[0]: must have kind");
        check_refused("[{'apiVersion':'v1','kind':'Service','metadata':{'generateName':'web-'}}]", NULL, "must have metadata.name");
        check_refused("[{'apiVersion':'v1','kind':'Service','metadata':{'name':'web'}},{" WEB "}},{" WEB "}}]", NULL, "[2]: is there already, as [1]");
        check_refused("[{'apiVersion':'v1?x','kind':'Service','metadata':{'name':'web'}}]", NULL, "apiVersion v1?x is none");
        check_refused("{}", NULL, "must be a list");
}

static void more_than_is_kept_with_a_run_is_refused(void **state)
{
        auto_json struct json_object *many = doc_array(), *large = json("[{" WEB ",'annotations':{}}}]");
        auto_free char *text = xcalloc(1, MANIFESTS_BYTES_MAX + 1);
        struct fail fail = {0};
        (void)state;

        for (int i = 0; i <= MANIFESTS_MAX; i++)
                doc_push(many, json("{" WEB "}}"));
        assert_int_equal(manifest_check_list(many, NULL, &fail), FAIL_INVALID);
        assert_non_null(strstr(fail.text, "at most 16"));
        memset(text, 'x', MANIFESTS_BYTES_MAX);
        doc_set_text(doc_at(large, "[0].metadata.annotations"), "a", text);
        assert_int_equal(manifest_check_list(large, NULL, &fail), FAIL_INVALID);
        assert_non_null(strstr(fail.text, "at most 65536 are kept"));
}

static void who_keeps_an_object_is_seen(void **state)
{
        auto_json struct json_object *argo = json("{" WEB ",'annotations':{'argocd.argoproj.io/tracking-id':'shop:apps/Deployment:shop/web'}}}");
        auto_json struct json_object *argo_label = json("{" WEB ",'labels':{'argocd.argoproj.io/instance':'shop'}}}");
        auto_json struct json_object *flux = json("{" WEB ",'labels':{'kustomize.toolkit.fluxcd.io/name':'apps'}}}");
        auto_json struct json_object *helm = json("{" WEB ",'labels':{'app.kubernetes.io/instance':'web','app.kubernetes.io/managed-by':'Helm'}}}");
        (void)state;

        assert_string_equal(manifest_keeper(argo), "Argo CD");
        assert_string_equal(manifest_keeper(argo_label), "Argo CD");
        assert_string_equal(manifest_keeper(flux), "Flux");
        assert_null(manifest_keeper(helm)); /* nobody changes that back by himself */
        assert_null(manifest_keeper(NULL));
}

static void what_is_applied_bears_the_mark_of_its_run(void **state)
{
        auto_json struct json_object *manifest = json("{" WEB ",'labels':{'a':'b'}},'spec':{'replicas':1},'status':{'replicas':9}}");
        auto_json struct json_object *marked = manifest_marked(manifest, "shop", MINE);
        (void)state;

        assert_true(manifest_is_marked(marked, MINE) && !manifest_is_marked(marked, "2222") && !manifest_is_marked(manifest, MINE));
        assert_string_equal(doc_text(marked, "metadata.namespace"), "shop");
        assert_null(doc_at(marked, "status"));
        assert_null(doc_at(manifest, "metadata.namespace"));
}

/* Applied and taken back, an object is what it was; what others did to it meanwhile stays. */
static void what_was_changed_is_changed_back_and_nothing_else(void **state)
{
        auto_json struct json_object *was = json(
                "{" WEB ",'namespace':'shop','uid':'u1','resourceVersion':'7','managedFields':[],'labels':{'a':'1'},'annotations':{'note':'x'}},"
                "'spec':{'replicas':3,'paused':true,'template':{'spec':{'containers':[{'name':'c','image':'i:1'}]}}},'status':{'replicas':3}}");
        auto_json struct json_object *manifest = json(
                "{" WEB ",'labels':{'a':'2','b':'3'}},'spec':{'replicas':1,'minReadySeconds':5,'template':{'spec':{'containers':[{'name':'c','image':'i:2'}]}}}}");
        auto_json struct json_object *previous = manifest_previous(was), *marked = manifest_marked(manifest, "shop", MINE);
        auto_json struct json_object *applied = doc_merge(previous, marked), *others = json("{'spec':{'revisionHistoryLimit':4}}");
        auto_json struct json_object *now = doc_merge(applied, others), *restoring = manifest_restoring(manifest, previous);
        auto_json struct json_object *back = doc_merge(now, restoring), *wanted = doc_merge(previous, others);
        (void)state;

        assert_null(doc_at(previous, "status"));
        assert_null(doc_at(previous, "metadata.resourceVersion"));
        assert_string_equal(doc_text(previous, "metadata.uid"), "u1");
        assert_int_equal(doc_int(now, "spec.replicas", 0), 1);
        assert_true(doc_equal(back, wanted));
        assert_true(json_object_object_get_ex(doc_at(restoring, "spec"), "minReadySeconds", NULL));
        assert_false(json_object_object_get_ex(doc_at(restoring, "spec"), "paused", NULL));
}

static bool is_ready(const char *object, const char *slices, const char *why)
{
        auto_json struct json_object *doc = json(object), *list = slices ? json(slices) : NULL;
        char text[READY_TEXT_MAX];
        bool ready = ready_look(doc, list, text);

        if (why)
                assert_string_equal(text, why);
        return ready;
}

static void rolled_out_is_ready(void **state)
{
        (void)state;
        assert_false(is_ready("{" WEB ",'generation':2},'spec':{'replicas':2},'status':{'observedGeneration':1,'updatedReplicas':2,'availableReplicas':2}}", NULL,
                              "its controller has not looked at it yet"));
        assert_false(is_ready("{" WEB ",'generation':2},'spec':{'replicas':2},'status':{'observedGeneration':2,'updatedReplicas':2,'availableReplicas':1}}", NULL,
                              "1 of 2 pods are available"));
        assert_false(is_ready("{" WEB ",'generation':2},'spec':{'replicas':2},'status':{'observedGeneration':2,'updatedReplicas':1,'availableReplicas':2}}", NULL,
                              "1 of 2 pods are of the new version"));
        assert_true(is_ready("{" WEB ",'generation':2},'spec':{'replicas':2},'status':{'observedGeneration':2,'updatedReplicas':2,'availableReplicas':2}}", NULL, ""));
        assert_false(is_ready("{" WEB ",'generation':1},'status':{'observedGeneration':1,'conditions':[{'type':'ReplicaFailure','status':'True','message':'exceeded quota'}]}}",
                              NULL, "exceeded quota"));
        assert_false(is_ready("{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'generation':1},'status':{'observedGeneration':1,'updatedReplicas':1}}", NULL,
                              "0 of 1 pods are ready"));
        assert_false(is_ready("{'apiVersion':'apps/v1','kind':'DaemonSet','metadata':{'generation':1},'status':{'observedGeneration':1,'desiredNumberScheduled':3,"
                              "'updatedNumberScheduled':3,'numberAvailable':2}}", NULL, "2 of 3 pods are available"));
}

static void a_service_needs_an_endpoint_and_a_job_its_end(void **state)
{
        auto_json struct json_object *failed = json("{'apiVersion':'batch/v1','kind':'Job','status':{'conditions':[{'type':'Failed','status':'True','message':'no'}]}}");
        char why[READY_TEXT_MAX];
        (void)state;

        assert_false(is_ready("{'apiVersion':'v1','kind':'Service','spec':{'selector':{'a':'b'}}}", "[{'endpoints':[{'conditions':{'ready':false}}]}]", "no endpoint is ready"));
        assert_true(is_ready("{'apiVersion':'v1','kind':'Service','spec':{'selector':{'a':'b'}}}", "[{'endpoints':[{'conditions':{'ready':true}}]}]", ""));
        assert_true(is_ready("{'apiVersion':'v1','kind':'Service','spec':{}}", NULL, ""));
        assert_false(is_ready("{'apiVersion':'batch/v1','kind':'Job'}", NULL, "it is not complete"));
        assert_true(is_ready("{'apiVersion':'batch/v1','kind':'Job','status':{'conditions':[{'type':'Complete','status':'True'}]}}", NULL, ""));
        assert_true(is_ready("{'apiVersion':'v1','kind':'ConfigMap'}", NULL, ""));
        assert_true(!ready_look(failed, NULL, why) && ready_never(failed));
        assert_string_equal(why, "it failed: no");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_object_names_itself_once_and_stays_in_the_namespace),
                cmocka_unit_test(more_than_is_kept_with_a_run_is_refused),
                cmocka_unit_test(who_keeps_an_object_is_seen),
                cmocka_unit_test(what_is_applied_bears_the_mark_of_its_run),
                cmocka_unit_test(what_was_changed_is_changed_back_and_nothing_else),
                cmocka_unit_test(rolled_out_is_ready),
                cmocka_unit_test(a_service_needs_an_endpoint_and_a_job_its_end),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
