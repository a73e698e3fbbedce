/* SPDX-License-Identifier: Apache-2.0
 *
 * A snapshot (mesh/mesh.h) small enough for a status. */
#pragma once

#include <json-c/json.h>

#define MESH_SUMMARY_POLICIES_MAX 20
#define MESH_SUMMARY_FINDINGS_MAX 6
#define MESH_SUMMARY_UNKNOWN_MAX 6
#define MESH_SUMMARY_BYTES_MAX 8192

/* {"type", "mode", "version", "clientMeshed": "true" | "false" | "unknown", "serverMeshed": "3/3", "effective": hash,
 *  "policies": [{"key", "value", "origin"}],  what an object or the mesh's configuration says first, then defaults; "policiesLeft": how many
 *                                            more there are
 *  "findings": [text], "unknown": ["path: reason"]}
 * Values and origins are text as mesh/keys.h formats it. At most MESH_SUMMARY_BYTES_MAX as JSON. Caller owns. */
struct json_object *mesh_summary_encode(struct json_object *snapshot);

/* The column of kubectl get: "istio 2/2 mutual", "istio 2/2 plaintext, client out", "none", "unknown"; of a summary. New string. */
char *mesh_summary_column(struct json_object *summary);
