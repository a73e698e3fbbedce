/* SPDX-License-Identifier: Apache-2.0
 *
 * A load generator's pod inside or outside of a mesh: the labels and annotations that each mesh's injector reads, and how the
 * worker waits for a proxy in its own pod and, where the proxy would outlive it, tells it to quit. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

enum mesh_client { /* context.mesh.client */
        MESH_CLIENT_INHERIT,  /* as the namespace has it */
        MESH_CLIENT_ENROLLED, /* in the mesh that decides for the target */
        MESH_CLIENT_EXCLUDED, /* in none */
};

/* "inherit", "enrolled", "excluded"; the first for anything else. */
enum mesh_client mesh_client_of(const char *word);

/* What the generator's pod needs, to be frozen with the plan. 'snapshot' names the target's mesh by "type", "mode" and
 * "revision" (NULL: nothing is known): "enrolled" means that one, and all known sidecar meshes while the type is "NONE" or "unknown";
 * "excluded" opts out of all. Caller owns.
 *
 *  {"labels": {}, "annotations": {},            of the pod template
 *   "files": {"proxy-0": annotation, …},        annotations that the worker reads as files of its pod volume
 *   "proxies": [{"file", "native", "ready": {"port", "path"}, "quit": {"port", "path"}}]}    load/proxy.h reads them */
struct json_object *mesh_client_encode(enum mesh_client wish, struct json_object *snapshot);

/* Where the proxy in this pod shows what it counts, as Prometheus text at the pod's address. False: it has no known proxy. *ret_path is
 * static. */
bool mesh_pod_metrics(struct json_object *pod, int *ret_port, const char **ret_path);
