/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/fetch.h"

#include <stdlib.h>

#include "api/names.h"
#include "base/loop.h"
#include "base/mem.h"
#include "data/doc.h"
#include "kube/client.h"

static const struct kube_kind benchmark_runs = {"loadstone.dev", "v1alpha1", "benchmarkruns", "BenchmarkRun", true};

/* One question at a time. */
struct question {
        bool answered;
        struct json_object *object; /* owned */
        struct fail fail;
};

static void answer(void *owner, struct json_object *object, const struct fail *fail)
{
        struct question *question = owner;

        question->answered = true;
        question->fail = *fail;
        question->object = json_object_get(object);
}

static enum fail_kind wait_for(struct question *question, struct loop *loop, struct json_object **ret_object, struct fail *fail)
{
        while (!question->answered)
                loop_step(loop, -1);
        if (question->fail.kind) {
                if (fail)
                        *fail = question->fail;
                return question->fail.kind;
        }
        *ret_object = question->object;
        return FAIL_NONE;
}

static enum fail_kind get_run(struct kube_client *client, const struct kube_ref *ref, struct json_object **ret_run, struct fail *fail)
{
        struct question question = {0};

        kube_get(client, ref, answer, &question);
        if (wait_for(&question, kube_client_loop(client), ret_run, fail))
                return fail_wrap(fail, "run %.60s in namespace %.60s", ref->name, ref->namespace);
        return FAIL_NONE;
}

static enum fail_kind list_maps(struct kube_client *client, const char *namespace, const char *uid, struct json_object **ret_maps,
                                struct fail *fail)
{
        struct question question = {0};
        auto_free char *selector = xasprintf(LABEL_RUN_UID "=%s", uid);
        auto_json struct json_object *list = NULL;

        kube_list(client, &(struct kube_ref){.kind = &kube_configmaps, .namespace = namespace}, selector, answer, &question);
        if (wait_for(&question, kube_client_loop(client), &list, fail))
                return fail_wrap(fail, "the run's ConfigMaps in namespace %.60s", namespace);
        *ret_maps = json_object_get(doc_at(list, "items"));
        if (!*ret_maps)
                *ret_maps = doc_array();
        return FAIL_NONE;
}

static enum fail_kind fetch_with(struct kube_client *client, const char *namespace, const char *name, struct json_object **ret_run,
                                 struct json_object **ret_maps, struct fail *fail)
{
        auto_json struct json_object *run = NULL;

        if (get_run(client, &(struct kube_ref){.kind = &benchmark_runs, .namespace = namespace, .name = name}, &run, fail))
                return fail->kind;
        const char *uid = doc_text(run, "metadata.uid");
        if (!uid)
                return fail_set(fail, FAIL_INVALID, "run %.60s has no uid", name);
        if (list_maps(client, namespace, uid, ret_maps, fail))
                return fail->kind;
        *ret_run = take(run);
        return FAIL_NONE;
}

enum fail_kind fetch_run(const struct fetch_spec *spec, struct json_object **ret_run, struct json_object **ret_maps, struct fail *fail)
{
        struct kube_config *config = NULL;
        struct kube_client *client = NULL;
        struct loop *loop = NULL;
        enum fail_kind kind;

        if (kube_config_load(spec->kubeconfig, spec->context, &config, fail))
                return fail->kind;
        loop = loop_new(clock_system());
        kind = kube_client_new(loop, config, &client, fail);
        if (!kind)
                kind = fetch_with(client, spec->namespace ? spec->namespace : config->namespace, spec->run, ret_run, ret_maps, fail);
        kube_client_free(client);
        loop_free(loop);
        kube_config_free(config);
        return kind;
}
