/* SPDX-License-Identifier: Apache-2.0
 *
 * A kind's objects, kept current by list and watch. The first list is consistent (no resourceVersion) and paged; then
 * watches with bookmarks from the last position, timeoutSeconds random in 300..600; a clean end watches again, 410 lists
 * again; no byte for 45 s while a probe request succeeds recycles the watch. Old events never replace newer objects of
 * the same UID; another UID under the same name is delete plus create. Objects are replaced, never changed; managedFields
 * are stripped. The rules themselves are kube/watch.h, without sockets, the time an argument. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "kube/client.h"

struct kube_cache;

/* 'before' is NULL for an object seen first, 'after' is NULL for one that is gone. Both borrowed for the call. */
typedef void kube_changed_fn(void *owner, struct json_object *before, struct json_object *after);

struct kube_cache_options {
        const struct kube_kind *kind;
        const char *namespace;      /* NULL: all */
        const char *label_selector; /* NULL: all */
        /* Keeps only what is needed: changes 'object' in place before it is stored. May be NULL. */
        void (*strip)(struct json_object *object);
        kube_changed_fn *changed;
        void *owner;
};

/* Starts at once. Options are copied, strings too. */
struct kube_cache *kube_cache_new(struct kube_client *client, const struct kube_cache_options *options);
struct kube_cache *kube_cache_free(struct kube_cache *cache);

bool kube_cache_synced(const struct kube_cache *cache); /* the first list is complete */
/* Why it is not synced or current: text of the last failure, "" when fine. Borrowed until the next step. */
const char *kube_cache_problem(const struct kube_cache *cache);
/* Borrowed until the loop's next step; NULL when absent. */
struct json_object *kube_cache_find(const struct kube_cache *cache, const char *namespace, const char *name);
size_t kube_cache_len(const struct kube_cache *cache);
/* Walks in no particular order: start with *at = 0; NULL at the end. */
struct json_object *kube_cache_next(const struct kube_cache *cache, size_t *at);
/* Stores the answer to an own write if it is newer than what is held, so that a pass never decides on older than it wrote. */
void kube_cache_wrote(struct kube_cache *cache, struct json_object *object);
/* The same after a live read that found nothing, or a delete: forgets the object if its uid is 'uid'. */
void kube_cache_gone(struct kube_cache *cache, const char *namespace, const char *name, const char *uid);
