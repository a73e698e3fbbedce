/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/fetch.h"

#include <stdlib.h>
#include <string.h>

#include "api/names.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/ask.h"
#include "data/doc.h"
#include "result/restore.h"

static const struct kube_kind benchmark_runs = {"loadstone.dev", "v1alpha1", "benchmarkruns", "BenchmarkRun", true};

static enum fail_kind get_run(struct ask *ask, const struct kube_ref *ref, struct json_object **ret_run, struct fail *fail)
{
        if (ask_get(ask, ref, ret_run, fail))
                return fail_wrap(fail, "run %.60s in namespace %.60s", ref->name, ref->namespace);
        return FAIL_NONE;
}

/* ---- a run that is gone ---- */

struct search {
        const char *run;
        struct json_object *map; /* the newest result of a run of that name; owned */
};

static void look_at(void *owner, const struct sifted *item)
{
        struct search *search = owner;
        auto_json struct json_object *map = NULL;

        if (!item) { /* the list begins, perhaps again */
                json_object_put(take(search->map));
                return;
        }
        if (doc_parse(item->text.data, item->text.size, &map, NULL) ||
            !text_equal(doc_text(map, "metadata.annotations[\"" ANNOTATION_RUN "\"]"), search->run))
                return;
        doc_set_text(doc_set_text(doc_at(map, "metadata"), "name", item->name), "uid", item->uid);
        const char *made = doc_text(map, "metadata.creationTimestamp"), *best = doc_text(search->map, "metadata.creationTimestamp");
        if (!search->map || (made && best && strcmp(made, best) > 0)) {
                json_object_put(search->map);
                search->map = take(map);
        }
}

static enum fail_kind find_gone(struct ask *ask, const struct kube_ref *ref, struct json_object **ret_run, struct fail *fail)
{
        const struct kube_ref maps = {.kind = &kube_configmaps, .namespace = ref->namespace};
        struct search search = {.run = ref->name};
        enum fail_kind kind = ask_list_each(ask, &maps, LABEL_PART "=result", look_at, &search, fail);

        if (!kind)
                kind = search.map ? restore_run(search.map, ret_run, fail) : FAIL_MISSING;
        json_object_put(search.map);
        return kind;
}

/* ---- all of it ---- */

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
                                 struct json_object **ret_maps, bool *ret_gone, struct fail *fail)
{
        const struct kube_ref ref = {.kind = &benchmark_runs, .namespace = namespace, .name = name};
        auto_json struct json_object *run = NULL;

        *ret_gone = get_run(ask, &ref, &run, fail) == FAIL_MISSING;
        if (*ret_gone) {
                struct fail missing = *fail;
                if (find_gone(ask, &ref, &run, fail) == FAIL_MISSING)
                        *fail = missing;
        }
        if (!run)
                return fail->kind;
        const char *uid = doc_text(run, "metadata.uid");
        if (!uid)
                return fail_set(fail, FAIL_INVALID, "run %.60s has no uid", name);
        if (list_maps(ask, namespace, uid, ret_maps, fail))
                return fail->kind;
        *ret_run = take(run);
        return FAIL_NONE;
}

enum fail_kind fetch_run(const struct fetch_spec *spec, struct json_object **ret_run, struct json_object **ret_maps, bool *ret_gone,
                         struct fail *fail)
{
        auto_ask struct ask ask = {0};

        if (ask_init(&ask, spec->kubeconfig, spec->context, fail))
                return fail->kind;
        return fetch_with(&ask, spec->namespace ? spec->namespace : ask.config->namespace, spec->run, ret_run, ret_maps, ret_gone, fail);
}
