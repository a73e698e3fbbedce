/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys of policies: what they are called in sentences, how their values are written, and how likely a change of them is felt.
 * A mesh that has no such policy does not put the key. */
#pragma once

#include <json-c/json.h>
#include <stddef.h>

enum mesh_value_kind {
        MESH_VALUE_US,     /* microseconds; null: none */
        MESH_VALUE_LIMIT,  /* a number; null: no limit */
        MESH_VALUE_COUNT,  /* a number; null: none */
        MESH_VALUE_E4,     /* parts of 10^4 percent */
        MESH_VALUE_FLAG,   /* boolean */
        MESH_VALUE_WORD,
        MESH_VALUE_LIST,   /* of words */
        MESH_VALUE_OBJECTS,/* of objects, or an object */
        MESH_VALUE_EXTENSIONS, /* of objects with "ref" and "hash": compared one by one */
};

struct mesh_key {
        const char *key, *words; /* "retries.attempts", "retries" */
        enum mesh_value_kind kind;
        int weight;              /* 0..100: retries, timeouts, limits most */
};

/* NULL: not a key of ours. */
const struct mesh_key *mesh_key_find(const char *key);
/* All of them, sorted by topic. Static. */
const struct mesh_key *mesh_keys(size_t *ret_len);

#define MESH_VALUE_TEXT_MAX 160
/* "250ms", "no limit", "10%", "5xx, reset", …; cut to fit. "unknown" stays. 'key' NULL: any JSON. */
void mesh_value_format(const struct mesh_key *key, struct json_object *value, char text[static MESH_VALUE_TEXT_MAX]);

#define MESH_ORIGIN_TEXT_MAX 700
/* "default", "mesh config defaultHttpRetryPolicy.attempts", "VirtualService shop/cart http[0]", "unknown: Forbidden". */
void mesh_origin_format(struct json_object *origin, char text[static MESH_ORIGIN_TEXT_MAX]);
