/* SPDX-License-Identifier: Apache-2.0
 *
 * Cilium's chapters. Inside of pkg/mesh. */
#pragma once

#include "mesh/parts.h"

struct cilium_redirect {
        int found; /* 0 no, 1 yes, -1 may be */
        char ref[REF_MAX];
        const char *field;
};

/* Whether HTTP rules of some policy send requests of the pair through the node's proxy, as ingress of the target or egress of the client. The
 * policies have been read. */
void cilium_look_at_policies(struct view *view, struct cilium_redirect *redirect);
