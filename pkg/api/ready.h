/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether an object that was applied does what it is for. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

#define READY_TEXT_MAX 160

/* Deployments, StatefulSets and DaemonSets have rolled out, Jobs are complete, Services have an endpoint that is ready; everything else is
 * ready once it is applied. 'slices' are the EndpointSlices of a Service, an array; of others it may be NULL.
 * False: 'why' says what is missing. */
bool ready_look(struct json_object *object, struct json_object *slices, char why[static READY_TEXT_MAX]);
/* Will it never be? Then 'why' of ready_look says the cause. */
bool ready_never(struct json_object *object);
