/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/fetch.h"

#include <stdlib.h>

#include "api/names.h"
#include "base/mem.h"
#include "cli/ask.h"
#include "data/doc.h"

static const struct kube_kind benchmark_runs = {"loadstone.dev", "v1alpha1", "benchmarkruns", "BenchmarkRun", true};

static enum fail_kind get_run(struct ask *ask, const struct kube_ref *ref, struct json_object **ret_run, struct fail *fail)
{
        if (ask_get(ask, ref, ret_run, fail))
                return fail_wrap(fail, "run %.60s in namespace %.60s", ref->name, ref->namespace);
        return FAIL_NONE;
}

static enum fail_kind list_maps(struct ask *ask, const char *namespace, const char *uid, struct json_object **ret_maps, struct fail *fail)
{
        auto_free char *selector = xasprintf(LABEL_RUN_UID "=%s", uid);
        auto_json struct json_object *list = NULL;

        if (ask_list(ask, &(struct kube_ref){.kind = &kube_configmaps, .namespace = namespace}, selector, &list, fail))
                return fail_wrap(fail, "the run's ConfigMaps in namespace %.60s", namespace);
        *ret_maps = json_object_get(doc_at(list, "items"));
        if (!*ret_maps)
                *ret_maps = doc_array();
        return FAIL_NONE;
}

static enum fail_kind fetch_with(struct ask *ask, const char *namespace, const char *name, struct json_object **ret_run,
                                 struct json_object **ret_maps, struct fail *fail)
{
        auto_json struct json_object *run = NULL;

        if (get_run(ask, &(struct kube_ref){.kind = &benchmark_runs, .namespace = namespace, .name = name}, &run, fail))
                return fail->kind;
        const char *uid = doc_text(run, "metadata.uid");
        if (!uid)
                return fail_set(fail, FAIL_INVALID, "run %.60s has no uid", name);
        if (list_maps(ask, namespace, uid, ret_maps, fail))
                return fail->kind;
        *ret_run = take(run);
        return FAIL_NONE;
}

enum fail_kind fetch_run(const struct fetch_spec *spec, struct json_object **ret_run, struct json_object **ret_maps, struct fail *fail)
{
        auto_ask struct ask ask = {0};

        if (ask_init(&ask, spec->kubeconfig, spec->context, fail))
                return fail->kind;
        return fetch_with(&ask, spec->namespace ? spec->namespace : ask.config->namespace, spec->run, ret_run, ret_maps, fail);
}
