/* SPDX-License-Identifier: Apache-2.0
 *
 * Creating and changing. One way for all: the wished tree is normalised, given what only the server sets, defaulted,
 * checked, compared and stored. */
#include <stdlib.h>
#include <string.h>

#include "controllers.h"
#include "data/yaml.h"
#include "rules.h"

/* ---- Bodies ---- */

static bool content_is(const struct call *call, const char *type)
{
        const char *content = call->request->content_type;
        size_t len = strlen(type);

        return content && strncmp(content, type, len) == 0 && (!content[len] || content[len] == ';');
}

/* False when it was answered. *ret_json is an object of this kind, new. */
static bool read_object(struct call *call, struct json_object **ret_json)
{
        const struct apisim_request *request = call->request;
        struct fail fail = {0};
        bool yaml = content_is(call, "application/yaml");

        *ret_json = NULL;
        if (content_is(call, "application/vnd.kubernetes.protobuf")) {
                refuse_unmodelled(call, 415, "protobuf bodies");
                return false;
        }
        if (request->content_type && !yaml && !content_is(call, "application/json")) {
                refuse(call, 415, "UnsupportedMediaType", NULL,
                       "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml");
                return false;
        }
        enum fail_kind bad = yaml ? yaml_parse(request->body, request->size, ret_json, &fail)
                                  : doc_parse(request->body ? request->body : "", request->size, ret_json, &fail);
        if (!bad && json_object_is_type(*ret_json, json_type_object))
                return true;
        json_object_put(take(*ret_json));
        refuse_bad_request(call, "the object provided is unrecognized (must be of type %s): couldn't get version/kind; %s", call->kind->name,
                           bad ? fail.text : "not an object");
        return false;
}

static void refuse_kind(struct call *call, const char *kind)
{
        struct json_object *causes = doc_array();

        cause_add(causes, CAUSE_INVALID, "kind", "\"%s\": must be %s", kind, call->kind->name);
        refuse_invalid(call, causes);
}

/* False when it was answered: the body names another kind, version, namespace or name than the path,
 * or is not of the right shape. */
static bool agrees(struct call *call, struct json_object *json)
{
        const char *kind = doc_text(json, "kind"), *version = doc_text(json, "apiVersion"), *name = doc_text(json, "metadata.name");
        const char *namespace = doc_text(json, "metadata.namespace");
        auto_free char *expected = kind_api_version(call->kind);

        if (call->kind->schema && !kind)
                refuse_bad_request(call, "the object provided is unrecognized (must be of type %s): Object 'Kind' is missing", call->kind->name);
        else if (version && !text_equal(version, expected))
                refuse_bad_request(call, "%s in version \"%s\" cannot be handled as a %s: no kind \"%s\" is registered for version \"%s\"",
                                   kind ? kind : "", version, call->kind->name, kind ? kind : "", version);
        else if (kind && !text_equal(kind, call->kind->name) && call->kind->schema)
                refuse_kind(call, kind);
        else if (kind && !text_equal(kind, call->kind->name))
                refuse_bad_request(call, "%s in version \"%s\" cannot be handled as a %s: unknown conversion", kind, call->kind->version,
                                   call->kind->name);
        else if (namespace && namespace[0] && call->namespace && !text_equal(namespace, call->namespace))
                refuse_bad_request(call, "the namespace of the provided object does not match the namespace sent on the request");
        else if (call->name && !text_equal(name, call->name))
                refuse_bad_request(call, "the name of the object (%s) does not match the name on the URL (%s)", name ? name : "", call->name);
        else
                return shape_fits(call, json);
        return false;
}

/* ---- Rules ---- */

static char *unknown_text(struct json_object *unknown)
{
        struct buf text = {0};

        for (size_t i = 0; i < doc_len(unknown, ""); i++)
                buf_format(&text, "%sunknown field \"%s\"", i ? ", " : "", json_object_get_string(doc_item(unknown, i)));
        return buf_take(&text);
}

/* What the schema does not know goes, with a warning or, if so asked, as an error. False when it was answered. */
static bool prune(struct call *call, struct json_object *json)
{
        auto_json struct json_object *unknown = doc_array();
        const char *how = call_query(call, "fieldValidation");

        if (call->kind->schema)
                schema_prune(call->kind->schema, json, unknown);
        if (!doc_len(unknown, "") || text_equal(how, "Ignore"))
                return true;
        auto_free char *text = unknown_text(unknown);
        if (text_equal(how, "Strict")) {
                refuse_bad_request(call, "%s in version \"%s\" cannot be handled as a %s: strict decoding error: %s", call->kind->name,
                                   call->kind->version, call->kind->name, text);
                return false;
        }
        call->answer->warning = take(text);
        return true;
}

static void fill(struct call *call, struct json_object *json)
{
        if (call->kind->schema)
                schema_default(call->kind->schema, json);
        else
                builtin_default(call->sim, call->kind->storage, json);
}

/* False when it was answered. */
static bool check(struct call *call, struct json_object *old, struct json_object *json)
{
        struct json_object *causes = doc_array();
        const char *unmodelled = builtin_unmodelled(call->kind, json);

        meta_check(call->kind, old, json, causes);
        if (call->kind->schema)
                schema_check(call->kind->schema, json, causes);
        else
                builtin_check(call->kind->storage, old, json, causes);
        if (doc_len(causes, "")) {
                call->body_name = doc_text(json, "metadata.name");
                refuse_invalid(call, causes);
                return false;
        }
        json_object_put(causes);
        if (unmodelled)
                refuse_unmodelled(call, 501, "%s of %s", unmodelled, call->kind->plural);
        return !unmodelled;
}

/* ---- Create ---- */

/* False when it was answered. */
static bool namespace_open(struct call *call, struct json_object *json)
{
        struct kind *namespaces = kind_core(call->sim, "namespaces");
        struct object *space = call->namespace ? sim_store_find(namespaces, NULL, call->namespace) : NULL;
        const char *name = doc_text(json, "metadata.name");

        if (!call->namespace || (space && !object_deleting(space)))
                return true;
        if (!space) {
                refuse_not_found(call, namespaces, call->namespace);
                return false;
        }
        auto_free char *resource = kind_qualified(call->kind, call->kind->plural);
        auto_free char *message = xasprintf("namespace %s is being terminated", call->namespace);
        struct json_object *cause = doc_set_text(doc_object(), "reason", "NamespaceTerminating"), *details = details_of(call->kind, name);
        doc_set_text(doc_set_text(cause, "message", message), "field", "metadata.namespace");
        refuse(call, 403, "Forbidden", doc_set(details, "causes", doc_push(doc_array(), cause)),
               "%s \"%s\" is forbidden: unable to create new content in namespace %s because it is being terminated", resource,
               name ? name : "", call->namespace);
        return false;
}

static void store_new(struct call *call, struct json_object *json)
{
        struct kind *storage = call->kind->storage;
        const char *name = doc_text(json, "metadata.name");
        auto_free char *resource = kind_qualified(call->kind, call->kind->plural);

        if (sim_store_find(storage, call->namespace, name))
                refuse(call, 409, "AlreadyExists", details_of(call->kind, name), "%s \"%s\" already exists", resource, name);
        else if (call->dry_run)
                answer_object(call, 201, json);
        else
                answer_object(call, 201, sim_store_put(call->sim, storage, json_object_get(json))->json);
        json_object_put(json);
}

static void create(struct call *call, struct json_object *json)
{
        const char *version = doc_text(json, "metadata.resourceVersion");

        if (version && version[0]) {
                refuse(call, 500, NULL, NULL, "resourceVersion should not be set on objects to be created");
                json_object_put(json);
                return;
        }
        json = meta_normal(call->kind->storage, event_stored(call->kind, json));
        meta_create(call->sim, call->kind, call->namespace, json);
        /* Nodes are made by who knows their state. */
        if (call->kind->status && !kind_is(call->kind, "", "nodes"))
                json_object_object_del(json, "status");
        bool open = namespace_open(call, json) && prune(call, json);
        if (open) {
                fill(call, json);
                builtin_status(call->kind, json);
        }
        if (open && check(call, NULL, json))
                store_new(call, json);
        else
                json_object_put(json);
}

void verb_create(struct call *call)
{
        struct json_object *json;

        if (!read_object(call, &json))
                return;
        if (agrees(call, json))
                create(call, json);
        else
                json_object_put(json);
}

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
        bool pruned = prune(call, json);
        if (pruned)
                fill(call, json);
        if (pruned && call->kind->generation && meta_spec_differs(old, json))
                doc_set_int(doc_at(json, "metadata"), "generation", doc_int(old, "metadata.generation", 0) + 1);
        if (pruned && check(call, old, json))
                finish(call, object, json);
        else
                json_object_put(json);
}

void verb_update(struct call *call)
{
        struct json_object *json;
        struct object *object = sim_store_find(call->kind->storage, call->namespace, call->name);

        if (!read_object(call, &json))
                return;
        const char *uid = doc_text(json, "metadata.uid");
        if (!agrees(call, json)) {
                json_object_put(json);
        } else if (!object && call->kind->create_on_update) {
                create(call, json);
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
                if (content_is(call, patch_types[i].content) && !(patch_types[i].built_in_only && call->kind->schema))
                        return &patch_types[i];
        if (content_is(call, "application/apply-patch+yaml"))
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
        if (agrees(call, json) && still_current(call, object->json, json, false) && uid_kept(call, object->json, json))
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
