/* SPDX-License-Identifier: Apache-2.0
 *
 * Garbage collector (pkg/controller/garbagecollector) and namespace controller. A round looks at what has changed, at what it
 * owns, and at owners that wait for it to go. */
#include <stdlib.h>
#include <string.h>

#include "agenda.h"
#include "controllers.h"

/* ---- Owners ---- */

struct owners { /* of one object: how many there are, gone, and waiting for it to go */
        size_t present, absent, waiting;
};

static bool waits_for_dependents(const struct object *owner)
{
        return object_deleting(owner) && list_has_text(doc_at(owner->json, "metadata.finalizers"), "foregroundDeletion");
}

static struct owners look_at_owners(struct apisim *sim, const struct object *object)
{
        struct json_object *list = doc_at(object->json, "metadata.ownerReferences");
        struct owners owners = {0};

        for (size_t i = 0; i < doc_len(list, ""); i++) {
                struct json_object *entry = doc_item(list, i);
                const struct object *owner = sim_store_by_uid(sim, doc_text(entry, "uid"));
                /* A namesake, or an owner of another namespace, is no owner. */
                bool real = owner && text_equal(doc_text(owner->json, "metadata.name"), doc_text(entry, "name")) &&
                            (!owner->kind->namespaced ||
                             text_equal(doc_text(owner->json, "metadata.namespace"), doc_text(object->json, "metadata.namespace")));
                if (!real)
                        owners.absent++;
                else if (waits_for_dependents(owner))
                        owners.waiting++;
                else
                        owners.present++;
        }
        return owners;
}

static void drop_owner(struct apisim *sim, struct object *object, const char *uid)
{
        struct json_object *next = sim_store_copy(object), *metadata = doc_at(next, "metadata");
        struct json_object *list = doc_at(metadata, "ownerReferences"), *kept = doc_array();

        for (size_t i = 0; i < doc_len(list, ""); i++)
                if (!text_equal(doc_text(doc_item(list, i), "uid"), uid))
                        doc_push(kept, json_object_get(doc_item(list, i)));
        if (doc_len(kept, "")) {
                doc_set(metadata, "ownerReferences", kept);
        } else {
                json_object_object_del(metadata, "ownerReferences");
                json_object_put(kept);
        }
        object_replace(sim, object, next);
}

static bool owned_by(const struct object *object, const char *uid, bool blocking_only)
{
        struct json_object *list = doc_at(object->json, "metadata.ownerReferences");

        for (size_t i = 0; i < doc_len(list, ""); i++)
                if (text_equal(doc_text(doc_item(list, i), "uid"), uid) &&
                    (!blocking_only || doc_bool(doc_item(list, i), "blockOwnerDeletion", false)))
                        return true;
        return false;
}

static bool has_dependents(struct apisim *sim, const char *uid, bool blocking_only)
{
        struct owned owned = sim_owned(sim, uid);

        for (size_t i = 0; i < owned.len; i++)
                if (owned_by(owned.objects[i], uid, blocking_only))
                        return true;
        return false;
}

static void drop_finalizer(struct apisim *sim, struct object *object, const char *finalizer)
{
        struct json_object *next = sim_store_copy(object), *metadata = doc_at(next, "metadata");
        struct json_object *kept = list_without_text(doc_at(metadata, "finalizers"), finalizer);

        json_object_object_del(metadata, "finalizers");
        doc_set(metadata, "finalizers", kept);
        object_replace(sim, object, next);
}

static void add_owned(struct apisim *sim, const char *uid, struct agenda *agenda)
{
        struct owned owned = sim_owned(sim, uid);

        for (size_t i = 0; i < owned.len; i++)
                agenda_add(agenda, owned.objects[i]);
}

static void orphan_dependents(struct apisim *sim, struct object *object)
{
        const char *uid = doc_text(object->json, "metadata.uid");
        struct agenda agenda = {0};
        struct object *other;

        add_owned(sim, uid, &agenda);
        while ((other = agenda_next(&agenda, sim)))
                drop_owner(sim, other, uid);
        agenda_done(&agenda);
        drop_finalizer(sim, object, "orphan");
}

static void collect_one(struct apisim *sim, struct object *object)
{
        auto_free char *uid = xstrdup(doc_text(object->json, "metadata.uid"));
        struct owners owners = look_at_owners(sim, object);

        if (owners.present == 0 && owners.absent + owners.waiting > 0 && !object_deleting(object)) {
                bool first_theirs = owners.waiting && has_dependents(sim, uid, true);
                object_delete(sim, object, first_theirs ? "Foreground" : "Background", -1);
                object = sim_store_by_uid(sim, uid);
        }
        if (!object || !object_deleting(object))
                return;
        struct json_object *finalizers = doc_at(object->json, "metadata.finalizers");
        if (list_has_text(finalizers, "orphan"))
                orphan_dependents(sim, object);
        else if (list_has_text(finalizers, "foregroundDeletion") && !has_dependents(sim, uid, true))
                drop_finalizer(sim, object, "foregroundDeletion");
}

/* ---- Namespaces ---- */

static bool in_namespace(const struct object *object, const char *name)
{
        return object->kind->namespaced && text_equal(doc_text(object->json, "metadata.namespace"), name);
}

/* True when nothing is left in it. */
static bool empty_namespace(struct apisim *sim, const char *name)
{
        struct agenda agenda = {0};
        struct object *object;
        bool empty = true;

        for (size_t i = 0; i < sim->kinds_len; i++)
                for (size_t j = 0; j < sim->kinds[i].len; j++)
                        if (in_namespace(sim->kinds[i].objects[j], name))
                                agenda_add(&agenda, sim->kinds[i].objects[j]);
        while ((object = agenda_next(&agenda, sim))) {
                auto_free char *uid = xstrdup(doc_text(object->json, "metadata.uid"));
                if (!object_deleting(object))
                        object_delete(sim, object, "Background", -1);
                empty = empty && !sim_store_by_uid(sim, uid);
        }
        agenda_done(&agenda);
        return empty;
}

static void finish_namespace(struct apisim *sim, struct object *space)
{
        struct json_object *next = sim_store_copy(space);

        json_object_object_del(doc_at(next, "spec"), "finalizers");
        object_replace(sim, space, next);
}

/* ---- The round ---- */

static bool is_namespace(const struct object *object)
{
        return kind_is(object->kind, "", "namespaces");
}

/* Owners that wait until the last that names them is gone. */
static void note_waiting_owners(struct apisim *sim, struct json_object *before, struct agenda *agenda)
{
        struct json_object *list = doc_at(before, "metadata.ownerReferences");

        for (size_t i = 0; i < doc_len(list, ""); i++) {
                struct object *owner = sim_store_by_uid(sim, doc_text(doc_item(list, i), "uid"));
                if (owner && object_deleting(owner))
                        agenda_add(agenda, owner);
        }
}

static void note(struct apisim *sim, const struct change *change, struct agenda *agenda)
{
        struct json_object *json = change->after ? change->after : change->before;
        const char *uid = doc_text(json, "metadata.uid"), *namespace = doc_text(json, "metadata.namespace");
        struct object *space = namespace ? sim_store_find(kind_core(sim, "namespaces"), NULL, namespace) : NULL;
        bool deleting = doc_at(json, "metadata.deletionTimestamp");

        if (space && object_deleting(space))
                agenda_add(agenda, space);
        if (change->after && (deleting || doc_at(json, "metadata.ownerReferences")))
                agenda_add(agenda, sim_store_by_uid(sim, uid));
        if (!change->after || deleting)
                add_owned(sim, uid, agenda);
        note_waiting_owners(sim, change->before, agenda);
}

void collect_step(struct apisim *sim)
{
        struct agenda agenda = {0};
        struct object *object;

        agenda_fill(&agenda, sim, sim->collected_version, note);
        sim->collected_version = sim->version;
        while ((object = agenda_next(&agenda, sim))) {
                auto_free char *name = is_namespace(object) && object_deleting(object) ? xstrdup(doc_text(object->json, "metadata.name")) : NULL;
                if (!name)
                        collect_one(sim, object);
                else if (empty_namespace(sim, name))
                        finish_namespace(sim, object);
        }
        agenda_done(&agenda);
}
