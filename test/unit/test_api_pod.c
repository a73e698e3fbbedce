/* SPDX-License-Identifier: Apache-2.0
 *
 * A worker pod as the API server shows it, and why it does not get on. */
#include "api/pod.h"
#include "api_fixture.h"

static void a_running_worker_is_read(void **state)
{
        struct pod pod;
        auto_json struct json_object *object = json(
                "{'metadata':{'name':'r-t0-1-x','uid':'u1','annotations':{'batch.kubernetes.io/job-completion-index':'1',"
                "'loadstone.dev/run':'r','loadstone.dev/start-at':'123'},'ownerReferences':[{'kind':'Job','name':'r-t0'}]},"
                "'spec':{'nodeName':'n1'},'status':{'phase':'Running','containerStatuses':[{'name':'istio-proxy','state':{'waiting':{}}},"
                "{'name':'load','state':{'running':{'startedAt':'2026-01-01T00:00:00Z'}}}]}}");
        (void)state;

        pod_decode(object, &pod);
        assert_string_equal(pod.uid, "u1");
        assert_string_equal(pod.node, "n1");
        assert_string_equal(pod.job, "r-t0");
        assert_string_equal(pod.run, "r");
        assert_string_equal(pod.start_at, "123");
        assert_int_equal(pod.index, 1);
        assert_true(pod.running);
        assert_false(pod.ended);
        assert_int_equal(pod.exit_code, -1);
        assert_null(pod_diagnose(object).reason);
}

static void an_ended_worker_leaves_its_message(void **state)
{
        struct pod pod;
        auto_json struct json_object *object = json(
                "{'metadata':{'name':'p'},'status':{'phase':'Succeeded','containerStatuses':[{'name':'load','state':{'terminated':"
                "{'exitCode':0,'reason':'Completed','message':'{}'}}}]}}");
        (void)state;

        pod_decode(object, &pod);
        assert_true(pod.ended);
        assert_int_equal(pod.exit_code, 0);
        assert_string_equal(pod.message, "{}");
        assert_int_equal(pod.index, -1);
        assert_null(pod_diagnose(object).reason);
}

static void anything_at_all_can_be_read(void **state)
{
        static const char *const rubbish[] = {"{}", "[]", "7", "{'status':7}", "{'metadata':[],'status':{'containerStatuses':{}}}",
                                              "{'metadata':{'annotations':{'batch.kubernetes.io/job-completion-index':'x'}}}"};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rubbish); i++) {
                auto_json struct json_object *object = json(rubbish[i]);
                struct pod pod;
                pod_decode(object, &pod);
                assert_int_equal(pod.index, -1);
                assert_false(pod.ended);
                assert_null(pod_diagnose(object).reason);
        }
}

static void what_blocks_a_pod_has_a_reason_of_a_closed_list(void **state)
{
        static const struct { const char *status, *reason, *says; } rows[] = {
                {"{'containerStatuses':[{'name':'load','state':{'waiting':{'reason':'ImagePullBackOff','message':'Back-off pulling'}}}]}", "ImagePull", "Back-off pulling"},
                {"{'containerStatuses':[{'name':'load','state':{'waiting':{'reason':'ErrImageNeverPull'}}}]}", "ImagePull", "may not be pulled"},
                {"{'containerStatuses':[{'name':'load','state':{'waiting':{'reason':'CreateContainerConfigError','message':'x'}}}]}", "ConfigError", "cannot be configured"},
                {"{'containerStatuses':[{'name':'load','state':{'waiting':{'reason':'ContainerCreating'}}}]}", NULL, ""},
                {"{'conditions':[{'type':'PodScheduled','status':'False','reason':'Unschedulable','message':'0/1 nodes are available'}]}", "Unschedulable", "0/1 nodes"},
                {"{'conditions':[{'type':'PodScheduled','status':'False','reason':'SchedulingGated'}]}", "Unschedulable", "scheduling gate"},
                {"{'containerStatuses':[{'name':'load','state':{'terminated':{'exitCode':137,'reason':'OOMKilled'}}}]}", "OOMKilled", "raise placement.resources.limits.memory"},
                {"{'containerStatuses':[{'name':'load','state':{'terminated':{'exitCode':128,'reason':'StartError','message':'no such file'}}}]}", "ConfigError", "no such file"},
                {"{'containerStatuses':[{'name':'load','state':{'terminated':{'exitCode':3,'reason':'Error'}}}]}", "Crashed", "exit code 3"},
                {"{'containerStatuses':[{'name':'load','state':{'terminated':{'exitCode':143,'reason':'Error'}}}]}", NULL, ""},
                {"{'phase':'Failed','reason':'Evicted','message':'low on memory'}", "Evicted", "low on memory"},
                {"{'phase':'Failed','reason':'NodeLost'}", "NodeLost", "lost"},
                {"{'conditions':[{'type':'DisruptionTarget','status':'True','reason':'PreemptionByScheduler'}]}", "Disrupted", "preempted"},
                {"{'conditions':[{'type':'DisruptionTarget','status':'True','reason':'EvictionByEvictionAPI'}]}", "Evicted", "drained"},
                {"{'conditions':[{'type':'DisruptionTarget','status':'True','reason':'DeletionByTaintManager'}]}", "NodeLost", "node"},
                {"{'conditions':[{'type':'DisruptionTarget','status':'True','reason':'SomethingNew','message':'m'}]}", "Disrupted", "m"},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_json struct json_object *pod = doc_set(doc_object(), "status", json(rows[i].status));
                struct diagnosis diagnosis = pod_diagnose(pod);
                if (!rows[i].reason) {
                        assert_null(diagnosis.reason);
                        continue;
                }
                assert_non_null(diagnosis.reason);
                assert_string_equal(diagnosis.reason, rows[i].reason);
                assert_non_null(strstr(diagnosis.text, rows[i].says));
        }
}

static void a_job_that_cannot_make_pods_says_so_only_in_events(void **state)
{
        static const struct { const char *reason, *note, *wanted; } rows[] = {
                {"FailedCreate", "Error creating: pods \"r-t0-0-x\" is forbidden: exceeded quota: q, requested: pods=1", "QuotaExceeded"},
                {"FailedCreate", "Error creating: pods \"r\" is forbidden: violates PodSecurity \"restricted:latest\": x", "AdmissionDenied"},
                {"FailedCreate", "Error creating: pods \"r\" is forbidden: violates PodSecurity \"restricted:latest\": unrestricted capabilities "
                                 "(containers \"istio-init\", \"istio-proxy\" must set securityContext.capabilities.drop=[\"ALL\"])", "MeshInitForbidden"},
                {"FailedCreate", "Error creating: admission webhook \"w\" denied the request: \"istio-init\"", "AdmissionDenied"},
                {"FailedCreate", "Error creating: admission webhook \"w\" denied the request: no", "AdmissionDenied"},
                {"FailedCreate", "Error creating: pods \"r\" is forbidden: [maximum memory usage per Container is 64Mi]", "AdmissionDenied"},
                {"FailedCreate", "Error creating: etcdserver: request timed out", "CreateFailed"},
                {"FailedMount", "MountVolume.SetUp failed for volume \"ca\" : configmap \"ca\" not found", "ConfigError"},
                {"FailedCreatePodSandBox", "x", "ConfigError"},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
                assert_string_equal(pod_diagnose_event(rows[i].reason, rows[i].note, NULL).reason, rows[i].wanted);
        assert_non_null(strstr(pod_diagnose_event(rows[2].reason, rows[2].note, NULL).text, "CNI plugin"));
        assert_null(pod_diagnose_event("Scheduled", "x", NULL).reason);
        assert_null(pod_diagnose_event(NULL, NULL, NULL).reason);
        assert_null(pod_diagnose_event("FailedCreate", NULL, NULL).reason);
}

static void a_mount_that_fails_names_what_the_profile_asked_for(void **state)
{
        static const char note[] = "MountVolume.SetUp failed for volume \"header-0\" : references non-existent secret key: value";
        struct diagnosis known = pod_diagnose_event("FailedMount", note, "key value of Secret token (load.headersFrom[0])");
        struct diagnosis unknown = pod_diagnose_event("FailedMount", note, NULL);
        (void)state;

        assert_string_equal(known.reason, "ConfigError");
        assert_string_equal(known.text, "key value of Secret token (load.headersFrom[0]) cannot be mounted: MountVolume.SetUp failed for volume "
                                        "\"header-0\" : references non-existent secret key: value");
        assert_memory_equal(unknown.text, "what the profile names cannot be mounted: Mount", 46);
}

static void a_volume_that_only_lags_never_hides_a_cause(void **state)
{
        struct diagnosis lags = pod_diagnose_event(
                "FailedMount", "MountVolume.SetUp failed for volume \"plan\" : failed to sync configmap cache: timed out waiting for the condition", NULL);
        struct diagnosis cause = pod_diagnose_event("FailedMount", "MountVolume.SetUp failed for volume \"body-0\" : configmap \"b\" not found", "b");
        struct diagnosis kept = {0};
        (void)state;

        diagnosis_take(&kept, &lags);
        assert_string_equal(kept.text, lags.text); /* better than nothing */
        diagnosis_take(&kept, &cause);
        assert_string_equal(kept.text, cause.text);
        diagnosis_take(&kept, &lags);
        assert_string_equal(kept.text, cause.text);
        diagnosis_take(&kept, &(struct diagnosis){0});
        assert_string_equal(kept.text, cause.text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_running_worker_is_read),
                cmocka_unit_test(an_ended_worker_leaves_its_message),
                cmocka_unit_test(anything_at_all_can_be_read),
                cmocka_unit_test(what_blocks_a_pod_has_a_reason_of_a_closed_list),
                cmocka_unit_test(a_job_that_cannot_make_pods_says_so_only_in_events),
                cmocka_unit_test(a_mount_that_fails_names_what_the_profile_asked_for),
                cmocka_unit_test(a_volume_that_only_lags_never_hides_a_cause),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
