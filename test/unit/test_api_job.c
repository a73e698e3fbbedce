/* SPDX-License-Identifier: Apache-2.0
 *
 * Job and plan as the API server gets them, compared with test/golden/job and test/golden/plan word for word; what must hold of
 * every Job; and how a Job is read back. UPDATE_GOLDEN=1 writes the files anew. */
#include <json-c/json.h>

#include "api/job.h"
#include "api/names.h"
#include "api/plan.h"
#include "api/target.h"
#include "api_fixture.h"
#include "base/text.h"

#define UID "3b5e0001-aaaa-4bbb-8ccc-ddddeeeeffff"
#define IMAGE "localhost/loadstone:dev"
#define FULL                                                                                                                   \
        "{'target':{'service':{'port':443},'scheme':'h2','host':'shop.example.com'},"                                           \
        "'load':{'requests':[{'name':'get-cart','weight':3,'path':'/cart','headers':{'accept':'application/json'}},"            \
        "{'name':'put-cart','method':'PUT','path':'/cart','body':{'inline':'{}'},'expect':{'status':[200,204],'body':{'contains':'item'}}}," \
        "{'name':'checkout','method':'POST','path':'/checkout','body':{'configMapKeyRef':{'name':'bodies','key':'order.json'}}}]," \
        "'tls':{'caFrom':{'configMapKeyRef':{'name':'shop-ca','key':'ca.pem'}}},'workers':4,'pacing':'coarse',"                 \
        "'concurrency':{'connections':32,'streamsPerConnection':8,'whenBusy':'grow','maxConnections':64,'reconnectAfter':{'requests':1000,'time':'1m'}},'warmup':'10s','cooldown':'2s','arrival':'poisson','seed':42," \
        "'shape':[{'hold':{'rate':'500/s','for':'60s'}},{'ramp':{'from':'30000/m','to':'2000/s','for':'1m30s'}},"               \
        "{'step':{'from':'500/s','to':'2000/s','steps':4,'for':'80s'}},{'sine':{'mean':'800/s','amplitude':'300/s',"            \
        "'period':'30s','for':'2m'}},{'spike':{'base':'500/s','peak':'5000/s','at':'20s','width':'5s','for':'60s'}}]},"         \
        "'placement':{'resources':{'requests':{'cpu':'1','memory':'128Mi'},'limits':{'cpu':'1','memory':'128Mi'}},"             \
        "'nodeSelector':{'pool':'load'},'tolerations':[{'key':'load','operator':'Exists','effect':'NoSchedule'}],"              \
        "'affinity':{'podAntiAffinity':{'preferredDuringSchedulingIgnoredDuringExecution':[{'weight':1,'podAffinityTerm':"      \
        "{'topologyKey':'kubernetes.io/hostname','labelSelector':{'matchLabels':{'app':'web'}}}}]}},"                           \
        "'image':'registry.example.com/loadstone:1.0'}}"

#define SECRETS                                                                                                                \
        "{'target':{'service':{'port':443},'scheme':'https'},"                                                                  \
        "'load':{'headersFrom':[{'name':'authorization','secretKeyRef':{'name':'token','key':'value'}},"                        \
        "{'name':'X-Api-Key','secretKeyRef':{'name':'keys','key':'shop.key'}}],"                                                \
        "'tls':{'caFrom':{'secretKeyRef':{'name':'shop-tls','key':'ca.crt'}},'clientCertificateFrom':{'secretRef':{'name':'load-tls'}}}}}"

#define MESSAGES                                                                                                               \
        "{'target':{'service':{'port':80},'scheme':'grpc'},"                                                                    \
        "'load':{'grpc':{'descriptorSetFrom':{'configMapKeyRef':{'name':'protos','key':'shop.pb'}}},"                           \
        "'requests':[{'name':'put','method':'POST','path':'/shop.Cart/Put','body':{'inline':'{\\\"aString\\\": \\\"abc\\\"}'}}]}}"

static const struct run web_run = {.namespace = "default", .name = "web-1", .uid = UID, .profile = "web"};

static struct json_object *job_with(const char *change)
{
        auto_profile struct profile *profile = profile_with(change);
        return job_encode(&web_run, profile, IMAGE, 0, 0);
}

static struct json_object *plan_with(const char *change, const struct run *run)
{
        auto_profile struct profile *profile = profile_with(change);
        auto_json struct json_object *service = json("{'metadata':{'name':'web','namespace':'default'},'spec':{'clusterIP':'10.96.3.4',"
                                                     "'selector':{'app':'web'},'ports':[{'name':'http','port':80},{'name':'https','port':443}]}}");
        auto_json struct json_object *object = json("{'metadata':{'name':'web','uid':'p-uid','generation':4}}");
        auto_json struct json_object *context = json("{'pods':[{'name':'web-0'}]}");
        struct target *target = NULL;

        assert_int_equal(target_resolve(profile, service, NULL, &target, NULL), FAIL_NONE);
        struct json_object *plan = plan_encode(&(struct plan_parts){
                .run = run, .profile = profile, .profile_object = run->profile ? object : NULL, .target = target, .context = context, .image = IMAGE});
        target_free(target);
        return plan;
}

static void the_plainest_job_is_the_golden_one(void **state)
{
        auto_json struct json_object *job = job_with("{}");
        (void)state;
        check_golden("job/plain", job);
}

static void a_job_with_everything_is_the_golden_one(void **state)
{
        auto_json struct json_object *job = job_with(FULL);
        (void)state;
        check_golden("job/full", job);
}

static void a_job_with_secrets_is_the_golden_one(void **state)
{
        auto_json struct json_object *job = job_with(SECRETS);
        (void)state;
        check_golden("job/secrets", job);
}

static void a_job_with_messages_is_the_golden_one(void **state)
{
        auto_json struct json_object *job = job_with(MESSAGES);
        (void)state;
        check_golden("job/messages", job);
}

static void plans_are_the_golden_ones(void **state)
{
        auto_json struct json_object *plain = plan_with("{}", &web_run), *full = plan_with(FULL, &web_run);
        auto_json struct json_object *secrets = plan_with(SECRETS, &web_run), *messages = plan_with(MESSAGES, &web_run);
        (void)state;
        check_golden("plan/messages", messages);
        check_golden("plan/plain", plain);
        check_golden("plan/full", full);
        check_golden("plan/secrets", secrets);
}

/* Of each Secret one key, readable by nobody but the pod's group, and never as a variable that a child or a dump would show. */
static void secrets_are_files_of_one_key_each(void **state)
{
        auto_json struct json_object *job = job_with(SECRETS);
        struct json_object *pod = doc_at(job, "spec.template.spec"), *volumes = doc_at(pod, "volumes");
        size_t secrets = 0;
        (void)state;

        for (size_t i = 0; i < doc_len(volumes, ""); i++) {
                struct json_object *secret = doc_at(doc_item(volumes, i), "secret");
                if (!secret)
                        continue;
                secrets++;
                assert_int_equal(doc_int(secret, "defaultMode", 0), 0440);
                assert_true(doc_len(secret, "items") >= 1);
        }
        assert_int_equal(secrets, 4);
        assert_int_equal(doc_len(pod, "containers[0].env"), 2);
        assert_null(doc_at(pod, "containers[0].envFrom"));
}

static void a_volume_that_cannot_be_mounted_is_traced_back(void **state)
{
        static const struct { const char *change, *volume, *named; } rows[] = {
                {SECRETS, "header-1", "key shop.key of Secret keys (load.headersFrom[1])"},
                {SECRETS, "ca", "key ca.crt of Secret shop-tls (load.tls.caFrom)"},
                {SECRETS, "client-certificate", "tls.crt and tls.key of Secret load-tls (load.tls.clientCertificateFrom)"},
                {FULL, "ca", "key ca.pem of ConfigMap shop-ca (load.tls.caFrom)"},
                {FULL, "body-2", "key order.json of ConfigMap bodies (load.requests[2].body.configMapKeyRef)"},
                {SECRETS, "header-2", NULL}, {SECRETS, "header-99999999999999999999", NULL}, {SECRETS, "plan", NULL},
                {MESSAGES, "descriptors", "key shop.pb of ConfigMap protos (load.grpc.descriptorSetFrom)"},
                {FULL, "descriptors", NULL}, {FULL, "body-0", NULL}, {"{}", "ca", NULL}, {"{}", "client-certificate", NULL},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_profile struct profile *profile = profile_with(rows[i].change);
                auto_free char *note = xasprintf("MountVolume.SetUp failed for volume \"%s\" : secret \"x\" not found", rows[i].volume);
                auto_free char *named = job_name_volume(profile, note);
                assert_true(text_equal(named, rows[i].named));
        }
}

static void what_a_mesh_wants_of_the_pods_is_added_and_replaces_nothing(void **state)
{
        auto_json struct json_object *job = job_with("{}"), *before = doc_copy(job);
        auto_json struct json_object *pod = json("{'labels':{'sidecar.istio.io/inject':'true','loadstone.dev/part':'other'},'annotations':"
                                                 "{'proxy.istio.io/config':'x'},'files':{'proxy-0':'sidecar.istio.io/status'}}");
        (void)state;

        job_add_pod(job, NULL);
        assert_true(doc_equal(job, before));
        job_add_pod(job, pod);
        struct json_object *metadata = doc_at(job, "spec.template.metadata");
        assert_string_equal(doc_text(metadata, "labels[\"sidecar.istio.io/inject\"]"), "true");
        assert_string_equal(doc_text(metadata, "labels[\"loadstone.dev/part\"]"), "worker");
        assert_string_equal(doc_text(metadata, "annotations[\"proxy.istio.io/config\"]"), "x");
        struct json_object *volumes = doc_at(job, "spec.template.spec.volumes"), *file = NULL;
        for (size_t i = 0; i < doc_len(volumes, ""); i++)
                if (text_equal(doc_text(doc_item(volumes, i), "name"), "pod"))
                        file = doc_at(doc_item(volumes, i), "downwardAPI.items[1]");
        assert_string_equal(doc_text(file, "path"), "proxy-0");
        assert_string_equal(doc_text(file, "fieldRef.fieldPath"), "metadata.annotations['sidecar.istio.io/status']");
}

/* The worker is told where the files are, the Job which annotations they hold: both come from one document of the plan. */
static void a_plan_keeps_what_a_mesh_wants_of_the_pods(void **state)
{
        auto_profile struct profile *profile = profile_with("{}");
        auto_json struct json_object *pod = json("{'labels':{},'annotations':{},'files':{'proxy-0':'a'},'proxies':[{'file':'proxy-0','quit':"
                                                 "{'port':15020,'path':'/quitquitquit'}}]}");
        auto_json struct json_object *mesh = json("{'type':'ISTIO'}");
        struct target target = {.key = (char *)"k", .authority = (char *)"a", .sni = (char *)"a"};
        auto_json struct json_object *configmap = plan_encode(
                &(struct plan_parts){.run = &web_run, .profile = profile, .target = &target, .image = IMAGE, .pods = {pod}, .mesh = mesh});
        struct plan plan;
        (void)state;

        assert_int_equal(plan_decode(configmap, &plan, NULL), FAIL_NONE);
        assert_true(doc_equal(doc_at(plan.meta, "pod"), pod));
        assert_string_equal(doc_text(plan.worker, "proxies[0].file"), "/etc/loadstone/pod/proxy-0");
        assert_int_equal(doc_int(plan.worker, "proxies[0].quit.port", 0), 15020);
        assert_string_equal(doc_text(plan.mesh, "type"), "ISTIO");
        plan_done(&plan);
}

static void every_job_holds_back_and_never_repeats(void **state)
{
        static const char *const changes[] = {"{}", FULL, SECRETS};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
                auto_json struct json_object *job = job_with(changes[i]);
                assert_true(doc_bool(job, "spec.suspend", false));
                assert_int_equal(doc_int(job, "spec.backoffLimit", -1), 0);
                assert_string_equal(doc_text(job, "spec.podReplacementPolicy"), "Failed");
                assert_string_equal(doc_text(job, "spec.template.spec.restartPolicy"), "Never");
                assert_string_equal(doc_text(job, "spec.completionMode"), "Indexed");
                assert_string_equal(doc_text(job, "spec.podFailurePolicy.rules[0].onPodConditions[0].type"), "DisruptionTarget");
                assert_int_equal(doc_int(job, "spec.completions", 0), doc_int(job, "spec.parallelism", -1));
                assert_null(doc_at(job, "spec.ttlSecondsAfterFinished"));
                assert_null(doc_at(job, "spec.template.metadata.annotations[\"" ANNOTATION_START "\"]")); /* nothing depends on time */
        }
}

static void every_pod_is_restricted_and_has_no_token(void **state)
{
        static const char *const changes[] = {"{}", FULL, SECRETS};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
                auto_json struct json_object *job = job_with(changes[i]);
                struct json_object *pod = doc_at(job, "spec.template.spec"), *container = doc_at(pod, "containers[0]");
                assert_false(doc_bool(pod, "automountServiceAccountToken", true));
                assert_false(doc_bool(pod, "enableServiceLinks", true));
                assert_true(doc_bool(pod, "securityContext.runAsNonRoot", false));
                assert_string_equal(doc_text(pod, "securityContext.seccompProfile.type"), "RuntimeDefault");
                assert_false(doc_bool(container, "securityContext.allowPrivilegeEscalation", true));
                assert_true(doc_bool(container, "securityContext.readOnlyRootFilesystem", false));
                assert_string_equal(doc_text(container, "securityContext.capabilities.drop[0]"), "ALL");
                for (size_t v = 0; v < doc_len(container, "volumeMounts"); v++)
                        assert_true(doc_bool(doc_item(doc_at(container, "volumeMounts"), v), "readOnly", false));
        }
}

static void the_job_belongs_to_its_run(void **state)
{
        auto_json struct json_object *object = job_with("{}");
        struct job job;
        (void)state;

        job_decode(object, &job);
        assert_string_equal(job.owner_uid, UID);
        assert_string_equal(job.name, "web-1-3b5e0001-t0");
        assert_true(job.suspended);
        assert_false(doc_bool(object, "metadata.ownerReferences[0].blockOwnerDeletion", true));
        assert_string_equal(doc_text(object, "metadata.labels[\"" LABEL_RUN_UID "\"]"), UID);
        assert_string_equal(doc_text(object, "spec.template.metadata.labels[\"" LABEL_RUN_UID "\"]"), UID);
}

static void a_job_prefers_the_nodes_of_earlier_trials_beside_its_own_wishes(void **state)
{
        static const char preferred[] = "spec.template.spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution";
        auto_json struct json_object *plain = job_with("{}"), *wishes = job_with(FULL), *none = job_with("{}");
        auto_json struct json_object *nodes = doc_push_text(doc_push_text(doc_array(), "a"), "b"), *nobody = doc_array();
        (void)state;

        job_prefer_nodes(plain, nodes);
        job_prefer_nodes(plain, nodes); /* what is there stays */
        assert_int_equal(doc_len(plain, preferred), 4);
        struct json_object *second = doc_item(doc_at(plain, preferred), 1);
        assert_string_equal(doc_text(second, "preference.matchFields[0].values[0]"), "b");
        assert_string_equal(doc_text(second, "preference.matchFields[0].key"), "metadata.name");
        job_prefer_nodes(wishes, nodes);
        assert_int_equal(doc_len(wishes, preferred), 2);
        assert_int_equal(doc_len(wishes, "spec.template.spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution"), 1);
        job_prefer_nodes(none, nobody);
        assert_null(doc_at(none, "spec.template.spec.affinity"));
}

static void a_jobs_warmup_may_be_another_than_the_plans(void **state)
{
        auto_json struct json_object *object = job_with("{}");
        struct json_object *words = doc_at(object, "spec.template.spec.containers[0].command");
        size_t len = doc_len(words, "");
        (void)state;

        job_set_warmup(object, 12500);
        assert_int_equal(doc_len(words, ""), len + 2);
        assert_string_equal(json_object_get_string(doc_item(words, len)), "--warmup-ms");
        assert_string_equal(json_object_get_string(doc_item(words, len + 1)), "12500");
}

static void a_probes_job_says_which_rate_it_holds(void **state)
{
        auto_json struct json_object *object = job_with("{}");
        struct json_object *words = doc_at(object, "spec.template.spec.containers[0].command");
        size_t len = doc_len(words, "");
        (void)state;

        job_set_hold(object, 459.3, 30000);
        assert_int_equal(doc_len(words, ""), len + 2);
        assert_string_equal(json_object_get_string(doc_item(words, len)), "--hold");
        assert_string_equal(json_object_get_string(doc_item(words, len + 1)), "459.3:30000");
}

/* The first probe; the others are told with their Jobs. Short ones are judged by tenths as well. */
static void the_plan_of_a_search_holds_where_it_begins(void **state)
{
        auto_json struct json_object *plan = plan_with("{'load':{'shape':null},'capacity':{'from':'100/s','limit':'200/s','probe':'5s'}}", &web_run);
        auto_json struct json_object *worker = NULL;
        const char *text = doc_text(plan, "data[\"worker.json\"]");
        (void)state;

        assert_int_equal(doc_parse(text, strlen(text), &worker, NULL), FAIL_NONE);
        assert_int_equal(doc_len(worker, "shape"), 1);
        assert_string_equal(doc_text(worker, "shape[0].kind"), "hold");
        assert_true(doc_double(worker, "shape[0].rate", 0) == 100);
        assert_int_equal(doc_int(worker, "shape[0].forMs", 0), 5000);
        assert_int_equal(doc_int(worker, "intervalMs", 0), 500);
}

static void the_plan_outlives_its_run(void **state)
{
        auto_json struct json_object *plan = plan_with("{}", &web_run);
        (void)state;

        assert_null(doc_at(plan, "metadata.ownerReferences"));
        assert_true(doc_bool(plan, "immutable", false));
        assert_string_equal(doc_text(plan, "metadata.labels[\"" LABEL_PROFILE "\"]"), "web");
}

static void a_run_with_a_template_has_no_profile_label(void **state)
{
        const struct run run = {.namespace = "default", .name = "web-1", .uid = UID};
        auto_json struct json_object *plan = plan_with("{}", &run);
        (void)state;

        assert_null(doc_at(plan, "metadata.labels[\"" LABEL_PROFILE "\"]"));
}

static void a_plan_reads_back_as_it_was_written(void **state)
{
        auto_json struct json_object *configmap = plan_with(FULL, &web_run);
        auto_profile struct profile *profile = profile_with(FULL), *again = NULL;
        struct plan plan;
        (void)state;

        assert_int_equal(plan_decode(configmap, &plan, NULL), FAIL_NONE);
        assert_true(doc_equal(plan.spec, profile->spec));
        assert_int_equal(profile_decode(plan.spec, &again, NULL), FAIL_NONE);
        assert_string_equal(doc_text(plan.target, "addresses[0]"), "10.96.3.4:443");
        assert_string_equal(doc_text(plan.context, "pods[0].name"), "web-0");
        assert_string_equal(doc_text(plan.meta, "profile.uid"), "p-uid");
        plan_done(&plan);
}

static void a_foreign_configmap_is_no_plan(void **state)
{
        static const char *const foreign[] = {"{}", "{'data':{}}", "{'data':{'profile.json':'{}'}}",
                                              "{'data':{'profile.json':'{}','worker.json':'x','target.json':'{}','context.json':'{}','meta.json':'{}'}}"};
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(foreign); i++) {
                auto_json struct json_object *configmap = json(foreign[i]);
                struct plan plan = {0};
                assert_int_equal(plan_decode(configmap, &plan, NULL), FAIL_INVALID);
                assert_null(plan.spec);
        }
}

static void surroundings_beyond_their_budget_do_not_stop_the_plan(void **state)
{
        auto_profile struct profile *profile = profile_with("{}");
        auto_free char *text = xcalloc(PLAN_CONTEXT_BYTES_MAX + 1, 1);
        auto_json struct json_object *context = doc_object();
        struct target target = {.addresses = doc_array(), .authority = xstrdup("a"), .sni = xstrdup("a"), .key = xstrdup("k")};
        struct plan plan;
        (void)state;

        memset(text, 'x', PLAN_CONTEXT_BYTES_MAX);
        doc_set_text(context, "pods", text);
        auto_json struct json_object *configmap = plan_encode(
                &(struct plan_parts){.run = &web_run, .profile = profile, .target = &target, .context = context, .image = IMAGE});
        assert_int_equal(plan_decode(configmap, &plan, NULL), FAIL_NONE);
        assert_true(doc_bool(plan.context, "truncated", false));
        plan_done(&plan);
        json_object_put(target.addresses);
        free(target.authority);
        free(target.sni);
        free(target.key);
}

static void workers_wait_longer_than_the_operator(void **state)
{
        auto_json struct json_object *configmap = plan_with("{'limits':{'readyTimeout':'20m','deadline':'1h'}}", &web_run);
        struct plan plan;
        (void)state;

        assert_int_equal(plan_decode(configmap, &plan, NULL), FAIL_NONE);
        assert_true(doc_int(plan.worker, "readyTimeoutMs", 0) > 20 * 60000);
        plan_done(&plan);
}

/* ---- reading a Job ---- */

static void a_jobs_state_is_read(void **state)
{
        static const struct { const char *status; bool complete, failed; const char *reason; } rows[] = {
                {"{'active':2,'startTime':'1970-01-01T00:00:01Z'}", false, false, NULL},
                {"{'conditions':[{'type':'Complete','status':'True'}]}", true, false, NULL},
                {"{'conditions':[{'type':'FailureTarget','status':'True','reason':'PodFailurePolicy','message':'m'}]}", false, false, "PodFailurePolicy"},
                {"{'conditions':[{'type':'Failed','status':'True','reason':'DeadlineExceeded'}]}", false, true, "DeadlineExceeded"},
                {"{'conditions':[{'type':'Failed','status':'False','reason':'X'}]}", false, false, NULL},
                {"{'conditions':7}", false, false, NULL},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_json struct json_object *object = doc_set(doc_object(), "status", json(rows[i].status));
                struct job job;
                job_decode(object, &job);
                assert_true(job.complete == rows[i].complete);
                assert_true(job.failed == rows[i].failed);
                assert_true(text_equal(job.reason, rows[i].reason));
        }
}

static bool is_news(const char *before_text, const char *now_text)
{
        auto_json struct json_object *before = json(before_text), *now = json(now_text);
        struct job was, is;

        job_decode(before, &was);
        job_decode(now, &is);
        return job_is_news(&was, &is);
}

static void what_a_job_controller_counts_is_no_news_until_the_job_is_suspended(void **state)
{
        (void)state;
        const char *released = "{'metadata': {'uid': 'u', 'resourceVersion': '1', 'generation': 2}, 'spec': {'suspend': false}}";
        const char *working = "{'metadata': {'uid': 'u', 'resourceVersion': '2', 'generation': 2}, 'spec': {'suspend': false},"
                              " 'status': {'startTime': '2026-01-01T00:00:00Z', 'active': 2, 'ready': 1}}";
        const char *held = "{'metadata': {'uid': 'u', 'generation': 3}, 'spec': {'suspend': true}}";

        assert_false(is_news(released, working));
        assert_true(is_news(working, held));
        assert_true(is_news(held, "{'metadata': {'uid': 'u', 'generation': 3}, 'spec': {'suspend': true}, 'status': {'terminating': 1}}"));
        static const char *const news[] = {
                "{'metadata': {'uid': 'v', 'generation': 2}, 'spec': {'suspend': false}}",
                "{'metadata': {'uid': 'u', 'generation': 3}, 'spec': {'suspend': false}}",
                "{'metadata': {'uid': 'u', 'generation': 2, 'deletionTimestamp': '2026-01-01T00:00:00Z'}, 'spec': {'suspend': false}}",
                "{'metadata': {'uid': 'u', 'generation': 2, 'ownerReferences': [{'uid': 'w'}]}, 'spec': {'suspend': false}}",
                "{'metadata': {'uid': 'u', 'generation': 2}, 'spec': {}, 'status': {'completionTime': '2026-01-01T00:00:00Z'}}",
                "{'metadata': {'uid': 'u', 'generation': 2}, 'spec': {}, 'status': {'conditions': [{'type': 'Complete', 'status': 'True'}]}}",
                "{'metadata': {'uid': 'u', 'generation': 2}, 'spec': {}, 'status': {'conditions': [{'type': 'Failed', 'status': 'True', 'reason': 'x'}]}}",
                "{'metadata': {'uid': 'u', 'generation': 2}, 'spec': {}, 'status': {'conditions': [{'type': 'FailureTarget', 'status': 'True',"
                " 'reason': 'x'}]}}",
        };
        for (size_t i = 0; i < ARRAY_LEN(news); i++)
                assert_true(is_news(released, news[i]));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_plainest_job_is_the_golden_one),
                cmocka_unit_test(a_job_with_everything_is_the_golden_one),
                cmocka_unit_test(a_job_with_secrets_is_the_golden_one),
                cmocka_unit_test(a_job_with_messages_is_the_golden_one),
                cmocka_unit_test(plans_are_the_golden_ones),
                cmocka_unit_test(secrets_are_files_of_one_key_each),
                cmocka_unit_test(a_volume_that_cannot_be_mounted_is_traced_back),
                cmocka_unit_test(what_a_mesh_wants_of_the_pods_is_added_and_replaces_nothing),
                cmocka_unit_test(a_plan_keeps_what_a_mesh_wants_of_the_pods),
                cmocka_unit_test(every_job_holds_back_and_never_repeats),
                cmocka_unit_test(every_pod_is_restricted_and_has_no_token),
                cmocka_unit_test(the_job_belongs_to_its_run),
                cmocka_unit_test(a_job_prefers_the_nodes_of_earlier_trials_beside_its_own_wishes),
                cmocka_unit_test(a_jobs_warmup_may_be_another_than_the_plans),
                cmocka_unit_test(a_probes_job_says_which_rate_it_holds),
                cmocka_unit_test(the_plan_of_a_search_holds_where_it_begins),
                cmocka_unit_test(the_plan_outlives_its_run),
                cmocka_unit_test(a_run_with_a_template_has_no_profile_label),
                cmocka_unit_test(a_plan_reads_back_as_it_was_written),
                cmocka_unit_test(a_foreign_configmap_is_no_plan),
                cmocka_unit_test(surroundings_beyond_their_budget_do_not_stop_the_plan),
                cmocka_unit_test(workers_wait_longer_than_the_operator),
                cmocka_unit_test(a_jobs_state_is_read),
                cmocka_unit_test(what_a_job_controller_counts_is_no_news_until_the_job_is_suspended),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
