/* SPDX-License-Identifier: Apache-2.0
 *
 * Kuma's chapters. Inside of pkg/mesh. */
#pragma once

#include "mesh/parts.h"

#define KUMA_GROUP "kuma.io"
#define KUMA_PARTS_MAX 64

/* One "default" of a policy that counts for the pair, with where it stands. */
struct kuma_part {
        struct json_object *policy, *value; /* borrowed */
        char field[48];                     /* "spec.to[0].default" */
        int order[5];                       /* what it is sorted by, most important first */
};

/* All parts of one kind, weakest first: the last one that has a field decides it. */
struct kuma_parts {
        const char *kind;
        struct kuma_part parts[KUMA_PARTS_MAX];
        size_t len;
        const char *unknown; /* why nobody can tell, or NULL */
        char unknown_text[REF_MAX + 64];
};

/* The mesh that a pod belongs to: label kuma.io/mesh, else the old annotation, else "default". */
const char *kuma_mesh_of(struct json_object *pod);
/* Parts for the client's requests to the target ("to"). */
void kuma_outbound(struct view *view, const char *kind, struct kuma_parts *parts);
/* Parts for what comes in at the target ("rules", formerly "from"). */
void kuma_inbound(struct view *view, const char *kind, struct kuma_parts *parts);
/* The field's value in the last part that has it; *ret_part says which. NULL: none has. */
struct json_object *kuma_value(const struct kuma_parts *parts, const char *path, const struct kuma_part **ret_part);

void kuma_resolve(struct view *view);
