/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/contents.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"

#define GONE_MAX 1024

/* Stands for "there was nothing before" where a map cannot hold NULL. */
static struct stored nothing;

/* ---- Changes, one at a time ---- */

static void notify(struct contents *contents, const char *key, const struct stored *before, struct json_object *after)
{
        if (!contents->changed || (!before && !after))
                return;
        auto_json struct json_object *old = before ? store_unpack(&contents->store, before, key) : NULL;
        contents->changed(contents->owner, old, after);
}

static bool key_of(char key[static STORE_KEY_MAX], struct json_object *object)
{
        const char *name = doc_text(object, "metadata.name");

        return name && store_key(key, doc_text(object, "metadata.namespace"), name);
}

/* What was held is as new as this, so this is old news. */
static bool is_old_news(const struct contents *contents, const struct stored *held, const char *uid, const char *version)
{
        const char *gone_version = map_find(&contents->gone, uid);
        bool comparable;
        int order;

        if (gone_version && version_compare(version, gone_version, &comparable) <= 0)
                return true;
        if (!held)
                return false;
        order = version_compare(version, stored_version(held), &comparable);
        if (text_equal(uid, stored_uid(held)))
                return comparable ? order <= 0 : order == 0;
        return comparable && order < 0;
}

static void remove_key(struct contents *contents, const char *key)
{
        auto_free struct stored *old = store_set(&contents->store, key, NULL);

        if (old)
                notify(contents, key, old, NULL);
}

/* 'object' is ours. */
static void put(struct contents *contents, const char *key, struct json_object *object)
{
        struct stored *stored = store_pack(&contents->store, object);

        if (!stored)
                return;
        const struct stored *held = store_find(&contents->store, key);
        if (is_old_news(contents, held, stored_uid(stored), stored_version(stored))) {
                free(stored);
                return;
        }
        /* A namesake: whoever follows the old object has to hear of its end. */
        if (held && !text_equal(stored_uid(held), stored_uid(stored)))
                remove_key(contents, key);
        stored->seen = contents->round;
        store_complete(&contents->store, stored, key, object);
        auto_free struct stored *old = store_set(&contents->store, key, stored);
        notify(contents, key, old, object);
}

static void forget_gone(struct contents *contents)
{
        size_t at = 0;
        const char *uid;
        void *version;

        while (map_next(&contents->gone, &at, &uid, &version))
                free(version);
        map_done(&contents->gone);
}

void contents_put(struct contents *contents, struct json_object *object)
{
        char key[STORE_KEY_MAX];

        if (!key_of(key, object))
                return;
        put(contents, key, object);
}

void contents_delete(struct contents *contents, struct json_object *object)
{
        const char *uid = doc_text(object, "metadata.uid");
        char key[STORE_KEY_MAX];

        if (!uid || !key_of(key, object))
                return;
        free(map_remove(&contents->gone, uid));
        const struct stored *held = store_find(&contents->store, key);
        if (held && text_equal(stored_uid(held), uid))
                remove_key(contents, key);
}

void contents_wrote(struct contents *contents, struct json_object *object, const char *position)
{
        const char *text = doc_print(object), *version = doc_text(object, "metadata.resourceVersion");
        auto_json struct json_object *copy = NULL;
        char key[STORE_KEY_MAX];
        bool comparable;

        if (!key_of(key, object) || !version)
                return;
        /* Answers and events come over different connections: the delete may have overtaken the answer, and no event would
         * ever take away again what is put here now. */
        if (!store_find(&contents->store, key) && version_compare(version, position, &comparable) <= 0)
                return;
        /* Through the text, so that what is left out is left out the same way as from lists and watches. */
        if (scan_parse((struct scan_span){text, strlen(text)}, contents->keep, &copy, NULL))
                return;
        contents_put(contents, copy);
}

void contents_gone(struct contents *contents, const char *key, const char *uid)
{
        const struct stored *held = store_find(&contents->store, key);

        if (!held || !text_equal(stored_uid(held), uid))
                return;
        if (contents->gone.len >= GONE_MAX)
                forget_gone(contents);
        free(map_set(&contents->gone, uid, xstrdup(stored_version(held))));
        remove_key(contents, key);
}

/* ---- Lists ---- */

static void clear_staged(struct contents *contents)
{
        size_t at = 0;
        const char *key;
        void *stored;

        while (map_next(&contents->staged, &at, &key, &stored))
                if (stored != &nothing)
                        free(stored);
        map_done(&contents->staged);
}

static void stage(struct contents *contents, struct json_object *object)
{
        char key[STORE_KEY_MAX];
        const char *version = doc_text(object, "metadata.resourceVersion");

        if (!key_of(key, object))
                return;
        struct stored *held = map_find(&contents->store.objects, key);
        if (held && text_equal(stored_version(held), version) &&
            text_equal(stored_uid(held), doc_text(object, "metadata.uid"))) {
                held->seen = contents->round;
                return;
        }
        struct stored *stored = store_pack(&contents->store, object);
        if (!stored)
                return;
        stored->seen = contents->round;
        free(map_set(&contents->staged, key, stored));
}

void contents_list_begin(struct contents *contents)
{
        clear_staged(contents);
        contents->round++;
}

void contents_list_drop(struct contents *contents)
{
        clear_staged(contents);
}

enum fail_kind contents_list_item(struct contents *contents, const char *text, size_t size, struct fail *fail)
{
        auto_json struct json_object *object = NULL;

        if (scan_parse((struct scan_span){text, size}, contents->keep, &object, fail))
                return FAIL_INVALID;
        stage(contents, object);
        return FAIL_NONE;
}

/* Objects that the list does not have any more, but not those that are newer than the list: an own write may have put
 * them there while it was being made. They go into 'staged' as what they were before. */
static void stage_vanished(struct contents *contents, const char *list_version, bool past_lost)
{
        struct map *objects = &contents->store.objects;
        struct map vanished = {0};
        size_t at = 0;
        const char *key;
        void *value;
        bool comparable;

        while (map_next(objects, &at, &key, &value)) {
                struct stored *held = value;
                if (held->seen == contents->round || map_find(&contents->staged, key))
                        continue;
                if (!past_lost && version_compare(stored_version(held), list_version, &comparable) > 0 && comparable)
                        continue;
                map_set(&vanished, key, held);
        }
        at = 0;
        while (map_next(&vanished, &at, &key, &value))
                map_set(&contents->staged, key, store_set(&contents->store, key, NULL));
        map_done(&vanished);
}

/* Puts what was staged into the store and leaves what it replaced in its place. */
static void swap_staged(struct contents *contents, bool past_lost)
{
        size_t at = 0;
        const char *key;
        void *value;

        while (map_next(&contents->staged, &at, &key, &value)) {
                struct stored *stored = value;
                struct stored *held = map_find(&contents->store.objects, key);
                /* Not map_set(): that might move the table under our feet. */
                struct map_entry *entry = &contents->staged.entries[at - 1];
                if (!past_lost && is_old_news(contents, held, stored_uid(stored), stored_version(stored))) {
                        if (held)
                                held->seen = contents->round;
                        free(stored);
                        entry->value = NULL;
                        continue;
                }
                struct stored *old = store_set(&contents->store, key, stored);
                entry->value = old ? old : &nothing;
        }
}

static void notify_swapped(struct contents *contents)
{
        size_t at = 0;
        const char *key;
        void *value;

        while (contents->changed && map_next(&contents->staged, &at, &key, &value)) {
                const struct stored *before = value == &nothing ? NULL : value;
                const struct stored *after = store_find(&contents->store, key);
                if (!value)
                        continue;
                auto_json struct json_object *object = after ? store_unpack(&contents->store, after, key) : NULL;
                if (before && after && !text_equal(stored_uid(before), stored_uid(after))) {
                        notify(contents, key, before, NULL);
                        before = NULL;
                }
                notify(contents, key, before, object);
        }
        clear_staged(contents);
}

void contents_list_end(struct contents *contents, const char *version, bool past_lost)
{
        swap_staged(contents, past_lost);
        stage_vanished(contents, version, past_lost);
        forget_gone(contents);
        notify_swapped(contents);
}

/* ---- Life ---- */

void contents_init(struct contents *contents, const struct kube_cache_options *options, struct squeeze_tools *tools)
{
        *contents = (struct contents){.keep = scan_keep_new(options->keep),
                                      .changed = options->changed,
                                      .owner = options->owner};
        store_init(&contents->store, options->kind, tools);
}

void contents_done(struct contents *contents)
{
        clear_staged(contents);
        forget_gone(contents);
        store_done(&contents->store);
        scan_keep_free(contents->keep);
}
