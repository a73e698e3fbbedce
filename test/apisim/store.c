/* SPDX-License-Identifier: Apache-2.0
 *
 * Objects by key, one version counter, and the history of changes that watches and old lists are served from. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controllers.h"
#include "stream.h"

static char *key_of(const char *namespace, const char *name)
{
        return namespace && namespace[0] ? xasprintf("%s/%s", namespace, name) : xstrdup(name);
}

char *sim_store_key(struct json_object *json)
{
        return key_of(doc_text(json, "metadata.namespace"), doc_text(json, "metadata.name"));
}

/* Where the key is, or belongs. */
static size_t place_of(const struct kind *kind, const char *key, bool *ret_found)
{
        size_t low = 0, high = kind->len;

        while (low < high) {
                size_t middle = (low + high) / 2;
                int order = strcmp(kind->objects[middle]->key, key);
                if (order == 0) {
                        *ret_found = true;
                        return middle;
                }
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        *ret_found = false;
        return low;
}

struct object *sim_store_find(const struct kind *kind, const char *namespace, const char *name)
{
        auto_free char *key = key_of(namespace, name);
        bool found;
        size_t place = place_of(kind, key, &found);

        return found ? kind->objects[place] : NULL;
}

struct object *sim_store_by_uid(const struct apisim *sim, const char *uid)
{
        return uid ? map_find(&sim->by_uid, uid) : NULL;
}

struct json_object *sim_store_copy(const struct object *object)
{
        return doc_copy(object->json);
}

static void record(struct apisim *sim, struct kind *kind, struct json_object *before, struct json_object *after)
{
        if (sim->history_len == sim->history_capacity) {
                sim->history_capacity = sim->history_capacity ? 2 * sim->history_capacity : 64;
                sim->history = xrealloc(sim->history, sim->history_capacity * sizeof *sim->history);
        }
        sim->history[sim->history_len++] = (struct change){kind, sim->version, before, json_object_get(after)};
}

static void set_version(struct json_object *json, uint64_t version)
{
        char text[24];

        snprintf(text, sizeof text, "%" PRIu64, version);
        doc_set_text(doc_at(json, "metadata"), "resourceVersion", text);
}

static struct object *insert(struct kind *kind, size_t place, char *key)
{
        struct object *object = xnew(struct object);

        if (kind->len == kind->capacity) {
                kind->capacity = kind->capacity ? 2 * kind->capacity : 16;
                kind->objects = xrealloc(kind->objects, kind->capacity * sizeof *kind->objects);
        }
        memmove(kind->objects + place + 1, kind->objects + place, (kind->len - place) * sizeof *kind->objects);
        kind->objects[place] = object;
        kind->len++;
        object->kind = kind;
        object->key = key;
        return object;
}

struct object *sim_store_put(struct apisim *sim, struct kind *kind, struct json_object *json)
{
        auto_free char *key = sim_store_key(json);
        bool found;
        size_t place = place_of(kind, key, &found);
        struct object *object = found ? kind->objects[place] : insert(kind, place, take(key));
        struct json_object *before = object->json;

        set_version(json, ++sim->version);
        object->json = json;
        object->version = sim->version;
        sim_owners_set(sim, object, doc_at(json, "metadata.ownerReferences"));
        map_set(&sim->by_uid, doc_text(json, "metadata.uid"), object);
        record(sim, kind, before, json);
        return object;
}

static void free_object(struct object *object)
{
        json_object_put(object->json);
        json_object_put(object->owners);
        free(object->key);
        free(object);
}

void sim_store_remove(struct apisim *sim, struct object *object)
{
        struct kind *kind = object->kind;
        bool found;
        size_t place = place_of(kind, object->key, &found);

        memmove(kind->objects + place, kind->objects + place + 1, (kind->len - place - 1) * sizeof *kind->objects);
        kind->len--;
        map_remove(&sim->by_uid, doc_text(object->json, "metadata.uid"));
        sim_owners_set(sim, object, NULL);
        sim->version++;
        record(sim, kind, json_object_get(object->json), NULL);
        free_object(object);
}

void sim_store_forget(struct apisim *sim, size_t len)
{
        for (size_t i = 0; i < len; i++) {
                json_object_put(sim->history[i].before);
                json_object_put(sim->history[i].after);
        }
        if (len)
                sim->compacted = sim->history[len - 1].version;
        sim->history_len -= len;
        if (sim->history_len)
                memmove(sim->history, sim->history + len, sim->history_len * sizeof *sim->history);
}

void sim_store_done(struct apisim *sim)
{
        sim_store_forget(sim, sim->history_len);
        free(sim->history);
        for (size_t i = 0; i < sim->kinds_len; i++) {
                struct kind *kind = &sim->kinds[i];
                for (size_t j = 0; j < kind->len; j++)
                        free_object(kind->objects[j]);
                free(kind->objects);
        }
        map_done(&sim->by_uid);
        sim_owned_done(sim);
}

/* ---- The past ---- */

struct past { /* one key that changed since, as it was before its first change */
        char *key;
        struct json_object *json;
};

static int by_key(const void *a, const void *b)
{
        return strcmp(((const struct past *)a)->key, ((const struct past *)b)->key);
}

/* What every key that changed after 'version' was at it. */
static struct past *past_of(const struct apisim *sim, const struct kind *kind, uint64_t version, size_t *ret_len)
{
        struct map seen = {0};
        struct past *past = NULL;
        size_t len = 0;

        for (size_t i = history_after(sim, version); i < sim->history_len; i++) {
                const struct change *change = &sim->history[i];
                if (change->kind != kind)
                        continue;
                auto_free char *key = sim_store_key(change->before ? change->before : change->after);
                if (map_set(&seen, key, (void *)change))
                        continue;
                past = xrealloc(past, (len + 1) * sizeof *past);
                past[len++] = (struct past){take(key), change->before};
        }
        map_done(&seen);
        if (len)
                qsort(past, len, sizeof *past, by_key);
        *ret_len = len;
        return past;
}

struct json_object **sim_store_at(const struct apisim *sim, const struct kind *kind, uint64_t version, size_t *ret_len)
{
        size_t past_len, at = 0, len = 0, i = 0;
        struct past *past = past_of(sim, kind, version, &past_len);
        struct json_object **list = xcalloc(kind->len + past_len + 1, sizeof *list);

        while (i < kind->len || at < past_len) {
                int order = at == past_len ? -1 : i == kind->len ? 1 : strcmp(kind->objects[i]->key, past[at].key);
                struct json_object *json = order < 0 ? kind->objects[i]->json : past[at].json;
                i += order <= 0;
                at += order >= 0;
                if (json)
                        list[len++] = json;
        }
        for (size_t j = 0; j < past_len; j++)
                free(past[j].key);
        free(past);
        *ret_len = len;
        return list;
}
