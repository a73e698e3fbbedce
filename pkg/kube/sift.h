/* SPDX-License-Identifier: Apache-2.0
 *
 * What is kept of the objects that lists and watches bring. A page of 500 pods is megabytes of text and ten times that as a
 * tree, half of it managedFields that nobody reads: each object is read once (kube/reader.h), all of it is checked, and what is
 * kept is written down on the way. */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "base/fail.h"

/* No Kubernetes name, uid or version is as long. One that is, or that holds what JSON has to escape, counts as absent. */
#define SIFT_TEXT_MAX 256

struct sift; /* what is kept */

/* From dotted paths ("status.containerStatuses.ready", "metadata.labels[\"a.b/c\"]"), ended by NULL. Lists are passed through: what
 * holds for a list holds for its elements. NULL: all of it but metadata.managedFields. Never kept, because the key, the
 * kind or the fields below say it: apiVersion, kind, metadata's name, namespace, uid and resourceVersion. */
struct sift *sift_new(const char *const *paths);
struct sift *sift_free(struct sift *sift); /* NULL is fine; returns NULL */

/* What was kept of one object. Zeroed memory is an empty one; to be used again and again. */
struct sifted {
        struct buf text; /* without white space */
        char name[SIFT_TEXT_MAX], namespace[SIFT_TEXT_MAX], uid[SIFT_TEXT_MAX], version[SIFT_TEXT_MAX]; /* "": absent */
};
void sifted_done(struct sifted *sifted);

/* Reads the object that 'text' begins with, after white space at most; *ret_read (may be NULL: then nothing else may follow) says how
 * far it reaches. FAIL_INVALID: no object, not JSON (kube/reader.h), metadata that is no object, or a key of which part is
 * left out and that stands there twice. A key below what is kept whole may repeat; as ever, its last value will count. */
enum fail_kind sift_object(const struct sift *sift, const char *text, size_t size, struct sifted *into, size_t *ret_read, struct fail *fail);
