/* SPDX-License-Identifier: Apache-2.0
 *
 * Carries out what the machine of kube/watch.h says; what comes of it goes into kube/contents.h. */
#include "kube/cache.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "kube/contents.h"
#include "kube/path.h"
#include "kube/request.h"
#include "kube/watch.h"

#define TRIM_BYTES (256u << 10)
/* A pass is mostly followed by another that looks at the same objects. At rest nothing stays parsed. */
#define PARSED_NS (5 * NS_PER_S)
#define PARSED_MAX 512

struct kube_cache {
        struct kube_client *client;
        struct loop *loop;
        const struct kube_kind *kind;
        char *namespace, *label_selector, *name;
        struct contents contents;
        struct watch watch;
        uint64_t list_id, stream_id, probe_id;
        size_t list_bytes; /* kept of items, since a list began */
        struct loop_timer wake, take_back;
        int64_t parsed_ns; /* since when objects are kept parsed, if any are */
        void (*listed)(void *owner);
        void *owner;
};

static void run(struct kube_cache *cache);

static int64_t now_of(const struct kube_cache *cache)
{
        return loop_now_ns(cache->loop);
}

/* ---- What lists and watches bring ---- */

static void on_event(void *owner, enum watch_event event, const struct sifted *object)
{
        struct kube_cache *cache = owner;

        if (event == WATCH_DELETED)
                contents_delete(&cache->contents, object);
        else
                contents_put(&cache->contents, object);
}

static void on_item(void *owner, const struct sifted *item)
{
        struct kube_cache *cache = owner;

        if (!item) {
                contents_list_begin(&cache->contents);
                return;
        }
        cache->list_bytes += item->text.size;
        contents_list_item(&cache->contents, item);
}

static void on_listed(void *owner, struct json_object *list, const struct fail *fail)
{
        struct kube_cache *cache = owner;
        const char *version = doc_text(list, "metadata.resourceVersion");

        cache->list_id = 0;
        if (fail->kind || !version) {
                contents_list_drop(&cache->contents);
                if (fail->kind)
                        watch_list_failed(&cache->watch, fail, now_of(cache));
                else
                        watch_listed(&cache->watch, NULL, now_of(cache));
                run(cache);
                return;
        }
        bool past_lost = watch_is_behind(&cache->watch, version);
        /* Synced before the owner is told, so that he may believe what he then asks. */
        watch_listed(&cache->watch, version, now_of(cache));
        contents_list_end(&cache->contents, version, past_lost);
        /* A long list leaves a lot of small free memory behind; we may not need it again for days. */
        if (cache->list_bytes > TRIM_BYTES)
                malloc_trim(0);
        cache->list_bytes = 0;
        run(cache);
        if (cache->listed)
                cache->listed(cache->owner);
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

        cache->probe_id = 0;
        /* A refusal is an answer too. */
        watch_probed(&cache->watch, !fail->kind || fail->status, doc_text(object, "metadata.resourceVersion"), now_of(cache));
        run(cache);
}

static void start_list(struct kube_cache *cache)
{
        struct kube_ref ref = {.kind = cache->kind, .namespace = cache->namespace, .name = cache->name};

        cache->list_id = kube_list_each(cache->client, &ref, cache->label_selector, cache->contents.sift, on_item, on_listed, cache);
}

/* "/api/v1/pods?", to be continued with a parameter and add_selectors(). */
static void add_collection(struct buf *path, const struct kube_cache *cache)
{
        struct kube_ref ref = {.kind = cache->kind, .namespace = cache->namespace};
        auto_free char *collection = kube_path(&ref);

        buf_format(path, "%s?", collection);
}

static void add_selectors(struct buf *path, const struct kube_cache *cache)
{
        if (cache->label_selector) {
                buf_text(path, "&labelSelector=");
                path_encode(path, cache->label_selector);
        }
        if (cache->name)
                buf_format(path, "&fieldSelector=metadata.name%%3D%s", cache->name);
}

static void start_probe(struct kube_cache *cache)
{
        auto_buf struct buf path = {0};

        add_collection(&path, cache);
        buf_text(&path, "limit=1");
        add_selectors(&path, cache);
        cache->probe_id = kube_get_path(cache->client, path.data, false, on_probed, cache);
}

static void start_stream(struct kube_cache *cache)
{
        auto_buf struct buf path = {0};

        add_collection(&path, cache);
        buf_format(&path, "watch=true&allowWatchBookmarks=true&timeoutSeconds=%d&resourceVersion=", watch_timeout_s(&cache->watch));
        path_encode(&path, watch_version(&cache->watch));
        add_selectors(&path, cache);
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
                        start_probe(cache);
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

        struct store *store = &cache->contents.store;

        store_take_back(store);
        if (now_of(cache) - cache->parsed_ns >= PARSED_NS || store->parsed.len > PARSED_MAX)
                store_forget_parsed(store);
        else
                loop_arm(cache->loop, &cache->take_back, cache->parsed_ns + PARSED_NS);
}

/* ---- The cache ---- */

struct kube_cache *kube_cache_new(struct kube_client *client, const struct kube_cache_options *options)
{
        struct kube_cache *cache = xnew(struct kube_cache);

        cache->client = client;
        cache->loop = kube_client_loop(client);
        cache->kind = options->kind;
        cache->namespace = options->namespace ? xstrdup(options->namespace) : NULL;
        cache->label_selector = options->label_selector ? xstrdup(options->label_selector) : NULL;
        cache->name = options->name ? xstrdup(options->name) : NULL;
        cache->listed = options->listed;
        cache->owner = options->owner;
        contents_init(&cache->contents, options, client->squeeze_tools);
        cache->wake = (struct loop_timer){.fire = woken, .owner = cache};
        cache->take_back = (struct loop_timer){.fire = take_back, .owner = cache};
        watch_init(&cache->watch, cache->contents.sift, kube_client_random(client), now_of(cache));
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
        watch_done(&cache->watch);
        contents_done(&cache->contents);
        free(cache->namespace);
        free(cache->label_selector);
        free(cache->name);
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

        if (!store_key(key, cache->kind->namespaced ? namespace : NULL, name))
                return NULL;
        if (!cache->contents.store.parsed.len)
                lender->parsed_ns = now_of(cache);
        if (!cache->take_back.armed || cache->take_back.at_ns > 0)
                loop_arm(cache->loop, &lender->take_back, 0);
        return store_lend(&lender->contents.store, key);
}

size_t kube_cache_len(const struct kube_cache *cache)
{
        return cache->contents.store.objects.len;
}

uint64_t kube_cache_bytes(const struct kube_cache *cache)
{
        return cache->contents.store.bytes;
}

struct json_object *kube_cache_next(const struct kube_cache *cache, size_t *at)
{
        struct kube_cache *lender = (struct kube_cache *)cache;

        return store_next(&lender->contents.store, at);
}

void kube_cache_wrote(struct kube_cache *cache, struct json_object *object)
{
        if (!watch_synced(&cache->watch))
                return;
        if (cache->namespace && !text_equal(doc_text(object, "metadata.namespace"), cache->namespace))
                return;
        contents_wrote(&cache->contents, object, watch_version(&cache->watch));
}

void kube_cache_gone(struct kube_cache *cache, const char *namespace, const char *name, const char *uid)
{
        char key[STORE_KEY_MAX];

        if (store_key(key, cache->kind->namespaced ? namespace : NULL, name))
                contents_gone(&cache->contents, key, uid);
}
