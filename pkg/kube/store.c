/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

bool store_key(char key[static STORE_KEY_MAX], const char *namespace, const char *name)
{
        int len = snprintf(key, STORE_KEY_MAX, "%s/%s", namespace ? namespace : "", name ? name : "");

        return len > 0 && len < STORE_KEY_MAX && strchr(key, '/') == strrchr(key, '/');
}

/* ---- One object ---- */

/* Nobody doubts a text that a reader has let pass (kube/reader.h). */
static struct json_object *parse(const struct store *store, const char *text, size_t size, const struct sift *part)
{
        struct json_object *object = NULL;
        struct sifted less = {0};

        if (part && sift_object(part, text, size, &less, NULL, NULL))
                abort();
        if (doc_parse(part ? less.text.data : text, part ? less.text.size : size, &object, NULL))
                abort();
        sifted_done(&less);
        doc_set_text(object, "apiVersion", store->api_version);
        return doc_set_text(object, "kind", store->kind->name);
}

static struct json_object *name_it(struct json_object *object, const char *namespace, const char *name, const char *uid, const char *version)
{
        struct json_object *metadata = doc_at(object, "metadata");

        doc_set_text(metadata, "namespace", namespace[0] ? namespace : NULL);
        doc_set_text(metadata, "name", name);
        doc_set_text(metadata, "uid", uid);
        doc_set_text(metadata, "resourceVersion", version);
        return object;
}

struct json_object *store_object(const struct store *store, const struct sifted *sifted, const struct sift *part)
{
        struct json_object *object = parse(store, sifted->text.data, sifted->text.size, part);

        return name_it(object, sifted->namespace, sifted->name, sifted->uid, sifted->version);
}

struct stored *store_pack(struct store *store, const struct sifted *sifted)
{
        size_t uid_at = strlen(sifted->version) + 1, text_at = uid_at + strlen(sifted->uid) + 1;
        auto_buf struct buf squeezed = {0};

        if (!sifted->name[0] || !sifted->uid[0] || !sifted->version[0] || uid_at > UINT8_MAX)
                return NULL;
        uint8_t sample = squeeze_text(&store->squeeze, sifted->text.data, sifted->text.size, &squeezed);
        struct stored *stored = xcalloc(1, sizeof *stored + text_at + squeezed.size);
        stored->uid_at = (uint8_t)uid_at;
        stored->text_at = (uint16_t)text_at;
        stored->text_size = (uint32_t)sifted->text.size;
        stored->size = (uint32_t)(text_at + squeezed.size);
        stored->sample = sample;
        memcpy(stored->bytes, sifted->version, uid_at);
        memcpy(stored->bytes + uid_at, sifted->uid, text_at - uid_at);
        memcpy(stored->bytes + text_at, squeezed.data, squeezed.size);
        return stored;
}

struct json_object *store_unpack(struct store *store, const struct stored *stored, const char *key, const struct sift *part)
{
        auto_free char *text = squeeze_undo(&store->squeeze, stored->sample, stored->bytes + stored->text_at,
                                            stored->size - stored->text_at, stored->text_size);
        const char *slash = strchr(key, '/');
        auto_free char *namespace = xstrndup(key, (size_t)(slash - key));
        struct json_object *object = parse(store, text, stored->text_size, part);

        return name_it(object, namespace, slash + 1, stored_uid(stored), stored_version(stored));
}

static uint64_t size_of(const struct stored *stored)
{
        return sizeof *stored + stored->size;
}

/* ---- All of them ---- */

void store_init(struct store *store, const struct kube_kind *kind, struct squeeze_tools *tools)
{
        *store = (struct store){.kind = kind};
        store->api_version = kube_api_version(kind);
        squeeze_init(&store->squeeze, tools);
}

void store_done(struct store *store)
{
        store_forget_parsed(store);
        map_done_values(&store->objects);
        squeeze_done(&store->squeeze);
        free(store->api_version);
}

const struct stored *store_find(const struct store *store, const char *key)
{
        return map_find(&store->objects, key);
}

struct stored *store_set(struct store *store, const char *key, struct stored *stored)
{
        struct stored *old = stored ? map_set(&store->objects, key, stored) : map_remove(&store->objects, key);

        store->bytes += stored ? size_of(stored) : 0;
        store->bytes -= old ? size_of(old) : 0;
        struct json_object *parsed = old ? map_remove(&store->parsed, key) : NULL;
        if (parsed) {
                if (!store->replaced)
                        store->replaced = doc_array();
                doc_push(store->replaced, parsed);
        }
        return old;
}

struct json_object *store_lend(struct store *store, const char *key)
{
        const struct stored *stored = store_find(store, key);
        struct json_object *object = stored ? map_find(&store->parsed, key) : NULL;

        if (stored && !object) {
                object = store_unpack(store, stored, key, NULL);
                map_set(&store->parsed, key, object);
        }
        return object;
}

void store_take_back(struct store *store)
{
        json_object_put(take(store->replaced));
        json_object_put(take(store->walked));
}

void store_forget_parsed(struct store *store)
{
        size_t at = 0;
        const char *key;
        void *object;

        store_take_back(store);
        while (map_next(&store->parsed, &at, &key, &object))
                json_object_put(object);
        map_done(&store->parsed);
}

struct json_object *store_next(struct store *store, size_t *at)
{
        const char *key;
        void *stored;

        json_object_put(take(store->walked));
        if (!map_next(&store->objects, at, &key, &stored))
                return NULL;
        store->walked = store_unpack(store, stored, key, NULL);
        return store->walked;
}

/* ---- Versions ---- */

static bool is_number(const char *text)
{
        return text[0] >= '1' && text[0] <= '9' && strspn(text, "0123456789") == strlen(text);
}

int version_compare(const char *a, const char *b, bool *ret_comparable)
{
        size_t a_len = strlen(a), b_len = strlen(b);

        *ret_comparable = is_number(a) && is_number(b);
        if (!*ret_comparable)
                return strcmp(a, b) != 0;
        return a_len != b_len ? (a_len < b_len ? -1 : 1) : strcmp(a, b);
}
