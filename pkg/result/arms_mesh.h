/* SPDX-License-Identifier: Apache-2.0
 *
 * The mesh between one variant's client and the target, over all its trials. Each trial's document says what stood there
 * (operator/session_mesh.h); what two of them say otherwise is "mixed", and what the proxies used is the mean of what they used, of memory
 * the most. */
#pragma once

#include <json-c/json.h>
#include <stddef.h>

#define ARMS_MESH_MIXED "mixed"

/* As status.variants[].mesh shows it, of 'len' documents in the order in which they were made; NULL: none of them says anything. Caller owns. */
struct json_object *arms_mesh_merge(struct json_object *const *docs, size_t len);
