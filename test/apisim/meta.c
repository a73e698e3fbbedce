/* SPDX-License-Identifier: Apache-2.0
 *
 * ObjectMeta (apimachinery pkg/api/validation, apiserver pkg/registry/rest). */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "rules.h"

/* In the order in which they are shown. */
static const char *const members[] = {
        "name",   "generateName", "namespace",         "uid",
        "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
        "deletionGracePeriodSeconds", "labels", "annotations", "ownerReferences", "finalizers",
};
/* What only the server sets, once and for all but through its own doings. */
static const char *const kept[] = {"name", "generateName", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp",
                                   "deletionTimestamp", "deletionGracePeriodSeconds"};

static struct json_object *normal_members(struct json_object *metadata)
{
        struct json_object *out = doc_object(), *value;

        for (size_t i = 0; i < ARRAY_LEN(members); i++) {
                if (!metadata || !json_object_object_get_ex(metadata, members[i], &value) || !value)
                        continue;
                bool empty = (json_object_is_type(value, json_type_object) && json_object_object_length(value) == 0) ||
                             (json_object_is_type(value, json_type_array) && json_object_array_length(value) == 0) ||
                             (json_object_is_type(value, json_type_string) && json_object_get_string_len(value) == 0);
                if (!empty)
                        doc_set(out, members[i], json_object_get(value));
        }
        return out;
}

struct json_object *meta_normal(const struct kind *kind, struct json_object *json)
{
        struct json_object *out = doc_object(), *metadata = doc_at(json, "metadata");
        auto_free char *api_version = kind_api_version(kind);

        doc_set_text(doc_set_text(out, "kind", kind->name), "apiVersion", api_version);
        doc_set(out, "metadata", normal_members(json_object_is_type(metadata, json_type_object) ? metadata : NULL));
        json_object_object_foreach(json, key, value)
                if (strcmp(key, "kind") != 0 && strcmp(key, "apiVersion") != 0 && strcmp(key, "metadata") != 0 && value)
                        json_object_object_add(out, key, json_object_get(value));
        json_object_put(json);
        return out;
}

void meta_create(struct apisim *sim, const struct kind *kind, const char *namespace, struct json_object *json)
{
        struct json_object *metadata = doc_at(json, "metadata");
        const char *prefix = doc_text(metadata, "generateName");
        auto_free char *uid = sim_uuid(sim);
        char suffix[6];

        if (!doc_text(metadata, "name") && prefix) {
                sim_suffix(sim, suffix);
                auto_free char *name = xasprintf("%s%s", prefix, suffix);
                doc_set_text(metadata, "name", name);
        }
        if (namespace)
                doc_set_text(metadata, "namespace", namespace);
        doc_set_text(metadata, "uid", uid);
        json_object_object_del(metadata, "resourceVersion");
        json_object_object_del(metadata, "deletionTimestamp");
        json_object_object_del(metadata, "deletionGracePeriodSeconds");
        json_object_object_del(metadata, "generation");
        if (kind->generation)
                doc_set_int(metadata, "generation", 1);
        doc_set(metadata, "creationTimestamp", sim_time(sim));
}

void meta_update(struct json_object *old, struct json_object *json)
{
        struct json_object *from = doc_at(old, "metadata"), *to = doc_at(json, "metadata"), *value;

        for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
                json_object_object_del(to, kept[i]);
                if (json_object_object_get_ex(from, kept[i], &value))
                        doc_set(to, kept[i], json_object_get(value));
        }
}

bool meta_spec_differs(struct json_object *old, struct json_object *json)
{
        size_t old_len = 0, len = 0;
        struct json_object *other;

        json_object_object_foreach(old, old_key, old_value) {
                (void)old_value;
                old_len += strcmp(old_key, "metadata") != 0 && strcmp(old_key, "status") != 0;
        }
        json_object_object_foreach(json, key, value) {
                if (strcmp(key, "metadata") == 0 || strcmp(key, "status") == 0)
                        continue;
                len++;
                if (!json_object_object_get_ex(old, key, &other) || !doc_equal(other, value))
                        return true;
        }
        return len != old_len;
}

/* ---- Checks ---- */

static bool name_valid(const char *name, bool dots)
{
        size_t len = strlen(name);
        bool begins = true;

        if (len == 0 || len > (dots ? 253 : 63))
                return false;
        for (size_t i = 0; i < len; i++) {
                bool plain = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9');
                bool ends = i + 1 == len || name[i + 1] == '.';
                if (!plain && !(name[i] == '-' && !begins && !ends) && !(name[i] == '.' && dots && !begins && i + 1 < len))
                        return false;
                begins = name[i] == '.';
        }
        return true;
}

static void check_name(const struct kind *kind, struct json_object *json, struct json_object *causes)
{
        const char *name = doc_text(json, "metadata.name");
        bool dots = !kind_is(kind, "", "namespaces") && !kind_is(kind, "", "services");

        if (!name) {
                cause_add(causes, CAUSE_REQUIRED, "metadata.name", ": name or generateName is required");
                return;
        }
        if (name_valid(name, dots))
                return;
        cause_add(causes, CAUSE_INVALID, "metadata.name",
                  dots ? "\"%s\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
                         "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
                         "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
                       : "\"%s\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
                         "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
                         "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
                  name);
}

static bool label_value_valid(const char *value)
{
        size_t len = strlen(value);

        for (size_t i = 0; i < len; i++) {
                bool inner = i > 0 && i + 1 < len && strchr("-_.", value[i]);
                if (!isalnum((unsigned char)value[i]) && !inner)
                        return false;
        }
        return len <= 63;
}

static void check_labels(struct json_object *json, struct json_object *causes)
{
        struct json_object *labels = doc_at(json, "metadata.labels");

        if (!labels)
                return;
        json_object_object_foreach(labels, key, value) {
                const char *text = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
                (void)key;
                if (!text || !label_value_valid(text))
                        cause_add(causes, CAUSE_INVALID, "metadata.labels",
                                  "\"%s\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
                                  "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
                                  "validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
                                  text ? text : "");
        }
}

static void check_owners(struct json_object *json, struct json_object *causes)
{
        static const char *const needed[] = {"apiVersion", "kind", "name", "uid"};
        struct json_object *owners = doc_at(json, "metadata.ownerReferences");

        for (size_t i = 0; i < doc_len(owners, ""); i++)
                for (size_t j = 0; j < ARRAY_LEN(needed); j++) {
                        const char *text = doc_text(doc_item(owners, i), needed[j]);
                        auto_free char *field = xasprintf("metadata.ownerReferences.%s", needed[j]);
                        if (!text || !text[0])
                                cause_add(causes, CAUSE_INVALID, field, "\"\": must not be empty");
                }
}

/* Once it is being deleted, an object only loses finalizers. */
static void check_finalizers(struct json_object *old, struct json_object *json, struct json_object *causes)
{
        struct json_object *before = doc_at(old, "metadata.finalizers"), *after = doc_at(json, "metadata.finalizers");

        for (size_t i = 0; i < doc_len(after, "") && doc_at(old, "metadata.deletionTimestamp"); i++) {
                const char *text = json_object_get_string(doc_item(after, i));
                bool there = false;
                for (size_t j = 0; j < doc_len(before, ""); j++)
                        there = there || text_equal(json_object_get_string(doc_item(before, j)), text);
                if (!there)
                        cause_add(causes, CAUSE_FORBIDDEN, "metadata.finalizers",
                                  "no new finalizers can be added if the object is being deleted, found new finalizers []string{\"%s\"}", text);
        }
}

void meta_check(const struct kind *kind, struct json_object *old, struct json_object *json, struct json_object *causes)
{
        if (!old)
                check_name(kind, json, causes);
        check_labels(json, causes);
        check_owners(json, causes);
        check_finalizers(old, json, causes);
}
