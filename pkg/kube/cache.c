/* SPDX-License-Identifier: Apache-2.0
 *
 * Carries out what the machine of kube/watch.h says, and keeps what comes of it in a kube/store.h. */
#include "kube/cache.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "kube/path.h"
#include "kube/request.h"
#include "kube/store.h"
#include "kube/watch.h"

#define GONE_MAX 1024

struct kube_cache {
        struct kube_client *client;
        struct loop *loop;
        struct kube_cache_options options;
        char *namespace, *label_selector; /* what options point to */
        struct scan_keep *keep;
        struct watch watch;
        struct store store;
        struct map staged;   /* during a list: key -> struct stored, what the list has that the store has not */
        struct map gone;     /* uid -> version (a string) up to which events are old news */
        uint32_t round;      /* of lists; an object whose 'seen' is another was not in the last one */
        uint64_t list_id, stream_id, probe_id;
        struct loop_timer wake, take_back;
};

/* Stands for "there was nothing before" where a map cannot hold NULL. */
static struct stored nothing;

static void run(struct kube_cache *cache);

static int64_t now_of(const struct kube_cache *cache)
{
        return loop_now_ns(cache->loop);
}

/* ---- Changes, one at a time ---- */

static void notify(struct kube_cache *cache, const char *key, const struct stored *before, struct json_object *after)
{
        if (!cache->options.changed || (!before && !after))
                return;
        auto_json struct json_object *old = before ? store_unpack(&cache->store, before, key) : NULL;
        cache->options.changed(cache->options.owner, old, after);
}

static void strip(struct kube_cache *cache, struct json_object *object)
{
        if (cache->options.strip)
                cache->options.strip(object);
}

static bool key_of(char key[static STORE_KEY_MAX], struct json_object *object)
{
        const char *name = doc_text(object, "metadata.name");

        return name && store_key(key, doc_text(object, "metadata.namespace"), name);
}

/* What was held is as new as this, so this is old news. */
static bool is_old_news(const struct kube_cache *cache, const struct stored *held, const char *uid, const char *version)
{
        const char *gone_version = map_find(&cache->gone, uid);
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

static void remove_key(struct kube_cache *cache, const char *key)
{
        auto_free struct stored *old = store_set(&cache->store, key, NULL);

        if (old)
                notify(cache, key, old, NULL);
}

/* 'object' is stripped and is the cache's own. */
static void put(struct kube_cache *cache, const char *key, struct json_object *object)
{
        struct stored *stored = store_pack(&cache->store, object);

        if (!stored)
                return;
        const struct stored *held = store_find(&cache->store, key);
        if (is_old_news(cache, held, stored_uid(stored), stored_version(stored))) {
                free(stored);
                return;
        }
        /* A namesake: whoever follows the old object has to hear of its end. */
        if (held && !text_equal(stored_uid(held), stored_uid(stored)))
                remove_key(cache, key);
        stored->seen = cache->round;
        auto_free struct stored *old = store_set(&cache->store, key, stored);
        notify(cache, key, old, object);
}

static void forget_gone(struct kube_cache *cache)
{
        size_t at = 0;
        const char *uid;
        void *version;

        while (map_next(&cache->gone, &at, &uid, &version))
                free(version);
        map_done(&cache->gone);
}

static void on_event(void *owner, enum watch_event event, struct json_object *object)
{
        struct kube_cache *cache = owner;
        const char *uid = doc_text(object, "metadata.uid");
        char key[STORE_KEY_MAX];

        if (!uid || !key_of(key, object))
                return;
        if (event != WATCH_DELETED) {
                strip(cache, object);
                put(cache, key, object);
                return;
        }
        const struct stored *held = store_find(&cache->store, key);
        free(map_remove(&cache->gone, uid));
        if (held && text_equal(stored_uid(held), uid))
                remove_key(cache, key);
}

/* ---- Lists ---- */

static void clear_staged(struct kube_cache *cache)
{
        size_t at = 0;
        const char *key;
        void *stored;

        while (map_next(&cache->staged, &at, &key, &stored))
                if (stored != &nothing)
                        free(stored);
        map_done(&cache->staged);
}

static void stage(struct kube_cache *cache, struct json_object *object)
{
        char key[STORE_KEY_MAX];
        const char *version = doc_text(object, "metadata.resourceVersion");

        if (!key_of(key, object))
                return;
        struct stored *held = map_find(&cache->store.objects, key);
        if (held && text_equal(stored_version(held), version) &&
            text_equal(stored_uid(held), doc_text(object, "metadata.uid"))) {
                held->seen = cache->round;
                return;
        }
        strip(cache, object);
        struct stored *stored = store_pack(&cache->store, object);
        if (!stored)
                return;
        stored->seen = cache->round;
        free(map_set(&cache->staged, key, stored));
}

static enum fail_kind on_item(void *owner, const char *text, size_t size, struct fail *fail)
{
        struct kube_cache *cache = owner;
        auto_json struct json_object *object = NULL;

        if (!text) {
                clear_staged(cache);
                cache->round++;
                return FAIL_NONE;
        }
        if (scan_parse((struct scan_span){text, size}, cache->keep, &object, fail))
                return FAIL_INVALID;
        stage(cache, object);
        return FAIL_NONE;
}

/* Objects that the list does not have any more, but not those that are newer than the list: an own write may have put
 * them there while it was being made. They go into 'staged' as what they were before. */
static void stage_vanished(struct kube_cache *cache, const char *list_version)
{
        struct map *objects = &cache->store.objects;
        struct map vanished = {0};
        size_t at = 0;
        const char *key;
        void *value;
        bool comparable;

        while (map_next(objects, &at, &key, &value)) {
                struct stored *held = value;
                if (held->seen == cache->round || map_find(&cache->staged, key))
                        continue;
                if (version_compare(stored_version(held), list_version, &comparable) > 0 && comparable)
                        continue;
                map_set(&vanished, key, held);
        }
        at = 0;
        while (map_next(&vanished, &at, &key, &value))
                map_set(&cache->staged, key, store_set(&cache->store, key, NULL));
        map_done(&vanished);
}

/* Puts what was staged into the store and leaves what it replaced in its place. */
static void swap_staged(struct kube_cache *cache)
{
        size_t at = 0;
        const char *key;
        void *value;

        while (map_next(&cache->staged, &at, &key, &value)) {
                struct stored *stored = value;
                struct stored *held = map_find(&cache->store.objects, key);
                /* Not map_set(): that might move the table under our feet. */
                struct map_entry *entry = &cache->staged.entries[at - 1];
                if (is_old_news(cache, held, stored_uid(stored), stored_version(stored))) {
                        if (held)
                                held->seen = cache->round;
                        free(stored);
                        entry->value = NULL;
                        continue;
                }
                struct stored *old = store_set(&cache->store, key, stored);
                entry->value = old ? old : &nothing;
        }
}

static void notify_swapped(struct kube_cache *cache)
{
        size_t at = 0;
        const char *key;
        void *value;

        while (cache->options.changed && map_next(&cache->staged, &at, &key, &value)) {
                const struct stored *before = value == &nothing ? NULL : value;
                const struct stored *after = store_find(&cache->store, key);
                if (!value)
                        continue;
                auto_json struct json_object *object = after ? store_unpack(&cache->store, after, key) : NULL;
                if (before && after && !text_equal(stored_uid(before), stored_uid(after))) {
                        notify(cache, key, before, NULL);
                        before = NULL;
                }
                notify(cache, key, before, object);
        }
        clear_staged(cache);
}

static void on_listed(void *owner, struct json_object *list, const struct fail *fail)
{
        struct kube_cache *cache = owner;

        cache->list_id = 0;
        if (fail->kind) {
                clear_staged(cache);
                watch_list_failed(&cache->watch, fail, now_of(cache));
                run(cache);
                return;
        }
        const char *version = doc_text(list, "metadata.resourceVersion");
        swap_staged(cache);
        if (version)
                stage_vanished(cache, version);
        forget_gone(cache);
        watch_listed(&cache->watch, version, now_of(cache));
        notify_swapped(cache);
        /* A list leaves a lot of small free memory behind; we may not need it again for days. */
        malloc_trim(0);
        run(cache);
}

/* ---- Carrying out what the machine says ---- */

static void on_data(void *owner, const char *data, size_t size)
{
        struct kube_cache *cache = owner;

        watch_data(&cache->watch, data, size, now_of(cache), on_event, cache);
        run(cache);
}

static void on_closed(void *owner, const struct fail *fail)
{
        struct kube_cache *cache = owner;

        cache->stream_id = 0;
        watch_closed(&cache->watch, fail, now_of(cache));
        run(cache);
}

static void on_probed(void *owner, struct json_object *object, const struct fail *fail)
{
        struct kube_cache *cache = owner;

        (void)object;
        cache->probe_id = 0;
        /* A refusal is an answer too. */
        watch_probed(&cache->watch, !fail->kind || fail->status, now_of(cache));
        run(cache);
}

static void start_list(struct kube_cache *cache)
{
        struct kube_ref ref = {.kind = cache->options.kind, .namespace = cache->options.namespace};

        cache->list_id = kube_list_each(cache->client, &ref, cache->options.label_selector, on_item, on_listed, cache);
}

static void start_stream(struct kube_cache *cache)
{
        struct kube_ref ref = {.kind = cache->options.kind, .namespace = cache->options.namespace};
        auto_free char *collection = kube_path(&ref);
        auto_buf struct buf path = {0};

        buf_format(&path, "%s?watch=true&allowWatchBookmarks=true&timeoutSeconds=%d&resourceVersion=", collection,
                   watch_timeout_s(&cache->watch));
        path_encode(&path, watch_version(&cache->watch));
        if (cache->options.label_selector) {
                buf_text(&path, "&labelSelector=");
                path_encode(&path, cache->options.label_selector);
        }
        cache->stream_id = kube_stream(cache->client, path.data, 0, on_data, on_closed, cache);
}

static void drop_stream(struct kube_cache *cache)
{
        client_distrust(cache->client, cache->stream_id);
        kube_cancel(cache->client, cache->stream_id);
        kube_cancel(cache->client, cache->probe_id);
        cache->stream_id = cache->probe_id = 0;
}

static void run(struct kube_cache *cache)
{
        enum watch_action action;

        while ((action = watch_run(&cache->watch, now_of(cache))) != WATCH_IDLE) {
                if (action == WATCH_LIST)
                        start_list(cache);
                else if (action == WATCH_STREAM)
                        start_stream(cache);
                else if (action == WATCH_PROBE)
                        cache->probe_id = kube_get_path(cache->client, "/version", false, on_probed, cache);
                else
                        drop_stream(cache);
        }
        int64_t wake_ns = watch_wake_ns(&cache->watch);
        if (wake_ns == INT64_MAX)
                loop_disarm(cache->loop, &cache->wake);
        else if (!cache->wake.armed || cache->wake.at_ns != wake_ns)
                loop_arm(cache->loop, &cache->wake, wake_ns);
}

static void woken(void *owner)
{
        run(owner);
}

static void take_back(void *owner)
{
        struct kube_cache *cache = owner;

        store_take_back(&cache->store);
}

/* ---- The cache ---- */

struct kube_cache *kube_cache_new(struct kube_client *client, const struct kube_cache_options *options)
{
        struct kube_cache *cache = xnew(struct kube_cache);

        cache->client = client;
        cache->loop = kube_client_loop(client);
        cache->options = *options;
        cache->options.namespace = cache->namespace = options->namespace ? xstrdup(options->namespace) : NULL;
        cache->options.label_selector = cache->label_selector =
                options->label_selector ? xstrdup(options->label_selector) : NULL;
        cache->wake = (struct loop_timer){.fire = woken, .owner = cache};
        cache->take_back = (struct loop_timer){.fire = take_back, .owner = cache};
        store_init(&cache->store, options->kind);
        cache->keep = scan_keep_new(options->keep);
        cache->options.keep = NULL; /* ours now */
        watch_init(&cache->watch, cache->keep, kube_client_random(client), now_of(cache));
        run(cache);
        return cache;
}

struct kube_cache *kube_cache_free(struct kube_cache *cache)
{
        if (!cache)
                return NULL;
        kube_cancel(cache->client, cache->list_id);
        kube_cancel(cache->client, cache->stream_id);
        kube_cancel(cache->client, cache->probe_id);
        loop_disarm(cache->loop, &cache->wake);
        loop_disarm(cache->loop, &cache->take_back);
        clear_staged(cache);
        forget_gone(cache);
        store_done(&cache->store);
        watch_done(&cache->watch);
        scan_keep_free(cache->keep);
        free(cache->namespace);
        free(cache->label_selector);
        free(cache);
        return NULL;
}

bool kube_cache_synced(const struct kube_cache *cache)
{
        return watch_synced(&cache->watch);
}

const char *kube_cache_problem(const struct kube_cache *cache)
{
        return watch_problem(&cache->watch);
}

int64_t kube_cache_heard_ns(const struct kube_cache *cache)
{
        return cache->watch.heard_ns;
}

struct json_object *kube_cache_find(const struct kube_cache *cache, const char *namespace, const char *name)
{
        /* What is lent changes nothing that the caller could see: the cache is constant to him. */
        struct kube_cache *lender = (struct kube_cache *)cache;
        char key[STORE_KEY_MAX];

        if (!store_key(key, cache->options.kind->namespaced ? namespace : NULL, name))
                return NULL;
        if (!cache->take_back.armed)
                loop_arm(cache->loop, &lender->take_back, 0);
        return store_lend(&lender->store, key);
}

size_t kube_cache_len(const struct kube_cache *cache)
{
        return cache->store.objects.len;
}

uint64_t kube_cache_bytes(const struct kube_cache *cache)
{
        return cache->store.bytes;
}

struct json_object *kube_cache_next(const struct kube_cache *cache, size_t *at)
{
        struct kube_cache *lender = (struct kube_cache *)cache;

        return store_next(&lender->store, at);
}

void kube_cache_wrote(struct kube_cache *cache, struct json_object *object)
{
        char key[STORE_KEY_MAX];

        if (!watch_synced(&cache->watch) || !key_of(key, object))
                return;
        if (cache->options.namespace && !text_equal(doc_text(object, "metadata.namespace"), cache->options.namespace))
                return;
        /* Through the text, so that what is left out is left out the same way as from lists and watches. */
        const char *text = doc_print(object);
        auto_json struct json_object *copy = NULL;
        if (scan_parse((struct scan_span){text, strlen(text)}, cache->keep, &copy, NULL))
                return;
        strip(cache, copy);
        put(cache, key, copy);
}

void kube_cache_gone(struct kube_cache *cache, const char *namespace, const char *name, const char *uid)
{
        char key[STORE_KEY_MAX];

        if (!store_key(key, cache->options.kind->namespaced ? namespace : NULL, name))
                return;
        const struct stored *held = store_find(&cache->store, key);
        if (!held || !text_equal(stored_uid(held), uid))
                return;
        if (cache->gone.len >= GONE_MAX)
                forget_gone(cache);
        free(map_set(&cache->gone, uid, xstrdup(stored_version(held))));
        remove_key(cache, key);
}
