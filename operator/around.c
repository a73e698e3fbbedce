/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/around.h"

#include "api/target.h"
#include "base/mem.h"
#include "data/doc.h"

/* Every pair of the Service's selector stands in these pod labels. */
static bool selected(const struct around *around, struct json_object *labels)
{
        struct json_object *selector = around->options.selector;

        if (!selector || json_object_object_length(selector) == 0)
                return false;
        json_object_object_foreach(selector, key, value) {
                struct json_object *mine = NULL;
                if (!json_object_is_type(labels, json_type_object) || !json_object_object_get_ex(labels, key, &mine) ||
                    !doc_equal(mine, value))
                        return false;
        }
        return true;
}

/* Pods and slices are selected by the server already. */
static bool is_ours(const struct around *around, enum context_kind kind, struct json_object *object)
{
        struct kube_cache *deployments = around->caches[CONTEXT_DEPLOYMENT];
        struct json_object *deployment;

        switch (kind) {
        case CONTEXT_DEPLOYMENT:
        case CONTEXT_STATEFUL_SET:
                return selected(around, doc_at(object, "spec.template.metadata.labels"));
        case CONTEXT_AUTOSCALER:
                deployment = deployments ? kube_cache_find(deployments, around->options.namespace, doc_text(object, "spec.scaleTargetRef.name"))
                                         : NULL;
                return deployment && is_ours(around, CONTEXT_DEPLOYMENT, deployment);
        default:
                return true;
        }
}

/* Watches deliver objects with their kind only in the envelope of the list; each cache therefore has its own callback. */
static void tell(struct around *around, enum context_kind kind, struct json_object *before, struct json_object *after)
{
        if (is_ours(around, kind, after ? after : before))
                around->options.changed(around->options.owner, kind, before, after);
}

#define AROUND_CALLBACK(name, kind)                                                              \
        static void name(void *owner, struct json_object *before, struct json_object *after)    \
        {                                                                                        \
                tell(owner, kind, before, after);                                                \
        }
AROUND_CALLBACK(pod_changed, CONTEXT_POD)
AROUND_CALLBACK(slice_changed, CONTEXT_ENDPOINT_SLICE)
AROUND_CALLBACK(deployment_changed, CONTEXT_DEPLOYMENT)
AROUND_CALLBACK(stateful_set_changed, CONTEXT_STATEFUL_SET)
AROUND_CALLBACK(autoscaler_changed, CONTEXT_AUTOSCALER)

static void listed(void *owner)
{
        struct around *around = owner;

        around->options.listed(around->options.owner);
}

static const struct {
        enum context_kind context;
        const struct kube_kind *kind;
        kube_changed_fn *changed;
} kinds[] = {
        {CONTEXT_POD, &kube_pods, pod_changed},
        {CONTEXT_ENDPOINT_SLICE, &kube_endpointslices, slice_changed},
        {CONTEXT_DEPLOYMENT, &kube_deployments, deployment_changed},
        {CONTEXT_STATEFUL_SET, &kube_statefulsets, stateful_set_changed},
        {CONTEXT_AUTOSCALER, &kube_hpas, autoscaler_changed},
};

void around_open(struct around *around, const struct around_options *options)
{
        const struct target named = {.selector = options->selector};
        auto_free char *selector = target_selector(&named), *slices = xasprintf("kubernetes.io/service-name=%s", options->service);

        around->options = *options;
        for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
                enum context_kind kind = kinds[i].context;
                if (kind == CONTEXT_POD && !selector)
                        continue; /* a Service without selector names no pods */
                around->caches[kind] = kube_cache_new(options->client, &(struct kube_cache_options){
                        .kind = kinds[i].kind,
                        .namespace = options->namespace,
                        .label_selector = kind == CONTEXT_POD ? selector : kind == CONTEXT_ENDPOINT_SLICE ? slices : NULL,
                        .changed = kinds[i].changed,
                        .listed = listed,
                        .owner = around,
                });
        }
}

void around_done(struct around *around)
{
        for (size_t i = 0; i < CONTEXT_KINDS; i++)
                around->caches[i] = kube_cache_free(around->caches[i]);
}

bool around_synced(const struct around *around)
{
        for (size_t i = 0; i < CONTEXT_KINDS; i++)
                if (around->caches[i] && !kube_cache_synced(around->caches[i]))
                        return false;
        return true;
}

struct json_object *around_pods(const struct around *around)
{
        struct kube_cache *cache = around->caches[CONTEXT_POD];
        struct json_object *pods, *pod;
        size_t at = 0;

        if (!cache || !kube_cache_synced(cache))
                return NULL;
        pods = doc_array();
        while ((pod = kube_cache_next(cache, &at)))
                if (!doc_at(pod, "metadata.deletionTimestamp"))
                        doc_push(pods, json_object_get(pod));
        return pods;
}
