/* SPDX-License-Identifier: Apache-2.0
 *
 * Objects by key, held as squeezed text. A parsed object costs five to ten times its JSON; a cache of tens of thousands that
 * is asked for a handful at a time keeps the text and parses on demand. What the key and the kind say already (apiVersion,
 * kind, namespace, name), uid and resourceVersion are kept once, outside the text. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "kube/client.h"
#include "kube/sift.h"
#include "kube/squeeze.h"

/* One object: a single block, freed with free(). */
struct stored {
        uint32_t seen;      /* the owner's: in which list it was seen last */
        uint32_t text_size; /* of the text before it was squeezed */
        uint32_t size;      /* of bytes */
        uint16_t text_at;   /* offset into bytes of the squeezed text */
        uint8_t uid_at;     /* the same of the uid; the version is at 0 */
        uint8_t sample;     /* what it was squeezed with */
        char bytes[];       /* "version\0uid\0squeezed text" */
};

static inline const char *stored_version(const struct stored *stored)
{
        return stored->bytes;
}

static inline const char *stored_uid(const struct stored *stored)
{
        return stored->bytes + stored->uid_at;
}

/* "namespace/name", with an empty namespace for cluster-scoped objects. False: too long, or a slash in it, which no API server takes. */
#define STORE_KEY_MAX 512
bool store_key(char key[static STORE_KEY_MAX], const char *namespace, const char *name);

struct store {
        struct map objects; /* key -> struct stored */
        const struct kube_kind *kind;
        char *api_version;
        struct squeeze squeeze;
        struct map parsed;  /* key -> struct json_object, of those that were lent */
        struct json_object *replaced; /* an array: parsed, borrowed and not current any more; NULL: nothing is */
        struct json_object *walked;
        uint64_t bytes;     /* in blocks, allocator and table not counted */
};

/* Both are borrowed for the store's life. */
void store_init(struct store *store, const struct kube_kind *kind, struct squeeze_tools *tools);
void store_done(struct store *store);

/* A new block, or NULL when name, uid or resourceVersion are absent. The store does not hold it yet. */
struct stored *store_pack(struct store *store, const struct sifted *sifted);
/* The object of which that was kept, with apiVersion and kind (items of lists come without), name, namespace, uid and
 * resourceVersion; the caller owns the reference. Of the rest what 'part' keeps, all of it where that is NULL. */
struct json_object *store_object(const struct store *store, const struct sifted *sifted, const struct sift *part);
/* The same of a block. */
struct json_object *store_unpack(struct store *store, const struct stored *stored, const char *key, const struct sift *part);

const struct stored *store_find(const struct store *store, const char *key);
/* Takes 'stored' (NULL: removes) and returns what was there, now the caller's, or NULL. */
struct stored *store_set(struct store *store, const char *key, struct stored *stored);
/* The parsed object, not to be changed and borrowed until store_take_back(); the same one until then. NULL when absent. */
struct json_object *store_lend(struct store *store, const char *key);
/* Nobody borrows any more. What is still current stays parsed for who asks next. */
void store_take_back(struct store *store);
/* The same, and nothing stays parsed. */
void store_forget_parsed(struct store *store);
/* Walks: start with *at = 0, NULL at the end. Borrowed until the next call. */
struct json_object *store_next(struct store *store, size_t *at);

/* Order of two resource versions of one kind: decimal numbers of any length. Returns <0, 0, >0; *ret_comparable is false
 * when either is none (then 0 only says that both are the same text). */
int version_compare(const char *a, const char *b, bool *ret_comparable);
