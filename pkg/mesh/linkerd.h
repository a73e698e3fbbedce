/* SPDX-License-Identifier: Apache-2.0
 *
 * Linkerd's chapters. Inside of pkg/mesh. */
#pragma once

#include "mesh/parts.h"

/* The pod's annotation, else its namespace's; NULL: neither has it. */
const char *linkerd_annotation(struct json_object *pod, struct json_object *namespace, const char *key);
void linkerd_resolve(struct view *view);
