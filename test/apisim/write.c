/* SPDX-License-Identifier: Apache-2.0
 *
 * Creating; and what creating and changing have in common. One way for all: the wished tree is normalised, given what only
 * the server sets, defaulted, checked, compared and stored. */
#include "write.h"

#include <stdlib.h>
#include <string.h>

#include "controllers.h"
#include "data/yaml.h"
#include "rules.h"

/* ---- Bodies ---- */

bool write_content_is(const struct call *call, const char *type)
{
        const char *content = call->request->content_type;
        size_t len = strlen(type);

        return content && strncmp(content, type, len) == 0 && (!content[len] || content[len] == ';');
}

/* False when it was answered. *ret_json is an object of this kind, new. */
bool write_read_object(struct call *call, struct json_object **ret_json)
{
        const struct apisim_request *request = call->request;
        struct fail fail = {0};
        bool yaml = write_content_is(call, "application/yaml");

        *ret_json = NULL;
        if (write_content_is(call, "application/vnd.kubernetes.protobuf")) {
                refuse_unmodelled(call, 415, "protobuf bodies");
                return false;
        }
        if (request->content_type && !yaml && !write_content_is(call, "application/json")) {
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
bool write_agrees(struct call *call, struct json_object *json)
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
bool write_prune(struct call *call, struct json_object *json)
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

void write_fill(struct call *call, struct json_object *json)
{
        if (call->kind->schema)
                schema_default(call->kind->schema, json);
        else
                builtin_default(call->sim, call->kind->storage, json);
}

/* False when it was answered. */
bool write_check(struct call *call, struct json_object *old, struct json_object *json)
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

void write_create(struct call *call, struct json_object *json)
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
        bool open = namespace_open(call, json) && write_prune(call, json);
        if (open) {
                write_fill(call, json);
                builtin_status(call->kind, json);
        }
        if (open && write_check(call, NULL, json))
                store_new(call, json);
        else
                json_object_put(json);
}

void verb_create(struct call *call)
{
        struct json_object *json;

        if (!write_read_object(call, &json))
                return;
        if (write_agrees(call, json))
                write_create(call, json);
        else
                json_object_put(json);
}
