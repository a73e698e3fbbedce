/* SPDX-License-Identifier: Apache-2.0
 *
 * Deleting: preconditions, propagation, finalizers, and the time that pods take to go. */
#include <inttypes.h>
#include <string.h>

#include "controllers.h"
#include "rules.h"

#define POD_GRACE_S 30

bool object_deleting(const struct object *object)
{
        return doc_at(object->json, "metadata.deletionTimestamp");
}

bool list_has_text(struct json_object *list, const char *text)
{
        for (size_t i = 0; i < doc_len(list, ""); i++)
                if (text_equal(json_object_get_string(doc_item(list, i)), text))
                        return true;
        return false;
}

struct json_object *list_without_text(struct json_object *list, const char *text)
{
        struct json_object *out = NULL;

        for (size_t i = 0; i < doc_len(list, ""); i++) {
                const char *entry = json_object_get_string(doc_item(list, i));
                if (!text_equal(entry, text))
                        out = doc_push_text(out ? out : doc_array(), entry);
        }
        return out;
}

static bool may_go(struct json_object *json)
{
        return doc_at(json, "metadata.deletionTimestamp") && !doc_len(json, "metadata.finalizers") &&
               doc_int(json, "metadata.deletionGracePeriodSeconds", 0) == 0 && !doc_len(json, "spec.finalizers");
}

void object_replace(struct apisim *sim, struct object *object, struct json_object *next)
{
        if (may_go(next)) {
                /* What watches see go is the last state. */
                json_object_put(object->json);
                object->json = next;
                sim_store_remove(sim, object);
        } else if (doc_equal(object->json, next)) {
                json_object_put(next);
        } else {
                sim_store_put(sim, object->kind, next);
        }
}

static int64_t grace_of(const struct object *object, int64_t asked_s)
{
        const char *phase = doc_text(object->json, "status.phase"), *node = doc_text(object->json, "spec.nodeName");

        if (!kind_is(object->kind, "", "pods") || !node || !node[0] || text_equal(phase, "Succeeded") || text_equal(phase, "Failed"))
                return 0;
        return asked_s >= 0 ? asked_s : doc_int(object->json, "spec.terminationGracePeriodSeconds", POD_GRACE_S);
}

static void add_finalizer(struct json_object *json, const char *policy)
{
        const char *name = text_equal(policy, "Foreground") ? "foregroundDeletion" : text_equal(policy, "Orphan") ? "orphan" : NULL;
        struct json_object *metadata = doc_at(json, "metadata"), *list = doc_at(metadata, "finalizers");

        if (!name || list_has_text(list, name))
                return;
        if (!list)
                doc_set(metadata, "finalizers", list = doc_array());
        doc_push_text(list, name);
}

/* The tree as it is when deletion has been asked for; new. */
static struct json_object *marked(struct apisim *sim, struct object *object, const char *policy, int64_t grace_s)
{
        struct json_object *json = sim_store_copy(object), *metadata = doc_at(json, "metadata");
        bool first = !object_deleting(object);
        char when[CLOCK_TEXT_MAX];

        grace_s = grace_of(object, grace_s);
        add_finalizer(json, policy);
        if (first && kind_is(object->kind, "", "namespaces")) {
                doc_set(metadata, "deletionTimestamp", sim_time(sim));
                doc_set_text(doc_at(json, "status"), "phase", "Terminating");
        } else if (first || grace_s < doc_int(metadata, "deletionGracePeriodSeconds", 0)) {
                clock_format_seconds(sim_wall_ms(sim) + grace_s * 1000, when);
                if (first && doc_at(metadata, "generation"))
                        doc_set_int(metadata, "generation", doc_int(metadata, "generation", 0) + 1);
                doc_set_text(metadata, "deletionTimestamp", when);
                doc_set_int(metadata, "deletionGracePeriodSeconds", grace_s);
        }
        return json;
}

void object_delete(struct apisim *sim, struct object *object, const char *policy, int64_t grace_s)
{
        object_replace(sim, object, marked(sim, object, policy, grace_s));
}

/* ---- The request ---- */

struct options {
        const char *policy, *uid, *version;
        int64_t grace_s;
};

/* False when it was answered. Strings are borrowed from 'body'. */
static bool read_options(struct call *call, struct json_object *body, struct options *ret_options)
{
        const char *asked = call_query(call, "propagationPolicy"), *text = doc_text(body, "propagationPolicy");
        const char *policy = text ? text : asked;
        int64_t grace_s;

        if (!call_query_int(call, "gracePeriodSeconds", -1, &grace_s))
                return false;
        if (policy && strcmp(policy, "Background") != 0 && strcmp(policy, "Foreground") != 0 && strcmp(policy, "Orphan") != 0) {
                struct json_object *causes = doc_array();
                cause_add(causes, CAUSE_UNSUPPORTED, "propagationPolicy",
                          "\"%s\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"", policy);
                refuse_options(call, "DeleteOptions", causes);
                return false;
        }
        /* batch/v1 keeps a promise to clients of before there was a garbage collector. */
        if (!policy)
                policy = kind_is(call->kind, "batch", "jobs") ? "Orphan" : "Background";
        *ret_options = (struct options){.policy = policy,
                                        .uid = doc_text(body, "preconditions.uid"),
                                        .version = doc_text(body, "preconditions.resourceVersion"),
                                        .grace_s = doc_int(body, "gracePeriodSeconds", grace_s)};
        return true;
}

static void refuse_precondition(struct call *call, const char *what, const char *wanted, const char *held, const char *why)
{
        const struct kind *kind = call->kind->storage;
        auto_free char *word = kind_qualified(kind, kind->name);
        struct json_object *details = details_of(kind, call->name);

        doc_set_text(details, "kind", kind->name);
        refuse(call, 409, "Conflict", details,
               "Operation cannot be fulfilled on %s \"%s\": the %s in the precondition (%s) does not match the %s in record (%s). The object "
               "might have been %s",
               word, call->name, what, wanted, what, held, why);
}

static bool preconditions_hold(struct call *call, struct object *object, const struct options *options)
{
        const char *uid = doc_text(object->json, "metadata.uid"), *version = doc_text(object->json, "metadata.resourceVersion");

        if (options->uid && !text_equal(options->uid, uid))
                refuse_precondition(call, "UID", options->uid, uid, "deleted and then recreated");
        else if (options->version && !text_equal(options->version, version))
                refuse_precondition(call, "ResourceVersion", options->version, version, "modified");
        else
                return true;
        return false;
}

static void answer_gone(struct call *call, const char *uid)
{
        struct json_object *body = doc_object(), *details = details_of(call->kind, call->name);

        doc_set_text(doc_set_text(body, "kind", "Status"), "apiVersion", "v1");
        doc_set(body, "metadata", doc_object());
        doc_set_text(body, "status", "Success");
        answer_json(call, 200, doc_set(body, "details", doc_set_text(details, "uid", uid)));
}

static void delete_object(struct call *call, struct object *object, const struct options *options)
{
        auto_json struct json_object *next = marked(call->sim, object, options->policy, options->grace_s);
        auto_free char *uid = xstrdup(doc_text(object->json, "metadata.uid"));
        bool gone = may_go(next), pod = kind_is(call->kind, "", "pods");

        if (!call->dry_run)
                object_replace(call->sim, object, json_object_get(next));
        struct object *now = sim_store_by_uid(call->sim, uid);
        if (gone && !pod)
                answer_gone(call, uid);
        else
                answer_object(call, 200, now && !call->dry_run ? now->json : next);
}

void verb_delete(struct call *call)
{
        struct object *object = sim_store_find(call->kind->storage, call->namespace, call->name);
        auto_json struct json_object *body = NULL;
        struct options options;
        struct fail fail;

        if (call->request->size && doc_parse(call->request->body, call->request->size, &body, &fail))
                refuse_bad_request(call, "the options provided are unrecognized: %s", fail.text);
        else if (!read_options(call, body, &options))
                return;
        else if (!object)
                refuse_not_found(call, call->kind, call->name);
        else if (preconditions_hold(call, object, &options))
                delete_object(call, object, &options);
}
