/* SPDX-License-Identifier: Apache-2.0
 *
 * What a variant has applied, as the operator finds it again: where each object is read, and what of it no longer is as it was right after it
 * was applied. Which objects they are stands in the plan, what they were like in the journal of the Job that applied them. */
#pragma once

#include "operator/session.h"

/* What the variant of this trial applies, as manifests; NULL: nothing, or it is not known. Borrowed. */
struct json_object *variant_manifests(const struct session *session);

struct variant_object {
        char *group;          /* owned */
        struct kube_kind kind; /* of it 'group' is borrowed from here, all else from the manifest and the journal */
        const char *name;
};
/* 'applied' is the journal's entry of this manifest. False: it does not say how its kind is called; there is nothing to release then. */
bool variant_object_of(struct json_object *manifest, struct json_object *applied, struct variant_object *ret_object);
void variant_object_done(struct variant_object *object);
#define auto_variant_object __attribute__((cleanup(variant_object_done)))

/* Holds what is there (NULL: it is gone) against what was applied, and notes in session->drift what is no longer so; the first of several says
 * enough. */
void variant_object_compare(struct session *session, struct json_object *manifest, struct json_object *applied, struct json_object *there);
