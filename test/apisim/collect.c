/* SPDX-License-Identifier: Apache-2.0
 *
 * Garbage collector (pkg/controller/garbagecollector) and namespace controller. A round looks at everything, and only when
 * something has changed since the last. */
#include <stdlib.h>
#include <string.h>

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

/* Every object, by uid: rounds change the store under their own feet. New array, caller frees it and what is in it. */
static char **all_uids(const struct apisim *sim, size_t *ret_len)
{
        size_t len = 0;

        for (size_t i = 0; i < sim->kinds_len; i++)
                len += sim->kinds[i].len;
        char **uids = xcalloc(len + 1, sizeof *uids);
        *ret_len = 0;
        for (size_t i = 0; i < sim->kinds_len; i++)
                for (size_t j = 0; j < sim->kinds[i].len; j++)
                        uids[(*ret_len)++] = xstrdup(doc_text(sim->kinds[i].objects[j]->json, "metadata.uid"));
        return uids;
}

static bool has_dependents(struct apisim *sim, const char *uid, bool blocking_only)
{
        for (size_t i = 0; i < sim->kinds_len; i++)
                for (size_t j = 0; j < sim->kinds[i].len; j++)
                        if (owned_by(sim->kinds[i].objects[j], uid, blocking_only))
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

static void orphan_dependents(struct apisim *sim, struct object *object, char **uids, size_t len)
{
        const char *uid = doc_text(object->json, "metadata.uid");

        for (size_t i = 0; i < len; i++) {
                struct object *other = sim_store_by_uid(sim, uids[i]);
                if (other && owned_by(other, uid, false))
                        drop_owner(sim, other, uid);
        }
        drop_finalizer(sim, object, "orphan");
}

static void collect_one(struct apisim *sim, struct object *object, char **uids, size_t len)
{
        struct json_object *finalizers = doc_at(object->json, "metadata.finalizers");
        auto_free char *uid = xstrdup(doc_text(object->json, "metadata.uid"));
        struct owners owners = look_at_owners(sim, object);

        if (owners.present == 0 && owners.absent + owners.waiting > 0 && !object_deleting(object)) {
                bool first_theirs = owners.waiting && has_dependents(sim, uid, true);
                object_delete(sim, object, first_theirs ? "Foreground" : "Background", -1);
                object = sim_store_by_uid(sim, uid);
        }
        if (!object || !object_deleting(object))
                return;
        finalizers = doc_at(object->json, "metadata.finalizers");
        if (list_has_text(finalizers, "orphan"))
                orphan_dependents(sim, object, uids, len);
        else if (list_has_text(finalizers, "foregroundDeletion") && !has_dependents(sim, uid, true))
                drop_finalizer(sim, object, "foregroundDeletion");
}

/* ---- Namespaces ---- */

static bool empty_namespace(struct apisim *sim, const char *name, char **uids, size_t len)
{
        bool empty = true;

        for (size_t i = 0; i < len; i++) {
                struct object *object = sim_store_by_uid(sim, uids[i]);
                if (!object || !text_equal(doc_text(object->json, "metadata.namespace"), name))
                        continue;
                if (!object_deleting(object))
                        object_delete(sim, object, "Background", -1);
                empty = empty && !sim_store_by_uid(sim, uids[i]);
        }
        return empty;
}

static void finish_namespace(struct apisim *sim, struct object *space)
{
        struct json_object *next = sim_store_copy(space);

        json_object_object_del(doc_at(next, "spec"), "finalizers");
        object_replace(sim, space, next);
}

static bool matters(const struct change *change)
{
        return !change->after || doc_at(change->after, "metadata.deletionTimestamp") || doc_at(change->after, "metadata.ownerReferences");
}

void collect_step(struct apisim *sim)
{
        bool due = sim_store_changed(sim, sim->collected_version, matters);
        size_t len;

        sim->collected_version = sim->version;
        if (!due)
                return;
        char **uids = all_uids(sim, &len);
        for (size_t i = 0; i < len; i++) {
                struct object *object = sim_store_by_uid(sim, uids[i]);
                if (object && (doc_at(object->json, "metadata.ownerReferences") || object_deleting(object)))
                        collect_one(sim, object, uids, len);
                object = sim_store_by_uid(sim, uids[i]);
                if (object && kind_is(object->kind, "", "namespaces") && object_deleting(object)) {
                        auto_free char *name = xstrdup(doc_text(object->json, "metadata.name"));
                        if (empty_namespace(sim, name, uids, len))
                                finish_namespace(sim, object);
                }
        }
        for (size_t i = 0; i < len; i++)
                free(uids[i]);
        free(uids);
}
