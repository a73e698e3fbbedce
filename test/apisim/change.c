/* SPDX-License-Identifier: Apache-2.0
 *
 * Changing what is there: PUT and the patches. */
#include <stdlib.h>
#include <string.h>

#include "controllers.h"
#include "rules.h"
#include "write.h"

/* ---- Update ---- */

/* The part that this write may change, over what was. Takes 'json', returns a new tree. */
static struct json_object *writable(struct call *call, struct json_object *old, struct json_object *json)
{
        struct json_object *status = NULL;

        if (call->subresource) {
                struct json_object *next = doc_copy(old);
                json_object_object_del(next, "status");
                if (json_object_object_get_ex(json, "status", &status) && status)
                        doc_set(next, "status", json_object_get(status));
                if (!call->kind->schema)
                        doc_set(next, "metadata", json_object_get(doc_at(json, "metadata")));
                json_object_put(json);
                return next;
        }
        if (!call->kind->status)
                return json;
        json_object_object_del(json, "status");
        if (json_object_object_get_ex(old, "status", &status) && status)
                doc_set(json, "status", doc_copy(status));
        return json;
}

/* False when it was answered: what the writer knew is not what is there. */
static bool still_current(struct call *call, struct json_object *old, struct json_object *json, bool must)
{
        const char *version = doc_text(json, "metadata.resourceVersion");
        struct json_object *causes;
        char *end = NULL;

        if (version)
                strtoull(version, &end, 10);
        if (version && version[0] && *end) {
                refuse(call, 500, NULL, NULL, "strconv.ParseUint: parsing \"%s\": invalid syntax", version);
        } else if (must && (!version || !version[0])) {
                causes = doc_array();
                cause_add(causes, CAUSE_INVALID, "metadata.resourceVersion", "0: must be specified for an update");
                refuse_invalid(call, causes);
        } else if (version && version[0] && !text_equal(version, doc_text(old, "metadata.resourceVersion"))) {
                refuse_conflict(call, "the object has been modified; please apply your changes to the latest version and try again");
        } else {
                return true;
        }
        return false;
}

static void finish(struct call *call, struct object *object, struct json_object *next)
{
        auto_json struct json_object *shown = NULL;

        if (!call->dry_run)
                object_replace(call->sim, object, json_object_get(next));
        struct object *now = sim_store_find(call->kind->storage, call->namespace, call->name);
        shown = json_object_get(now && !call->dry_run ? now->json : next);
        answer_object(call, 200, shown);
        json_object_put(next);
}

/* Takes 'json', in the form that the kind shows. */
static void update(struct call *call, struct object *object, struct json_object *json)
{
        struct json_object *old = object->json;

        json = meta_normal(call->kind->storage, event_stored(call->kind, json));
        json = writable(call, old, json);
        meta_update(old, json);
        bool pruned = write_prune(call, json);
        if (pruned)
                write_fill(call, json);
        if (pruned && call->kind->generation && meta_spec_differs(old, json))
                doc_set_int(doc_at(json, "metadata"), "generation", doc_int(old, "metadata.generation", 0) + 1);
        if (pruned && write_check(call, old, json))
                finish(call, object, json);
        else
                json_object_put(json);
}

void verb_update(struct call *call)
{
        struct json_object *json;
        struct object *object = sim_store_find(call->kind->storage, call->namespace, call->name);

        if (!write_read_object(call, &json))
                return;
        const char *uid = doc_text(json, "metadata.uid");
        if (!write_agrees(call, json)) {
                json_object_put(json);
        } else if (!object && call->kind->create_on_update) {
                write_create(call, json);
        } else if (!object) {
                refuse_not_found(call, call->kind, call->name);
                json_object_put(json);
        } else if (uid && uid[0] && !text_equal(uid, doc_text(object->json, "metadata.uid"))) {
                refuse_conflict(call, "Precondition failed: UID in precondition: %s, UID in object meta: %s", uid,
                                doc_text(object->json, "metadata.uid"));
                json_object_put(json);
        } else if (still_current(call, object->json, json, call->kind->by_version_only)) {
                update(call, object, json);
        } else {
                json_object_put(json);
        }
}

/* ---- Patch ---- */

static const struct patch_type {
        const char *content;
        json_type body;
        bool built_in_only;
        enum fail_kind (*apply)(struct json_object *target, struct json_object *patch, struct json_object **ret_json, struct fail *fail);
} patch_types[] = {
        {"application/merge-patch+json", json_type_object, false, NULL},
        {"application/json-patch+json", json_type_array, false, patch_json},
        {"application/strategic-merge-patch+json", json_type_object, true, patch_strategic},
};

static const struct patch_type *patch_type_of(struct call *call)
{
        for (size_t i = 0; i < ARRAY_LEN(patch_types); i++)
                if (write_content_is(call, patch_types[i].content) && !(patch_types[i].built_in_only && call->kind->schema))
                        return &patch_types[i];
        if (write_content_is(call, "application/apply-patch+yaml"))
                refuse_unmodelled(call, 501, "server-side apply");
        else
                refuse(call, 415, "UnsupportedMediaType", doc_object(), "415: Unsupported Media Type");
        return NULL;
}

static bool uid_kept(struct call *call, struct json_object *old, struct json_object *json)
{
        const char *uid = doc_text(json, "metadata.uid");
        struct json_object *causes;

        if (!uid || text_equal(uid, doc_text(old, "metadata.uid")))
                return true;
        causes = doc_array();
        cause_add(causes, CAUSE_INVALID, "metadata.uid", "\"%s\": field is immutable", uid);
        refuse_invalid(call, causes);
        return false;
}

static void apply_patch(struct call *call, struct object *object, const struct patch_type *type, struct json_object *patch)
{
        auto_json struct json_object *shown = event_shown(call->kind, object->json);
        struct json_object *json = NULL;
        struct fail fail;

        if (!type->apply) {
                json = doc_merge(shown, patch);
        } else if (type->apply(shown, patch, &json, &fail)) {
                refuse(call, 422, "Invalid", doc_object(), "the server rejected our request due to an error in our request");
                return;
        }
        if (write_agrees(call, json) && still_current(call, object->json, json, false) && uid_kept(call, object->json, json))
                update(call, object, json_object_get(json));
        json_object_put(json);
}

void verb_patch(struct call *call)
{
        const struct patch_type *type = patch_type_of(call);
        struct object *object = sim_store_find(call->kind->storage, call->namespace, call->name);
        auto_json struct json_object *patch = NULL;
        struct fail fail = {0};

        if (!type)
                return;
        if (doc_parse(call->request->body ? call->request->body : "", call->request->size, &patch, &fail))
                refuse_bad_request(call, "error decoding patch: %s", fail.text);
        else if (!json_object_is_type(patch, type->body))
                refuse_bad_request(call, "error decoding patch: it must be %s", type->body == json_type_array ? "an array" : "an object");
        else if (!object)
                refuse_not_found(call, call->kind, call->name);
        else
                apply_patch(call, object, type, patch);
}
