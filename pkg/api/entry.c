/* SPDX-License-Identifier: Apache-2.0 */
#include "api/entry.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

/* ---- may it be applied ---- */

static enum fail_kind check_patch(struct json_object *patch, struct fail *fail)
{
        static const char *const needed[] = {"apiVersion", "kind", "name"};
        static const char *const fixed[] = {"apiVersion", "kind", "status", "metadata.name", "metadata.namespace", "metadata.uid"};
        struct json_object *value = doc_at(patch, "value");
        const char *type = doc_text(patch, "type");

        for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
                auto_free char *path = xasprintf("target.%s", needed[i]);
                if (!doc_text(patch, path) || !*doc_text(patch, path))
                        return fail_set(fail, FAIL_INVALID, "target must have %s", needed[i]);
        }
        if (doc_at(patch, "type") && !text_equal(type, "merge"))
                return fail_set(fail, FAIL_INVALID, "type must be merge (RFC 7386)");
        if (!json_object_is_type(value, json_type_object) || json_object_object_length(value) == 0)
                return fail_set(fail, FAIL_INVALID, "value must be an object with what it changes");
        if (json_object_object_get_ex(value, "metadata", NULL) && !json_object_is_type(doc_at(value, "metadata"), json_type_object))
                return fail_set(fail, FAIL_INVALID, "value.metadata must be an object");
        for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
                if (doc_at(value, fixed[i]))
                        return fail_set(fail, FAIL_INVALID, "value.%s cannot be patched: remove it", fixed[i]);
        return FAIL_NONE;
}

static enum fail_kind check_entry(struct json_object *entry, struct fail *fail)
{
        bool manifest = json_object_is_type(doc_at(entry, "manifest"), json_type_object), patch = json_object_is_type(doc_at(entry, "patch"), json_type_object);

        if (manifest == patch)
                return fail_set(fail, FAIL_INVALID, "must be either a manifest or a patch");
        if (patch && check_patch(doc_at(entry, "patch"), fail))
                return fail_wrap(fail, "patch");
        return FAIL_NONE;
}

enum fail_kind entry_check_list(struct json_object *list, struct fail *fail)
{
        if (!json_object_is_type(list, json_type_array) || doc_len(list, "") == 0)
                return fail_set(fail, FAIL_INVALID, "must be a list of at least one manifest or patch");
        for (size_t i = 0; i < doc_len(list, ""); i++)
                if (check_entry(doc_item(list, i), fail))
                        return fail_wrap(fail, "[%zu]", i);
        auto_json struct json_object *manifests = entry_manifests(list);
        return manifest_check_list(manifests, NULL, fail);
}

/* ---- what it says ---- */

bool entry_is_patch(struct json_object *entry)
{
        return doc_at(entry, "patch") != NULL;
}

struct json_object *entry_manifest(struct json_object *entry)
{
        struct json_object *target = doc_at(entry, "patch.target");

        if (!entry_is_patch(entry))
                return doc_copy(doc_at(entry, "manifest"));
        struct json_object *manifest = doc_copy(doc_at(entry, "patch.value"));
        doc_set_text(doc_set_text(manifest, "apiVersion", doc_text(target, "apiVersion")), "kind", doc_text(target, "kind"));
        doc_set_text(doc_object_at(manifest, "metadata"), "name", doc_text(target, "name"));
        return manifest;
}

struct json_object *entry_manifests(struct json_object *list)
{
        struct json_object *manifests = doc_array();

        for (size_t i = 0; i < doc_len(list, ""); i++)
                doc_push(manifests, entry_manifest(doc_item(list, i)));
        return manifests;
}

void entry_list_text(struct json_object *list, char text[static ENTRY_LIST_TEXT_MAX])
{
        static const char more[] = ", …";
        size_t used = 0;

        text[0] = '\0';
        for (size_t i = 0; i < doc_len(list, ""); i++) {
                struct json_object *entry = doc_item(list, i);
                auto_json struct json_object *manifest = entry_manifest(entry);
                char name[MANIFEST_NAME_MAX];
                manifest_name(manifest, name);
                auto_free char *item = xasprintf("%s%.128s%s", i ? ", " : "", name, entry_is_patch(entry) ? " (patched)" : "");
                if (used + strlen(item) + sizeof more > ENTRY_LIST_TEXT_MAX) {
                        snprintf(text + used, ENTRY_LIST_TEXT_MAX - used, "%s", more);
                        return;
                }
                used += (size_t)snprintf(text + used, ENTRY_LIST_TEXT_MAX - used, "%s", item);
        }
}
