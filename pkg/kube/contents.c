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
        auto_json struct json_object *old = before ? store_unpack(&contents->store, before, key, after ? contents->told : NULL) : NULL;
        contents->changed(contents->owner, old, after);
}

static bool key_of(char key[static STORE_KEY_MAX], const struct sifted *sifted)
{
        return sifted->name[0] && store_key(key, sifted->namespace, sifted->name);
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

void contents_put(struct contents *contents, const struct sifted *sifted)
{
        char key[STORE_KEY_MAX];

        if (!key_of(key, sifted))
                return;
        const struct stored *held = store_find(&contents->store, key);
        if (is_old_news(contents, held, sifted->uid, sifted->version))
                return;
        struct stored *stored = store_pack(&contents->store, sifted);
        if (!stored)
                return;
        /* Before anybody is told: who is may write, and what was sifted is overwritten then. */
        auto_json struct json_object *object = contents->changed ? store_object(&contents->store, sifted, contents->told) : NULL;
        /* A namesake: whoever follows the old object has to hear of its end. */
        if (held && !text_equal(stored_uid(held), stored_uid(stored)))
                remove_key(contents, key);
        stored->seen = contents->round;
        auto_free struct stored *old = store_set(&contents->store, key, stored);
        notify(contents, key, old, object);
}

void contents_delete(struct contents *contents, const struct sifted *sifted)
{
        char key[STORE_KEY_MAX];

        if (!sifted->uid[0] || !key_of(key, sifted))
                return;
        free(map_remove(&contents->gone, sifted->uid));
        const struct stored *held = store_find(&contents->store, key);
        if (held && text_equal(stored_uid(held), sifted->uid))
                remove_key(contents, key);
}

void contents_wrote(struct contents *contents, struct json_object *object, const char *position)
{
        const char *text = doc_print(object);
        struct sifted *sifted = &contents->wrote;
        char key[STORE_KEY_MAX];
        bool comparable;

        /* Through the text, so that what is left out is left out the same way as from lists and watches. */
        if (sift_object(contents->sift, text, strlen(text), sifted, NULL, NULL) || !key_of(key, sifted) || !sifted->version[0])
                return;
        /* Answers and events come over different connections: the delete may have overtaken the answer, and no event would
         * ever take away again what is put here now. */
        if (!store_find(&contents->store, key) && version_compare(sifted->version, position, &comparable) <= 0)
                return;
        contents_put(contents, sifted);
}

void contents_gone(struct contents *contents, const char *key, const char *uid)
{
        const struct stored *held = store_find(&contents->store, key);

        if (!held || !text_equal(stored_uid(held), uid))
                return;
        if (contents->gone.len >= GONE_MAX)
                map_done_values(&contents->gone);
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

void contents_list_begin(struct contents *contents)
{
        clear_staged(contents);
        contents->round++;
}

void contents_list_drop(struct contents *contents)
{
        clear_staged(contents);
}

void contents_list_item(struct contents *contents, const struct sifted *sifted)
{
        char key[STORE_KEY_MAX];

        if (!key_of(key, sifted))
                return;
        struct stored *held = map_find(&contents->store.objects, key);
        if (held && text_equal(stored_version(held), sifted->version) && text_equal(stored_uid(held), sifted->uid)) {
                held->seen = contents->round;
                return;
        }
        struct stored *stored = store_pack(&contents->store, sifted);
        if (!stored)
                return;
        stored->seen = contents->round;
        free(map_set(&contents->staged, key, stored));
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
                auto_json struct json_object *object = after ? store_unpack(&contents->store, after, key, contents->told) : NULL;
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
        map_done_values(&contents->gone);
        notify_swapped(contents);
}

/* ---- Life ---- */

void contents_init(struct contents *contents, const struct kube_cache_options *options, struct squeeze_tools *tools)
{
        *contents = (struct contents){.sift = sift_new(options->keep),
                                      .told = options->told ? sift_new(options->told) : NULL,
                                      .changed = options->changed,
                                      .owner = options->owner};
        store_init(&contents->store, options->kind, tools);
}

void contents_done(struct contents *contents)
{
        clear_staged(contents);
        map_done_values(&contents->gone);
        store_done(&contents->store);
        sifted_done(&contents->wrote);
        sift_free(contents->sift);
        sift_free(contents->told);
}
