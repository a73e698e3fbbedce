/* SPDX-License-Identifier: Apache-2.0
 *
 * What is different between two snapshots, in sentences. A value that one side did not know is "cannot compare", never "no change".
 *
 *  {"verdict": "same" | "one" | "several" | "cannot-compare",   "one": a difference in performance coincides with exactly one change
 *   "changes": [{"path", "change": "added" | "removed" | "changed", "from", "to", "class": "effective" | "membership" | "platform" |
 *                "inventory", "weight": 0..100, "sentence"}],      heaviest first
 *   "cannotCompare": [{"path", "reason"}],
 *   "dropped": changes beyond MESH_CHANGES_MAX}
 *
 * Class "inventory" are objects that changed and resolve to the same values: reported, never blamed; they do not count for the verdict.
 * "cannot-compare" stands only where nothing else changed: a change that was seen is a change. */
#pragma once

#include <json-c/json.h>

#define MESH_CHANGES_MAX 64
#define MESH_SENTENCE_MAX 1024

/* Both are snapshots of mesh_resolve(), borrowed. Caller owns the result. */
struct json_object *mesh_diff(struct json_object *before, struct json_object *after);
