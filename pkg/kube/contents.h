/* SPDX-License-Identifier: Apache-2.0
 *
 * What a cache holds, and which news changes it. No sockets and no time: lists, events and own writes go in, changes come
 * out. Old events never replace newer objects; another uid under the same name is delete plus create; a list replaces
 * everything at once, and what it does not have any more is gone. */
#pragma once

#include "kube/cache.h"
#include "kube/sift.h"
#include "kube/store.h"

struct contents {
        struct store store;
        struct sift *sift, *told; /* told: NULL for all that is kept */
        struct sifted wrote; /* of the object that we wrote last */
        kube_changed_fn *changed;
        void *owner;
        struct map staged; /* during a list: key -> struct stored, what the list has that the store has not */
        struct map gone;   /* uid -> version (a string) up to which events are old news */
        uint32_t round;    /* of lists; an object whose 'seen' is another was not in the last one */
};

/* 'options' as in kube/cache.h; kind and tools are borrowed for the life of the contents. */
void contents_init(struct contents *contents, const struct kube_cache_options *options, struct squeeze_tools *tools);
void contents_done(struct contents *contents);

/* A list begins, and begins again; has an item; is complete at 'version'; has failed. Nothing of
 * it shows before it is complete; then all of it does before the first 'changed'. 'past_lost': the server has gone back to a
 * version before those that are held, so that nothing held is newer than the list, whatever its number. */
void contents_list_begin(struct contents *contents);
void contents_list_item(struct contents *contents, const struct sifted *sifted);
void contents_list_end(struct contents *contents, const char *version, bool past_lost);
void contents_list_drop(struct contents *contents);

/* An event of a watch: what was kept of its object. */
void contents_put(struct contents *contents, const struct sifted *sifted);
void contents_delete(struct contents *contents, const struct sifted *sifted);

/* The answer to an own write; borrowed. 'position' is how far the watch has come: an object that should have been seen by
 * then and is not here was deleted after it was written. */
void contents_wrote(struct contents *contents, struct json_object *object, const char *position);
/* Somebody has looked: the object of this uid is gone. */
void contents_gone(struct contents *contents, const char *key, const char *uid);
