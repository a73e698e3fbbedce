/* SPDX-License-Identifier: Apache-2.0
 *
 * events.k8s.io/v1 with aggregation: the same (type, reason, action, regarding) within 6 minutes becomes a series, its
 * count written at most every 60 s. Never blocks: at most 256 wait, further ones are dropped and counted. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

#include "kube/client.h"

struct event_sink;

struct event_sink *event_sink_new(struct kube_client *client, const char *controller, const char *instance);
struct event_sink *event_sink_free(struct event_sink *sink);
/* 'regarding' is the whole object (apiVersion, kind, metadata are used). 'note' is cut to 1,000 bytes. */
void event_emit(struct event_sink *sink, struct json_object *regarding, bool warning, const char *reason,
                const char *action, const char *note);
