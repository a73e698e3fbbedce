/* SPDX-License-Identifier: Apache-2.0 */
#include "api/manifest.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

/* ---- may it be applied ---- */

static enum fail_kind check_one(struct json_object *manifest, const char *namespace, struct fail *fail)
{
        static const char *const needed[] = {"apiVersion", "kind", "metadata.name"};
        const char *in = doc_text(manifest, "metadata.namespace"), *version = doc_text(manifest, "apiVersion");

        for (size_t i = 0; i < ARRAY_LEN(needed); i++)
                if (!doc_text(manifest, needed[i]) || !*doc_text(manifest, needed[i]))
                        return fail_set(fail, FAIL_INVALID, "must have %s", needed[i]);
        if (strspn(version, "abcdefghijklmnopqrstuvwxyz0123456789.-/") != strlen(version) || strlen(version) > 128 || strstr(version, "..") ||
            strchr(version, '/') != strrchr(version, '/'))
                return fail_set(fail, FAIL_INVALID, "apiVersion %.60s is none", version);
        if (in && namespace && !text_equal(in, namespace))
                return fail_set(fail, FAIL_INVALID, "metadata.namespace %.63s is not the run's: remove it", in);
        return FAIL_NONE;
}

static bool is_same(struct json_object *a, struct json_object *b)
{
        return text_equal(doc_text(a, "apiVersion"), doc_text(b, "apiVersion")) && text_equal(doc_text(a, "kind"), doc_text(b, "kind")) &&
               text_equal(doc_text(a, "metadata.name"), doc_text(b, "metadata.name"));
}

enum fail_kind manifest_check_list(struct json_object *list, const char *namespace, struct fail *fail)
{
        size_t len = doc_len(list, "");

        if (list && !json_object_is_type(list, json_type_array))
                return fail_set(fail, FAIL_INVALID, "must be a list");
        if (len > MANIFESTS_MAX)
                return fail_set(fail, FAIL_INVALID, "must be at most %d", MANIFESTS_MAX);
        if (list && strlen(doc_print(list)) > MANIFESTS_BYTES_MAX)
                return fail_set(fail, FAIL_INVALID, "are %zu bytes, at most %d are kept with a run", strlen(doc_print(list)), MANIFESTS_BYTES_MAX);
        for (size_t i = 0; i < len; i++) {
                if (check_one(doc_item(list, i), namespace, fail))
                        return fail_wrap(fail, "[%zu]", i);
                for (size_t k = 0; k < i; k++)
                        if (is_same(doc_item(list, i), doc_item(list, k)))
                                return fail_set(fail, FAIL_INVALID, "[%zu]: is there already, as [%zu]", i, k);
        }
        return FAIL_NONE;
}

void manifest_name(struct json_object *object, char name[static MANIFEST_NAME_MAX])
{
        const char *kind = doc_text(object, "kind"), *own = doc_text(object, "metadata.name");

        snprintf(name, MANIFEST_NAME_MAX, "%.63s %.253s", kind ? kind : "object", own ? own : "");
        text_scrub(name);
}

/* ---- somebody else's ---- */

static const struct {
        const char *path, *keeper;
} tracks[] = {
        {"metadata.annotations[\"argocd.argoproj.io/tracking-id\"]", "Argo CD"},
        {"metadata.labels[\"argocd.argoproj.io/instance\"]", "Argo CD"},
        {"metadata.labels[\"kustomize.toolkit.fluxcd.io/name\"]", "Flux"},
        {"metadata.labels[\"helm.toolkit.fluxcd.io/name\"]", "Flux"},
};

const char *manifest_keeper(struct json_object *object)
{
        for (size_t i = 0; i < ARRAY_LEN(tracks); i++)
                if (doc_text(object, tracks[i].path))
                        return tracks[i].keeper;
        return NULL;
}

/* ---- ours ---- */

struct json_object *manifest_marked(struct json_object *manifest, const char *namespace, const char *run_uid)
{
        struct json_object *marked = doc_copy(manifest), *metadata = doc_at(marked, "metadata");

        doc_set_text(metadata, "namespace", namespace);
        doc_set_text(doc_object_at(metadata, "annotations"), ANNOTATION_APPLIED_BY, run_uid);
        json_object_object_del(marked, "status");
        return marked;
}

bool manifest_is_marked(struct json_object *object, const char *run_uid)
{
        return text_equal(doc_text(object, "metadata.annotations[\"" ANNOTATION_APPLIED_BY "\"]"), run_uid);
}

/* ---- back to what it was ---- */

struct json_object *manifest_previous(struct json_object *object)
{
        static const char *const kept_by_server[] = {"managedFields", "resourceVersion", "generation", "creationTimestamp", "selfLink"};
        struct json_object *previous = doc_copy(object), *metadata = doc_at(previous, "metadata");

        json_object_object_del(previous, "status");
        for (size_t i = 0; metadata && i < ARRAY_LEN(kept_by_server); i++)
                json_object_object_del(metadata, kept_by_server[i]);
        return previous;
}

static struct json_object *taking_back(struct json_object *set, struct json_object *previous)
{
        struct json_object *patch = doc_object();

        json_object_object_foreach(set, key, value) {
                struct json_object *before = NULL;
                bool had = json_object_object_get_ex(previous, key, &before);
                bool inner = had && json_object_is_type(value, json_type_object) && json_object_is_type(before, json_type_object);
                struct json_object *part = inner ? taking_back(value, before) : doc_copy(before);
                if (inner && json_object_object_length(part) == 0)
                        json_object_put(part);
                else
                        json_object_object_add(patch, key, part); /* NULL removes what was not there */
        }
        return patch;
}

struct json_object *manifest_restoring(struct json_object *manifest, struct json_object *previous)
{
        static const char *const names[] = {"name", "namespace"};
        auto_json struct json_object *marked = manifest_marked(manifest, NULL, "");
        struct json_object *metadata = doc_at(marked, "metadata");

        json_object_object_del(marked, "apiVersion");
        json_object_object_del(marked, "kind");
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                json_object_object_del(metadata, names[i]);
        return taking_back(marked, previous);
}
