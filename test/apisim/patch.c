/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON patches (RFC 6902) and strategic merge patches (apimachinery pkg/util/strategicpatch) for built-in kinds. */
#include <json-c/json_pointer.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"

/* ---- RFC 6902 ---- */

/* Container and last step of a pointer; the step is new. */
static enum fail_kind parent_of(struct json_object **root, const char *pointer, struct json_object **ret_parent, char **ret_step,
                                struct fail *fail)
{
        const char *slash = strrchr(pointer, '/');
        auto_free char *head = slash ? xstrndup(pointer, (size_t)(slash - pointer)) : NULL;
        char *to;

        if (!slash || json_pointer_get(*root, head, ret_parent) != 0)
                return fail_set(fail, FAIL_INVALID, "no such path: %s", pointer);
        *ret_step = to = xstrdup(slash + 1);
        for (const char *from = slash + 1; *from; from++) {
                bool escaped = *from == '~' && (from[1] == '0' || from[1] == '1');
                *to++ = escaped ? (*++from == '0' ? '~' : '/') : *from;
        }
        *to = '\0';
        return FAIL_NONE;
}

/* -1: not an index of this array; its length is one behind the end. */
static long index_of(struct json_object *array, const char *step)
{
        char *end;
        long len = (long)json_object_array_length(array), index = strcmp(step, "-") == 0 ? len : strtol(step, &end, 10);

        if (strcmp(step, "-") != 0 && (*end || !*step))
                return -1;
        return index <= len ? index : -1;
}

static void insert(struct json_object *array, size_t index, struct json_object *value)
{
        for (size_t i = json_object_array_length(array); i > index; i--)
                json_object_array_put_idx(array, i, json_object_get(json_object_array_get_idx(array, i - 1)));
        json_object_array_put_idx(array, index, value);
}

static enum fail_kind put(struct json_object **root, const char *pointer, struct json_object *value, struct fail *fail)
{
        struct json_object *parent;
        auto_free char *step = NULL;

        if (!pointer[0]) {
                json_object_put(*root);
                *root = value;
                return FAIL_NONE;
        }
        if (parent_of(root, pointer, &parent, &step, fail)) {
                json_object_put(value);
                return fail->kind;
        }
        long index = json_object_is_type(parent, json_type_array) ? index_of(parent, step) : -1;
        if (json_object_is_type(parent, json_type_object)) {
                json_object_object_add(parent, step, value);
                return FAIL_NONE;
        }
        if (index < 0) {
                json_object_put(value);
                return fail_set(fail, FAIL_INVALID, "no such place: %s", pointer);
        }
        insert(parent, (size_t)index, value);
        return FAIL_NONE;
}

static enum fail_kind cut(struct json_object **root, const char *pointer, struct fail *fail)
{
        struct json_object *parent, *there;
        auto_free char *step = NULL;

        if (json_pointer_get(*root, pointer, &there) != 0 || parent_of(root, pointer, &parent, &step, fail))
                return fail_set(fail, FAIL_INVALID, "no such path: %s", pointer);
        if (json_object_is_type(parent, json_type_object))
                json_object_object_del(parent, step);
        else
                json_object_array_del_idx(parent, (size_t)index_of(parent, step), 1);
        return FAIL_NONE;
}

static enum fail_kind run_operation(struct json_object **root, struct json_object *operation, struct fail *fail)
{
        const char *op = doc_text(operation, "op"), *path = doc_text(operation, "path"), *from = doc_text(operation, "from");
        struct json_object *value = NULL, *there = NULL;

        json_object_object_get_ex(operation, "value", &value);
        if (!op || !path)
                return fail_set(fail, FAIL_INVALID, "an operation without op or path");
        bool moves = strcmp(op, "move") == 0 || strcmp(op, "copy") == 0;
        bool found = json_pointer_get(*root, moves && from ? from : path, &there) == 0;
        if (strcmp(op, "add") == 0)
                return put(root, path, doc_copy(value), fail);
        if (!found || (moves && !from))
                return fail_set(fail, FAIL_INVALID, "%s: no such path: %s", op, path);
        if (strcmp(op, "test") == 0)
                return doc_equal(there, value) ? FAIL_NONE : fail_set(fail, FAIL_INVALID, "testing value %s failed", path);
        if (strcmp(op, "remove") == 0)
                return cut(root, path, fail);
        if (strcmp(op, "replace") == 0)
                return path[0] && cut(root, path, fail) ? fail->kind : put(root, path, doc_copy(value), fail);
        if (!moves)
                return fail_set(fail, FAIL_INVALID, "unknown operation %s", op);
        auto_json struct json_object *taken = doc_copy(there);
        if (strcmp(op, "move") == 0 && cut(root, from, fail))
                return fail->kind;
        return put(root, path, json_object_get(taken), fail);
}

enum fail_kind patch_json(struct json_object *target, struct json_object *patch, struct json_object **ret_json, struct fail *fail)
{
        struct json_object *root = doc_copy(target);

        for (size_t i = 0; i < doc_len(patch, ""); i++)
                if (run_operation(&root, doc_item(patch, i), fail)) {
                        json_object_put(root);
                        return fail->kind;
                }
        *ret_json = root;
        return FAIL_NONE;
}

/* ---- Strategic merge ---- */

static const struct {
        const char *list, *key;
} merge_keys[] = {
        {"containers", "name"},        {"initContainers", "name"}, {"env", "name"},         {"volumes", "name"},
        {"volumeMounts", "mountPath"}, {"conditions", "type"},     {"ownerReferences", "uid"}, {"imagePullSecrets", "name"},
        {"hostAliases", "ip"},         {"taints", "key"},          {"secrets", "name"},     {"addresses", "type"},
};

/* NULL: the list is replaced as a whole. */
static const char *merge_key(const char *list, struct json_object *items)
{
        if (strcmp(list, "ports") == 0)
                return doc_at(doc_item(items, 0), "containerPort") ? "containerPort" : "port";
        for (size_t i = 0; i < ARRAY_LEN(merge_keys); i++)
                if (strcmp(merge_keys[i].list, list) == 0)
                        return merge_keys[i].key;
        return NULL;
}

static struct json_object *merge_value(const char *name, struct json_object *target, struct json_object *patch);

static long find_item(struct json_object *list, const char *key, struct json_object *like)
{
        struct json_object *wanted = doc_at(like, key);

        for (size_t i = 0; i < doc_len(list, ""); i++)
                if (wanted && doc_equal(doc_at(doc_item(list, i), key), wanted))
                        return (long)i;
        return -1;
}

static struct json_object *merge_lists(const char *key, struct json_object *target, struct json_object *patch)
{
        struct json_object *out = target ? doc_copy(target) : doc_array();

        for (size_t i = 0; i < doc_len(patch, ""); i++) {
                struct json_object *item = doc_item(patch, i);
                long at = find_item(out, key, item);
                bool gone = text_equal(doc_text(item, "$patch"), "delete");
                if (at >= 0 && gone)
                        json_object_array_del_idx(out, (size_t)at, 1);
                else if (at >= 0)
                        json_object_array_put_idx(out, (size_t)at, merge_value("", doc_item(out, (size_t)at), item));
                else if (!gone && !doc_at(item, "$patch"))
                        doc_push(out, merge_value("", NULL, item));
        }
        return out;
}

/* Finalizers: patched values join those that are there. */
static struct json_object *merge_words(struct json_object *target, struct json_object *patch)
{
        struct json_object *out = target ? doc_copy(target) : doc_array();

        for (size_t i = 0; i < doc_len(patch, ""); i++) {
                bool there = false;
                for (size_t j = 0; j < doc_len(out, ""); j++)
                        there = there || doc_equal(doc_item(out, j), doc_item(patch, i));
                if (!there)
                        doc_push(out, doc_copy(doc_item(patch, i)));
        }
        return out;
}

static void drop_words(struct json_object *list, struct json_object *words)
{
        for (size_t i = 0; i < doc_len(words, ""); i++)
                for (size_t j = doc_len(list, ""); j-- > 0;)
                        if (doc_equal(doc_item(list, j), doc_item(words, i)))
                                json_object_array_del_idx(list, j, 1);
}

static void retain_keys(struct json_object *target, struct json_object *keys)
{
        auto_json struct json_object *copy = doc_copy(target);

        json_object_object_foreach(copy, key, value) {
                bool kept = false;
                (void)value;
                for (size_t i = 0; i < doc_len(keys, ""); i++)
                        kept = kept || text_equal(json_object_get_string(doc_item(keys, i)), key);
                if (!kept)
                        json_object_object_del(target, key);
        }
}

/* The order in $setElementOrder is not applied: nothing here depends on it. */
static void directive(struct json_object *out, const char *key, struct json_object *value)
{
        static const char from_list[] = "$deleteFromPrimitiveList/";

        if (strncmp(key, from_list, sizeof from_list - 1) == 0)
                drop_words(doc_at(out, key + sizeof from_list - 1), value);
        else if (strcmp(key, "$retainKeys") == 0)
                retain_keys(out, value);
}

static struct json_object *merge_objects(struct json_object *target, struct json_object *patch)
{
        bool replaces = text_equal(doc_text(patch, "$patch"), "replace");
        struct json_object *out = target && !replaces ? doc_copy(target) : doc_object(), *there;

        json_object_object_foreach(patch, directive_key, directive_value)
                if (directive_key[0] == '$')
                        directive(out, directive_key, directive_value);
        json_object_object_foreach(patch, key, value) {
                if (key[0] == '$')
                        continue;
                if (!value) {
                        json_object_object_del(out, key);
                        continue;
                }
                there = NULL;
                json_object_object_get_ex(out, key, &there);
                json_object_object_add(out, key, merge_value(key, there, value));
        }
        return out;
}

static struct json_object *merge_value(const char *name, struct json_object *target, struct json_object *patch)
{
        const char *key;

        if (json_object_is_type(patch, json_type_object))
                return merge_objects(json_object_is_type(target, json_type_object) ? target : NULL, patch);
        if (!json_object_is_type(patch, json_type_array))
                return doc_copy(patch);
        if (strcmp(name, "finalizers") == 0)
                return merge_words(target, patch);
        key = merge_key(name, patch);
        return key ? merge_lists(key, target, patch) : doc_copy(patch);
}

enum fail_kind patch_strategic(struct json_object *target, struct json_object *patch, struct json_object **ret_json, struct fail *fail)
{
        (void)fail;
        *ret_json = merge_value("", target, patch);
        return FAIL_NONE;
}
