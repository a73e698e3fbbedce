/* SPDX-License-Identifier: Apache-2.0
 *
 * Objects by their owners. */
#include <stdlib.h>
#include <string.h>

#include "controllers.h"

static const char *owner_uid(struct json_object *owners, size_t i)
{
        return doc_text(doc_item(owners, i), "uid");
}

static size_t place_of(const struct owned *owned, const struct object *object)
{
        size_t i = 0;

        while (i < owned->len && (owned->objects[i]->kind < object->kind ||
                                  (owned->objects[i]->kind == object->kind && strcmp(owned->objects[i]->key, object->key) < 0)))
                i++;
        return i;
}

static void add(struct apisim *sim, const char *uid, struct object *object)
{
        struct owned *owned = map_find(&sim->owned, uid);

        if (!owned)
                map_set(&sim->owned, uid, owned = xnew(struct owned));
        size_t place = place_of(owned, object);
        if (place < owned->len && owned->objects[place] == object)
                return;
        owned->objects = xrealloc(owned->objects, (owned->len + 1) * sizeof *owned->objects);
        memmove(owned->objects + place + 1, owned->objects + place, (owned->len - place) * sizeof *owned->objects);
        owned->objects[place] = object;
        owned->len++;
}

static void drop(struct apisim *sim, const char *uid, const struct object *object)
{
        struct owned *owned = map_find(&sim->owned, uid);
        size_t place = owned ? place_of(owned, object) : 0;

        if (!owned || place == owned->len || owned->objects[place] != object)
                return;
        owned->len--;
        memmove(owned->objects + place, owned->objects + place + 1, (owned->len - place) * sizeof *owned->objects);
        if (owned->len)
                return;
        map_remove(&sim->owned, uid);
        free(owned->objects);
        free(owned);
}

void sim_owners_set(struct apisim *sim, struct object *object, struct json_object *owners)
{
        struct json_object *before = object->owners;

        if (doc_equal(before, owners))
                return;
        for (size_t i = 0; i < doc_len(before, ""); i++)
                if (owner_uid(before, i))
                        drop(sim, owner_uid(before, i), object);
        for (size_t i = 0; i < doc_len(owners, ""); i++)
                if (owner_uid(owners, i))
                        add(sim, owner_uid(owners, i), object);
        object->owners = json_object_get(owners);
        json_object_put(before);
}

struct owned sim_owned(const struct apisim *sim, const char *uid)
{
        const struct owned *owned = uid ? map_find(&sim->owned, uid) : NULL;

        return owned ? *owned : (struct owned){0};
}

void sim_owned_done(struct apisim *sim)
{
        size_t at = 0;
        const char *uid;
        void *value;

        while (map_next(&sim->owned, &at, &uid, &value)) {
                free(((struct owned *)value)->objects);
                free(value);
        }
        map_done(&sim->owned);
}
