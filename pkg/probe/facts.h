/* SPDX-License-Identifier: Apache-2.0
 *
 * What of a Kubernetes object matters around a run, as a small document that can be stored and compared. Every document has
 * "kind", "name" and "uid"; what the object does not say is left out.
 *
 *  Service        type, selector, ports (canonical JSON text)
 *  EndpointSlice  endpoints: {address: {ready, pod}}
 *  Pod            node, ready, leaving, evicted (reason), restarts, containers: [{name, image, imageID, restarts, cause, limits}]
 *  Node           kernel, kubelet, instanceType, conditions: {type: status}, unschedulable, taints: ["key=value:effect"]
 *  Deployment, StatefulSet, ReplicaSet
 *                 replicas, template (digest of the pod template), images: {container: image}, rolled (the newest
 *                 template is everywhere), stalled (message), owner
 *  HorizontalPodAutoscaler
 *                 min, max, desired, target */
#pragma once

#include <json-c/json.h>

#include "probe/context.h"

extern const char *const facts_kind_names[CONTEXT_KINDS]; /* "Service", … */

/* NULL when the object has no name or uid. Caller owns. */
struct json_object *facts_of(enum context_kind kind, struct json_object *object);
