/* SPDX-License-Identifier: Apache-2.0
 *
 * A kind's objects, kept current by list and watch. The first list is consistent (no resourceVersion) and paged; then
 * watches with bookmarks from the last position, timeoutSeconds random in 300..600; a clean end watches again, 410 lists
 * again; a watch silent for two bookmark periods is recycled when the server answers a probe. Old events never replace
 * newer objects of the same UID; another UID under the same name is delete plus create. Objects are replaced, never
 * changed; managedFields are stripped. The rules themselves are kube/watch.h, without sockets, the time an argument.
 *
 * Objects are held as text and parsed when asked for (about 20 us each): ask for the few you need, and keep an index of
 * your own from 'changed' rather than walking. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "kube/client.h"

struct kube_cache;

/* 'before' is NULL for an object seen first, 'after' is NULL for one that is gone. Both borrowed for the call. The cache
 * shows the new state already, and after a list the whole of it. The callback may ask, and call kube_cache_wrote and
 * kube_cache_gone, but not free the cache. */
typedef void kube_changed_fn(void *owner, struct json_object *before, struct json_object *after);

struct kube_cache_options {
        const struct kube_kind *kind; /* borrowed for the cache's life */
        const char *namespace;      /* NULL: all */
        const char *label_selector; /* NULL: all */
        const char *name;           /* NULL: all; else only the one of that name, which is a DNS name */
        /* What is needed of each object: dotted paths, ended by NULL, through lists too ("status.conditions.type"), keys with
         * dots as in metadata.labels["a.b/c"]; the rest is never even parsed. Names, uid and version are always kept. NULL:
         * everything but managedFields. */
        const char *const *keep;
        /* The part of it that 'changed' looks at, as paths of the same sort: it gets no more than that (and names, uid and version) of an
         * object that is there, and may ask for the rest; of one that is gone it gets all. NULL: everything that is kept. */
        const char *const *told;
        kube_changed_fn *changed;   /* may be NULL */
        /* After a first list, or a fresh one, is in and 'changed' knows of all of it; also when it was empty. May be NULL; must
         * not free the cache. */
        void (*listed)(void *owner);
        void *owner;
};

/* Starts at once. Options are copied, strings too. */
struct kube_cache *kube_cache_new(struct kube_client *client, const struct kube_cache_options *options);
struct kube_cache *kube_cache_free(struct kube_cache *cache);

bool kube_cache_synced(const struct kube_cache *cache); /* the first list is complete */
/* Why it is not synced or current: text of the last failure, "" when fine. Borrowed until the next step. */
const char *kube_cache_problem(const struct kube_cache *cache);
/* Monotonic time of the last byte from the server, 0 before the first: how stale the cache may be. */
int64_t kube_cache_heard_ns(const struct kube_cache *cache);
/* Borrowed until the caller returns to the loop (json_object_get() keeps it longer; never change it). NULL when absent,
 * and always before the first list is complete. */
struct json_object *kube_cache_find(const struct kube_cache *cache, const char *namespace, const char *name);
size_t kube_cache_len(const struct kube_cache *cache);
uint64_t kube_cache_bytes(const struct kube_cache *cache); /* of stored objects, tables and allocator not counted */
/* Walks in no particular order: start with *at = 0; NULL at the end. Unlike kube_cache_find, what it returns is borrowed
 * only until the next kube_cache_next on this cache. The cache must not change meanwhile. */
struct json_object *kube_cache_next(const struct kube_cache *cache, size_t *at);
/* Stores the answer to an own write if it is newer than what is held, so that a pass never decides on older than it wrote.
 * 'object' is borrowed and must be one that the cache's selector selects. Calls 'changed' if it was news. Ignored until the
 * first list is complete. */
void kube_cache_wrote(struct kube_cache *cache, struct json_object *object);
/* The same after a live read that found nothing, or a delete that was final: forgets the object if its uid is 'uid'. Events
 * that are not newer than what was forgotten do not bring it back. */
void kube_cache_gone(struct kube_cache *cache, const char *namespace, const char *name, const char *uid);
